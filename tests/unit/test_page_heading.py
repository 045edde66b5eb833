"""The head of a panel: how the platform is, and what everybody should know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitoring.contract import Health
from monitoring.errors import MonitoringError, QueryTimeout, StoreUnavailable, UnknownName
from monitoring.operations import SourceHealth
from monitoring.ui.page.glance import Known
from monitoring.ui.page.guard import words_for
from monitoring.ui.page.heading import Heading, header_html, heading
from tests.unit.page_state import NASTY, NOW, check, supervision

UTC = ZoneInfo("UTC")


def head_of(known: Known, later: float = 0.0) -> Heading:
    return heading(known, NOW + timedelta(seconds=later), UTC)


def test_it_says_health_demo_data_storage_and_the_last_tick() -> None:
    head = head_of(Known(check("degraded"), supervision(5), NOW))
    assert head.look.word == "Degraded"
    assert head.demo
    assert head.facts == [("Storage", "PostgreSQL"), ("Last tick", "5 s ago")]
    assert head.banners == []


def test_real_data_is_not_called_a_demo() -> None:
    head = head_of(Known(replace(check(), demo=False), supervision(), NOW))
    assert "DEMO" not in header_html("Overview", head)


def test_without_the_database_the_last_known_state_is_told_with_its_age() -> None:
    head = head_of(Known(check("critical"), supervision(), NOW, StoreUnavailable("secret host")), later=150)
    assert head.look.word == "Not known"
    banner = head.banners[0]
    assert banner.tone == "critical"
    assert "Last known state: critical, as of 10:00:00 UTC (2 min ago)" in banner.text
    assert "secret" not in header_html("Overview", head)
    assert [name for name, _ in head.facts] == ["Storage"]


def test_without_the_database_from_the_start_nothing_is_claimed() -> None:
    head = head_of(Known(problem=StoreUnavailable()))
    assert head.look.word == "Not known"
    assert "Last known" not in head.banners[0].text


@pytest.mark.parametrize("found", ["no_data", "healthy"])
def test_what_was_never_judged_is_starting_and_not_called_healthy(found: Health) -> None:
    head = head_of(Known(check(found), supervision(None), NOW))
    assert head.look.word == "Starting"
    assert head.banners[0].title == "Getting up to date"


def test_before_the_first_tick_of_a_restart_the_state_is_what_was_judged_before() -> None:
    assert head_of(Known(check("critical"), supervision(None), NOW)).look.word == "Critical"


def test_after_the_first_tick_no_data_is_called_so() -> None:
    assert head_of(Known(check("no_data"), supervision(5), NOW)).look.word == "No data"


def test_a_monitor_that_is_behind_is_told() -> None:
    head = head_of(Known(check(), supervision(400), NOW))
    assert head.banners[0].title == "The monitor is behind."
    assert "6 min 40 s" in head.banners[0].text


def test_sources_that_do_not_answer_are_named_three_at_most() -> None:
    down = [SourceHealth(f"http://host-{n}", False, 0, None, "refused") for n in range(5)]
    text = head_of(Known(check(), supervision(5, *down), NOW)).banners[0].text
    assert "http://host-2 and 2 more" in text
    assert "http://host-3" not in text


def test_names_in_it_cannot_be_markup() -> None:
    down = SourceHealth(NASTY, False, 0, None, "refused")
    head = head_of(Known(check(), supervision(5, down), NOW))
    assert "<img" not in header_html(NASTY, head)


@pytest.mark.parametrize(
    ("problem", "title", "private"),
    [
        (StoreUnavailable("at 10.0.0.7: refused"), "The database does not answer", True),
        (QueryTimeout("SELECT secret"), "That took too long", True),
        (UnknownName("There is no metric named 'x'."), "That cannot be used", False),
        (MonitoringError("Something."), "That did not work", False),
    ],
)
def test_an_error_is_told_in_a_sentence_and_what_a_database_said_stays_in_the_log(
    problem: MonitoringError, title: str, private: bool
) -> None:
    said = words_for(problem)
    assert said[0] == title
    assert (str(problem) not in said[1]) is private
