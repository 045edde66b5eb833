"""How the product itself stands, and which settings are in force, without a secret."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.operations import SourceHealth
from monitoring.settings import SETTINGS, configured, parse_settings
from monitoring.ui.page import standing
from monitoring.ui.page.settings import parts_html, settings_html, sources_html
from tests.unit.page_state import NASTY, NOW, supervision

SECRET = "sk-very-secret-0123456789"
VALUES = {
    "DATABASE_URL": f"postgresql://owner:{SECRET}@db.example.org/metrics",
    "DATABASE_READER_URL": f"postgresql://reader:{SECRET}@db.example.org/metrics",
    "OPENAI_API_KEY": SECRET,
    "OPENAI_BASE_URL": f"https://user:{SECRET}@llm.example.org/v1?key={SECRET}",
    "API_KEYS": f"grafana:read:{SECRET}",
    "SCRAPE_URLS": f"http://me:{SECRET}@broker-1:7071/metrics,http://ch-1:9363/metrics?token={SECRET}",
}


def rows(environ: dict[str, str] | None = None, dotenv: Path = Path("/nowhere")) -> list[dict[str, str]]:
    given = VALUES if environ is None else environ
    return [row.to_json() for row in configured(parse_settings(given), dotenv, given)]


def row(name: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    return next(found for found in rows(environ) if found["name"] == name)


def test_every_setting_is_listed_with_its_help() -> None:
    assert [(found["name"], found["help"]) for found in rows({})] == [(s.name, s.help) for s in SETTINGS]


def test_no_secret_is_part_of_it_not_even_one_within_an_address() -> None:
    assert SECRET not in str(rows())
    assert SECRET not in settings_html(rows())
    assert row("OPENAI_API_KEY")["value"] == "set"
    assert row("OPENAI_API_KEY", {})["value"] == "not set"
    assert row("OPENAI_BASE_URL")["value"] == "https://…@llm.example.org/v1"
    assert row("SCRAPE_URLS")["value"] == "http://…@broker-1:7071/metrics, http://ch-1:9363/metrics"


def test_values_stand_as_they_would_be_set() -> None:
    assert row("DEMO", {"DEMO": "off"})["value"] == "off"
    assert row("TOOL_TIMEOUT_SECONDS", {})["value"] == "5"
    assert row("API_BODY_BYTES", {})["value"] == "1048576"


def test_it_is_told_where_a_setting_was_made(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("RETENTION_DAYS=7\nLOG_LEVEL=INFO\n")
    environ = {"LOG_LEVEL": "ERROR"}
    found = {r.name: r.source for r in configured(parse_settings(environ), file, environ)}
    assert (found["LOG_LEVEL"], found["RETENTION_DAYS"], found["TIMEZONE"]) == ("environment", ".env", "default")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("retention", ["RETENTION_DAYS", "ROLLUP_RETENTION_DAYS", "SESSION_RETENTION_DAYS"]),
        ("rollup days", ["ROLLUP_RETENTION_DAYS"]),
        ("TIMEZONE", ["TIMEZONE"]),
        ("<b>", []),
    ],
)
def test_settings_are_found_by_words_of_name_value_and_help(words: str, names: list[str]) -> None:
    assert [found["name"] for found in standing.matching(rows({}), words)] == names


@pytest.mark.parametrize(
    ("tick", "changes", "word"),
    [
        (5.0, {}, "Watching"),
        (None, {}, "Starting"),
        (400.0, {}, "Behind"),
        (5.0, {"errors_in_row": 2, "last_error": "no disk"}, "Failing"),
    ],
)
def test_the_monitor_is_told_by_how_it_does(tick: float | None, changes: dict[str, object], word: str) -> None:
    monitor = standing.parts(supervision(tick, **changes), rows({}), NOW)[0]
    assert monitor.word == word
    assert (("Last error", "no disk") in monitor.facts) is ("last_error" in changes)


def test_the_model_is_the_built_in_one_until_a_key_is_set() -> None:
    assert standing.parts(supervision(), rows({}), NOW)[2].word == "Built-in model"
    model = standing.parts(supervision(), rows(), NOW)[2]
    assert ("Tokens an answer", "at most 100,000") in model.facts
    assert SECRET not in parts_html([model])


def test_sources_that_fail_stand_first_with_the_reason() -> None:
    good = SourceHealth("http://good", True, 120, NOW - timedelta(seconds=20), "")
    bad = SourceHealth(NASTY, False, 0, None, "refused")
    found = standing.sources(supervision(5, good, bad), NOW)
    assert [source.word for source in found] == ["Fails", "Answers"]
    assert found[0].text == "refused; last answered never"
    assert found[1].text == "120 samples, 20 s ago"
    assert "<img" not in sources_html(found)
