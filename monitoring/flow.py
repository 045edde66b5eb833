"""What passes through the stages: the tie-breaker between a failure that travels up and one that travels down.

Kafka takes in messages, Flink writes records, ClickHouse inserts rows. The first stage whose output fell while
its input was as usual owns the trouble; backlogs before it and silence behind it are effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.metrics import COMPONENTS, Component

STAGES: Mapping[str, Component] = {
    "messages_in_rate": COMPONENTS[0],
    "job_records_out_rate": COMPONENTS[1],
    "inserted_rows_rate": COMPONENTS[2],
}
"""The metric that is each stage's output."""

FELL = 0.82
"""An output below this share of what it was has fallen."""
NORMAL = 0.9
"""An input above this share is as usual."""

_NAMES = {"kafka": "Kafka takes in", "flink": "Flink writes", "clickhouse": "ClickHouse inserts"}


@dataclass(frozen=True, slots=True)
class Flow:
    """Each stage's output since a moment as a share of what it was before; `None` where nothing is known."""

    shares: Mapping[str, float | None]

    @property
    def owner(self) -> Component | None:
        """The first stage whose output fell while its input did not; `None` where none did or nobody can tell."""
        before: float | None = None
        for place, component in enumerate(COMPONENTS):
            share = self.shares.get(component)
            if _has_fallen(share) and (place == 0 or (before is not None and before >= NORMAL)):
                return component
            before = share if share is not None else before
        return None

    @property
    def fell(self) -> tuple[str, ...]:
        """The metrics that are the outputs which fell."""
        return tuple(m for m, component in STAGES.items() if _has_fallen(self.shares.get(component)))

    def words(self) -> str:
        """The shares in a sentence, such as `Since then Kafka takes in 98 % of what it did, Flink writes 41 %.`"""
        known = [(component, share) for component, share in self.shares.items() if share is not None]
        parts = [f"{_NAMES[component]} {100 * share:.0f} %" for component, share in known]
        return f"Of what it was before: {', '.join(parts)}." if parts else ""


def _has_fallen(share: float | None) -> bool:
    return share is not None and share < FELL
