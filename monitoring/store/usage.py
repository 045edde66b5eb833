"""What language models were used for: tokens and their cost, counted for all processes together."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from monitoring.store.pool import Pool
from monitoring.store.queries import query


class Use(NamedTuple):
    """Tokens in and out together, and what they cost by the prices that are set."""

    tokens: int
    cost: float


class UsageStore:
    """The table `model_usage`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def add(self, at: datetime, purpose: str, tokens_in: int, tokens_out: int, cost: float) -> None:
        """Note what one reply took."""
        used = {"at": at, "purpose": purpose, "tokens_in": tokens_in, "tokens_out": tokens_out, "cost": cost}
        with self._pool.transaction("noting the use of the language model") as cursor:
            cursor.execute(query("note_model_use"), used)

    def since(self, moment: datetime) -> Use:
        """What was used after a time."""
        with self._pool.transaction("reading the use of the language model") as cursor:
            cursor.execute(query("model_use"), {"since": moment})
            return Use(*(cursor.fetchone() or (0, 0.0)))

    def forget(self, before: datetime) -> None:
        with self._pool.transaction("forgetting old use of the language model") as cursor:
            cursor.execute(query("forget_model_use"), {"before": before})
