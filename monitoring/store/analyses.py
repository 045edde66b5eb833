"""Which incidents a language model was asked about, and what it said: shared by all processes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from monitoring.store.pool import Pool, rows
from monitoring.store.queries import query

HOUR = timedelta(hours=1)


class AnalysisStore:
    """The table `analyses`, and the column of that name in `anomaly_events`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def claim(self, now: datetime, since: datetime, per_hour: int, model: str) -> dict[str, Any] | None:
        """Take an open incident that became critical after a time, to ask about it; nobody else will get it.

        Gives its row with the rows of its `events`; `None` where there is none, or where so many were asked about
        within the last hour.
        """
        with self._pool.transaction("looking for an incident to analyse") as cursor:
            cursor.execute(query("start_analysis"))
            cursor.execute(query("count_analyses"), {"since": now - HOUR})
            if rows(cursor)[0]["count"] >= per_hour:
                return None
            cursor.execute(query("incident_to_analyse"), {"since": since})
            found = rows(cursor)
            if not found:
                return None
            incident = found[0]
            claim = {"incident": incident["id"], "root": incident["event_id"], "at": now, "model": model}
            cursor.execute(query("claim_analysis"), claim)
            cursor.execute(query("events_of_incidents"), {"ids": [incident["id"]]})
            return {**incident, "events": rows(cursor)}

    def finish(self, incident: int, at: datetime, text: str, problem: str) -> None:
        """Store what was said, or why nothing was."""
        with self._pool.transaction("storing an analysis") as cursor:
            cursor.execute(query("finish_analysis"), {"incident": incident, "at": at, "problem": problem})
            if text:
                cursor.execute(query("store_analysis"), {"incident": incident, "text": text})
