from __future__ import annotations

import gzip
import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitoring.collectors.exposition import MAX_LINES, Page, decode, parse, wanted_names
from monitoring.collectors.mapping import RULES
from monitoring.collectors.readings import selectors_of
from monitoring.collectors.rules import selector
from monitoring.errors import CollectorError, InvalidInput

FIXTURES = Path(__file__).parent.parent / "fixtures" / "exposition"


def page(text: str, *selectors: str) -> Page:
    return parse(text, wanted_names(selectors))


def values(text: str, wanted: str) -> list[float]:
    return [series.value for series in page(text, wanted).select(wanted)]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('up{host="127_0_0_1",} 88.0', 88.0),
        ('up{host="a", } 1', 1.0),
        ("up 1.795419576919E12", 1.795419576919e12),
        ("up 2.964393875E-314", 2.964393875e-314),
        ("up -9.223372036854776E18", -9.223372036854776e18),
        ("up +Inf", math.inf),
        ("up -Inf", -math.inf),
        ("up{} 3", 3.0),
        ("  up\t5", 5.0),
        ("up 5 1600000000000", 5.0),
        ("up 5\r", 5.0),
    ],
)
def test_a_value_is_read_in_every_spelling_exporters_use(line: str, value: float) -> None:
    assert values(line + "\n", "up") == [value]


def test_nan_is_read_as_nan() -> None:
    assert [math.isnan(value) for value in values("up NaN\n", "up")] == [True]


def test_label_values_may_hold_braces_commas_and_escapes() -> None:
    [series] = page('up{task="a \\"b\\", {c}\\\\",job="x",} 1\n', "up").select("up")

    assert series.labels == {"task": 'a "b", {c}\\', "job": "x"}


def test_a_wanted_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(CollectorError, match=r"this line is not Prometheus text: 'up\{host="):
        page('down 1\nup{host="a" 1\nup 2\n', "up")


@pytest.mark.parametrize(
    "line",
    [
        'up{a="1",a="2"} 3',
        'up{a="1} 3',
        "up three",
        "up 1_0",
        'up{__name__="x"} 3',
        'up{__a="x"} 3',
        "up{a=1} 3",
        'up{a="1",,b="2"} 3',
    ],
)
def test_a_line_that_means_nothing_is_refused(line: str) -> None:
    with pytest.raises(CollectorError) as caught:
        page(f"up 1\n{line}\n", "up")

    assert str(caught.value) == f"this line is not Prometheus text: {line!r}"


names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,5}", fullmatch=True)
texts = st.text(st.one_of(st.sampled_from('\\"n,={} '), st.characters(exclude_characters="\n\r")), max_size=12)
numbers = st.one_of(st.floats().map(repr), st.integers().map(str), st.sampled_from(["+Inf", "NaN", "1_0", "0x1", ""]))


@given(
    name=names, labels=st.lists(st.tuples(names, texts), max_size=3), value=numbers, rest=st.sampled_from(["", " 5"])
)
def test_the_fast_reader_reads_as_the_careful_one(
    name: str, labels: list[tuple[str, str]], value: str, rest: str
) -> None:
    line = name + "{" + ",".join(f'{label}="{text}"' for label, text in labels) + "} " + value + rest
    try:
        [sample] = [sample for family in text_string_to_metric_families(line) for sample in family.samples]
        expected = (sample.name, sample.labels, repr(float(sample.value)))
    except (ValueError, OverflowError):
        with pytest.raises(CollectorError):
            page(line, name)
        return

    [found] = page(line, name).select(name)
    assert (found.name, found.labels, repr(found.value)) == expected


def test_reading_ends_when_its_time_is_over() -> None:
    with pytest.raises(CollectorError, match="its page takes too long to read"):
        parse("up 1\n" * 5000, wanted_names(["up"]), lambda: False)


def test_a_line_nobody_wants_may_be_broken() -> None:
    assert values('strange{label="a" 1\nup 2\n', "up") == [2.0]


def test_a_page_knows_the_names_of_all_its_series_but_holds_the_wanted_ones_only() -> None:
    read = page("# HELP up is it\n# TYPE up gauge\nup 1\n\ndown 0\n", "up")

    assert read.names == {"up", "down"}
    assert set(read.series) == {"up"}


def test_a_page_with_too_many_series_is_refused() -> None:
    with pytest.raises(CollectorError, match=r"more than 200,000 series"):
        page("up 1\n" * (MAX_LINES + 1), "up")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!doctype html><html><body>Kafka Exporter</body></html>", "a web page instead of Prometheus text"),
        (b"\n  <html></html>", "a web page"),
        (b'{"status": "ok"}', "JSON"),
        (b"[1, 2]", "JSON"),
        (b"\x89PNG\r\n\x1a\n\x00", "something binary"),
        (b"up 1\n\x00\x00", "something binary"),
        (b"", "an empty page"),
        (b"  \n", "an empty page"),
    ],
)
def test_what_is_not_prometheus_text_is_said_to_be_what_it_is(body: bytes, message: str) -> None:
    with pytest.raises(CollectorError, match=message):
        decode(body)


def test_a_name_is_found_in_any_case() -> None:
    text = 'kafka_server_ReplicaManager_Value{name="X",} 1\nkafka_server_replicamanager_value{name="X"} 2\n'

    assert values(text, 'kafka_server_replicaManager_value{name="X"}') == [1.0, 2.0]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('m{topic="a"}', [1.0]),
        ('m{topic!="a"}', [2.0, 3.0]),
        ('m{topic!=""}', [1.0, 2.0]),
        ('m{topic=""}', [3.0]),
        ('m{topic=~"a|b"}', [1.0, 2.0]),
        ('m{topic!~"a.*"}', [2.0, 3.0]),
        ('m{topic="b", name="n"}', [2.0]),
        ("m", [1.0, 2.0, 3.0]),
    ],
)
def test_a_selector_chooses_by_labels_and_a_missing_label_is_empty(wanted: str, found: list[float]) -> None:
    assert values('m{topic="a",} 1\nm{topic="b",name="n",} 2\nm 3\n', wanted) == found


def test_a_named_part_of_the_name_becomes_a_label_in_its_own_case() -> None:
    read = page("DiskTotal_HotSSD 1\ndisktotal_cold 2\nDiskUsed_cold 3\n", "DiskTotal_(?P<disk>.+)")

    assert [(s.labels, s.value) for s in read.select("DiskTotal_(?P<disk>.+)")] == [
        ({"disk": "HotSSD"}, 1.0),
        ({"disk": "cold"}, 2.0),
    ]


@pytest.mark.parametrize("text", ["", "m{topic}", 'm{topic="a"', '{topic="a"}', 'm{topic=="a"}'])
def test_a_selector_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        selector(text)


def test_twenty_thousand_lines_cost_little_to_read() -> None:
    packed = (FIXTURES / "kafka_msk_jmx_exporter_0.12.0_broker_busy.prom.gz").read_bytes()
    text = gzip.decompress(packed).decode()
    wanted = wanted_names(selectors_of(RULES))
    began = time.process_time()
    read = parse(text, wanted)
    took = time.process_time() - began

    assert text.count("\n") > 20_000
    assert len(read.names) == 234
    assert took < 2
