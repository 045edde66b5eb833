"""What cannot be done is told as part of the page, in a sentence, and the rest of the page goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from monitoring import errors
from monitoring.errors import MonitoringError
from monitoring.ui.page.text import markdown

log = logging.getLogger(__name__)

TITLES: tuple[tuple[type[MonitoringError], str], ...] = (
    (errors.StoreBusy, "The database is busy"),
    (errors.QueryTimeout, "That took too long"),
    (errors.StoreFull, "The database is full"),
    (errors.StoreError, "The database does not answer"),
    (errors.UnknownSession, "That conversation is gone"),
    (errors.UnknownId, "That is not there any more"),
    (errors.TooMuchAtOnce, "Too much at once"),
    (errors.SessionBusy, "One question at a time"),
    (errors.InvalidInput, "That cannot be used"),
    (errors.ModelUnavailable, "The language model does not answer"),
    (errors.ConfigurationError, "A setting cannot be used"),
    (errors.Cancelled, "Stopped"),
)
"""What each error is called on the page; the first that fits counts."""


def words_for(problem: MonitoringError) -> tuple[str, str]:
    """A heading and a sentence. What a database or a service said itself stays in the log."""
    title = next((title for error, title in TITLES if isinstance(problem, error)), "That did not work")
    private = isinstance(problem, errors.StoreError | errors.ModelUnavailable)
    return title, str(type(problem)()) if private else str(problem)


@contextmanager
def guarded() -> Iterator[None]:
    """Show a `MonitoringError` as a message in place of what would have stood here."""
    try:
        yield
    except MonitoringError as problem:
        tell(problem)


def tell(problem: MonitoringError) -> None:
    """Show an error as a message."""
    title, sentence = words_for(problem)
    log.warning("shown on the page as %r: %s", title, problem)
    mild = isinstance(problem, errors.InvalidInput | errors.Cancelled | errors.SessionBusy | errors.TooMuchAtOnce)
    show = st.info if mild else st.warning
    show(f"**{title}.** {markdown(sentence)}", icon=":material/info:" if mild else ":material/cloud_off:")
