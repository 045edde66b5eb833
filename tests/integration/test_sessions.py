"""Sessions: kept with their evidence, owned, listed, renamed, deleted, exported, trimmed, one question at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.blocks import Block
from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, LookedAt, ToolReply
from monitoring.errors import Cancelled, InvalidInput, SessionBusy, UnknownSession
from monitoring.metrics import Sample, Window
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings
from monitoring.store.conversations import MOST_CHARACTERS_KEPT, MOST_ROWS_KEPT, kept
from monitoring.store.store import Store
from platform_monitoring_agent import open_platform

pytestmark = pytest.mark.store

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
QUESTION = "What's wrong with ClickHouse?"


def fill(platform: MonitoringPlatform) -> None:
    """One ClickHouse partition of too many parts."""
    samples = [
        Sample(NOW - timedelta(seconds=30 * n), "clickhouse", "ch-1/orders", "max_parts_per_partition", 1840.0)
        for n in range(40, 0, -1)
    ]
    platform._store.samples.write(Block.of(samples))
    platform.catch_up()


@pytest.fixture
def platform(settings: Settings) -> Iterator[MonitoringPlatform]:
    with closing(open_platform(replace(settings, session_wait_seconds=0.4), clock=lambda: NOW)) as opened:
        fill(opened)
        yield opened


def answer(session: str = "s", question: str = "ok?", text: str = "Yes.", **changes: object) -> Answer:
    whole = Answer(question, text, session, "built-in", NOW, True, ())
    return replace(whole, **changes)  # type: ignore[arg-type]


def reply(rows: int, **row: object) -> ToolReply:
    looked = LookedAt(("kafka",), Window(NOW - timedelta(hours=1), NOW), ("consumer_group_lag",), None, None)
    found = [{"instance": f"orders-{n}", **row} for n in range(rows)]
    return ToolReply("query_metrics_trend", {"hours": 1}, looked, "ok", {"series": rows}, found, rows, False, 1.5)


def test_a_reopened_session_gives_back_each_answer_with_what_it_rests_on(settings: Settings) -> None:
    with closing(open_platform(settings, clock=lambda: NOW)) as before:
        fill(before)
        told = before.ask(QUESTION, "s1")
    with closing(open_platform(settings, clock=lambda: NOW)) as after:
        found = after.session("s1")
    assert [turn.number for turn in found.turns] == [1]
    assert found.turns[0].answer.to_json() == told.to_json()
    assert found.turns[0].answer.tool_calls[0].rows[0]["value"] == 1840.0


def test_a_follow_up_leans_on_what_was_asked_before_a_restart(settings: Settings) -> None:
    with closing(open_platform(settings, clock=lambda: NOW)) as before:
        fill(before)
        before.ask("Show me Kafka issues from last 6 hours", "s1")
    with closing(open_platform(settings, clock=lambda: NOW)) as after:
        followed = after.ask("And ClickHouse?", "s1")
    looked = followed.tool_calls[0].looked_at
    assert looked is not None
    assert looked.components == ("clickhouse",)
    assert looked.window.span == timedelta(hours=6)


def test_a_session_of_somebody_else_is_as_unknown_as_one_that_never_was(platform: MonitoringPlatform) -> None:
    platform.ask(QUESTION, "s1", owner="ann")
    assert [s.id for s in platform.sessions("ann")] == ["s1"]
    for stranger in ("bob", None):
        assert platform.sessions(stranger) == []
        with pytest.raises(UnknownSession) as told:
            platform.session("s1", stranger)
        with pytest.raises(UnknownSession) as never:
            platform.session("s2", stranger)
        assert str(told.value).replace("s1", "") == str(never.value).replace("s2", "")
        with pytest.raises(UnknownSession):
            platform.rename_session("s1", "mine", stranger)
        with pytest.raises(UnknownSession):
            platform.delete_session("s1", stranger)
        with pytest.raises(UnknownSession):
            platform.export_session("s1", owner=stranger)
    assert platform.session("s1", "ann").session.title == QUESTION


def test_two_owners_may_use_the_same_id_without_hearing_of_each_other(platform: MonitoringPlatform) -> None:
    platform.ask("Show me Kafka issues from last 6 hours", "s1", owner="ann")
    platform.ask(QUESTION, "s1", owner="bob")
    platform.delete_session("s1", "ann")
    assert [turn.answer.question for turn in platform.session("s1", "bob").turns] == [QUESTION]


def test_sessions_are_listed_last_used_first_and_renamed(platform: MonitoringPlatform) -> None:
    conversations = platform._store.conversations
    for minute, session in enumerate(("a", "b", "a")):
        conversations.add(NOW + timedelta(minutes=minute), answer(session, f"question {minute}"), 200)
    assert [(s.id, s.title, s.turns) for s in platform.sessions()] == [("a", "question 0", 2), ("b", "question 1", 1)]
    assert platform.rename_session("b", "  Lag on\n orders ").title == "Lag on orders"
    assert platform.sessions()[1].title == "Lag on orders"
    with pytest.raises(InvalidInput):
        platform.rename_session("b", "  ")


def test_a_deleted_session_is_gone_with_its_turns(platform: MonitoringPlatform) -> None:
    platform.ask(QUESTION, "s1")
    platform.delete_session("s1")
    assert platform.sessions() == []
    assert platform._store.conversations.turns("s1", 6) == []


def test_only_the_last_turns_of_a_session_are_kept_and_their_numbers_stay(store: Store) -> None:
    for n in range(1, 6):
        store.conversations.add(NOW, answer(question=f"question {n}"), 3)
    found = store.conversations.session("s")
    assert [(turn.number, turn.answer.question) for turn in found.turns] == [(n, f"question {n}") for n in (3, 4, 5)]


def test_housekeeping_forgets_sessions_that_were_not_used_for_long(platform: MonitoringPlatform) -> None:
    kept_days = timedelta(days=platform.settings.session_retention_days)
    platform._store.conversations.add(NOW - kept_days - timedelta(seconds=1), answer("old"), 200)
    platform._store.conversations.add(NOW - kept_days, answer("young"), 200)
    platform._keep_house(NOW)
    assert [s.id for s in platform.sessions()] == ["young"]


def test_an_export_as_json_holds_every_turn_with_its_tool_calls(platform: MonitoringPlatform) -> None:
    told = platform.ask(QUESTION, "s1")
    document = json.loads(platform.export_session("s1"))
    assert (document["id"], document["title"], document["turns"]) == ("s1", QUESTION, 1)
    assert document["messages"][0] == {"number": 1, "asked_at": "2026-03-04T10:00:00Z", **told.to_json()}


def test_an_export_as_markdown_can_be_read_with_the_rows_behind_each_answer(platform: MonitoringPlatform) -> None:
    told = platform.ask(QUESTION, "s1")
    document = platform.export_session("s1", "markdown")
    assert document.startswith(f"# {QUESTION}\n")
    assert told.answer in document
    assert "check_real_time_anomalies(" in document
    assert "| clickhouse | ch-1/orders | max_parts_per_partition |" in document


def test_rows_in_an_export_cannot_break_its_table(store: Store) -> None:
    from monitoring.agent.transcript import transcript

    store.conversations.add(NOW, answer(tool_calls=(reply(1, why="a | b\n# c"),)), 200)
    document = transcript(store.conversations.session("s"), "markdown", UTC)
    assert "| orders-0 | a \\| b # c |" in document


def test_a_turn_is_kept_with_some_of_its_rows_and_says_so() -> None:
    document = kept(answer(tool_calls=(reply(MOST_ROWS_KEPT + 1),)))
    call = document["tool_calls"][0]
    assert len(call["rows"]) == MOST_ROWS_KEPT
    assert call["row_count"] == MOST_ROWS_KEPT + 1
    assert call["truncated"]
    assert "are kept" in call["hint"]
    huge = kept(answer(tool_calls=(reply(40, why="x" * 20_000),)))
    assert len(json.dumps(huge)) <= MOST_CHARACTERS_KEPT


def test_what_a_database_cannot_hold_does_not_keep_a_turn_from_being_kept(store: Store) -> None:
    odd = reply(1, why="nul \0 and \ud800", value=float("nan"))
    store.conversations.add(NOW, answer(question="\0?\ud800", tool_calls=(replace(odd, args={"x": "\0"}),)), 200)
    turn = store.conversations.session("s").turns[0]
    assert turn.answer.tool_calls[0].rows[0]["value"] is None
    assert "nul" in turn.answer.tool_calls[0].rows[0]["why"]


@pytest.mark.parametrize("given", [" ", "x" * 129, "a\nb", "a\0b", "\x1b[31m"])
def test_what_cannot_be_the_id_of_a_session_is_refused(platform: MonitoringPlatform, given: str) -> None:
    with pytest.raises(InvalidInput, match="session id"):
        platform.ask(QUESTION, given)


def test_an_id_that_is_not_known_begins_a_session_and_the_answer_says_so(platform: MonitoringPlatform) -> None:
    assert any("'gone'" in note for note in platform.ask(QUESTION, "gone").notes)
    assert not any("'gone'" in note for note in platform.ask(QUESTION, "gone").notes)
    assert not any("No conversation" in note for note in platform.ask(QUESTION).notes)


def test_two_questions_at_once_in_one_session_come_one_after_the_other(platform: MonitoringPlatform) -> None:
    pieces = platform.stream(QUESTION, "s1")
    next(pieces)
    with pytest.raises(SessionBusy, match=r"after 0\.4 s"):
        platform.ask("And Kafka?", "s1")
    platform.ask("And Kafka?", "another")
    platform.ask("And Kafka?", "s1", owner="ann")
    assert isinstance(list(pieces)[-1], Answer)
    platform.ask("And Kafka?", "s1")
    assert [turn.answer.question for turn in platform.session("s1").turns] == [QUESTION, "And Kafka?"]


def test_many_questions_at_once_are_all_answered_in_turn(settings: Settings) -> None:
    with closing(open_platform(settings, clock=lambda: NOW)) as platform:
        fill(platform)
        threads = [threading.Thread(target=platform.ask, args=(f"{QUESTION} {n}", "s1")) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [turn.number for turn in platform.session("s1").turns] == [1, 2, 3, 4, 5, 6]


HOLDER = """
import sys, time
from monitoring.settings import parse_settings
from monitoring.store.store import open_store
store = open_store(parse_settings({"DATABASE_URL": sys.argv[1], "DEMO": "off"}))
with store.conversations.alone("s1", None, 5):
    print("held", flush=True)
    sys.stdin.readline()
