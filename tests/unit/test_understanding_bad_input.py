"""Input that is no question: it is answered within bounds, whatever it is, and what can be understood is."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.question_bank import AS_OF
from monitoring.agent.composing import compose
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE
from tests.unit.test_question_bank import INSTANCES

PATIENCE_SECONDS = 10
"""Far more than any input may take; a pattern that runs wild takes minutes."""


@contextmanager
def bounded() -> Iterator[None]:
    def gave_up(*_: Any) -> None:
        raise TimeoutError("the input was not answered in time")

    before = signal.signal(signal.SIGALRM, gave_up)
    signal.alarm(PATIENCE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answered(text: str, previous: Request | None = None) -> Request:
    with bounded():
        request = understand(text, CATALOGUE, AS_OF, "UTC", INSTANCES, previous)
        if not plan(request, CATALOGUE):
            assert compose(request, [], CATALOGUE, "UTC", INSTANCES)
    return request


MEGABYTE = 1_000_000
HOSTILE = {
    "one letter": "a" * MEGABYTE,
    "one word": "kafka " * (MEGABYTE // 6),
    "spaces": " " * MEGABYTE,
    "new lines": "\n" * MEGABYTE,
    "digits": "1" * MEGABYTE,
    "times": "10:30 " * (MEGABYTE // 6),
    "numbers and units": "1 hour " * (MEGABYTE // 7),
    "dashes": "-" * MEGABYTE,
    "slashes": "a/" * (MEGABYTE // 2),
    "brackets": "(" * MEGABYTE,
    "question marks": "?" * MEGABYTE,
    "and": "kafka and " * (MEGABYTE // 10),
    "but": "all but " * (MEGABYTE // 8),
    "not": "not " * (MEGABYTE // 4),
    "how many": "how many " * (MEGABYTE // 9),
    "will": "will it be " * (MEGABYTE // 11),
    "is": "is are was were be " * (MEGABYTE // 19),
    "since": "since when did " * (MEGABYTE // 15),
    "same time": "at the same time yesterday " * (MEGABYTE // 27),
    "replicas": "replicas are are are are " * (MEGABYTE // 25),
    "quotes": "'" * MEGABYTE,
    "sentences": "Is Kafka ok? " * (MEGABYTE // 13),
    "weekdays": "monday tuesday " * (MEGABYTE // 15),
    "months": "3 march " * (MEGABYTE // 8),
    "binary": bytes(range(256)).decode("latin-1") * (MEGABYTE // 256),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_megabyte_of_anything_is_answered_in_bounded_time(kind: str) -> None:
    answered(HOSTILE[kind])


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_megabyte_as_a_follow_up_is_too(kind: str) -> None:
    answered(HOSTILE[kind], understand("kafka lag yesterday", CATALOGUE, AS_OF, "UTC", INSTANCES))


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00", "\u200b", "…", "??", "\u202e", "🙂", "' \""])
def test_nothing_to_read_is_helped_or_said_not_to_be_understood(text: str) -> None:
    assert answered(text).intent in ("help", "unclear")


@pytest.mark.parametrize(
    "question",
    [
        "is ka\u200bfka ok?",
        "is\u00a0kafka\u00a0ok?",
        "\u202bis kafka ok?\u202c",
        "is kafka ok? 🔥🔥🔥",
        "🔥 kafka 🔥",
        "is kafka\x00 ok\x07?",
        "IS KAFKA OK?!?!?!",
        "ｉｓ ｋａｆｋａ ｏｋ？",
        "האם kafka בסדר?",
        "هل kafka بخير؟",
        "kafka 好吗?",
        "kafka は大丈夫ですか",
        "Как дела у kafka?",
        "czy kafka działa?",
        "kafka çalışıyor mu?",
        "come sta kafka?",
        "Kafka está ok?",
        "gaat het goed met kafka?",
    ],
)
def test_a_component_is_found_in_any_script_beside_any_sign(question: str) -> None:
    assert answered(question).components == ("kafka",)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_no_text_raises(text: str) -> None:
    answered(text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(raw: bytes) -> None:
    answered(raw.decode("utf-8", errors="replace"))


SOME_WORDS = """
kafka flink clickhouse ch everything all but except without neither nor not warnings critical how many what
which when why since before after until at around between and to from half past quarter ten 9 10:30 am
yesterday today monday last this next same time earlier later hour hours minutes ago lag heap memory disk
parts checkpoints replicas behind out of sync will run full reach limit threshold mean compare vs than than
usual only also instead it that them more is are did was show me trend ? . , - / broker-1 ch-2
"""
WORDS = re.findall(r"\S+", SOME_WORDS)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14), st.lists(st.sampled_from(WORDS), max_size=8))
def test_any_words_in_any_order_are_planned_or_answered(first: list[str], then: list[str]) -> None:
    before = answered(" ".join(first))
    after = answered(" ".join(then), before.parts[-1])
    for call in (*plan(before, CATALOGUE), *plan(after, CATALOGUE)):
        assert set(call.args.get("metric", ())) <= set(CATALOGUE.by_name)
        assert set(call.args.get("instance", ())) <= set(INSTANCES)
        assert call.args.get("start", "0") < call.args.get("end", "9")
