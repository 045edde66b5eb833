"""What every panel of the page is handed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.contract import Json, Platform
from monitoring.operations import Operations
from monitoring.ui.page.glance import Glance


@dataclass(frozen=True, slots=True)
class Desk:
    """The platform, what an operator does with it, and how times are written.

    `zone` is the one that times are shown in; `clock` is the platform's, in UTC. `owner` is whose conversations
    the page shows; `None` stands for everybody who has not been told apart. `configured` are the settings in
    force as mappings of name, value, source and help, without any secret. `glance` is the state that all tabs
    share.
    """

    platform: Platform
    operations: Operations
    zone: ZoneInfo
    clock: Callable[[], datetime]
    owner: str | None = None
    configured: Sequence[Json] = ()
    glance: Glance = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "glance", Glance(self.platform, self.operations, self.clock))
