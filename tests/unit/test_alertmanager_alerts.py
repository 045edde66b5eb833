"""Anomalies as alerts: labels that stay the same, words for people; and what Alertmanager's silences mean here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.alerting.client import Client
from monitoring.alerting.replica import LONGEST_REST_SECONDS, clusters_of, end_of, is_posted, rest
from monitoring.anomalies import Silence
from monitoring.errors import AlertmanagerProblem, ConfigurationError
from monitoring.notifications.alertmanager import (
    Writing,
    alert_of,
    annotations_of,
    ended_alert,
    extra_labels,
    fingerprint_of,
    labels_of,
)
from monitoring.notifications.muting import (
    Matcher,
    Mute,
    Place,
    Report,
    mirrored,
    muted_ahead,
    quick,
    read_alerts,
    read_silences,
)
from platform_metrics_definition import CATALOGUE

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MINE = Writing("a1b2c3d4")
ROW: Mapping[str, Any] = {
    "component": "clickhouse",
    "instance": "eu/node-1/events",
    "metric": "max_parts_per_partition",
    "anomaly_type": "baseline",
    "severity": "warning",
    "status": "firing",
    "hushed": False,
    "flapping": False,
    "started_at": NOW - 20 * MINUTE,
    "critical_at": None,
    "acknowledged_at": None,
    "acknowledged_by": None,
    "value": 1840.0,
    "expected": 62.0,
    "threshold": "between 20 and 120 parts",
    "why": "parts of the fullest partition at 1,840 parts, usually 62 parts",
    "message": "clickhouse eu/node-1/events: parts at 1,840 parts",
    "incident_id": 7,
    "pattern": "isolated",
    "rule": "",
    "incident_summary": "clickhouse eu/node-1/events has too many parts",
}


def row(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


class TestLabels:
    def test_what_is_unusual_is_the_same_alert_once_it_is_beyond_its_threshold(self) -> None:
        assert labels_of(row(), MINE) == labels_of(row(anomaly_type="threshold"), MINE)

    @pytest.mark.parametrize(
        "change",
        [
            {"value": 2000.0, "why": "worse"},
            {"pattern": "cascade_backward", "rule": "slow_inserts"},
            {"acknowledged_at": NOW, "acknowledged_by": "ada", "status": "acknowledged"},
            {"flapping": True},
            {"started_at": NOW},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_stay_the_same_whatever_becomes_known(self, change: Mapping[str, Any]) -> None:
        assert labels_of(row(**change), MINE) == labels_of(row(), MINE)

    def test_name_the_metric_or_what_is_wrong_where_that_is_all_of_an_instance(self) -> None:
        assert labels_of(row(), MINE)["alertname"] == "MaxPartsPerPartition"
        assert labels_of(row(metric="*", anomaly_type="no_data"), MINE)["alertname"] == "NoData"

    def test_name_the_cluster_that_the_instance_is_named_after(self) -> None:
        several = replace(MINE, clusters=clusters_of(["eu", "us", "", "eu"]))
        assert labels_of(row(), several)["cluster"] == "eu"
        assert "cluster" not in labels_of(row(instance="europe/node-1"), several)
        assert "cluster" not in labels_of(row(), replace(MINE, clusters=clusters_of(["eu", "eu"])))

    def test_bear_those_that_are_set_and_say_that_figures_are_simulated(self) -> None:
        said = labels_of(row(), replace(MINE, extra=extra_labels("team=data, environment = prod"), demo=True))
        assert (said["team"], said["environment"], said["demo"]) == ("data", "prod", "true")

    @pytest.mark.parametrize("text", ["team", "team=", "=data", "my-team=data", "severity=page", "monitor=x"])
    def test_that_cannot_be_set_are_refused(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match="ALERTMANAGER_LABELS"):
            extra_labels(text)

    def test_hold_the_fingerprint(self) -> None:
        known = "threshold/clickhouse/eu/node-1/events/max_parts_per_partition"
        assert fingerprint_of(labels_of(row(), MINE)) == known


class TestWords:
    def test_are_figures_in_their_units_checks_and_a_link(self) -> None:
        said = annotations_of(row(), CATALOGUE, replace(MINE, page="https://monitoring.example.org"))
        assert said["value"] == "1,840 parts"
        assert said["usual"] == "62 parts"
        assert said["since"] == "2026-03-04T11:40:00Z"
        assert said["link"] == "https://monitoring.example.org/incidents?incident=7"
        checks = CATALOGUE["max_parts_per_partition"].first_checks
        assert said["first_checks"].splitlines()[0] == f"- {checks[0]}"
        assert "acknowledged" not in said

    def test_say_that_figures_are_simulated(self) -> None:
        assert annotations_of(row(), CATALOGUE, replace(MINE, demo=True))["summary"].startswith("DEMO DATA: ")

    def test_without_an_address_of_the_page_there_is_no_link(self) -> None:
        alert = alert_of(row(), CATALOGUE, MINE, NOW + HOUR)
        assert "generatorURL" not in alert
        assert "link" not in alert["annotations"]
        assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-04T11:40:00Z", "2026-03-04T13:00:00Z")


class TestTheEnd:
    LABELS = labels_of(ROW, MINE)

    def test_of_an_alert_is_that_of_its_anomaly(self) -> None:
        over = {"resolved_at": NOW - MINUTE, "critical_at": None, "severity": "warning"}
        assert end_of(self.LABELS, over, NOW) == NOW - MINUTE

    def test_of_a_warning_is_when_it_became_critical(self) -> None:
        worse = {"resolved_at": None, "critical_at": NOW - 2 * MINUTE, "severity": "critical"}
        assert end_of(self.LABELS, worse, NOW) == NOW - 2 * MINUTE
        assert end_of({**self.LABELS, "severity": "critical"}, worse, NOW) == NOW

    def test_is_now_where_nothing_is_known_of_it(self) -> None:
        assert end_of(self.LABELS, None, NOW) == NOW

    def test_is_never_before_the_begin(self) -> None:
        alert = ended_alert(self.LABELS, NOW, NOW - HOUR)
        assert alert["startsAt"] == alert["endsAt"]


@pytest.mark.parametrize(
    ("change", "posted"),
    [
        ({"status": "pending"}, False),
        ({"status": "firing"}, True),
        ({"status": "acknowledged"}, True),
        ({"status": "silenced", "hushed": True}, False),
        ({"status": "acknowledged", "hushed": True}, False),
        ({"status": "silenced"}, True),
    ],
    ids=str,
)
def test_what_is_posted(change: Mapping[str, Any], posted: bool) -> None:
    assert is_posted(row(**change)) is posted


PARTS = Place("clickhouse", "eu/node-1/events", "max_parts_per_partition", "threshold")
LABELS = labels_of(ROW, MINE)


def mute(id: str = "s1", *matchers: Matcher, ends_at: datetime = NOW + HOUR) -> Mute:
    return Mute(id, matchers, ends_at, "ada", "planned work")


def report(*mutes: Mute, quiet: Mapping[Place, set[str]] | None = None) -> Report:
    muted = {place: frozenset(ids) for place, ids in (quiet or {}).items()}
    return Report({one.id: one for one in mutes}, muted)


class TestMatchers:
    @pytest.mark.parametrize(
        ("matcher", "matches"),
        [
            (Matcher("component", "clickhouse"), True),
            (Matcher("component", "click"), False),
            (Matcher("component", "kafka", is_equal=False), True),
            (Matcher("instance", "eu/.*", is_regex=True), True),
            (Matcher("instance", "eu", is_regex=True), False),
            (Matcher("instance", "us/.*", is_regex=True, is_equal=False), True),
            (Matcher("job", ""), True),
            (Matcher("job", "node"), False),
            (Matcher("instance", "(e+)+u", is_regex=True), None),
            (Matcher("instance", "(?P<", is_regex=True), None),
        ],
        ids=str,
    )
    def test_say_what_alertmanagers_say(self, matcher: Matcher, matches: bool | None) -> None:
        assert matcher.matches(LABELS) is matches

    @pytest.mark.parametrize("expression", ["(a+)+$", "(.*)*", "(a|aa){9}", ".*.*.*.*x"])
    def test_that_could_take_for_ever_are_not_looked_at(self, expression: str) -> None:
        assert not quick(expression)

    def test_of_a_silence_must_all_match_and_one_that_cannot_be_told_leaves_it_open(self) -> None:
        yes, no, open = Matcher("component", "clickhouse"), Matcher("metric", "x"), Matcher("metric", "(a+)+", True)
        assert muted_ahead(LABELS, {"s1": mute("s1", yes), "s2": mute("s2", yes, no)}) == frozenset({"s1"})
        assert muted_ahead(LABELS, {"s2": mute("s2", no, open)}) == frozenset()
        assert muted_ahead(LABELS, {"s3": mute("s3", yes, open)}) is None


class TestMirroring:
    def test_a_silence_there_is_one_here_for_the_anomaly_alone(self) -> None:
        made, ended = mirrored([report(mute(), quiet={PARTS: {"s1"}})], [], NOW)
        assert ended == []
        assert {one.kind for one in made} == {"threshold", "baseline"}
        assert {(one.component, one.instance, one.metric) for one in made} == {PARTS[:3]}
        assert {(one.starts_at, one.ends_at) for one in made} == {(NOW, NOW + HOUR)}
        assert {(one.created_by, one.reason) for one in made} == {
            ("alertmanager:s1", "Silenced in Alertmanager by ada: planned work")
        }

    def test_what_is_mirrored_already_stays_as_it_is(self) -> None:
        said = [report(mute(), quiet={PARTS: {"s1"}})]
        made, _ = mirrored(said, [], NOW)
        assert mirrored(said, made, NOW + MINUTE) == ([], [])

    def test_one_that_is_over_there_ends_here(self) -> None:
        made, _ = mirrored([report(mute(), quiet={PARTS: {"s1"}})], [], NOW)
        assert mirrored([report(quiet={PARTS: set()})], made, NOW) == ([], made)

    def test_it_goes_on_while_the_anomaly_is_away(self) -> None:
        made, _ = mirrored([report(mute(), quiet={PARTS: {"s1"}})], [], NOW)
        assert mirrored([report(mute())], made, NOW) == ([], [])

    def test_one_that_no_longer_matches_ends_here(self) -> None:
        made, _ = mirrored([report(mute(), quiet={PARTS: {"s1"}})], [], NOW)
        assert mirrored([report(mute(), quiet={PARTS: set()})], made, NOW) == ([], made)

    def test_one_that_is_prolonged_there_is_prolonged_here(self) -> None:
        made, _ = mirrored([report(mute(), quiet={PARTS: {"s1"}})], [], NOW)
        longer, over = mirrored([report(mute(ends_at=NOW + 2 * HOUR), quiet={PARTS: {"s1"}})], made, NOW)
        assert {one.ends_at for one in longer} == {NOW + 2 * HOUR}
        assert over == made

    def test_what_one_of_two_replicas_keeps_quiet_is_quiet(self) -> None:
        said = [report(quiet={PARTS: set()}), report(mute(), quiet={PARTS: {"s1"}})]
        made, _ = mirrored(said, [], NOW)
        assert len(made) == 2
        assert mirrored(said, made, NOW) == ([], [])

    def test_silences_that_people_made_here_are_left_alone(self) -> None:
        # They are not among those that stand and were made after others.
        assert mirrored([report()], [], NOW) == ([], [])
        stranger = Silence(NOW, NOW + HOUR, *PARTS, created_by="alertmanager:gone", id=3)
        assert mirrored([report()], [stranger], NOW) == ([], [stranger])


class TestAnswers:
    def test_are_read(self) -> None:
        (listed,) = read_alerts(
            [
                {
                    "labels": {"alertname": "X"},
                    "startsAt": "2026-03-04T12:00:00.000Z",
                    "status": {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": []},
                }
            ]
        )
        assert (listed.labels, listed.starts_at, listed.silenced_by) == ({"alertname": "X"}, NOW, frozenset({"s1"}))

    def test_tell_of_active_silences(self) -> None:
        one = {
            "id": "s1",
            "status": {"state": "active"},
            "matchers": [{"name": "a", "value": "b", "isRegex": False}],
            "endsAt": "2026-03-04T13:00:00.000Z",
            "createdBy": "ada",
            "comment": "planned work",
        }
        found = read_silences([one, {**one, "id": "s2", "status": {"state": "expired"}}])
        assert found == {"s1": mute("s1", Matcher("a", "b"))}

    @pytest.mark.parametrize("answer", [None, 5, {"a": 1}, [1], [{"labels": []}], [{"id": "x", "status": {}}], "text"])
    def test_of_another_form_are_refused(self, answer: object) -> None:
        with pytest.raises(AlertmanagerProblem, match="v2 API"):
            read_alerts(answer)
        with pytest.raises(AlertmanagerProblem, match="v2 API"):
            read_silences(answer)


def test_a_replica_that_fails_is_left_alone_for_longer_and_longer() -> None:
    assert 0.5 <= rest(1) <= 1
    assert 2 <= rest(3) <= 4
    assert LONGEST_REST_SECONDS / 2 <= rest(1000) <= LONGEST_REST_SECONDS


@pytest.mark.parametrize("url", ["http://", "https://u:s3cret@", "http://a:99999", "http://a/?x=1", "ftp://a"])
def test_an_address_that_is_none_is_refused_without_its_login(url: str) -> None:
    with pytest.raises(ConfigurationError, match="ALERTMANAGER_URLS") as caught:
        Client(url)
    assert "s3cret" not in str(caught.value)


def test_a_replica_is_named_without_its_login() -> None:
    assert Client("https://ada:s3cret@am.example.org:9093/am/").name == "am.example.org:9093/am"
