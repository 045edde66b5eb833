"""What is wrong with a request, in plain words; nothing that was sent is repeated, secrets may be among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST = 20
"""So many wrongs are told; who has more sees them after mending these."""


def malformed(found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the body was not even JSON."""
    return any(error["type"] == "json_invalid" for error in found)


def wrongs(found: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each thing that is wrong, with where it is."""
    return [
        {"where": ".".join(str(part)[:60] for part in error["loc"]), "what": _words(error)} for error in found[:MOST]
    ]


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "this field is not known here"
    return str(error["msg"])
