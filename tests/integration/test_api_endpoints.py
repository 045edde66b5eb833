"""Each endpoint of the REST API answers as its manual says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from monitoring.api import replies
from monitoring.contract import iso
from tests.integration.api_client import NOW, PARTS, Served, assert_problem, database, opened, serving

INSTANCES = tuple(f"node-{n}/orders" for n in range(5))
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MANUAL_PATHS = {"/docs", "/docs/oauth2-redirect", "/openapi.json"}


@pytest.fixture(scope="module")
def served(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ExitStack() as stack:
        settings = stack.enter_context(database(server_url, tmp_path_factory.mktemp("api")))
        platform = stack.enter_context(opened(settings, *INSTANCES))
        yield stack.enter_context(serving(platform))


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def good(reply: httpx.Response, model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    """The reply has the form that its model documents; returns it."""
    assert reply.status_code == status, reply.text
    model.model_validate_json(reply.content)
    found: dict[str, Any] = reply.json()
    return found


class TestTheThreeExamples:
    def test_how_things_are(self, client: httpx.Client) -> None:
        found = good(client.post("/anomalies/current", json={"last_minutes": 10}), replies.State)
        assert found["health"] == "critical"
        assert found["as_of"] == iso(NOW)
        assert found["window"] == {"from": iso(NOW - timedelta(minutes=10)), "to": iso(NOW)}
        assert {row["instance"] for row in found["components"]["clickhouse"]["anomalies"]} == set(INSTANCES)
        assert found["components"]["kafka"]["health"] == "no_data"
        assert all(row["unit"] == "parts" and row["threshold"] and row["why"] for row in found["anomalies"])

    def test_how_many_there_were(self, client: httpx.Client) -> None:
        found = good(client.post("/anomalies/summary", json={"hours": 24}), replies.Tool)
        assert found["summary"]["by_metric"] == {PARTS: len(INSTANCES)}
        assert found["row_count"] == len(found["rows"]) == len(INSTANCES)

    def test_a_question_in_plain_words(self, client: httpx.Client) -> None:
        asked = {"message": "Check system status", "session_id": "user123"}
        found = good(client.post("/chat", json=asked), replies.ChatReply)
        assert (found["session_id"], found["grounded"]) == ("user123", True)
        assert "critical" in found["answer"].lower()


class TestTimes:
    @pytest.mark.parametrize("path", ["/anomalies/current", "/anomalies/summary", "/anomalies/cross-component"])
    def test_a_window_and_a_moment_are_taken_by_every_question(self, client: httpx.Client, path: str) -> None:
        window = {"from": iso(NOW - timedelta(hours=3)), "to": iso(NOW - timedelta(hours=2))}
        found = client.post(path, json={**window, "as_of": iso(NOW - timedelta(hours=1))}).json()
        assert (found.get("window") or found["looked_at"]["window"]) == window
        assert not found.get("anomalies")
        assert not found.get("rows")

    def test_as_of_answers_as_it_was_then(self, client: httpx.Client) -> None:
        before = client.post("/anomalies/current", json={"as_of": iso(NOW - timedelta(hours=1))}).json()
        assert before["anomalies"] == []
        assert before["as_of"] == iso(NOW - timedelta(hours=1))

    def test_a_time_without_offset_is_utc(self, client: httpx.Client) -> None:
        found = client.post("/anomalies/current", json={"as_of": "2026-03-04T10:00:00"}).json()
        assert found["as_of"] == iso(NOW)

    def test_a_question_takes_its_window_along(self, client: httpx.Client) -> None:
        window = {"from": iso(NOW - timedelta(hours=5)), "to": iso(NOW - timedelta(hours=4))}
        found = client.post("/chat", json={"message": "How many anomalies?", **window}).json()
        assert found["tool_calls"][0]["looked_at"]["window"] == window

    def test_a_window_that_ends_before_it_begins_is_a_contradiction(self, client: httpx.Client) -> None:
        turned = {"from": iso(NOW), "to": iso(NOW - timedelta(hours=1))}
        assert_problem(client.post("/anomalies/summary", json=turned), 400, "contradiction")

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    def test_times_out_of_all_bounds_are_refused(self, client: httpx.Client, moment: str) -> None:
        assert_problem(client.post("/anomalies/current", json={"as_of": moment}), 400, "contradiction")


class TestMetrics:
    def test_a_trend_has_a_row_a_series(self, client: httpx.Client) -> None:
        found = good(client.post("/metrics/trend", json={"metric": [PARTS], "hours": 1}), replies.Tool)
        assert {row["instance"] for row in found["rows"]} == set(INSTANCES)
        assert {row["unit"] for row in found["rows"]} == {"parts"}

    def test_a_trend_is_compared_with_an_earlier_window(self, client: httpx.Client) -> None:
        other = {"compare_from": iso(NOW - timedelta(minutes=20)), "compare_to": iso(NOW - timedelta(minutes=10))}
        found = client.post("/metrics/trend", json={"metric": [PARTS], "hours": 0.1, **other}).json()
        assert found["rows"][0]["compare"]["avg"] == 1840

    def test_a_metric_that_is_not_known_gets_the_nearest_names(self, client: httpx.Client) -> None:
        told = assert_problem(client.post("/metrics/trend", json={"metric": ["consumer_lag"]}), 422, "unknown-name")
        assert "consumer_group_lag" in told["nearest"]

    def test_the_catalogue_names_every_metric_with_its_unit(self, client: httpx.Client, served: Served) -> None:
        found = good(client.get("/metrics/definitions"), replies.Definitions)
        assert [metric["name"] for metric in found["metrics"]] == [m.name for m in served.platform.catalogue]
        assert all(metric["unit"] for metric in found["metrics"])


class TestLists:
    def test_pages_hold_every_anomaly_once(self, client: httpx.Client) -> None:
        seen, cursor, pages = [], None, 0
        while True:
            asked = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = good(client.get("/anomalies", params=asked), replies.AnomalyPage)
            seen += [row["id"] for row in page["items"]]
            cursor, pages = page["next_cursor"], pages + 1
            if cursor is None:
                break
        assert pages == 3
        assert seen == sorted(set(seen), reverse=True)
        assert len(seen) == len(INSTANCES)

    @pytest.mark.parametrize(
        ("filters", "count"),
        [
            ({"component": "clickhouse"}, 5),
            ({"component": "kafka"}, 0),
            ({"status": "open"}, 5),
            ({"status": "resolved"}, 0),
            ({"instance": INSTANCES[0]}, 1),
            ({"metric": PARTS, "severity": "critical"}, 5),
            ({"anomaly_type": "no_data"}, 0),
            ({"to": iso(NOW - timedelta(hours=1))}, 0),
            ({"from": iso(NOW - timedelta(hours=1))}, 5),
        ],
    )
    def test_filters_narrow_a_list(self, client: httpx.Client, filters: dict[str, str], count: int) -> None:
        assert len(client.get("/anomalies", params=filters).json()["items"]) == count

    def test_a_cursor_belongs_to_its_list(self, client: httpx.Client) -> None:
        cursor = client.get("/anomalies", params={"limit": 1}).json()["next_cursor"]
        other = client.get("/anomalies", params={"limit": 1, "cursor": cursor, "component": "clickhouse"})
        assert_problem(other, 400, "contradiction")
        assert_problem(client.get("/incidents", params={"cursor": cursor}), 400, "contradiction")

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "W10", "WzEsMl0", "é", "W" * 400])
    def test_what_is_no_cursor_is_refused(self, client: httpx.Client, cursor: str) -> None:
        assert_problem(client.get("/anomalies", params={"cursor": cursor}), 400, "contradiction")


class TestIncidents:
    def test_an_incident_has_its_anomalies_and_a_report(self, client: httpx.Client) -> None:
        page = good(client.get("/incidents", params={"status": "open"}), replies.IncidentPage)
        number = page["items"][0]["id"]
        whole = good(client.get(f"/incidents/{number}"), replies.WholeIncident)
        assert whole["anomalies"][0]["metric"] == PARTS
        report = client.get(f"/incidents/{number}/report")
        assert report.headers["content-type"].startswith("text/markdown")
        for part in ("## Timeline", "## Chain", "## Numbers", "## What was done", "1840 parts"):
            assert part in report.text

    @pytest.mark.parametrize("path", ["/incidents/999999", "/incidents/999999/report"])
    def test_an_incident_there_is_not_is_not_found(self, client: httpx.Client, path: str) -> None:
        assert_problem(client.get(path), 404, "not-found")

    @pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", str(2**63), "9" * 5000])
    def test_what_is_no_id_is_refused(self, client: httpx.Client, number: str) -> None:
        assert_problem(client.get(f"/incidents/{number}"), 422, "invalid-request")

    def test_a_pattern_that_is_not_known_is_refused(self, client: httpx.Client) -> None:
        told = assert_problem(client.get("/incidents", params={"pattern": "cascade"}), 422, "unknown-name")
        assert "cascade_forward" in told["nearest"]


class TestPeople:
    def test_an_acknowledgement_shows_at_once_and_in_the_report(self, client: httpx.Client) -> None:
        event = client.post("/anomalies/current", json={}).json()["anomalies"][0]
        told = good(
            client.post(f"/anomalies/{event['id']}/acknowledge", json={"by": "anna", "note": "On *it*."}),
            replies.Anomaly,
        )
        assert (told["status"], told["acknowledged_by"]) == ("acknowledged", "anna")
        after = client.post("/anomalies/current", json={}).json()["anomalies"]
        assert {row["id"]: row["status"] for row in after}[event["id"]] == "acknowledged"
        report = client.get(f"/incidents/{event['incident_id']}/report").text
        assert "acknowledged by anna" in report
        assert "On \\*it\\*." in report

    def test_an_acknowledgement_needs_no_body(self, client: httpx.Client) -> None:
        event = client.get("/anomalies", params={"limit": 1}).json()["items"][0]["id"]
        assert client.post(f"/anomalies/{event}/acknowledge").json()["acknowledged_by"] in ("api", "anna")

    def test_an_anomaly_there_is_not_cannot_be_acknowledged(self, client: httpx.Client) -> None:
        assert_problem(client.post("/anomalies/424242/acknowledge", json={}), 404, "not-found")

    def test_a_silence_is_made_listed_and_ended(self, client: httpx.Client) -> None:
        asked = {"component": "kafka", "minutes": 30, "reason": "upgrade", "created_by": "bob"}
        made = good(client.post("/silences", json=asked), replies.SilenceReply, 201)
        assert (made["starts_at"], made["ends_at"]) == (iso(NOW), iso(NOW + timedelta(minutes=30)))
        listed = good(client.get("/silences"), replies.SilencePage)["items"]
        assert [silence["id"] for silence in listed] == [made["id"]]
        assert client.delete(f"/silences/{made['id']}").status_code == 204
        assert client.get("/silences").json()["items"] == []
        assert client.get("/silences", params={"past": True}).json()["items"][0]["ends_at"] == iso(NOW)
        assert_problem(client.delete(f"/silences/{made['id']}"), 404, "not-found")

    def test_a_silence_of_a_metric_that_is_not_known_is_refused(self, client: httpx.Client) -> None:
        assert_problem(client.post("/silences", json={"metric": "lag"}), 422, "unknown-name")


class TestSessions:
    def test_a_session_is_listed_read_renamed_exported_and_forgotten(self, client: httpx.Client) -> None:
        client.post("/chat", json={"message": "Is ClickHouse ok?", "session_id": "s-1"})
        client.post("/chat", json={"message": "Since when?", "session_id": "s-1"})
        listed = good(client.get("/sessions"), replies.SessionList)["items"]
        found = next(session for session in listed if session["id"] == "s-1")
        assert (found["title"], found["turns"]) == ("Is ClickHouse ok?", 2)
        whole = good(client.get("/sessions/s-1"), replies.WholeSession)
        assert [turn["question"] for turn in whole["messages"]] == ["Is ClickHouse ok?", "Since when?"]
        renamed = client.post("/sessions/s-1/rename", json={"title": "Parts"}).json()
        assert renamed["title"] == "Parts"
        assert "Is ClickHouse ok?" in client.get("/sessions/s-1/export").text
        assert client.get("/sessions/s-1/export", params={"form": "json"}).json()["id"] == "s-1"
        assert client.delete("/sessions/s-1").status_code == 204
        assert_problem(client.get("/sessions/s-1"), 404, "not-found")
        assert_problem(client.delete("/sessions/s-1"), 404, "not-found")

    def test_sessions_come_in_pages(self, client: httpx.Client) -> None:
        for number in range(3):
            client.post("/chat", json={"message": "ok?", "session_id": f"page-{number}"})
        first = client.get("/sessions", params={"limit": 2}).json()
        second = client.get("/sessions", params={"limit": 200, "cursor": first["next_cursor"]}).json()
        seen = [session["id"] for session in first["items"] + second["items"]]
        assert len(seen) == len(set(seen)) >= 3
        assert second["next_cursor"] is None


class TestHealth:
    def test_it_is_alive_and_ready(self, client: httpx.Client) -> None:
        assert good(client.get("/health/live"), replies.Live) == {"status": "alive"}
        found = good(client.get("/health/ready"), replies.Ready)
        assert found["status"] == "ready"
        assert found["database"]["storage"]["edition"]

    def test_figures_name_open_anomalies_latency_ticks_and_samples(self, client: httpx.Client) -> None:
        page = client.get("/metrics").text
        for line in (
            'platform_monitoring_open_anomalies{component="clickhouse",severity="critical"} 5.0',
            'platform_monitoring_open_anomalies{component="kafka",severity="warning"} 0.0',
            "platform_monitoring_database_up 1.0",
        ):
            assert line in page
        assert re.search(r"^platform_monitoring_ticks_total [1-9]", page, re.MULTILINE)
        assert re.search(r"^platform_monitoring_judged_samples_total [1-9]", page, re.MULTILINE)
        assert 'route="/health/live"' in page


class TestManual:
    def test_every_route_is_in_the_manual_with_summary_and_description(self, client: httpx.Client) -> None:
        document = client.get("/openapi.json").json()
        for path, item in document["paths"].items():
            for operation in item.values():
                assert operation["summary"], path
                assert len(operation["description"]) > 20, path

    def test_every_error_is_documented_as_a_problem(self, client: httpx.Client) -> None:
        document = client.get("/openapi.json").json()
        codes = {
            (code, kind)
            for item in document["paths"].values()
            for operation in item.values()
            for code, response in operation["responses"].items()
            if code >= "400"
            for kind in response["content"]
        }
        assert {kind for _, kind in codes} == {"application/problem+json"}
        assert {"400", "404", "413", "422", "429", "503"} <= {code for code, _ in codes}

    def test_every_field_that_can_be_asked_with_is_described(self, client: httpx.Client) -> None:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        for name in ("Current", "Summary", "Trend", "CrossComponent", "Chat", "NewSilence", "Acknowledgement"):
            for field, schema in schemas[name]["properties"].items():
                assert schema.get("description"), f"{name}.{field}"
            assert schemas[name]["examples"], name

    def test_the_readme_names_every_route(self, client: httpx.Client) -> None:
        section = README.partition("## REST API")[2].partition("\n## ")[0]
        for path, item in client.get("/openapi.json").json()["paths"].items():
            for method in item:
                assert f"`{method.upper()} {path}`" in section

    def test_the_manual_can_be_read_in_a_browser(self, client: httpx.Client) -> None:
        assert "swagger" in client.get("/docs").text.lower()


class TestBadInput:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/anomalies/current", '{"last_minutes": "10"}'),
            ("/anomalies/current", '{"last_minutes": -5}'),
            ("/anomalies/current", '{"last_minutes": 0}'),
            ("/anomalies/current", '{"last_minutes": 1e300}'),
            ("/anomalies/current", '{"last_minutes": NaN}'),
            ("/anomalies/current", '{"last_minutes": Infinity}'),
            ("/anomalies/current", '{"last_minutes": true}'),
            ("/anomalies/current", '{"last_minute": 10}'),
            ("/anomalies/current", '{"as_of": 1772618400}'),
            ("/anomalies/current", '{"as_of": "yesterday"}'),
            ("/anomalies/current", "[]"),
            ("/anomalies/current", "null"),
            ("/anomalies/summary", '{"component": ["oracle"]}'),
            ("/anomalies/summary", '{"component": []}'),
            ("/anomalies/summary", '{"instance": ["a\\u0000b"]}'),
            ("/anomalies/summary", '{"instance": ["\\ud800"]}'),
            ("/metrics/trend", "{}"),
            ("/chat", '{"message": ""}'),
            ("/chat", '{"message": "x", "session_id": ""}'),
            ("/chat", '{"message": "x", "sesion": "a"}'),
            ("/silences", '{"minutes": -1}'),
        ],
    )
    def test_what_has_not_the_form_is_refused_and_said_where(self, client: httpx.Client, path: str, body: str) -> None:
        told = assert_problem(
            client.post(path, content=body, headers={"Content-Type": "application/json"}), 422, "invalid-request"
        )
        assert told["errors"][0]["where"].startswith("body")

    @pytest.mark.parametrize(
        "body", [b"{", b"\xff\xfe", b"{'a': 1}", b"[" * 100_000, b'{"last_minutes": 1' + b"0" * 9000]
    )
    def test_what_is_no_json_is_malformed(self, client: httpx.Client, body: bytes) -> None:
        reply = client.post("/anomalies/current", content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code in (400, 422)
        assert_problem(reply, reply.status_code, "malformed-body" if reply.status_code == 400 else "invalid-request")

    @pytest.mark.parametrize("text", ["'; DROP TABLE anomaly_events; --", "%s%(x)s", "\\", "{{7*7}}", "<script>"])
    def test_strings_that_inject_are_only_names(self, client: httpx.Client, text: str) -> None:
        found = client.post("/anomalies/summary", json={"instance": [text]}).json()
        assert found["rows"] == []
        assert client.get("/anomalies", params={"instance": text}).json()["items"] == []
        assert len(client.get("/anomalies").json()["items"]) == len(INSTANCES)

    def test_a_path_there_is_not_is_a_problem_too(self, client: httpx.Client) -> None:
        assert_problem(client.get("/nothing/here"), 404, "not-found")

    def test_another_method_is_refused_with_those_there_are(self, client: httpx.Client) -> None:
        reply = client.put("/silences", json={})
        assert_problem(reply, 405, "method-not-allowed")
        assert reply.headers["allow"] == "GET, POST"

    def test_a_request_id_of_ones_own_comes_back(self, client: httpx.Client) -> None:
        assert client.get("/nope", headers={"X-Request-ID": "mine-1"}).json()["request_id"] == "mine-1"
        strange = client.get("/nope", headers={"X-Request-ID": "a b{}"}).json()["request_id"]
        assert re.fullmatch(r"[0-9a-f]{16}", strange)