print("free", flush=True)
"""


def test_another_process_keeps_a_session_to_itself_until_it_is_done_or_dead(
    platform: MonitoringPlatform, database_url: str
) -> None:
    for ended in ("done", "dead"):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(SessionBusy):
                platform.ask(QUESTION, "s1")
            if ended == "done":
                holder.stdin.write("\n")
                holder.stdin.flush()
                assert holder.stdout.readline() == "free\n"
            else:
                holder.kill()
                holder.wait(40)
                time.sleep(0.2)
            assert platform.ask(QUESTION, "s1").session_id == "s1"
        finally:
            holder.kill()
            holder.communicate(timeout=240)


def test_a_lost_connection_of_the_locks_is_made_again(store: Store) -> None:
    with store.conversations.alone("a", None, 1):
        connection = store.conversations._locks._connection
        assert connection is not None
        connection.close()
        with (
            store.conversations.alone("b", None, 1),
            pytest.raises(SessionBusy),
            store.conversations.alone("a", None, 0),
        ):
            pass
    with store.conversations.alone("a", None, 1):
        pass


def test_waiting_for_a_session_can_be_stopped(store: Store) -> None:
    stop = Cancellation()
    threading.Timer(0.2, stop.cancel).start()
    began = time.monotonic()
    with (
        store.conversations.alone("a", None, 1),
        pytest.raises(Cancelled),
        store.conversations.alone("a", None, 30, stop),
    ):
        pass
    assert time.monotonic() - began < 20


@pytest.mark.empty_database
def test_conversations_of_an_older_schema_are_taken_over(settings: Settings, database_url: str) -> None:
    import psycopg2

    from monitoring.store import migrations
    from monitoring.store.store import open_store

    known = migrations.versions

    def older(edition: migrations.Edition) -> list[tuple[int, str]]:
        return [version for version in known(edition) if version[0] < 10]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "versions", older)
        made = "".join(text for _, text in older("postgresql"))
        patch.setattr(migrations, "READABLE", tuple(name for name in migrations.READABLE if name in made))
        open_store(settings).close()
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO conversation_turns VALUES ('s', 1, '2026-03-04T10:00Z', 'ok?', 'Yes.', 'built-in')")
    with closing(open_store(settings)) as store:
        found = store.conversations.session("s")
    assert (found.session.title, found.turns[0].answer) == ("ok?", answer())
