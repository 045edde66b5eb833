"""Answers over HTTP: piece by piece, stopped when nobody listens, told when the server stops, kept when it restarts."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings
from tests.integration.api_client import Served, assert_problem, database, opened, serving, until
from tests.integration.openai_server import Drips, Service, openai_service

Event = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def chat_settings(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with database(server_url, tmp_path_factory.mktemp("api")) as settings:
        yield settings


@pytest.fixture(scope="module")
def served(chat_settings: Settings) -> Iterator[Served]:
    with opened(chat_settings, "node-1/orders") as platform, serving(platform) as served:
        yield served


@contextmanager
def endless(settings: Settings, **changes: Any) -> Iterator[tuple[Served, Service]]:
    """A server whose language model never comes to an end."""
    with ExitStack() as stack:
        service = stack.enter_context(openai_service([Drips("word ")]))
        talking = replace(settings, openai_api_key="k", openai_base_url=service.url, session_wait_seconds=0.5)
        platform = stack.enter_context(opened(talking))
        yield stack.enter_context(serving(platform, **changes)), service


def events(reply: httpx.Response) -> Generator[Event, None, None]:
    """The events of a stream, as they come."""
    name = ""
    for line in reply.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


class TestStream:
    def test_it_tells_tools_results_text_and_the_whole_answer_in_that_order(self, served: Served) -> None:
        asked = {"message": "What is wrong with ClickHouse?", "session_id": "stream-1"}
        with served.client() as client, client.stream("POST", "/chat/stream", json=asked) as reply:
            assert reply.headers["content-type"].startswith("text/event-stream")
            told = list(events(reply))
        names = [name for name, _ in told]
        assert names.index("tool_start") < names.index("tool_result") < names.index("text") < names.index("done")
        assert names.count("done") == 1 == len(names) - names.index("done")
        done = told[-1][1]
        assert "".join(data["text"] for name, data in told if name == "text") == done["answer"]
        assert done["session_id"] == "stream-1"
        assert done["grounded"]
        result = next(data for name, data in told if name == "tool_result")
        assert result["status"] == "ok"
        assert result["looked_at"]["window"]

    def test_what_fails_before_it_begins_has_a_status_of_its_own(self, served: Served) -> None:
        with served.client() as client:
            empty = client.post("/chat/stream", json={"message": "ok?", "session_id": "   "})
            assert_problem(empty, 400, "contradiction")
            assert_problem(client.post("/chat/stream", json={"message": 5}), 422, "invalid-request")

    def test_both_ways_of_asking_share_their_sessions(self, served: Served) -> None:
        with served.client() as client:
            client.post("/chat", json={"message": "Is ClickHouse ok?", "session_id": "shared"})
            client.post("/chat/stream", json={"message": "Since when?", "session_id": "shared"})
            assert client.get("/sessions/shared").json()["turns"] == 2


class TestStopping:
    def test_a_client_that_goes_away_stops_the_work(self, chat_settings: Settings) -> None:
        with endless(chat_settings) as (served, _), served.client() as client:
            asked = {"message": "Talk.", "session_id": "left"}
            with client.stream("POST", "/chat/stream", json=asked) as reply:
                stream = events(reply)
                assert next(name for name, _ in stream if name == "text")
                assert_problem(client.post("/chat", json=asked), 409, "conflict")
                stream.close()
            # The session is free again as soon as the work has ended.
            until(lambda: _free(served, "left"))

    def test_so_does_one_that_waits_for_the_whole_answer(self, chat_settings: Settings) -> None:
        with endless(chat_settings) as (served, service):
            asked = json.dumps({"message": "Talk.", "session_id": "hung-up"})
            with closing(HTTPConnection("127.0.0.1", served.server.bound_port)) as connection:
                connection.request("POST", "/chat", asked, {"Content-Type": "application/json"})
                assert service.asked.wait(60)
            until(lambda: _free(served, "hung-up"))

    def test_an_answer_that_takes_too_long_is_told_so(self, chat_settings: Settings) -> None:
        with endless(chat_settings, chat_seconds=0.5) as (served, _), served.client() as client:
            assert_problem(client.post("/chat", json={"message": "Talk."}), 503, "overdue")
            with client.stream("POST", "/chat/stream", json={"message": "Talk."}) as reply:
                name, told = list(events(reply))[-1]
            assert name == "error"
            assert told["type"].endswith(":overdue")

    def test_answers_that_are_running_when_the_server_stops_are_told(self, chat_settings: Settings) -> None:
        with endless(chat_settings, stop_seconds=2.5) as (served, _), served.client() as client:
            with client.stream("POST", "/chat/stream", json={"message": "Talk."}) as reply:
                stream = events(reply)
                next(stream)
                served.server.should_exit = True
                name, told = list(stream)[-1]
            assert name == "error"
            assert told["type"].endswith(":stopping")

    def test_more_answers_than_there_is_room_for_are_refused(self, chat_settings: Settings) -> None:
        with (
            endless(chat_settings, chats=1, waiting_chats=0) as (served, _),
            served.client() as client,
            client.stream("POST", "/chat/stream", json={"message": "Talk."}) as reply,
        ):
            stream = events(reply)
            next(stream)
            refused = client.post("/chat", json={"message": "Me too."})
            assert_problem(refused, 503, "busy")
            assert refused.headers["retry-after"]
            assert client.get("/health/live").status_code == 200
            stream.close()


def _free(served: Served, session: str) -> bool:
    """Whether no question of the session is being answered."""
    with served.platform._store.conversations.alone(session, None, 5.0):
        return True


class TestRestart:
    def test_a_restart_loses_no_session(self, server_url: str, tmp_path: Path) -> None:
        with database(server_url, tmp_path) as settings:
            with opened(settings, "node-1/orders") as platform, serving(platform) as served, served.client() as client:
                for number in range(5):
                    asked = {"message": "Is ClickHouse ok?", "session_id": f"kept-{number}"}
                    assert client.post("/chat", json=asked).status_code == 200
                before = client.get("/sessions").json()["items"]
            with opened(settings) as platform, serving(platform) as served, served.client() as client:
                assert client.get("/sessions").json()["items"] == before
                client.post("/chat", json={"message": "Since when?", "session_id": "kept-3"})
                assert client.get("/sessions/kept-3").json()["turns"] == 2

    def test_ten_thousand_sessions_are_listed_a_page_at_a_time(self, server_url: str, tmp_path: Path) -> None:
        with database(server_url, tmp_path) as settings, opened(settings) as platform:
            _many_sessions(platform, 10_000)
            with serving(platform) as served, served.client() as client:
                seen: set[str] = set()
                cursor = None
                while True:
                    asked = {"limit": 200, **({"cursor": cursor} if cursor else {})}
                    page = client.get("/sessions", params=asked).json()
                    seen |= {session["id"] for session in page["items"]}
                    cursor = page["next_cursor"]
                    if cursor is None:
                        break
                assert len(seen) == 10_000


def _many_sessions(platform: MonitoringPlatform, count: int) -> None:
    with platform._store._owner.transaction("making sessions") as cursor:
        cursor.execute(
            "INSERT INTO sessions (owner, id, title, updated_at)"
            " SELECT '', 'many-' || n, 'ok?', timestamptz '2026-03-04 10:00+00' - (n / 7) * interval '1 minute'"
            " FROM generate_series(1, %s) n",
            (count,),
        )
