"""Turns that only change the question before: what they name takes the place of its like, and the rest stays."""

from __future__ import annotations

import pytest

from benchmarks.question_bank import AS_OF
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE
from tests.unit.test_question_bank import INSTANCES
from tests.unit.test_understanding_dialogues import looked_at, window_of

Conversation = list[str]


def after(*questions: str) -> Request:
    """The last question as it is understood after those before it."""
    request: Request | None = None
    for question in questions:
        request = understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES, request)
        request = request.parts[-1]
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("turns", "intent", "components", "window"),
    [
        (["alerts in kafka since midnight", "actually make it clickhouse"], "list", "clickhouse", "04 00:00-04 12:00"),
        (["alerts in kafka since midnight", "no, I meant flink"], "list", "flink", "04 00:00-04 12:00"),
        (["how many alerts did kafka have yesterday", "sorry, flink"], "count", "flink", "03 00:00-04 00:00"),
        (["flink alerts yesterday", "not flink, kafka"], "list", "kafka", "03 00:00-04 00:00"),
        (["flink alerts yesterday", "kafka instead of flink"], "list", "kafka", "03 00:00-04 00:00"),
        (["flink alerts yesterday", "kafka and flink please"], "list", "kafka+flink", "03 00:00-04 00:00"),
        (["flink alerts yesterday", "hmm, today rather"], "list", "flink", "04 00:00-04 12:00"),
        (["flink alerts today", "forget that, clickhouse"], "list", "clickhouse", "04 00:00-04 12:00"),
        (["flink alerts today", "same question for kafka"], "list", "kafka", "04 00:00-04 12:00"),
        (["compare flink alerts of today and yesterday", "the same comparison for kafka"], "compare", "kafka", ""),
        (["flink alerts today", "the other two"], "list", "kafka+clickhouse", "04 00:00-04 12:00"),
        (["flink alerts today", "and overall?"], "list", "kafka+flink+clickhouse", "04 00:00-04 12:00"),
        (["flink alerts today", "kafka?", "both"], "list", "kafka+flink", "04 00:00-04 12:00"),
        (["how many alerts in flink today", "kafka?", "all together"], "count", "kafka+flink+clickhouse", ""),
        (["flink, last two hours", "make it four"], "list", "flink", "04 08:00-04 12:00"),
        (["flink, last two hours", "double that window"], "list", "flink", "04 08:00-04 12:00"),
        (["flink, last two hours", "half of that period"], "list", "flink", "04 11:00-04 12:00"),
        (["flink, last two hours", "change the window to 3 hours"], "list", "flink", "04 09:00-04 12:00"),
        (["flink alerts today", "what about 8 to 9"], "list", "flink", "04 08:00-04 09:00"),
        (["flink alerts this week", "add kafka to the list"], "list", "kafka+flink", ""),
    ],
)
def test_what_a_turn_names_replaces_its_like_and_the_rest_stays(
    turns: Conversation, intent: str, components: str, window: str
) -> None:
    request = after(*turns)
    assert request.intent == intent
    assert looked_at(request) == set(components.split("+"))
    assert window in ("", window_of(request))


@pytest.mark.parametrize(
    ("turns", "severity"),
    [
        (["how many alerts in flink today", "only the criticals"], "critical"),
        (["how many alerts in flink today", "just warnings please"], "warning"),
        (["how many alerts in flink today", "only the criticals", "and yesterday"], "critical"),
        (["how many alerts in flink today", "only the criticals", "warnings too"], None),
        (["how many alerts in flink today", "only the criticals", "both please"], None),
        (["kafka alerts today", "only warnings, no criticals"], "warning"),
        (["kafka alerts today", "remove the warnings"], "critical"),
    ],
)
def test_a_severity_is_kept_until_another_one_or_both_are_named(turns: Conversation, severity: str | None) -> None:
    assert after(*turns).severity == severity


@pytest.mark.parametrize(
    ("turns", "instances"),
    [
        (["gc time of tm-1", "tm-2?"], {"tm-2"}),
        (["gc time of tm-1", "and 3"], {"tm-3"}),
        (["gc time of tm-1", "tm-2?", "both"], {"tm-1", "tm-2"}),
        (["gc time of tm-1", "tm-2?", "side by side please"], {"tm-1", "tm-2"}),
        (["gc time of tm-1", "tm-2?", "which is higher"], {"tm-1", "tm-2"}),
        (["gc time of tm-1", "compare it with tm-3"], {"tm-1", "tm-3"}),
        (["gc time of tm-1 today", "vs tm-3"], {"tm-1", "tm-3"}),
        (["gc time of tm-1", "all task managers"], set()),
        (["produce latency of broker-1", "for the whole cluster"], set()),
        (["event time lag", "I meant the one of payments-agg"], {"payments-agg"}),
    ],
)
def test_instances_are_replaced_joined_or_let_go(turns: Conversation, instances: set[str]) -> None:
    request = after(*turns)
    named = {name for name in request.instances if "/" not in name}
    assert named == instances
    assert request.metrics
    assert set(request.metrics) <= set(after(turns[0]).metrics)


