"""The chat as Streamlit runs it, on a real platform: asking, evidence, conversations, and whatever goes wrong."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import psycopg2
import pytest
from streamlit.testing.v1 import AppTest

from monitoring.contract import Progress, Restarted, Text
from monitoring.errors import StoreUnavailable
from monitoring.platform import MonitoringPlatform
from monitoring.ui.page.greeting import QUICK
from monitoring.ui.page.talk import Talk
from platform_monitoring_agent import open_platform
from tests.browser.stage import database, platform_with, settings_for
from tests.integration.chat_stage import STAGE, Script, Wayward, address, ask, on_stage, panel, press, said, whole
from tests.integration.openai_server import BreaksOff, openai_service

LAG = "How did consumer lag develop over the last hour?"


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    with database(server_url) as url:
        settings = settings_for(url, tmp_path_factory.mktemp("chat"), SESSION_WAIT_SECONDS="0.2")
        with platform_with(settings, "insert_bottleneck") as opened:
            yield opened


@pytest.fixture
def wayward(platform: MonitoringPlatform) -> Wayward:
    """The platform with no conversations that the test can see."""
    made = Wayward(platform)
    on_stage(made, uuid.uuid4().hex)
    return made


@pytest.fixture
def app(wayward: Wayward) -> AppTest:
    assert wayward.asked == []
    opened = panel().run()
    assert not opened.exception
    return opened


def owner() -> str:
    assert STAGE.desk is not None
    assert STAGE.desk.owner is not None
    return STAGE.desk.owner


class TestAsking:
    def test_it_greets_with_the_state_and_with_questions(self, app: AppTest) -> None:
        assert "What would you like to know?" in said(app)
        assert "anomalies open, the worst" in said(app)
        assert [pill.content for pill in app.button_group[0].proto.options] == list(QUICK)

    def test_an_answer_stands_with_its_rows_its_course_and_whether_it_was_traced(self, app: AppTest) -> None:
        ask(app, LAG)
        assert "every number traced" in said(app)
        assert "DEMO DATA" in said(app)
        assert "What it rests on: 1 look-up, 10 rows" in said(app)
        assert "Looked at Kafka's consumer lag" in said(app)
        assert len(app.get("vega_lite_chart")) == 2
        assert "flink-orders/orders" in str(app.dataframe[0].value)
        assert [message.name for message in app.chat_message] == ["user", "assistant"]

    def test_what_is_suggested_goes_on_with_the_conversation(self, app: AppTest, wayward: Wayward) -> None:
        ask(app, LAG)
        press(app, "Compare with yesterday")
        named = address(app)
        assert wayward.asked == [(LAG, None), ("Compare with yesterday", named)]
        assert wayward.session(named, owner()).session.turns == 2
        assert len(app.chat_message) == 4

    def test_a_quick_question_is_asked_at_a_press(self, app: AppTest, wayward: Wayward) -> None:
        app.button_group[0].set_value("Flink").run()
        assert wayward.asked == [(QUICK["Flink"], None)]
        assert app.session_state["quick"] is None
        app.run()
        assert len(wayward.asked) == 1

    def test_a_question_from_another_panel_is_asked_once(self, wayward: Wayward) -> None:
        app = panel()
        app.session_state["ask"] = "How is Kafka doing?"
        app.run()
        app.run()
        assert wayward.asked == [("How is Kafka doing?", None)]

    def test_a_long_answer_is_folded_and_marked_where_it_was_not_traced(self, app: AppTest, wayward: Wayward) -> None:
        def long(pieces: Iterator[Progress]) -> Iterator[Progress]:
            return kept(replace(whole(pieces), answer=lines, grounded=False, untraced=("1,999", "<b>7</b>")))

        def kept(answer: Progress) -> Iterator[Progress]:
            wayward.real._store.conversations.add(wayward.real._clock(), answer, 200, owner())  # type: ignore[arg-type]
            yield answer

        lines = "\n".join(f"- <b>line</b> {n} costs $5 :smile:" for n in range(2000))
        wayward.script = long
        ask(app, LAG)
        assert "The rest of the answer (1,940 lines)" in said(app)
        assert "- \\<b>line\\</b> 59 costs \\$5 \\:\u2060smile\\:" in said(app)
        assert "⚠ not traced: 1,999, &lt;b&gt;7&lt;/b&gt;" in said(app)


class TestConversations:
    def test_those_begun_elsewhere_are_listed_and_can_be_opened(self, wayward: Wayward) -> None:
        answer = wayward.real.ask("How is ClickHouse doing?", "from-terminal", owner=owner())
        app = panel().run()
        button = next(button for button in app.button if button.label.startswith("How is ClickHouse doing?"))
        assert "just now" in button.label
        button.click().run()
        assert address(app) == "from-terminal"
        assert answer.answer.split("\n")[0].split("**")[1] in said(app)

    def test_the_address_brings_a_conversation_back(self, wayward: Wayward) -> None:
        wayward.real.ask("How is ClickHouse doing?", "kept", owner=owner())
        app = panel()
        app.query_params["session"] = "kept"
        app.run()
        assert len(app.chat_message) == 2

    def test_an_address_that_leads_nowhere_is_told_and_a_new_one_begins(self, wayward: Wayward) -> None:
        app = panel()
        app.query_params["session"] = "never-was"
        app.run()
        assert "That conversation is gone" in said(app)
        assert "session" not in app.query_params
        ask(app, "How is Kafka doing?")
        assert wayward.asked == [("How is Kafka doing?", None)]
        assert "was known" not in said(app)

    def test_one_can_be_renamed(self, app: AppTest, wayward: Wayward) -> None:
        ask(app, "How is Kafka doing?")
        app.text_input[0].set_value("Monday's *lag*")
        press(app, "Rename")
        assert wayward.sessions(owner())[0].title == "Monday's *lag*"
        assert r"Monday's \*lag\*" in said(app)
        app.text_input[0].set_value("  ")
        press(app, "Rename")
        assert "A conversation needs a title" in said(app)

    def test_a_new_one_begins_at_a_press(self, app: AppTest, wayward: Wayward) -> None:
        ask(app, "How is Kafka doing?")
        press(app, "New conversation")
        assert "What would you like to know?" in said(app)
        ask(app, "How is Flink doing?")
        assert len(wayward.sessions(owner())) == 2

    def test_the_beginning_of_a_long_one_is_drawn_when_it_is_asked_for(self, app: AppTest, wayward: Wayward) -> None:
        for _ in range(11):
            wayward.real.ask("What does consumer_group_lag mean?", "long", owner=owner())
        app.query_params["session"] = "long"
        app.run()
        assert len(app.chat_message) == 16
        press(app, "Show earlier (3 more)")
        assert len(app.chat_message) == 22


class TestTrouble:
    def test_the_database_goes_away_in_the_middle(self, app: AppTest, wayward: Wayward) -> None:
        ask(app, "How is Kafka doing?")
        wayward.script = broken_after("Lag rises since", StoreUnavailable("host db-7 is down"))
        wayward.gone = StoreUnavailable("host db-7 is down")
        ask(app, LAG)
        assert "Lag rises since" in said(app)
        assert "The database does not answer" in said(app)
        assert "This conversation as it was at" in said(app)
        assert "db-7" not in said(app)
        wayward.script = wayward.gone = None
        press(app, "Ask again")
        assert "The database does not answer" not in said(app)
        assert wayward.asked[-1][0] == LAG
        assert len(app.chat_message) == 4

    def test_what_was_streamed_before_a_restart_does_not_stay(self, app: AppTest, wayward: Wayward) -> None:
        def restarting(pieces: Iterator[Progress]) -> Iterator[Progress]:
            yield Text("a cause that nobody knows")
            yield Restarted("the model failed")
            yield from pieces

        wayward.script = restarting
        ask(app, "How is Kafka doing?")
        assert "nobody knows" not in said(app)
        assert "every number traced" in said(app)

    def test_the_language_model_fails_in_the_middle(self, wayward: Wayward) -> None:
        with ExitStack() as stack:
            service = stack.enter_context(openai_service([BreaksOff("Kafka has")]))
            settings = replace(wayward.real.settings, openai_api_key="k", openai_base_url=service.url)
            talking = open_platform(settings, clock=wayward.real._clock)
            stack.callback(talking.close)
            on_stage(Wayward(talking), owner())
            app = ask(panel().run(), "How is Kafka doing?")
        assert "by the built-in model" in said(app)
        assert 'class="m-note"' in said(app)

    def test_a_second_tab_is_told_to_wait(self, app: AppTest, wayward: Wayward) -> None:
        ask(app, "How is Kafka doing?")
        named = address(app)
        with wayward.real._store.conversations.alone(named, owner(), 5.0):
            ask(app, "How is Flink doing?")
        assert "One question at a time" in said(app)
        press(app, "Ask again")
        assert "One question at a time" not in said(app)
        assert len(app.chat_message) == 4

    def test_a_question_that_cannot_be_one_is_told_so(self, app: AppTest) -> None:
        app.session_state["ask"] = "x" * 10_001
        app.run()
        assert not app.exception
        assert "at most 10,000 are read" in said(app)


class TestStopping:
    def test_the_query_ends_on_the_server_and_its_connection_is_given_back(self, wayward: Wayward) -> None:
        """A table is locked, so that a look-up of the answer waits on the server until it is stopped."""
        talk = Talk()
        with psycopg2.connect(wayward.real.settings.database_url) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLE samples IN ACCESS EXCLUSIVE MODE")
            live = talk.begin(LAG, lambda cancellation: wayward.stream(LAG, None, None, owner(), cancellation))
            assert until(lambda: waiting(wayward) == 1)
            talk.interrupt()
            assert until(lambda: waiting(wayward) == 0)
            assert live.answering.ended(5.0)
        assert live.unfolding.stopped
        assert wayward.real.ask("How is Kafka doing?", owner=owner()).grounded


def broken_after(text: str, problem: StoreUnavailable) -> Script:
    def broken(_: Iterator[Progress]) -> Iterator[Progress]:
        yield Text(text)
        raise problem

    return broken


def waiting(wayward: Wayward) -> int:
    """How many queries wait for a lock on this database's server."""
    with psycopg2.connect(wayward.real.settings.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND backend_type = 'client backend'"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
