"""What every panel of the page is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.contract import Platform
from monitoring.operations import Operations


@dataclass(frozen=True, slots=True)
class Desk:
    """The platform, what an operator does with it, and how times are written.

    `zone` is the one that times are shown in; `clock` is the platform's, in UTC. `owner` is whose conversations
    the page shows; `None` stands for everybody who has not been told apart.
    """

    platform: Platform
    operations: Operations
    zone: ZoneInfo
    clock: Callable[[], datetime]
    owner: str | None = None
