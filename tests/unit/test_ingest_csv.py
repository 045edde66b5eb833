"""CSV in: every line is stored or reported with its number and the reason; nothing is lost between."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.blocks import Block, Ints
from monitoring.contract import IngestReport, iso
from monitoring.errors import InvalidInput, StoreUnavailable
from monitoring.ingest import REJECTIONS_KEPT, Limits, csv_lines, ingest
from monitoring.metrics import LONGEST_NAME, Sample, Window
from platform_metrics_definition import CATALOGUE

NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
LIMITS = Limits.at(NOW, 30, 300)
HEADER = "time,component,instance,metric,value\n"
GOOD = "2026-03-04T02:00:00Z,kafka,broker-1,isr_shrink_rate,0.5\n"


class Kept:
    """Keeps samples as a store does: the first of each series and time; replies with the places of the others."""

    def __init__(self) -> None:
        self.samples: dict[tuple[datetime, str, str, str], float] = {}
        self.blocks = 0
        self.thread = ""

    def write(self, block: Block) -> Ints:
        self.blocks += 1
        self.thread = threading.current_thread().name
        places = []
        for place, sample in enumerate(block.samples()):
            if self.samples.setdefault(sample[:4], sample.value) is not sample.value:
                places.append(place)
        return np.array(places, np.int64)


def read(*lines: str, kept: Kept | None = None) -> tuple[IngestReport, Kept]:
    store = Kept() if kept is None else kept
    return ingest(lines, CATALOGUE, LIMITS, store.write), store


def line(
    time: str = "2026-03-04T02:00:00Z",
    component: str = "kafka",
    instance: str = "broker-1",
    metric: str = "isr_shrink_rate",
    value: str = "0.5",
) -> str:
    return f"{time},{component},{instance},{metric},{value}\n"


def reasons(report: IngestReport) -> list[tuple[int, str]]:
    return [(rejection.line, rejection.reason) for rejection in report.rejections]


class TestHeader:
    @pytest.mark.parametrize(
        "lines",
        [
            [],
            [GOOD],
            ["time,component,instance,metric\n", GOOD],
            ["\n", HEADER, GOOD],
            ['"time,component,instance,metric,value\n', GOOD],
            ["time;component;instance;metric;value\n", GOOD],
        ],
    )
    def test_without_it_nothing_is_stored(self, lines: list[str]) -> None:
        store = Kept()
        with pytest.raises(InvalidInput):
            read(*lines, kept=store)
        assert store.blocks == 0

    def test_it_says_which_column_is_missing(self) -> None:
        with pytest.raises(InvalidInput, match=r"value is missing\. Nothing was stored"):
            read("time,component,instance,metric\n")

    def test_a_header_alone_is_no_samples(self) -> None:
        report, store = read(HEADER)
        assert (report.read, report.stored, report.rejected, report.window) == (0, 0, 0, None)
        assert store.blocks == 0

    @pytest.mark.parametrize(
        "header",
        [
            "\ufefftime,component,instance,metric,value\r\n",
            '\ufeff"time","component","instance","metric","value"\n',
            " Time , COMPONENT,instance,Metric,value",
        ],
    )
    def test_marks_quotes_blanks_and_capitals_do_not_matter(self, header: str) -> None:
        assert read(header, GOOD)[0].stored == 1

    def test_columns_may_come_in_another_order_and_with_others_between(self) -> None:
        _, store = read(
            "value,note,metric,instance,component,time\n",
            "7,hello,isr_shrink_rate,b,kafka,2026-03-04T02:00:00Z\n",
        )
        assert store.samples == {(NOW - timedelta(hours=1), "kafka", "b", "isr_shrink_rate"): 7.0}

    @pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
    def test_the_same_samples_come_of_every_order_of_columns(self, order: tuple[int, ...]) -> None:
        rows = ["time,component,instance,metric,value", *(line(value=str(n), instance=f"b{n % 2}") for n in range(2))]
        rows += [line(time="2026-03-04T02:00:30Z", value=str(n), instance=f"b{n % 2}") for n in range(2)]
        turned = [",".join(row.strip().split(",")[place] for place in order) + "\n" for row in rows]
        assert read(*turned)[1].samples == read(*rows)[1].samples
        assert read(*turned)[0].stored == 4


class TestLines:
    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (line(time="yesterday"), "time 'yesterday' is not ISO 8601"),
            (line(time=""), "time '' is not ISO 8601"),
            (line(time="1772593200"), "is not ISO 8601"),
            (line(time="2026-03-04T03:05:01Z"), "lies in the future"),
            (line(time="2026-02-02T02:59:59Z"), "older than the retention"),
            (line(time="0001-01-01T00:00:00+14:00"), "older than the retention"),
            (line(time="9999-12-31T23:59:59-14:00"), "lies in the future"),
            (line(value="nan"), "is not a finite number"),
            (line(value="-inf"), "is not a finite number"),
            (line(value="1e999"), "is not a finite number"),
            (line(value=""), "value '' is not a number"),
            (line(value="1,5").replace("1,5", '"1,5"'), "value '1,5' is not a number"),
            (line(metric="consumer_grup_lag"), "unknown metric 'consumer_grup_lag'; did you mean consumer_group_lag"),
            (line(metric="zzzzzzzzz"), "unknown metric 'zzzzzzzzz'"),
            (line(component="flink"), "isr_shrink_rate is a metric of kafka, not of 'flink'"),
            (line(component="Kafka"), "not of 'Kafka'"),
            (line(instance=" "), "is empty, too long or not printable"),
            (line(instance="x" * (LONGEST_NAME + 1)), "is empty, too long or not printable"),
            (line(instance="a\tb"), "is empty, too long or not printable"),
            (line(instance="a\0b"), "is empty, too long or not printable"),
            (line(value="1\0"), "is not a number"),
            (line(time="2026-03-04\0"), "is not ISO 8601"),
            (line(metric="isr_shrink_rate\0"), "unknown metric"),
            (line(instance="caf\udce9"), "is empty, too long or not printable"),
            ("2026-03-04T02:00:00Z,kafka,broker-1,isr_shrink_rate\n", "4 columns instead of 5"),
            ("gibberish\n", "1 columns instead of 5"),
            (line(instance='"broker-1'), "a quotation mark is not closed"),
        ],
    )
    def test_a_bad_line_is_reported_and_the_others_are_stored(self, bad: str, reason: str) -> None:
        report, _ = read(HEADER, GOOD, bad, line(value="2", instance="broker-2"))
        assert (report.read, report.stored, report.rejected, report.duplicates) == (3, 2, 1, 0)
        ((number, told),) = reasons(report)
        assert number == 3
        assert reason in told

    def test_what_is_reported_can_be_printed_whatever_stood_there(self) -> None:
        report, _ = read(HEADER, line(instance="caf\udce9"), "\udcff\n", line(value="\udcff"), line(metric="\udcff"))
        assert report.rejected == 4
        for rejection in report.rejections:
            f"{rejection.reason}{rejection.text}".encode()

    def test_line_numbers_count_the_header_blank_lines_and_rejected_ones(self) -> None:
        bad = line(value="x")
        report, _ = read(HEADER, "\n", bad, GOOD, line(instance='"b'), "\r\n", bad)
        assert [number for number, _ in reasons(report)] == [3, 5, 7]
        assert report.read == 4

    def test_an_open_quotation_mark_costs_one_line_only(self) -> None:
        after = [line(value=str(n), instance=f"b{n}") for n in range(5_000)]
        report, store = read(HEADER, line(instance='"broker-1'), *after)
        assert (report.stored, report.rejected) == (5_000, 1)
        assert len(store.samples) == 5_000

    def test_line_ends_of_any_kind_and_a_last_line_without_one(self) -> None:
        report, _ = read(HEADER.replace("\n", "\r\n"), GOOD.replace("\n", "\r\n"), line(instance="b2").rstrip())
        assert report.stored == 2

    def test_quoted_names_may_hold_commas_and_quotation_marks(self) -> None:
        _, store = read(HEADER, line(instance='"a, ""b"""'))
        assert [key[2] for key in store.samples] == ['a, "b"']

    def test_names_in_any_script_are_names(self) -> None:
        _, store = read(HEADER, line(instance="Прод/заказы-日本"))
        assert [key[2] for key in store.samples] == ["Прод/заказы-日本"]

    @pytest.mark.parametrize("text", ["2026-03-04T02:00:00", "2026-03-04 02:00:00+00:00", "2026-03-04T03:00:00+01:00"])
    def test_times_are_utc_unless_they_say_otherwise(self, text: str) -> None:
        _, store = read(HEADER, line(time=text))
        assert [key[0] for key in store.samples] == [NOW - timedelta(hours=1)]

    def test_the_edges_of_what_is_accepted_are_accepted(self) -> None:
        report, _ = read(HEADER, line(time=iso(LIMITS.oldest) or ""), line(time=iso(LIMITS.newest) or ""))
        assert report.stored == 2
        assert report.window == Window(LIMITS.oldest, LIMITS.newest + timedelta(microseconds=1))

    def test_only_the_first_thousand_rejections_are_kept_but_all_are_counted(self) -> None:
        report, _ = read(HEADER, *[line(value="x")] * 1_500)
        assert (report.rejected, len(report.rejections)) == (1_500, REJECTIONS_KEPT)


