"""Answers over whole recordings of the simulator: what an engineer is told at the height of each fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.contract import Answer
from monitoring.settings import Settings
from monitoring.simulation.scenarios import faults_for
from platform_metrics_generator import generated
from platform_monitoring_agent import open_platform

pytestmark = pytest.mark.store

END = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
BEGAN = END - timedelta(minutes=30)
BROKEN = "what is broken, since when, where did it start, how bad is it, what do I do?"
Ask = Callable[[str, str], Answer]


@pytest.fixture
def ask(settings: Settings) -> Ask:
    """Ask at the end of three hours of a scenario whose fault began half an hour before."""

    def asked(scenario: str, question: str) -> Answer:
        start = END - timedelta(hours=3)
        faults = faults_for(scenario, start, END, 7, fault_at=None if scenario == "healthy" else BEGAN)
        platform = open_platform(settings, clock=lambda: END)
        with closing(platform):
            for block in generated(faults, 7, start, END, lambda _: None):
                platform._store.samples.write(block)
            platform.catch_up()
            return platform.ask(question, as_of=END)

    return asked


@pytest.mark.parametrize(
    ("scenario", "title", "start"),
    [
        ("insert_bottleneck", "Insert bottleneck: back-pressure from ClickHouse through Flink to Kafka", "per insert"),
        ("broker_loss", "Starvation from Kafka through Flink to ClickHouse", "silent"),
        ("phantom_lag", "Phantom lag: checkpoints fail, so offsets are not committed", "failed checkpoints"),
        ("network_partition", "Network partition", "active controllers"),
    ],
)
def test_the_incident_comes_first_with_its_start_its_extent_and_what_to_do(
    ask: Ask, scenario: str, title: str, start: str
) -> None:
    answer = ask(scenario, BROKEN)
    first = answer.answer.split("\n")[0]
    assert first.startswith(f"Broken: **{title}**")
    assert start in first
    assert "since 09:3" in first
    order = ["Where it started", "How it spread", "How bad", "What to do:", "Looked at:"]
    places = [answer.answer.index(words) for words in order]
    assert places == sorted(places)
    assert answer.grounded, answer.untraced


def test_a_dead_collector_is_no_dead_component(ask: Ask) -> None:
    answer = ask("dead_collector", BROKEN)
    assert answer.answer.startswith("Broken: **No data from Flink: its collector is down or cut off**")
    assert "healthy" not in answer.answer
    assert answer.grounded, answer.untraced


def test_two_faults_at_once_are_two_paragraphs(ask: Ask) -> None:
    answer = ask("dual_fault", BROKEN)
    assert "and 1 other incident" in answer.answer.split("\n")[0]
    assert answer.answer.count("What to do:") == 2
    assert answer.grounded, answer.untraced


def test_a_fault_that_goes_on_gets_no_better(ask: Ask) -> None:
    answer = ask("phantom_lag", "is it getting better?")
    assert answer.answer.startswith("No, it gets worse: consumer lag in time")
    assert answer.grounded, answer.untraced


def test_a_healthy_platform_is_told_with_what_that_rests_on(ask: Ask) -> None:
    answer = ask("healthy", BROKEN)
    assert answer.answer.startswith("Nothing is wrong with the platform now")
    assert "series report, the newest sample came" in answer.answer
    assert answer.grounded, answer.untraced
