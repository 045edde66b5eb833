"""Looking only once there is something to see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from monitoring.contract import MonitorStatus
from monitoring.tools.asking import Lens

FIRST_TICK_SECONDS = 20.0
"""So long the first question waits for samples and judgement to be up to date; then it is answered all the same."""
_PAUSE = 0.05


def after_first_tick(status: Callable[[], MonitorStatus], lens: Callable[[], Lens]) -> Callable[[], Lens]:
    """Gives the lens once the monitor has worked, met an error, or sees another process do the work."""
    seen = threading.Event()

    def look() -> Lens:
        deadline = time.monotonic() + FIRST_TICK_SECONDS
        while not seen.is_set():
            if _worked(status()) or time.monotonic() > deadline:
                seen.set()
            else:
                time.sleep(_PAUSE)
        return lens()

    return look


def _worked(status: MonitorStatus) -> bool:
    return bool(status.ticks or status.errors_in_row or (status.last_tick_at and not status.leading))
