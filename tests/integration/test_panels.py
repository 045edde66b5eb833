"""The panels Incidents and Metrics as Streamlit runs them, on a real platform in the middle of a cascade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from monitoring.anomalies import Silence
from monitoring.errors import StoreUnavailable
from monitoring.metrics import Sample
from monitoring.operations import Listing
from monitoring.platform import MonitoringPlatform
from monitoring.ui.page.desk import Desk
from platform_monitoring_agent import open_platform
from tests.browser.stage import database, desk_for, last_step, platform_with, settings_for
from tests.integration.panel_stage import panel, said, without_database

ODD = "<img src=x onerror=alert(1)>/$x$ :smile: **b** `c`"


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    with database(server_url) as url:
        settings = settings_for(url, tmp_path_factory.mktemp("panels"))
        with platform_with(settings, "insert_bottleneck") as opened:
            yield opened


@pytest.fixture(scope="module")
def desk(platform: MonitoringPlatform) -> Desk:
    return desk_for(platform)


@pytest.fixture
def number(platform: MonitoringPlatform) -> str:
    return str(platform.operations.incidents(Listing(1)).rows[0]["id"])


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of that name, and let the page be drawn."""
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


class TestIncidents:
    def test_the_list_says_what_is_open_where_it_went_and_how_bad_it_is(self, desk: Desk, number: str) -> None:
        told = said(panel(desk, "incidents"))
        assert f"#{number}" in told
        assert "ClickHouse → Flink" in told
        assert "Critical" in told

    def test_a_filter_stands_in_the_address_and_an_empty_list_says_why(self, desk: Desk) -> None:
        app = panel(desk, "incidents", severity="warning")
        assert "No open incident fits the filter." in said(app)
        app.selectbox(key="incidents-severity").select("critical").run()
        assert app.query_params["severity"] == "critical"
        assert "No open incident" not in said(app)

    def test_one_is_told_in_full_with_its_chain_in_order_of_onset(self, desk: Desk, number: str) -> None:
        told = said(panel(desk, "incidents", incident=number))
        for words in ("Root", "usually", "Health now", "+30 s", "How it went", "check first"):
            assert words in told
        assert told.index("rows per insert") < told.index("parts per partition")

    def test_one_is_opened_from_its_row_and_left_again_by_the_address(self, desk: Desk, number: str) -> None:
        app = press(panel(desk, "incidents", severity="critical"), f"Open #{number}")
        assert app.query_params["incident"] == number
        assert "How it went" in said(app)
        press(app, "All incidents")
        assert "incident" not in app.query_params
        assert app.selectbox(key="incidents-severity").value == "critical"

    @pytest.mark.parametrize("wrong", ["999", "abc", "-1", "9" * 40, "<b>", "１"])
    def test_a_number_that_is_none_is_told_in_place(self, desk: Desk, wrong: str) -> None:
        assert "There is no incident" in said(panel(desk, "incidents", incident=wrong))

    def test_two_who_acknowledge_at_once_are_both_told_who_was_first(self, desk: Desk, number: str) -> None:
        ana, ben = (panel(desk, "incidents", incident=number) for _ in range(2))
        assert "by nobody yet" in said(ben)
        ana.text_input(key="acknowledge-who").input("Ana $x$")
        ana.text_area(key="acknowledge-note").input("on it")
        press(ana, "Acknowledge")
        assert "Acknowledged by Ana" in said(ana)
        ben.text_input(key="acknowledge-who").input("Ben")
        ben.text_area(key="acknowledge-note").input("me too")
        press(ben, "Acknowledge")
        told = said(ben)
        assert "had acknowledged it first" in told
        assert "on it" in told
        assert "me too" in told
        assert f"#{number} · acknowledged" in told

    def test_nothing_is_done_by_nobody(self, desk: Desk, number: str) -> None:
        app = press(panel(desk, "incidents", incident=number), "Write it down")
        assert "Say who you are" in said(app)

    def test_a_note_needs_a_text(self, desk: Desk, number: str) -> None:
        app = panel(desk, "incidents", incident=number)
        app.text_input(key="note-who").input("Ana")
        assert "A note needs a text" in said(press(app, "Write it down")).replace("\\", "")

    def test_a_silence_says_before_it_is_made_what_it_keeps_quiet(
        self, desk: Desk, platform: MonitoringPlatform, number: str
    ) -> None:
        app = panel(desk, "incidents", incident=number)
        scopes = app.selectbox(key="silence-scope")
        assert "rows_per_insert on ch-1" in scopes.options[0]
        assert "Keeps 1 of its" in said(app)
        scopes.select_index(len(scopes.options) - 1).run()
        assert "Keeps 1 of its" not in said(app)
        app.text_input(key="silence-who").input("Ana")
        press(app, "Keep quiet")
        made = platform.operations.silences(Listing(1)).rows[0]
        assert (made["created_by"], made["instance"], made["metric"]) == ("Ana", "*", "*")
        platform.operations.end_silence(made["id"])

    def test_a_silence_of_an_odd_name_is_listed_as_it_stands_and_can_be_ended(
        self, desk: Desk, platform: MonitoringPlatform
    ) -> None:
        app = panel(desk, "incidents", view="silences")
        app.text_input(key="new-instance").input(ODD)
        app.text_input(key="new-who").input("Ana")
        press(app, "Keep quiet")
        assert "&lt;img src=x onerror=alert(1)&gt;" in said(app)
        made = platform.operations.silences(Listing(1)).rows[0]
        assert made["instance"] == ODD
        press(app, "End")
        assert platform.operations.silences(Listing(1)).rows == []

    def test_a_silence_of_everything_is_not_made_by_mistake(self, desk: Desk, platform: MonitoringPlatform) -> None:
        app = panel(desk, "incidents", view="silences")
        app.text_input(key="new-who").input("Ana")
        assert "would keep everything quiet" in said(press(app, "Keep quiet"))
        assert platform.operations.silences(Listing(1)).rows == []

    def test_a_silence_that_somebody_else_ended_is_gone_and_ending_it_again_does_no_harm(
        self, desk: Desk, platform: MonitoringPlatform
    ) -> None:
        now = desk.clock()
        made = platform.operations.silence(Silence(now, now + timedelta(hours=1), instance="x"))
        app = panel(desk, "incidents", view="silences")
        assert made.id is not None
        platform.operations.end_silence(made.id)
        assert "Nothing is kept quiet." in said(press(app, "End"))