def test_two_stretches_of_time_asked_one_after_the_other_can_be_compared() -> None:
    request = after("kafka alerts yesterday", "and on monday", "compare the two")
    assert request.intent == "compare"
    assert window_of(request) == "03 00:00-04 00:00/02 00:00"


def test_a_comparison_up_to_now_takes_another_stretch_to_compare_with() -> None:
    request = after("broker-2 heap last 6 hours", "compare with yesterday", "and a week ago?")
    assert request.intent == "compare"
    assert window_of(request) == "04 06:00-04 12:00/25 06:00"


@pytest.mark.parametrize("aside", ["thanks!", "could you please restart it", "blah blub", "hello"])
def test_a_turn_that_gave_nothing_leaves_the_thread_where_it_was(aside: str) -> None:
    request = after("flink alerts yesterday", aside, "and kafka?")
    assert (request.intent, request.components) == ("list", ("kafka",))
    assert window_of(request) == "03 00:00-04 00:00"


@pytest.mark.parametrize(
    ("turns", "intents"),
    [
        (["how many alerts yesterday", "show them"], "list"),
        (["how many alerts yesterday", "what were they?"], "list"),
        (["all alerts of yesterday", "just the number"], "count"),
        (["all alerts of yesterday", "how many?"], "count"),
        (["were there incidents yesterday", "what was the cause"], "diagnose"),
        (["were there incidents yesterday", "was kafka involved"], "cascade"),
        (["were there incidents yesterday", "how long did it take"], "since"),
        (["is flink slow", "what can be done"], "advice"),
        (["replication lag of ch-3", "so better or worse?"], "trend"),
        (["replication lag of ch-3", "what's the limit there"], "threshold"),
        (["event time lag", "which job"], "value"),
    ],
)
def test_a_turn_with_a_question_of_its_own_asks_it_of_what_was_spoken_of(turns: Conversation, intents: str) -> None:
    first, request = after(turns[0]), after(*turns)
    assert request.intent in intents.split(",")
    assert set(first.metrics) <= set(request.metrics)
    assert request.window == first.window


def test_a_forecast_looks_ahead_from_now_whatever_was_spoken_of_before() -> None:
    request = after("consumer lag yesterday", "will it get worse?")
    assert request.intent == "forecast"
    assert request.window is None


def test_what_may_come_from_another_component_is_looked_for_in_both() -> None:
    request = after("flink backpressure", "does that come from clickhouse?")
    assert [call.name for call in plan(request, CATALOGUE)] == ["get_cross_component_anomalies"]
    assert looked_at(request) == {"flink", "clickhouse"}


def test_other_things_named_alone_are_asked_for_the_same_figure() -> None:
    assert after("heap of all brokers", "and of the task managers").metrics == ("taskmanager_heap_used_ratio",)


def test_when_after_a_forecast_asks_for_its_moment() -> None:
    assert after("will clickhouse disks fill up", "when").intent == "forecast"


@pytest.mark.parametrize("question", ["what does that mean?", "what does the first one mean"])
def test_what_an_answer_told_first_is_what_is_explained(question: str) -> None:
    told = (
        "2 anomalies are open.\n\n- **Critical**, Flink `orders-enrich`: Checkpoint duration 4 min is above 60 s\n- x"
    )
    before = after("any alerts in flink?")
    request = understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES, before, said=told)
    assert (request.intent, request.metrics) == ("define", ("checkpoint_duration",))


def test_a_time_said_at_the_end_is_meant_of_both_numbers() -> None:
    request = after("kafka ok?")
    both = understand("how many warnings and how many criticals today?", CATALOGUE, AS_OF, "UTC", INSTANCES, request)
    assert [(part.severity, window_of(part)) for part in both.parts] == [
        ("warning", "04 00:00-04 12:00"),
        ("critical", "04 00:00-04 12:00"),
    ]


def test_the_number_of_one_kind_of_thing_leads_to_that_of_another() -> None:
    assert after("are all task managers there", "and the brokers?").metrics == ("active_brokers",)


@pytest.mark.parametrize("order", ["drop the orders table", "remove broker-2", "change the retention to 3 days"])
def test_only_the_view_can_be_changed_and_nothing_else(order: str) -> None:
    assert after("kafka alerts today", order).intent == "refuse"
