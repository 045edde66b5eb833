from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.blocks import to_micros
from monitoring.detection.unusual import ALARM, scores
from monitoring.errors import InvalidInput
from monitoring.scoring import ScoreReport, parse_timestamp, parse_value, score_file

START = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str | bytes, name: str = "in.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def series(values: Sequence[object], header: str = "timestamp,value", step: int = 300) -> str:
    rows = (f"{START + timedelta(seconds=step * n):%Y-%m-%d %H:%M:%S},{value}" for n, value in enumerate(values))
    return "\n".join([header, *rows]) + "\n"


def noise(count: int) -> list[float]:
    return [round(value, 3) for value in np.random.default_rng(1).normal(100, 5, count).tolist()]


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


def scored(source: Path, **options: timedelta) -> tuple[ScoreReport, list[list[str]]]:
    target = source.with_name("out.csv")
    return score_file(source, target, **options), read(target)


def refused(source: Path) -> str:
    target = source.with_name("out.csv")
    with pytest.raises(InvalidInput) as refusal:
        score_file(source, target)
    assert not target.exists()
    assert list(source.parent.glob(".out*")) == []
    return str(refusal.value)


def test_the_rows_come_back_as_they_were_with_a_score_each(written: Written) -> None:
    values = [*noise(300), 200.0, *noise(20)]
    text = series(values)
    report, rows = scored(written(text))
    given = list(csv.reader(text.splitlines()))
    assert rows[0] == ["timestamp", "value", "anomaly_score"]
    assert [row[:2] for row in rows[1:]] == given[1:]
    times = np.array([to_micros(START) + 300_000_000 * n for n in range(len(values))])
    expected = scores(times, np.array(values))
    assert [float(row[2]) for row in rows[1:]] == pytest.approx(expected.tolist(), rel=1e-5)
    assert report == ScoreReport(
        rows=321,
        without_value=0,
        out_of_order=0,
        alarms=int(np.count_nonzero(expected >= ALARM)),
        highest=float(expected[300]),
        highest_line=302,
    )


def test_other_columns_are_kept_and_the_columns_are_found_by_name(written: Written) -> None:
    text = 'host,Value,note,Timestamp\na,1,"one, two",2026-03-04T03:00:00Z\nb,2,,2026-03-04T03:05:00Z\n'
    _, rows = scored(written(text))
    assert rows == [
        ["host", "Value", "note", "Timestamp", "anomaly_score"],
        ["a", "1", "one, two", "2026-03-04T03:00:00Z", "0"],
        ["b", "2", "", "2026-03-04T03:05:00Z", "0"],
    ]


def test_scores_from_before_are_replaced(written: Written) -> None:
    source = written(series(noise(200)))
    score_file(source, source)
    once = source.read_text()
    score_file(source, source)
    assert source.read_text() == once
    assert once.startswith("timestamp,value,anomaly_score\n")


def test_a_file_without_header_is_timestamp_and_value(written: Written) -> None:
    report, rows = scored(written("1700000000,1.5\n1700000060,2.5\n"))
    assert report.rows == 2
    assert rows[0] == ["timestamp", "value", "anomaly_score"]
    assert rows[1][:2] == ["1700000000", "1.5"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftimestamp,value\n2026-03-04 03:00,1\n",
        "timestamp,value\r\n2026-03-04 03:00,1\r\n",
        "timestamp,value\n2026-03-04 03:00,1",
        "\n\ntimestamp,value\n\n2026-03-04 03:00,1\n\n",
        '"timestamp","value"\n"2026-03-04 03:00","1"\n',
    ],
)
def test_the_usual_shapes_of_a_csv_are_read(written: Written, text: str) -> None:
    report, rows = scored(written(text))
    assert report.rows == 1
    assert rows == [["timestamp", "value", "anomaly_score"], ["2026-03-04 03:00", "1", "0"]]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_columns_may_be_parted_by_semicolons_or_tabs(written: Written, mark: str) -> None:
    source = written(f"timestamp{mark}value\n2026-03-04 03:00{mark}1\n")
    target = source.with_name("out.csv")
    score_file(source, target)
    assert read(target, mark) == [["timestamp", "value", "anomaly_score"], ["2026-03-04 03:00", "1", "0"]]


@pytest.mark.parametrize("text", ["", "\n", "timestamp,value\n", "timestamp,value"])
def test_a_file_without_rows_gives_one_without_rows(written: Written, text: str) -> None:
    report, rows = scored(written(text))
    assert report == ScoreReport(0, 0, 0, 0, 0.0, None)
    assert rows == [["timestamp", "value", "anomaly_score"]]


def test_rows_without_a_value_score_nothing_and_are_counted(written: Written) -> None:
    values: list[object] = [*noise(200), 200.0]
    for place, nothing in zip((10, 60, 110, 150, 160), ("", "NaN", "null", "N/A", "inf"), strict=True):
        values[place] = nothing
    report, rows = scored(written(series(values)))
    assert report.without_value == 5
    assert [rows[1 + place][2] for place in (10, 60, 110, 150, 160)] == ["0"] * 5
    assert float(rows[201][2]) > 0.9


def test_a_constant_series_scores_nothing(written: Written) -> None:
    report, rows = scored(written(series([45.1] * 500)))
    assert report.highest == 0
    assert {row[2] for row in rows[1:]} == {"0"}


