"""Stopping something from another thread: what runs is ended, what would begin does not, nothing is ended too late."""

from __future__ import annotations

import threading
import time

import pytest

from monitoring.cancellation import Cancellation
from monitoring.errors import Cancelled


def test_what_runs_is_ended_once_and_what_is_over_is_not() -> None:
    ended: list[str] = []
    stop = Cancellation()
    with stop.stopping(lambda: ended.append("over")):
        pass
    with stop.stopping(lambda: ended.append("outer")), stop.stopping(lambda: ended.append("inner")):
        stop.cancel()
    assert sorted(ended) == ["inner", "outer"]


def test_what_would_begin_does_not() -> None:
    stop = Cancellation()
    stop.cancel()
    with pytest.raises(Cancelled, match="stopped before it was complete"), stop.stopping(lambda: None):
        raise AssertionError("it began")
    with pytest.raises(Cancelled):
        stop.check()


def test_it_is_not_cancelled_by_itself() -> None:
    stop = Cancellation()
    stop.check()
    assert not stop.cancelled
    assert not stop.wait(0)


def test_a_block_is_left_only_when_nobody_is_ending_it_any_more() -> None:
    """Else a cancel could hit whatever uses the connection next."""
    stop = Cancellation()
    ending, left = threading.Event(), threading.Event()
    order: list[str] = []

    def slowly() -> None:
        ending.set()
        time.sleep(0.2)
        order.append("ended")

    def work() -> None:
        with stop.stopping(slowly):
            ending.wait(30)
        order.append("left")
        left.set()

    threading.Thread(target=work).start()
    while not stop._stops:
        time.sleep(0.001)
    stop.cancel()
    assert left.wait(30)
    assert order == ["ended", "left"]


def test_whoever_waits_is_woken() -> None:
    stop = Cancellation()
    threading.Timer(0.05, stop.cancel).start()
    assert stop.wait(40)
