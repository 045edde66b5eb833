"""What a question asks for, once it has been understood, and the tool calls that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from monitoring.agent.timespans import TimeSpan
from monitoring.metrics import Severity

Intent = Literal[
    "status",
    "count",
    "list",
    "cascade",
    "diagnose",
    "trend",
    "value",
    "leak",
    "forecast",
    "compare",
    "contrast",
    "since",
    "advice",
    "silent",
    "recall",
    "define",
    "threshold",
    "inventory",
    "help",
    "refuse",
    "foreign",
    "problem",
    "unclear",
]

NEEDS_NO_TOOL: frozenset[Intent] = frozenset(
    {"define", "threshold", "inventory", "help", "refuse", "foreign", "problem", "unclear"}
)
"""Intents answered from the catalogue alone, or not at all."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question as understood.

    Empty tuples mean "all of them". `subject` holds the words that named metrics, so that a follow-up can
    ask the same of another component; `metric_homes` the components whose metrics they are. `counted` says what
    a number is asked of, where that is not anomalies: "incidents", or the kind of thing ("nodes"); `ranked` the
    kind of thing that is asked for by name ("which node is worst?"). `progress` says that it is asked whether
    things get better. `problem` says in plain words what cannot be answered, and `notes` what was left aside or
    assumed. `also` holds further questions asked in the same breath, `before` the request of an earlier turn that a
    later one may still lean on.
    """

    question: str
    intent: Intent
    asked_at: datetime
    components: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    metric_homes: tuple[str, ...] = ()
    subject: str = ""
    instances: tuple[str, ...] = ()
    window: TimeSpan | None = None
    compare: TimeSpan | None = None
    severity: Severity | None = None
    anomaly_type: str | None = None
    pattern: str | None = None
    limit: int | None = None
    incidents: bool = False
    counted: str = ""
    ranked: str = ""
    progress: bool = False
    problem: str = ""
    notes: tuple[str, ...] = ()
    also: tuple[Request, ...] = ()
    before: Request | None = None

    @property
    def parts(self) -> tuple[Request, ...]:
        """This question and those asked with it, in order."""
        return (self, *self.also)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool; `args` are JSON-ready."""

    name: str
    args: Mapping[str, Any]
