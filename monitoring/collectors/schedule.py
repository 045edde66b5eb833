"""When a source is read next: every interval while it answers, sooner and then ever later while it does not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(seconds=60)


@dataclass(slots=True)
class Schedule:
    """The turns of one source. `chance` gives numbers from 0 to 1; it spreads the retries of many sources.

    After a failure the source is tried again within 5 s or its interval, whichever is shorter; each failure
    in a row doubles that, up to a minute or its interval, whichever is longer.
    """

    interval: timedelta
    chance: Callable[[], float] = random.random
    failures: int = 0
    _began: datetime | None = None
    _wait: timedelta = field(default_factory=timedelta)

    def due(self, now: datetime, slack: timedelta = timedelta(0)) -> bool:
        """Whether it is to be read, up to `slack` ahead of time.

        A clock that was set back is no reason to wait until it has caught up.
        """
        return self._began is None or abs(now - self._began) >= self._wait - slack

    def begin(self, now: datetime) -> None:
        """It is being read."""
        self._began = now
        self._wait = self.interval

    def succeeded(self) -> None:
        self.failures = 0
        self._wait = self.interval

    def failed(self) -> None:
        first = min(FIRST_RETRY, self.interval)
        longest = max(LONGEST_RETRY, self.interval)
        # 2**20 first retries are beyond any longest one.
        wait = min(first * 2 ** min(self.failures, 20), longest)
        self.failures += 1
        self._wait = wait * (0.5 + self.chance() / 2)