def test_gaps_and_repeated_or_disordered_timestamps_are_no_error(written: Written) -> None:
    lines = series(noise(200)).splitlines()
    disordered = [*lines[:50], lines[60], lines[60], *lines[50:60], *lines[120:]]
    report, rows = scored(written("\n".join(disordered)))
    assert report.rows == len(disordered) - 1 == len(rows) - 1
    assert report.out_of_order == 1


def test_repeated_alarms_are_left_out_on_request(written: Written) -> None:
    source = written(series([*noise(400), *(value + 60 for value in noise(15))]))
    always, rows = scored(source)
    once, fewer = scored(source, suppress=timedelta(hours=12))
    assert always.alarms >= 15 > once.alarms >= 1
    assert [row[:2] for row in fewer] == [row[:2] for row in rows]
    assert fewer[401] == rows[401]
    with pytest.raises(InvalidInput, match="negative"):
        score_file(source, source.with_name("out.csv"), suppress=timedelta(hours=-1))


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("2026-03-04 03:10:00,much", "line 4: the value 'much' is no number"),
        ("2026-03-04 03:10:00,1.2.3", "line 4: the value '1.2.3' is no number"),
        ("yesterday,3", "line 4: 'yesterday' is no timestamp"),
        (",3", "line 4: '' is no timestamp"),
        ("2026-02-30 03:10:00,3", "line 4: '2026-02-30 03:10:00' is no timestamp"),
        ("nan,3", "line 4: 'nan' is no timestamp"),
        ("1e300,3", "line 4: '1e300' is no timestamp"),
        ("2026-03-04 03:10:00", "line 4: 1 columns where the header has 2"),
        ("2026-03-04 03:10:00,3,4", "line 4: 3 columns where the header has 2"),
    ],
)
def test_a_row_that_is_no_timestamp_and_value_is_named_by_its_line(written: Written, row: str, what: str) -> None:
    lines = series([1, 2, 3]).splitlines()
    assert what in refused(written("\n".join([*lines[:3], row, *lines[3:]])))


def test_a_line_is_counted_as_an_editor_counts_it(written: Written) -> None:
    text = 'timestamp,value,note\n\n2026-03-04 03:00,1,"two\nlines"\n2026-03-04 03:05,x,\n'
    assert "line 5: the value 'x'" in refused(written(text))


def test_a_file_that_is_no_series_is_refused(written: Written, tmp_path: Path) -> None:
    assert "line 1: the columns timestamp and value are missing" in refused(written("a,b,c\n1,2,3\n"))
    assert "is not UTF-8 text" in refused(written(b"timestamp,value\n\xff\xfe,1\n"))
    assert "Cannot read" in refused(tmp_path / "nowhere.csv")


def test_a_target_that_cannot_be_written_is_an_error_and_leaves_what_is_there(written: Written, tmp_path: Path) -> None:
    source = written(series([1, 2, 3]))
    with pytest.raises(InvalidInput, match="Cannot write"):
        score_file(source, tmp_path / "no such folder" / "out.csv")
    before = written("precious", "out.csv")
    with pytest.raises(InvalidInput):
        score_file(written("timestamp,value\nx,1\n", "bad.csv"), before)
    assert before.read_text() == "precious"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04T03:00:00Z",
        "2026-03-04T03:00:00+00:00",
        "2026-03-04T04:00:00+01:00",
        "2026-03-04 03:00:00",
        "2026-03-04 03:00:00.000000",
        "2026-03-04 03:00",
        "2026-03-04 03:00:00 UTC",
        "2026-03-04 03:00:00 +0000",
        " 2026-03-04T03 ",
        "20260304T030000Z",
        "2026/03/04 03:00:00",
        "03/04/2026 03:00",
        "3/4/2026 3:00:00 AM",
        "04.03.2026 03:00",
        "04/Mar/2026:03:00:00 +0000",
        "Wed, 04 Mar 2026 03:00:00 GMT",
        "Wed Mar 4 03:00:00 2026",
        "Mar 4, 2026 03:00:00",
        "1772593200",
        "1772593200.0",
        "1.7725932e9",
        "1772593200000",
        "1772593200000000",
        "1772593200000000000",
    ],
)
def test_a_time_may_be_written_in_any_of_the_usual_forms(text: str) -> None:
    assert parse_timestamp(text) == to_micros(START)


def test_dates_and_plain_counts_are_times_too() -> None:
    assert parse_timestamp("2026-03-04") == parse_timestamp("20260304") == to_micros(START - timedelta(hours=3))
    assert parse_timestamp("25/12/2025") == parse_timestamp("2025-12-25")
    forms = ["%m/%d/%Y", "%d/%m/%Y"]
    days = [parse_timestamp(text, forms) for text in ("25/12/2025", "01/02/2026")]
    assert days == [parse_timestamp("2025-12-25"), parse_timestamp("2026-02-01")]
    assert [parse_timestamp(str(count)) for count in (0, 1, 250)] == [0, 1_000_000, 250_000_000]


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "12:30", "--5", "inf", "0x10", "1e300", "1e999"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no timestamp|too far"):
        parse_timestamp(text)


def test_values_are_numbers_or_say_that_there_is_none() -> None:
    assert [parse_value(text) for text in (" 1.5 ", "-2e3", "0")] == [1.5, -2000.0, 0.0]
    assert all(np.isnan(parse_value(text)) for text in ("", "  ", "nan", "NULL", "None", "n/a", "NA"))
    with pytest.raises(ValueError, match="twelve"):
        parse_value("twelve")
