"""CSV lines into columns, all at once: for the many lines that are as they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.blocks import Floats, Ints


@dataclass(frozen=True, slots=True)
class Distinct:
    """A column by its distinct contents: line i holds `texts[places[i]]`."""

    texts: Sequence[Any]
    places: Ints


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of some lines; a name is component, instance and metric."""

    times: Distinct
    names: Distinct
    values: Floats


def read_table(text: str, width: int, order: Sequence[int]) -> Table | None:
    """The lines of a text; `None` where they are no plain CSV of that width with numbers as values.

    `order` says at which places time, component, instance, metric and value stand.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    kinds = {name: pa.dictionary(pa.int32(), pa.string()) for name in names}
    kinds[names[order[-1]]] = pa.float64()
    try:
        table = csv.read_csv(
            pa.BufferReader(text.encode()),
            csv.ReadOptions(column_names=names, use_threads=False, block_size=max(1 << 20, 2 * len(text))),
            convert_options=csv.ConvertOptions(column_types=kinds, null_values=[]),
        )
    except (pa.ArrowException, UnicodeEncodeError):
        return None
    columns = [table.column(names[place]).combine_chunks() for place in order]
    times, component, instance, metric = (_distinct(column) for column in columns[:-1])
    return Table(times, _combined(component, instance, metric), columns[-1].to_numpy(zero_copy_only=False))


def _distinct(column: Any) -> Distinct:
    return Distinct(column.dictionary.to_pylist(), column.indices.to_numpy(zero_copy_only=False).astype(np.int64))


def _combined(*columns: Distinct) -> Distinct:
    """Several columns as one, by the combinations that occur."""
    code = np.zeros_like(columns[0].places)
    for column in columns:
        code = code * len(column.texts) + column.places
    occurring, places = np.unique(code, return_inverse=True)
    texts = []
    for number in occurring.tolist():
        parts = []
        for column in reversed(columns):
            number, place = divmod(number, len(column.texts))
            parts.append(column.texts[place])
        texts.append(tuple(reversed(parts)))
    return Distinct(texts, places.astype(np.int64))
