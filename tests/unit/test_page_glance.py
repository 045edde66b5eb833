"""What all tabs look at is read once, kept when it cannot be read, and never waited for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitoring.errors import StoreUnavailable
from monitoring.ui.page import glance
from monitoring.ui.page.glance import Shared
from tests.unit.page_state import NOW


class Source:
    """Counts how often it was read; `then` is what a read does."""

    def __init__(self) -> None:
        self.reads = 0
        self.then: Callable[[], None] = lambda: None

    def read(self) -> int:
        self.reads += 1
        mine = self.reads
        self.then()
        return mine


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def shared(source: Source) -> Shared[int]:
    return Shared(source.read, lambda: NOW)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """From when it is asked for, reads hang until it is set."""
    release = threading.Event()
    yield release
    release.set()


def hung(release: threading.Event) -> Callable[[], None]:
    def wait() -> None:
        release.wait(10)

    return wait


def outage() -> None:
    raise StoreUnavailable


def test_many_tabs_at_once_are_one_read(source: Source, shared: Shared[int]) -> None:
    with ThreadPoolExecutor(20) as tabs:
        seen = [tab.result().value for tab in [tabs.submit(shared.latest) for _ in range(20)]]
    assert seen == [1] * 20
    assert source.reads == 1


def test_what_was_changed_is_read_anew(shared: Shared[int]) -> None:
    assert shared.latest().value == 1
    shared.forget()
    assert shared.latest().value == 2


def test_during_an_outage_the_last_value_stays_and_the_reason_is_told(source: Source, shared: Shared[int]) -> None:
    shared.latest()
    source.then = outage
    shared.forget()
    kept = shared.latest()
    assert (kept.value, kept.at) == (1, NOW)
    assert isinstance(kept.problem, StoreUnavailable)
    source.then = lambda: None
    shared.forget()
    assert shared.latest().problem is None


def test_a_read_that_hangs_holds_up_nobody(
    source: Source, shared: Shared[int], hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "WAIT_SECONDS", 0.05)
    shared.latest()
    source.then = hung(hanging)
    shared.forget()
    late = shared.latest()
    assert late.value == 1
    assert isinstance(late.problem, StoreUnavailable)
    assert shared.latest().value == 1
    assert source.reads == 2


def test_what_was_begun_before_a_change_does_not_count(
    source: Source, shared: Shared[int], hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "FIRST_SECONDS", 0.05)
    source.then = hung(hanging)
    assert shared.latest().value is None
    source.then = lambda: None
    shared.forget()
    monkeypatch.setattr(glance, "FIRST_SECONDS", 10)
    assert shared.latest().value == 2
    hanging.set()
    assert shared.latest().value == 2