class TestMetrics:
    def test_it_shows_the_worst_series_and_what_the_metric_means(self, desk: Desk) -> None:
        app = panel(desk, "metrics", metric="max_parts_per_partition", last="1h")
        told = said(app)
        assert "Parts per partition" in told
        assert "What it means" in told
        assert "above 1,000 parts" in told
        assert app.multiselect(key="explorer-instances").options[0].startswith("ch-")
        assert len(app.get("vega_lite_chart")) == 1

    def test_every_choice_goes_into_the_address(self, desk: Desk) -> None:
        app = panel(desk, "metrics")
        app.selectbox(key="explorer-metric").select("messages_in_rate").run()
        options = app.multiselect(key="explorer-instances").options
        assert app.query_params["metric"] == "messages_in_rate"
        assert options

    def test_a_window_in_which_nothing_was_sent_says_so(self, desk: Desk) -> None:
        query = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}
        app = panel(desk, "metrics", metric="rows_per_insert", **query)
        assert "sent nothing in this window" in said(app)
        assert not app.exception

    def test_an_address_that_is_wrong_shows_something_all_the_same(self, desk: Desk) -> None:
        app = panel(desk, "metrics", metric="<b>nope</b>", last="never", compare="x", instance="$a$")
        assert "There is no metric" in said(app)
        assert app.selectbox(key="explorer-metric").value == "consumer_group_lag"

    def test_a_search_that_finds_nothing_says_so(self, desk: Desk) -> None:
        app = panel(desk, "metrics")
        app.text_input(key="explorer-search").input("zzz").run()
        assert "none has “zzz”" in app.multiselect(key="explorer-instances").label

    def test_the_database_being_gone_is_told_in_place(self, desk: Desk) -> None:
        gone = without_database(desk, StoreUnavailable("connection refused by 10.0.0.1"))
        for name in ("incidents", "metrics"):
            told = said(panel(gone, name))
            assert "The database does not answer" in told
            assert "10.0.0.1" not in told


@pytest.fixture(scope="module")
def bare(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    """A platform without samples."""
    end = last_step()
    folder: Path = tmp_path_factory.mktemp("bare")
    with (
        database(server_url) as url,
        closing(open_platform(settings_for(url, folder), clock=lambda: end)) as opened,
    ):
        yield opened


class TestWithLittleOrNoData:
    def test_nothing_open_is_not_called_well_where_nothing_arrives(self, bare: MonitoringPlatform) -> None:
        told = said(panel(desk_for(bare), "incidents"))
        assert "That is no sign of health" in told

    def test_a_metric_that_nobody_sends_says_where_it_can_come_from(self, bare: MonitoringPlatform) -> None:
        told = said(panel(desk_for(bare), "metrics"))
        assert "Not sent by this platform" in told
        assert "kafka_exporter" in told
        assert "What it means" in told

    def test_one_series_of_one_component_with_an_odd_name_is_drawn(self, bare: MonitoringPlatform) -> None:
        end = desk_for(bare).clock()
        rows = [Sample(end - timedelta(minutes=n), "kafka", ODD, "messages_in_rate", 5.0 + n) for n in range(1, 30)]
        bare.operations.take_rows([{**row._asdict(), "time": row.time.isoformat()} for row in rows], detect=False)
        app = panel(desk_for(bare), "metrics", metric="messages_in_rate", instance=ODD)
        assert ODD.replace("<", "&lt;").replace(">", "&gt;") in said(app)
        assert "<img" not in said(app)
        assert len(app.get("vega_lite_chart")) == 1
