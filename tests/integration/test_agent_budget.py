"""How much a language model may be used: tokens an answer, tokens and cost an hour, for all processes together."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.agent.analyst import analyst_for
from monitoring.errors import ModelUnavailable
from monitoring.settings import Settings
from monitoring.store.store import open_store
from platform_metrics_definition import CATALOGUE
from tests.integration.language_model import NOW, STATUS, platform_with
from tests.integration.openai_server import Calls, Says, Step, openai_service

QUESTION = "What's wrong with ClickHouse?"
TRUE = "ch-1/orders has 1,840 parts."


def test_the_use_is_counted_as_the_service_tells_it_with_its_price(settings: Settings) -> None:
    script: list[Step] = [Says("All I know is nothing.", tokens=(1_000, 200))]
    with platform_with(settings, script, openai_price_in=2.0, openai_price_out=10.0) as (platform, _):
        platform.ask("Hello there")
        used = platform._store.usage.since(NOW - timedelta(hours=1))
    assert used.tokens == 1_200
    assert used.cost == pytest.approx(0.004)


def test_the_use_is_reckoned_from_the_length_where_the_service_tells_nothing(settings: Settings) -> None:
    with platform_with(settings, [Says("All I know is nothing.")]) as (platform, service):
        platform.ask("Hello there")
        used = platform._store.usage.since(NOW - timedelta(hours=1))
    sent = sum(len(str(message["content"])) for message in service.requests[0]["messages"])
    assert sent / 4 < used.tokens < sent


def test_a_used_up_hour_is_answered_by_the_built_in_model_and_says_so(settings: Settings) -> None:
    with platform_with(settings, [Says("All I know is nothing.", (90, 10))], openai_tokens_per_hour=100) as (
        platform,
        service,
    ):
        first = platform.ask("Hello there")
        second = platform.ask(QUESTION)
    assert first.model == "test-model"
    assert second.model == "built-in"
    assert "1,840" in second.answer
    assert any("OPENAI_TOKENS_PER_HOUR" in note and "built-in model answered" in note for note in second.notes)
    assert len(service.requests) == 1


def test_other_processes_use_up_the_same_hour(settings: Settings) -> None:
    with platform_with(settings, [Says(TRUE)], openai_tokens_per_hour=1_000) as (platform, service):
        with closing(open_store(settings)) as another:
            another.usage.add(NOW - timedelta(minutes=59), "answer", 900, 100, 0.0)
        assert platform.ask(QUESTION).model == "built-in"
    assert service.requests == []


def test_what_was_used_more_than_an_hour_ago_does_not_count(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), Says(TRUE)]
    with platform_with(settings, script, openai_tokens_per_hour=1_000_000) as (platform, _):
        platform._store.usage.add(NOW - timedelta(hours=1), "answer", 900_000, 100_000, 0.0)
        assert platform.ask(QUESTION).model == "test-model"


def test_a_cost_that_is_reached_stops_the_service(settings: Settings) -> None:
    with platform_with(settings, [Says(TRUE)], openai_cost_per_hour=1.5) as (platform, _):
        platform._store.usage.add(NOW - timedelta(minutes=5), "answer", 1, 1, 1.5)
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert any("OPENAI_COST_PER_HOUR" in note for note in answer.notes)


def test_one_answer_takes_no_more_than_its_tokens(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), Calls([("get_anomaly_summary", '{"hours": 24}')]), Says(TRUE)]
    with platform_with(settings, script, openai_tokens_per_answer=1_000) as (platform, service):
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert answer.grounded
    assert any("OPENAI_TOKENS_PER_ANSWER" in note for note in answer.notes)
    assert len(service.requests) == 1


def test_explaining_an_incident_counts_against_the_same_hour(settings: Settings) -> None:
    with openai_service([Says("A cause is not known.", (70, 30))]) as service, closing(open_store(settings)) as store:
        configured = replace(settings, openai_api_key="test", openai_base_url=service.url, openai_tokens_per_hour=100)
        analyst = analyst_for(configured, store, CATALOGUE, lambda: NOW)
        assert analyst is not None
        incident = {"root_metric": "active_brokers", "events": []}
        assert analyst._explain(incident, NOW) == "A cause is not known."
        with pytest.raises(ModelUnavailable, match="OPENAI_TOKENS_PER_HOUR"):
            analyst._explain(incident, NOW)
        assert store.usage.since(NOW - timedelta(hours=1)).tokens == 100


def test_no_limit_is_no_limit(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), Says(TRUE)]
    with platform_with(settings, script, openai_tokens_per_answer=0, openai_tokens_per_hour=0) as (platform, _):
        platform._store.usage.add(NOW, "answer", 10**9, 10**9, 10.0**9)
        assert platform.ask(QUESTION).model == "test-model"


def test_use_of_long_ago_is_forgotten(settings: Settings) -> None:
    with platform_with(settings, [Says(TRUE)]) as (platform, _):
        platform._store.usage.add(NOW - timedelta(days=93), "answer", 5, 0, 0.0)
        platform._store.usage.add(NOW - timedelta(days=91), "answer", 7, 0, 0.0)
        platform._keep_house(NOW)
        assert platform._store.usage.since(NOW - timedelta(days=365)).tokens == 7
