"""Whether a number that an answer gives for one instance is a number of that instance, not of its neighbour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitoring.contract import Json, ToolReply

_OF_SEVERAL = re.compile(
    r"\b(?:others?|rest|average|total|sum|all|each|every|than|against|versus|vs|while|whereas|between|compared|both"
    r"|times"
    r"|median|usual|normal|threshold|series|anomalies|incidents|worst|highest|lowest)\b|[=≈×]",
    re.IGNORECASE,
)
_TOKEN_END = r"(?![\w/-])"


def sentences_of_one(text: str, replies: Sequence[ToolReply]) -> Iterator[tuple[str, str]]:
    """The sentences that speak of one instance of the rows and of nothing beside it, each with that instance."""
    named = sorted({name for reply in replies for row in reply.rows for name in _names(row)}, key=len, reverse=True)
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", text):
        if _OF_SEVERAL.search(sentence):
            continue
        found, left = [], sentence
        for name in named:
            pattern = rf"(?<![\w/-]){re.escape(name)}{_TOKEN_END}"
            if re.search(pattern, left):
                found.append(name)
                left = re.sub(pattern, " ", left)
        if len(found) == 1:
            yield sentence, found[0]


def only_of(instance: str, replies: Sequence[ToolReply]) -> list[ToolReply]:
    """The replies as if their rows were those of one instance, and of what it is part of, alone."""
    narrowed = []
    for reply in replies:
        rows = [row for row in reply.rows if _concerns(row, instance)]
        some = len(rows) < len(reply.rows)
        narrowed.append(replace(reply, rows=rows, summary=_without_extremes(reply.summary) if some else reply.summary))
    return narrowed


def _concerns(row: Mapping[str, Any], instance: str) -> bool:
    return any(_same(name, instance) for name in _names(row)) or not _names(row)


def _same(name: str, instance: str) -> bool:
    return name == instance or name.startswith(f"{instance}/") or instance.startswith(f"{name}/")


def _names(row: Mapping[str, Any]) -> set[str]:
    links: Sequence[Json] = row.get("chain") or ()
    places = [row.get("instance"), row.get("root_instance"), *(link.get("instance") for link in links)]
    return {str(name) for name in places if name and name != "*"}


def _without_extremes(summary: Mapping[str, Any]) -> Json:
    """A summary without the figures of its metrics: those are of all series together."""
    return {key: value for key, value in summary.items() if key not in ("metrics", "newest", "latest")}
