"""One root, one class per kind of failure a caller can act on.

Each message says what was tried and what to do about it; the command line prints it as it is.
"""

from __future__ import annotations

from typing import Literal


class MonitoringError(Exception):
    """The monitoring platform could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class ConfigurationError(MonitoringError):
    """A setting is missing or has a value that cannot be used."""


class InvalidInput(MonitoringError):
    """An argument or a file is not of the form that was expected."""


class UnknownName(InvalidInput):
    """A metric, component or instance is not known; `nearest` holds the names that come closest."""

    def __init__(self, message: str | None = None, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.nearest = nearest


class UnknownId(UnknownName):
    """There is no event, incident or silence of that id."""


class TooEarly(InvalidInput):
    """An event that has not fired yet cannot be acknowledged or noted upon: it may go without a trace."""


class UnknownSession(InvalidInput):
    """There is no such conversation, or it is somebody else's."""


class SessionBusy(MonitoringError):
    """The question before is still being answered in this conversation; wait for it, or begin another one."""


class Cancelled(MonitoringError):
    """The answer was stopped before it was complete."""


class TooMuchAtOnce(MonitoringError):
    """More is being worked on than there is room for; send it again in a moment."""


class StoreError(MonitoringError):
    """The database refused or failed a statement."""


class StoreUnavailable(StoreError):
    """The database cannot be reached; it is tried again with the next call."""


class StoreBusy(StoreError):
    """No database connection became free in time; try again shortly or raise DATABASE_POOL_SIZE."""


class StoreIncompatible(StoreError):
    """The database server or its schema does not fit this version of the program."""


class StorePermissionDenied(StoreError):
    """The database user lacks a right that is needed."""


class StoreFull(StoreError):
    """The database has no disk space left; nothing was stored from this call."""


class QueryTimeout(StoreError):
    """A query ran longer than its limit and was stopped; ask for a narrower window."""


class StoreHoldsRealData(MonitoringError):
    """Simulated samples are not written into a store that holds real ones."""


class CollectorError(MonitoringError):
    """A source could not be read."""


class AlertmanagerProblem(MonitoringError):
    """Alertmanager did not take, or did not give, what it was asked for; it is tried again."""


class ModelUnavailable(MonitoringError):
    """The language model service did not give a usable answer."""


class DeliveryFailed(MonitoringError):
    """A channel did not take a message.

    `kind` is `away` (it does not answer as it should), `busy` (it asks for patience), `denied` (it does not know the
    key) or `refused` (it does not like this message).
    """

    def __init__(self, message: str, kind: Literal["away", "busy", "denied", "refused"] = "away") -> None:
        super().__init__(message)
        self.kind = kind
