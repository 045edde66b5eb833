"""The small parts of the REST API: cursors, kept answers, rates, workers, words for what is wrong."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from api_server import PROBLEMS, explain
from monitoring import errors
from monitoring.api import problems
from monitoring.api.cache import Cache
from monitoring.api.cursors import cursor_of, number_of, opened, sealed
from monitoring.api.exposition import Look, Meters
from monitoring.api.keys import RateLimit, caller_of
from monitoring.api.options import Key, is_loopback
from monitoring.api.workers import Overdue, Workers
from monitoring.errors import InvalidInput, MonitoringError, TooMuchAtOnce
from monitoring.operations import Gauges


class TestCursors:
    @given(st.integers(1, 2**63 - 1), st.dictionaries(st.text(), st.none() | st.text()))
    def test_a_cursor_gives_back_what_it_was_made_of(self, number: int, asked: dict[str, Any]) -> None:
        assert number_of(cursor_of(number, asked), asked) == number

    @given(st.text())
    def test_any_other_text_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput):
            number_of(text, {})

    def test_a_cursor_of_another_kind_is_refused(self) -> None:
        with pytest.raises(InvalidInput):
            number_of(sealed(["2026-03-04", "s"], {}), {})
        with pytest.raises(InvalidInput):
            opened(cursor_of(1, {}), {}, str, str)


class TestCache:
    def test_an_answer_is_kept_for_its_time_and_no_longer(self) -> None:
        now = [100.0]
        cache = Cache(1.0, lambda: now[0])
        made: list[bytes] = []

        async def answer() -> bytes:
            made.append(b"%d" % len(made))
            return made[-1]

        async def play() -> list[bytes]:
            got = [await cache.get("a", answer)]
            now[0] += 0.99
            got.append(await cache.get("a", answer))
            now[0] += 0.01
            got.append(await cache.get("a", answer))
            cache.clear()
            got.append(await cache.get("a", answer))
            got.append(await cache.get("b", answer))
            return got

        assert asyncio.run(play()) == [b"0", b"0", b"1", b"2", b"3"]

    def test_many_at_once_share_one_answer(self) -> None:
        asked = []

        async def answer() -> bytes:
            asked.append(1)
            await asyncio.sleep(0.01)
            return b"x"

        async def play() -> list[bytes]:
            cache = Cache(1.0)
            return await asyncio.gather(*(cache.get("a", answer) for _ in range(100)))

        assert asyncio.run(play()) == [b"x"] * 100
        assert asked == [1]

    def test_a_failure_is_told_to_all_who_wait_and_not_kept(self) -> None:
        fails = [True]

        async def answer() -> bytes:
            await asyncio.sleep(0)
            if fails[0]:
                raise InvalidInput("no")
            return b"x"

        async def play() -> None:
            cache = Cache(60.0)
            told = await asyncio.gather(*(cache.get("a", answer) for _ in range(3)), return_exceptions=True)
            assert [type(problem) for problem in told] == [InvalidInput] * 3
            fails[0] = False
            assert await cache.get("a", answer) == b"x"

        asyncio.run(play())

    def test_what_one_client_gives_up_goes_on_for_the_others(self) -> None:
        async def answer() -> bytes:
            await asyncio.sleep(0.02)
            return b"x"

        async def play() -> bytes:
            cache = Cache(60.0)
            first = asyncio.ensure_future(cache.get("a", answer))
            second = asyncio.ensure_future(cache.get("a", answer))
            await asyncio.sleep(0)
            first.cancel()
            return await second

        assert asyncio.run(play()) == b"x"

    def test_different_questions_do_not_pile_up(self) -> None:
        async def answer() -> bytes:
            return b"x"

        async def play() -> int:
            cache = Cache(60.0)
            for number in range(1000):
                await cache.get(number, answer)
            return len(cache._answers)

        assert asyncio.run(play()) <= 200


class TestRates:
    def test_bursts_of_twice_the_rate_pass_and_then_the_rate(self) -> None:
        now = [0.0]
        limit = RateLimit(10.0, lambda: now[0])
        assert [limit.wait("a") for _ in range(20)] == [0.0] * 20
        assert limit.wait("a") == pytest.approx(0.1)
        now[0] += 0.1
        assert limit.wait("a") == 0.0
        assert limit.wait("a") > 0
        assert limit.wait("b") == 0.0

    def test_no_rate_is_no_limit(self) -> None:
        limit = RateLimit(0.0)
        assert not any(limit.wait("a") for _ in range(1000))

    def test_a_slow_rate_lets_one_pass(self) -> None:
        now = [0.0]
        limit = RateLimit(0.1, lambda: now[0])
        assert limit.wait("a") == 0.0
        assert limit.wait("a") == pytest.approx(10.0)


class TestKeys:
    def test_the_key_that_is_shown_says_who_calls(self) -> None:
        keys = [Key.of("a", frozenset(["read"]), "secret-a"), Key.of("b", frozenset(["manage"]), "secret-b")]
        for headers in (
            {"authorization": "Bearer secret-b"},
            {"authorization": "bearer  secret-b"},
            {"x-api-key": "secret-b"},
        ):
            caller = caller_of(Headers(headers), keys)
            assert caller is not None
            assert (caller.name, caller.scopes) == ("b", frozenset(["manage"]))
        for headers in ({}, {"authorization": "Bearer secret"}, {"authorization": "secret-b"}, {"x-api-key": ""}):
            assert caller_of(Headers(headers), keys) is None

    def test_a_secret_is_not_kept(self) -> None:
        assert "hunter2-hunter2" not in repr(Key.of("a", frozenset(["read"]), "hunter2-hunter2"))

    @pytest.mark.parametrize(
        ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False)]
    )
    def test_which_addresses_only_this_machine_reaches(self, host: str, loopback: bool) -> None:
        assert is_loopback(host) is loopback


class TestWorkers:
    def test_what_takes_too_long_is_overdue_and_still_counts(self) -> None:
        go = threading.Event()

        async def play() -> None:
            workers = Workers("w", 1, 0, 0.05)
            with pytest.raises(Overdue):
                await workers.run(go.wait, 10)
            with pytest.raises(TooMuchAtOnce):
                await workers.run(time.sleep, 0)
            go.set()
            while workers.calls:
                await asyncio.sleep(0.01)
            assert await workers.run(lambda: 5) == 5
            workers.close()
            with pytest.raises(TooMuchAtOnce):
                await workers.run(lambda: 5)

        asyncio.run(play())

    def test_the_event_loop_is_free_while_they_work(self) -> None:
        async def play() -> float:
            workers = Workers("w", 2, 10, 5.0)
            began = time.monotonic()
            sleeping = [asyncio.ensure_future(workers.run(time.sleep, 0.2)) for _ in range(2)]
            await asyncio.sleep(0)
            took = time.monotonic() - began
            await asyncio.gather(*sleeping)
            workers.close()
            return took

        assert asyncio.run(play()) < 0.15

    def test_what_a_call_raises_is_raised(self) -> None:
        def fail() -> None:
            raise InvalidInput("no")

        async def play() -> None:
            workers = Workers("w", 1, 0, 5.0)
            with pytest.raises(InvalidInput):
                await workers.run(fail)
            workers.close()

        asyncio.run(play())


def every(kind: type[MonitoringError]) -> set[type[MonitoringError]]:
    return {kind}.union(*(every(sub) for sub in kind.__subclasses__()))


class TestProblems:
    @pytest.mark.parametrize("kind", sorted(every(errors.StoreError), key=str), ids=lambda kind: kind.__name__)
    def test_what_a_database_says_is_never_told(self, kind: type[MonitoringError]) -> None:
        told = explain(kind("FATAL: password authentication failed for user admin at 10.0.0.7"))
        assert "admin" not in told.detail
        assert told.kind.status == 503

    def test_no_error_is_hidden_by_one_above_it(self) -> None:
        seen: list[type[MonitoringError]] = []
        for kind, _ in PROBLEMS:
            assert not [above for above in seen if issubclass(kind, above)], kind
            seen.append(kind)

    def test_types_and_names_are_told_apart(self) -> None:
        names = [kind.name for kind in problems.all_kinds()]
        assert len(names) == len(set(names)) > 20
        assert all(400 <= kind.status <= 503 for kind in problems.all_kinds())

    def test_what_is_told_to_wait_says_how_long(self) -> None:
        assert all(kind.retry_after for kind in problems.all_kinds() if kind.status in (429, 503))


def test_channels_that_fail_show_among_the_figures() -> None:
    look = Look(None, Gauges({}, 0, waiting={"slack": 3}, failing={"slack": 2}))
    text = Meters().page(look).decode()
    assert 'platform_monitoring_notifications_waiting{channel="slack"} 3.0' in text
    assert 'platform_monitoring_notification_failures_in_row{channel="slack"} 2.0' in text
