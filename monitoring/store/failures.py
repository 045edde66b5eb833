"""Driver errors become the product's errors, once, here; psycopg2 is not seen outside the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import errors

from monitoring.errors import (
    QueryTimeout,
    StoreError,
    StoreFull,
    StorePermissionDenied,
    StoreUnavailable,
)

LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
"""What a statement raises when its connection is gone (and also for some refusals by the server)."""


def explained(problem: psycopg2.Error, doing: str) -> StoreError:
    """The product's error for a driver error raised while `doing` something (a phrase such as "reading")."""
    reason = first_line(problem)
    if isinstance(problem, errors.QueryCanceled):
        return QueryTimeout(f"The database took too long while {doing}; ask for a narrower window or fewer series.")
    if isinstance(problem, errors.InsufficientPrivilege | errors.ReadOnlySqlTransaction):
        return StorePermissionDenied(f"The database user may not do this while {doing}: {reason}")
    if isinstance(problem, errors.DiskFull):
        return StoreFull(f"The database has no disk space left while {doing}; nothing was stored. Free some space.")
    if isinstance(problem, LOST) or type(problem) is psycopg2.DatabaseError:
        # The driver raises the bare class where a connection broke in the middle of a reply.
        return StoreUnavailable(f"The database cannot be reached while {doing}: {reason}")
    return StoreError(f"The database refused a statement while {doing}: {reason}")


def first_line(problem: BaseException) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0] if lines else type(problem).__name__


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise driver errors from the block as the product's own."""
    try:
        yield
    except psycopg2.Error as problem:
        raise explained(problem, doing) from problem
