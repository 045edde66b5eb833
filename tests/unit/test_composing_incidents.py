"""An answer tells incidents first: what, since when, where it started, how it spread, how bad it is, what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.contract import Json, ToolReply, iso
from monitoring.metrics import Window
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import (
    NOW,
    answer,
    at,
    check_reply,
    cross_reply,
    event,
    incident,
    series,
    silent_incident,
    summary_reply,
    told_incident,
    trend_reply,
    untraced,
)

HOUR = Window(NOW - timedelta(hours=1), NOW)
STATUS = "What's the current system status?"
BROKEN = "what is broken, since when, where did it start, how bad is it, what do I do?"
FRESHNESS: Json = {
    "seconds": 1020.0,
    "slowest": "kafka",
    "words": "Data is 17 min old end to end, most of it in Kafka (15 min).",
}
PARTS = event()
HEAP = "taskmanager_heap_used_ratio"
LAG = event("kafka", "payments/orders", "consumer_group_lag_seconds", id=18, value=936.0, why="consumer lag in time")


def checked(*incidents: Json, rows: tuple[Json, ...] = (PARTS, LAG), minutes: float = 60) -> ToolReply:
    return check_reply(rows, incidents=incidents, freshness=FRESHNESS, minutes=minutes)


def first_sentence(text: str) -> str:
    return text.split("\n")[0]


class TestWhatIsBroken:
    def test_the_first_sentence_says_what_since_when_and_where(self) -> None:
        text = answer(BROKEN, checked(told_incident()))
        assert first_sentence(text) == (
            "Broken: **Insert bottleneck: back-pressure from ClickHouse through Flink to Kafka** (critical), since "
            "09:20 UTC, started at ClickHouse `ch-2/orders` parts per partition."
        )

    def test_the_root_is_given_with_what_is_usual(self) -> None:
        assert (
            "- Where it started: ClickHouse `ch-2/orders` parts per partition, at 1,847 parts, usually 61.3 parts."
            in answer(BROKEN, checked(told_incident()))
        )

    def test_the_chain_goes_component_by_component_in_order_of_onset_without_its_root(self) -> None:
        assert (
            "- How it spread: Flink `orders-enrich/sink` back-pressure (from 09:24 UTC) → "
            "Kafka `payments/orders` consumer lag (from 09:29 UTC)."
        ) in answer(BROKEN, checked(told_incident()))

    def test_how_bad_it_is_counts_series_and_gives_lag_and_freshness(self) -> None:
        text = answer(BROKEN, checked(told_incident()))
        assert "3 series of ClickHouse, Flink and Kafka are hit, 2 critical and 1 warning anomalies open" in text
        assert "consumer lag in time of Kafka `payments/orders` at 15 min 36 s, usually 37 s" in text
        assert "Data is 17 min old end to end, most of it in Kafka (15 min)." in text

    def test_freshness_is_not_told_with_an_incident_that_does_not_touch_its_slowest_stage(self) -> None:
        text = answer(BROKEN, checked(told_incident(components=["clickhouse"])))
        assert "end to end" not in text

    def test_what_to_do_is_what_the_pattern_says_then_what_the_root_metric_says(self) -> None:
        text = answer(BROKEN, checked(told_incident()))
        pattern = CATALOGUE.pattern("insert_bottleneck")
        assert pattern is not None
        checks = [*pattern.first_checks, CATALOGUE["max_parts_per_partition"].first_checks[0]]
        places = [text.index(f"- {check}") for check in checks]
        assert text.index("What to do:") < places[0]
        assert places == sorted(places)

    def test_single_faults_do_not_get_the_checks_of_another_one(self) -> None:
        alone = told_incident(pattern="isolated", rule="", title="Isolated anomaly")
        pattern = CATALOGUE.pattern("phantom_lag")
        assert pattern is not None
        assert pattern.first_checks[0] not in answer(BROKEN, checked(alone))

    def test_anomalies_of_an_incident_are_not_listed_once_more(self) -> None:
        own = event(instance="ch-9/own", id=99, incident_id=77, why="on its own")
        text = answer(STATUS, checked(told_incident(), rows=(PARTS, LAG, own)), cross_reply([], HOUR))
        assert text.count("- **Critical**") == 1
        assert text.index("Beside it:") < text.index("on its own")

    def test_two_incidents_are_two_paragraphs_the_worst_first(self) -> None:
        other = told_incident(id=9, severity="warning", rule="slow_replica", title="A slow replica shifts its load")
        text = answer(BROKEN, checked(other, told_incident()))
        assert "and 1 other incident" in first_sentence(text)
        assert text.index("**Critical: Insert bottleneck") < text.index("**Warning: A slow replica")

    def test_what_came_first_is_not_claimed_where_it_cannot_be_told(self) -> None:
        text = answer(BROKEN, checked(told_incident(certain=False)))
        assert "what came first cannot be told" in first_sentence(text)
        assert "it cannot be told for certain which came first; the earliest sign is" in text

    def test_causes_are_called_hypotheses(self) -> None:
        text = answer(BROKEN, checked(told_incident()))
        line = next(line for line in text.split("\n") if CATALOGUE["max_parts_per_partition"].likely_causes[0] in line)
        assert "hypotheses, not established" in line

    def test_every_number_is_traced(self) -> None:
        replies = (checked(told_incident()), cross_reply([], HOUR))
        assert untraced(answer(BROKEN, *replies), BROKEN, *replies) == ()
        assert untraced(answer(STATUS, *replies), STATUS, *replies) == ()

    def test_a_number_that_no_incident_holds_is_not(self) -> None:
        assert untraced("The lag is 4,711 messages.", BROKEN, checked(told_incident())) == ("4,711",)

    def test_incidents_that_are_over_take_one_line_each(self) -> None:
        over = told_incident(status="resolved", resolved_at=iso(at(13)), duration_seconds=2520)
        text = answer(STATUS, check_reply(incidents=[over]), cross_reply([], HOUR))
        assert first_sentence(text).startswith("The platform is **healthy**")
        assert "Over by now:" in text
        assert "09:20 to 10:02 UTC, lasted 42 min, resolved" in text
        assert "How it spread" not in text

    def test_what_is_pending_is_not_called_wrong(self) -> None:
        waiting = event(status="pending", incident_id=None)
        text = answer(BROKEN, check_reply([waiting], minutes=60))
        assert first_sentence(text).startswith("Nothing is wrong with the platform now")
        assert "Not confirmed yet (pending): ClickHouse `ch-2/orders` parts per partition." in text

    def test_nothing_wrong_says_what_that_rests_on(self) -> None:
        text = answer(BROKEN, check_reply(minutes=60))
        assert "201 series report, the newest sample came 20 s ago." in first_sentence(text)


class TestSilence:
    @pytest.mark.parametrize(
        ("cause", "instance", "metric", "title"),
        [
            ("collector_down", "*", "*", "No data from Flink: its collector is down or cut off"),
            ("instance_gone", "tm-2", "*", "Flink `tm-2` is silent as a whole"),
            ("partitioned", "tm-2", "*", "Flink `tm-2` is cut off"),
            (
                "series_stopped",
                "tm-2",
                "taskmanager_heap_used_ratio",
                "No more data of Flink `tm-2` task manager heap use",
            ),
        ],
    )
    def test_it_is_told_which_kind_of_silence_it_is(self, cause: str, instance: str, metric: str, title: str) -> None:
        text = answer(BROKEN, check_reply(incidents=[silent_incident(cause, instance, metric)], minutes=60))
        assert title in first_sentence(text)
        assert "Nothing is wrong" not in text

    def test_a_silence_is_checked_at_its_source_and_not_by_what_the_metric_means(self) -> None:
        quiet = silent_incident("series_stopped", "tm-2", HEAP)
        text = answer(BROKEN, check_reply(incidents=[quiet], minutes=60))
        assert "does its endpoint answer" in text
        assert CATALOGUE[HEAP].first_checks[0] not in text


class TestWhereItStarted:
    @pytest.mark.parametrize("question", ["why?", "what is the root cause of the problem?"])
    def test_the_root_comes_first(self, question: str) -> None:
        replies = (checked(told_incident()), cross_reply([told_incident()]))
        assert first_sentence(answer(question, *replies)) == (
            "It started with ClickHouse `ch-2/orders` parts per partition at 09:20 UTC: at 1,847 parts, usually "
            "61.3 parts."
        )


class TestProgress:
    def test_better_is_judged_by_the_worst_since_the_onset(self) -> None:
        text = answer("is it getting better?", checked(told_incident()), trend_reply([], HOUR))
        assert first_sentence(text) == (
            "Yes, it eases: consumer lag in time of Kafka `payments/orders` was worst at 09:45 UTC with 33 min and is "
            "at 17 min lately."
        )

    def test_it_is_no_yes_while_the_root_has_not_eased(self) -> None:
        going_on = told_incident(root={**told_incident()["root"], "course": "steady"})
        text = answer("is it getting better?", checked(going_on), trend_reply([], HOUR))
        assert first_sentence(text).startswith("In part, it eases:")
        assert "Where it began has not eased" in first_sentence(text)

    def test_a_root_that_grows_decides(self) -> None:
        growing = told_incident(
            root={**told_incident()["root"], "course": "worsening", "before": 1200.0, "before_at": iso(at(30))}
        )
        better = answer("is it getting better?", checked(growing), trend_reply([], HOUR))
        worse = answer("is it getting worse?", checked(growing), trend_reply([], HOUR))
        assert first_sentence(better).startswith("No, it gets worse: parts per partition")
        assert "from 1,200 parts at 09:45 UTC to 1,840 parts" in first_sentence(better)
        assert first_sentence(worse).startswith("Yes, it gets worse")

    def test_with_everything_over_it_is_better(self) -> None:
        over = incident(ended=13, id=3)
        text = answer("is it getting better?", check_reply(incidents=[over], minutes=60), trend_reply([], HOUR))
        assert first_sentence(text) == "Yes: nothing is open any more."

    def test_every_number_is_traced(self) -> None:
        replies = (checked(told_incident()), trend_reply([], HOUR))
        question = "is it getting better?"
        assert untraced(answer(question, *replies), question, *replies) == ()


class TestLists:
    def test_a_list_tells_the_incidents_and_only_then_what_is_in_none(self) -> None:
        found = summary_reply([PARTS, LAG, event(instance="ch-9/own", incident_id=None, why="on its own")])
        found = ToolReply(
            found.name,
            {},
            found.looked_at,
            "ok",
            {**found.summary, "incident_list": [told_incident()]},
            found.rows,
            found.row_count,
            False,
            1.0,
        )
        text = answer("list all anomalies of the last 24 hours", found)
        assert first_sentence(text).startswith("3 anomalies in the last 24 hours")
        assert text.index("In 1 incident:") < text.index("Insert bottleneck") < text.index("on its own")
        assert text.count("- **Critical**") == 1


class TestTrendsThatAreOver:
    def test_a_rise_that_peaked_is_told_with_its_peak_and_the_end(self) -> None:
        row = series(
            "consumer_group_lag",
            "payments/orders",
            190.0,
            700.0,
            100.0,
            7607.0,
            peak_at=iso(at(30)),
            breached="warning",
            points=[190.0] * 20 + [3000.0, 7000.0, 2000.0, 700.0],
        )
        text = answer("consumer lag trend", trend_reply([row]))
        assert (
            "Consumer lag of Kafka `payments/orders` peaked at 09:45 UTC with 7,607 messages and is at 700 messages "
            "at the end."
        ) in text
        assert "it has come down since" in text

    def test_noise_within_what_is_normal_has_no_peak(self) -> None:
        row = series("consumer_group_lag", "payments/orders", 20.0, 10.0, 5.0, 90.0, points=[20.0] * 20 + [90.0, 10.0])
        assert "peaked" not in answer("consumer lag trend", trend_reply([row]))


class TestForecasts:
    question = "will the disk fill up?"

    def test_what_is_beyond_already_is_said_to_be(self) -> None:
        row = series(
            "disk_free_ratio", "ch-1/default", 0.46, 0.03, 0.03, 0.46, "falling", breached="critical", beyond="critical"
        )
        assert first_sentence(answer(self.question, trend_reply([row]))) == (
            "Already: ClickHouse `ch-1/default` free disk is at 3 %, beyond its critical level (below 10 %)."
        )

    def test_yes_with_the_time(self) -> None:
        row = series("disk_free_ratio", "ch-1/default", 0.46, 0.2, 0.2, 0.46, "falling", exhausts_at=iso(at(-600)))
        text = first_sentence(answer(self.question, trend_reply([row])))
        assert text.startswith("Yes, if it goes on as it did")
        assert "at 20:15 UTC. This is a forecast." in text

    def test_no(self) -> None:
        row = series("disk_free_ratio", "ch-1/default", 0.46, 0.46, 0.45, 0.46)
        assert first_sentence(answer(self.question, trend_reply([row]))).startswith("No, not as far as can be seen")
