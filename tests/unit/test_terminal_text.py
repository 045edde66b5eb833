"""Text for terminals: harmless whatever the data holds, numbers and times as people read them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from monitoring.metrics import Window
from monitoring.ui.terminal.text import (
    Times,
    aligned,
    args_words,
    block,
    forgiving,
    is_terminal,
    json_text,
    looked_at_words,
    number,
    one_line,
    outcome_words,
    percent,
    plain_answer,
    quantity,
    remarks,
    sentence,
    series_name,
    some,
    trace_words,
    without_markup,
)
from tests.unit.terminal_platform import NOW, answer, looked_at, reply


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\x7f", "\\x7f"),
        ("broker-1 größe 日本", "broker-1 größe 日本"),
        ("[red]x[/red] :smile:", "[red]x[/red] :smile:"),
    ],
)
def test_control_characters_appear_spelled_out_and_everything_else_as_it_is(raw: str, shown: str) -> None:
    assert one_line(raw) == shown


def test_a_block_keeps_its_lines_but_no_control_character() -> None:
    assert block("one\r\ntwo\n\tx\x1b[2J") == "one\ntwo\n    x\\x1b[2J"


def test_a_sentence_is_one_line() -> None:
    assert sentence("It failed;\n  try\tagain.") == "It failed; try again."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (42.0, "42"),
        (1840.0, "1,840"),
        (1234567.8, "1,234,568"),
        (0.8734, "0.873"),
        (62.25, "62.2"),
        (-3.14159, "-3.14"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        ("n/a", "n/a"),
        (True, "True"),
    ],
)
def test_numbers_have_three_or_four_digits_and_grouped_thousands(value: object, shown: str) -> None:
    assert number(value) == shown


def test_figures_of_a_column_have_the_same_decimals() -> None:
    assert [aligned(v) for v in (0.9, 0.912, 2.5, 3.0, 1840.0)] == ["0.900", "0.912", "2.50", "3", "1,840"]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1840.0, "parts", "1,840 parts"),
        (0.87, "ratio 0-1", "0.87"),
        (3.3e9, "bytes", "3.3 GB"),
        (512, "bytes", "512 B"),
        (5e15, "bytes", "5,000 TB"),
        (None, "parts", "–"),
        (7, None, "7"),
        (1, "par\x1bts", "1 par\\x1bts"),
    ],
)
def test_a_quantity_carries_its_unit(value: object, unit: object, shown: str) -> None:
    assert quantity(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(40.2, "+40 %"), (-3.25, "-3.2 %"), (0, "+0 %"), (None, "–"), (1250.0, "+1,250 %")]
)
def test_a_change_has_its_sign(value: object, shown: str) -> None:
    assert percent(value) == shown


def test_times_are_shown_in_the_zone_asked_for() -> None:
    vienna = Times(NOW, ZoneInfo("Europe/Vienna"))
    assert vienna.at("2026-03-02T09:31:00Z") == "10:31"
    assert vienna.name == "CET"


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("2026-03-02T09:31:00Z", "09:31"),
        ("2026-03-01T23:59:00Z", "Mar 01 23:59"),
        ("2025-12-31T08:00:00Z", "2025-12-31 08:00"),
        (None, "–"),
        ("yesterday", "–"),
        (NOW, "09:45"),
    ],
)
def test_a_time_says_its_day_only_when_that_is_not_today(when: object, shown: str) -> None:
    assert Times(NOW, UTC).at(when) == shown


def test_the_day_changes_where_the_reader_is() -> None:
    late = Times(datetime(2026, 3, 2, 0, 30, tzinfo=UTC), timezone(timedelta(hours=-5)))
    assert late.at("2026-03-01T23:00:00Z") == "18:00"


@pytest.mark.parametrize(
    ("when", "shown"),
    [("2026-03-02T09:44:48Z", "12 s ago"), ("2026-03-02T09:45:00Z", "now"), (None, "never")],
)
def test_an_age_counts_from_the_time_of_the_check(when: object, shown: str) -> None:
    assert Times(NOW, UTC).ago(when) == shown


def test_since_tells_time_and_duration() -> None:
    assert Times(NOW, UTC).since("2026-03-02T09:31:00Z") == "09:31 (14 min)"


def test_a_tool_call_says_what_it_looked_at() -> None:
    call = reply(looked_at=looked_at(["kafka"], 0.5, metrics=("consumer_group_lag",), instances=("a", "b", "c")))
    assert looked_at_words(call, UTC) == "kafka · consumer_group_lag · 3 instances · last 30 min"


def test_a_window_with_a_start_is_told_by_its_ends() -> None:
    call = reply(args={"start": "2026-03-02T08:00:00Z"}, looked_at=looked_at(hours=1))
    assert looked_at_words(call, UTC) == "all components · 08:45–09:45"


def test_a_comparison_names_the_other_window() -> None:
    before = Window(NOW - timedelta(days=1, hours=1), NOW - timedelta(days=1))
    words = looked_at_words(reply(looked_at=looked_at(["flink"], compare_window=before)), UTC)
    assert words == "flink · last 1 h · compared with Mar 01 08:45–Mar 01 09:45"


def test_a_running_tool_is_described_by_its_arguments() -> None:
    assert args_words({"component": "kafka", "metric": ["lag\x1b"], "hours": 6}) == "kafka · lag\\x1b · last 6 h"
    assert args_words({}) == ""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (reply(rows=[{}]), "1 row · 12 ms"),
        (reply(), "0 rows · 12 ms"),
        (reply(rows=[{}, {}], row_count=1234, truncated=True), "2 of 1,234 rows · 12 ms"),
        (reply(status="no_data"), "no data · 12 ms"),
        (reply(status="error"), "failed · 12 ms"),
    ],
)
def test_a_finished_tool_says_what_came_of_it(call: object, words: str) -> None:
    assert outcome_words(call) == words  # type: ignore[arg-type]


def test_many_names_are_counted() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["a", "b", "c"]) == "a, b and 1 more"
    assert some(["a", "b", "c"], plural="metrics") == "3 metrics"


def test_a_series_is_named_by_the_parts_it_has() -> None:
    assert series_name({"component": "kafka", "metric": "lag"}) == "kafka · lag"
    assert series_name({"root_component": "kafka", "root_instance": "b\n1"}, "root_") == "kafka · b\\n1"


def test_untraced_numbers_are_named() -> None:
    assert trace_words(answer()) == "every number traced"
    assert trace_words(answer(grounded=False, untraced=("17",))) == "1 number could not be traced: 17"
    assert trace_words(answer(grounded=False)) == "not every number could be traced"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## Title ##\n\n**bold** and `code`", "Title\n\nbold and code"),
        ("`__consumer_offsets` and `a ** b ** c`", "__consumer_offsets and a ** b ** c"),
        ("__consumer_offsets__ 2 ** 3 ** 4", "__consumer_offsets__ 2 ** 3 ** 4"),
        ("```sql\nselect 1\n```", "select 1"),
        ("- item\n- `*` any", "- item\n- * any"),
        ("#1 is an incident", "#1 is an incident"),
        ("\x1b[31mred", "\\x1b[31mred"),
    ],
)
def test_markup_is_taken_off_but_never_a_part_of_a_name(markdown: str, plain: str) -> None:
    assert without_markup(markdown) == plain


def test_a_plain_answer_says_when_it_rests_on_demo_data() -> None:
    text = plain_answer(answer(demo=True, notes=("The model\ndid not answer.",)))
    assert text == ("Kafka has a lag of 1,840.\n\nDEMO DATA\nThe model did not answer.\nbuilt-in · every number traced")


def test_demo_data_is_said_once_and_first() -> None:
    told = answer(demo=True, notes=("Slow.", "DEMO DATA: from the simulator."))
    assert list(remarks(told)) == ["DEMO DATA: from the simulator.", "Slow."]
    assert list(remarks(answer(demo=True, notes=("Slow.",)))) == ["DEMO DATA", "Slow."]
    assert list(remarks(answer(notes=("Slow.",)))) == ["Slow."]


def test_json_keeps_letters_but_escapes_what_a_terminal_acts_on() -> None:
    value = {"instance": "größe \x1b[2J \x9b2J \u202e \ud800"}
    text = json_text(value, io.StringIO())
    assert "größe" in text
    assert not any(bad in text for bad in "\x1b\x9b\u202e\ud800")
    assert json.loads(text) == value


def test_json_on_an_ascii_stream_is_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert json.loads(json_text({"a": "größe"}, stream)) == {"a": "größe"}
    assert json_text({"a": "größe"}, stream).isascii()


def test_a_stream_that_lacks_a_character_gets_a_similar_one() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    forgiving(stream)
    stream.write("✓ a · b — 日 ▁█")
    stream.flush()
    assert raw.getvalue() == b"+ a - b - ? _#"


def test_bytes_that_are_no_text_do_not_stop_reading() -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"a\xffb\n"), encoding="utf-8")
    forgiving(stream)
    assert stream.readline() == "a\ufffdb\n"


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not is_terminal(stream)


def test_bold_words_may_hold_a_name_in_code() -> None:
    assert without_markup("**No data of `tm-2` heap** since `**`") == "No data of tm-2 heap since **"
