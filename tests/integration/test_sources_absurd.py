"""One exporter with 100,000 series or absurd labels: bounded time and memory, a clear state, the others go on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.exposition_server import ExpositionServer

ROOT = Path(__file__).parents[2]
LAG = 'kafka_consumergroup_lag{{consumergroup="{}",topic="t",partition="0"{}}} {}\n'
OTHER = "ClickHouseMetrics_Query 3\n"
SEVERAL_LABELS = "".join(f',label_{number}="value-{number}"' for number in range(5000))


def lag(group: str, value: str, more: str = "") -> str:
    return LAG.format(group, more, value)


def read(page: str) -> tuple[list[Any], list[Any], dict[str, float], int]:
    """How the absurd source and the other one went, the samples, and the memory it took in MB."""
    with ExpositionServer(page) as absurd, ExpositionServer(OTHER) as other:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.reading_process", absurd.url, other.url],
            check=True,
            cwd=ROOT,
            capture_output=True,
            timeout=600,
        )
    found = json.loads(done.stdout)
    return (*found["sources"], found["values"], found["megabytes"])


def test_a_hundred_thousand_series_are_read_within_memory_and_the_others_go_on() -> None:
    page = "".join(lag(f"g-{number}", str(number)) for number in range(100_000))
    big, other, values, megabytes = read(page)

    assert big == [True, 100_000, "", []]
    assert other[0]
    assert [value for name, value in values.items() if name.startswith("running_queries")] == [3.0]
    assert megabytes < 600


def test_absurd_labels_and_values_cost_only_themselves() -> None:
    page = "".join(
        [
            lag("good", "4"),
            lag("x" * 1_000_000, "5"),
            lag("several", "6", SEVERAL_LABELS),
            lag("Größe 🐘 → ß", "7"),
            lag("turned \u202e round", "8"),
            lag(r"two\nlines", "9"),
            lag("\ufeff", "10"),
            lag("nan", "NaN"),
            lag("infinite", "+Inf"),
            lag("less", "-Inf"),
            lag("zero", "-0"),
            lag("twice", "1"),
            lag("twice", "2"),
            lag("later", "3 99999999999999999"),
            lag("earlier", "3 -5"),
            lag("digits", "1" * 400),
            lag("sum", "1.7e308"),
            lag("sum", "1.7e308").replace('partition="0"', 'partition="1"'),
            'kafka_consumergroup_lag{consumergroup="",topic="",partition=""} 1\n',
        ]
    )
    odd, other, values, megabytes = read(page)
    lags = {name.removeprefix("consumer_group_lag "): value for name, value in values.items() if "lag" in name}

    assert odd[0]
    [note] = odd[3]
    assert note.startswith("4 series are left out: their names have more than 300 characters or cannot be printed")
    assert lags.items() >= {"good/t": 4.0, "several/t": 6.0, "Größe 🐘 → ß/t": 7.0, "twice/t": 2.0}.items()
    assert lags["zero/t"] == 0
    assert lags["later/t"] == lags["earlier/t"] == 3
    assert not lags.keys() & {"nan/t", "infinite/t", "less/t", "digits/t"}
    assert other[0]
    assert megabytes < 200
