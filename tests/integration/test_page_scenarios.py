"""Every scenario of the simulator on the overview and the settings: drawn without an exception, true to the state.

Streamlit's own test runner draws the panels in this process; `tests/browser` looks at some in a real browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from monitoring.metrics import COMPONENTS
from monitoring.simulation.scenarios import SCENARIOS
from monitoring.ui.page import theme
from monitoring.ui.page.desk import Desk
from tests.browser.stage import database, desk_for, platform_with, settings_for

SHOWN: list[Desk] = []
"""The desk that the panel under test is handed: the runner copies a function's source, not what it closes over."""


def overview() -> None:
    from monitoring.ui.page import overview
    from tests.integration.test_page_scenarios import SHOWN

    overview.draw(SHOWN[-1])


def settings() -> None:
    from monitoring.ui.page import settings
    from tests.integration.test_page_scenarios import SHOWN

    settings.show(SHOWN[-1])


@contextmanager
def desk_of(server_url: str, folder: Path, scenario: str, hours: float = 0.6) -> Iterator[Desk]:
    with database(server_url) as url, platform_with(settings_for(url, folder), scenario, hours) as platform:
        SHOWN.append(desk_for(platform))
        yield SHOWN[-1]
        SHOWN.pop()


def drawn(panel: AppTest) -> str:
    """What a panel shows as HTML."""
    assert not panel.exception
    return " ".join(element.proto.body for element in panel.get("html"))


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_scenario_is_drawn_as_what_it_is(server_url: str, tmp_path: Path, scenario: str) -> None:
    with desk_of(server_url, tmp_path, scenario) as desk:
        check = desk.platform.check()
        shown = drawn(AppTest.from_function(overview).run(timeout=20))
    for name in COMPONENTS:
        assert theme.health(check.components[name]["health"]).word in shown
    for incident in check.incidents[:5]:
        assert theme.severity(incident["severity"]).word in shown
    assert ("Nothing is broken." in shown) is (not check.incidents and check.health == "healthy")


def test_a_platform_without_a_sample_is_not_drawn_as_well(server_url: str, tmp_path: Path) -> None:
    with desk_of(server_url, tmp_path, "healthy", hours=0):
        shown = drawn(AppTest.from_function(overview).run(timeout=20))
    assert "There is nothing to judge by" in shown
    assert "Healthy" not in shown
    assert shown.count("No samples so far") == len(COMPONENTS)


def test_settings_are_found_by_what_is_typed(server_url: str, tmp_path: Path) -> None:
    with desk_of(server_url, tmp_path, "healthy", hours=0.1):
        panel = AppTest.from_function(settings).run(timeout=20)
        assert "LOG_LEVEL" in drawn(panel)
        panel.text_input[0].set_value("scrape").run(timeout=20)
        shown = drawn(panel)
        assert "SCRAPE_URLS" in shown
        assert "LOG_LEVEL" not in shown
        panel.text_input[0].set_value("<b>nothing</b>").run(timeout=20)
        assert "SCRAPE_URLS" not in drawn(panel)
        assert panel.info[0].value.startswith("No setting has")