class TestDuplicates:
    def test_a_sample_that_comes_twice_in_a_file_is_stored_once(self) -> None:
        report, store = read(HEADER, GOOD, line(value="9"), GOOD)
        assert (report.stored, report.duplicates, report.rejected) == (1, 2, 2)
        assert [number for number, _ in reasons(report)] == [3, 4]
        assert list(store.samples.values()) == [0.5]

    def test_a_file_that_was_read_before_is_all_duplicates(self) -> None:
        store = Kept()
        first, _ = read(HEADER, GOOD, line(instance="b2"), kept=store)
        again, _ = read(HEADER, line(value="x"), GOOD, line(instance="b2"), kept=store)
        assert (first.stored, again.stored, again.duplicates) == (2, 0, 2)
        assert [number for number, _ in reasons(again)] == [2, 3, 4]
        assert reasons(again)[1][1].startswith("duplicate")


def many(count: int) -> Iterator[str]:
    """A file of so many lines, every thousandth one bad."""
    yield HEADER
    for n in range(count):
        moment = NOW - timedelta(days=2) + timedelta(seconds=n)
        yield line(time=moment.isoformat(), value="bad" if n % 1000 == 999 else str(n))


BATCH = 50_000


class TestBatches:
    @pytest.fixture(autouse=True)
    def _batches_of_a_known_length(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("monitoring.ingest.LINES_A_BLOCK", BATCH)

    def test_a_hundred_and_twenty_thousand_lines_come_in_several_batches(self) -> None:
        store, told = Kept(), list[int]()
        report = ingest(many(120_000), CATALOGUE, LIMITS, store.write, told.append)
        assert (report.read, report.stored, report.rejected) == (120_000, 119_880, 120)
        assert [r.line for r in report.rejections] == [n * 1000 + 1 for n in range(1, 121)]
        assert store.blocks == len(told) == 3
        assert sum(told) == 119_880
        assert max(told) <= BATCH
        assert len(store.samples) == 119_880

    def test_duplicates_keep_their_line_numbers_across_batches(self) -> None:
        report, _ = read(*many(BATCH + 100), line(time=(NOW - timedelta(days=2)).isoformat(), value="0"))
        assert (report.rejections[-1].line, report.duplicates) == (BATCH + 102, 1)

    def test_an_error_of_the_store_is_the_error_of_the_ingest(self) -> None:
        def down(_: Block) -> Ints:
            raise StoreUnavailable("The database cannot be reached.")

        with pytest.raises(StoreUnavailable):
            ingest([HEADER, GOOD], CATALOGUE, LIMITS, down)

    def test_writing_goes_on_beside_reading(self) -> None:
        _, store = read(HEADER, GOOD)
        assert store.thread.startswith("write")


_INSTANCES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30)
_METRICS = st.sampled_from([(metric.component, metric.name) for metric in CATALOGUE])
_TIMES = st.timedeltas(timedelta(0), timedelta(days=29)).map(lambda ago: NOW - ago)


@given(st.lists(st.tuples(_TIMES, _INSTANCES, _METRICS, st.floats(allow_nan=False, allow_infinity=False)), max_size=20))
def test_what_is_written_as_csv_is_read_back(rows: list[tuple[datetime, str, tuple[str, str], float]]) -> None:
    samples = [Sample(time, component, instance, metric, value) for time, instance, (component, metric), value in rows]
    unique = list({(s.time, *s.key): s for s in samples}.values())
    report, store = read(*csv_lines(Block.of(unique)))
    assert reasons(report) == []
    assert store.samples == {(s.time, *s.key): s.value for s in unique}


def test_an_empty_block_is_a_header() -> None:
    lines: Iterable[str] = csv_lines(Block.empty())
    assert list(lines) == [HEADER]
