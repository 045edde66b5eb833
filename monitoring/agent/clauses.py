"""The parts of one clause of a question: its names, its windows and the words that are left of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from monitoring.agent.calendars import Calendar
from monitoring.agent.comparisons import after_named, either_time, read_windows, till_now
from monitoring.agent.contrasts import figures_apart, side_by_side
from monitoring.agent.cues import FUTURE
from monitoring.agent.exclusions import excluded_in
from monitoring.agent.families import measured_in, told_apart
from monitoring.agent.groups import joined_components
from monitoring.agent.horizons import UNEASY, without_appointment, without_horizon
from monitoring.agent.intents import Words, cued_intent
from monitoring.agent.leaning import Leaner
from monitoring.agent.moves import Moved, read_move
from monitoring.agent.naming import components_in, implied_components, metrics_in
from monitoring.agent.paraphrases import reworded
from monitoring.agent.places import Reporting, reported_by
from monitoring.agent.request import Request
from monitoring.agent.timespans import TimeSpan
from monitoring.agent.wishing import Wish
from monitoring.metrics import COMPONENTS, Catalogue

Wishing = Callable[[Words, Catalogue, Request | None], Wish]
"""What a clause wants, in the light of the request before."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every clause of a question is read with."""

    question: str
    catalogue: Catalogue
    calendar: Calendar
    instances: tuple[str, ...]
    reporting: Reporting
    said: str
    wishing: Wishing
    leaning: Leaner


def words_of(
    text: str,
    written: str,
    instances: tuple[str, ...],
    setting: Setting,
    previous: Request | None,
    base: TimeSpan | None = None,
    beside: TimeSpan | None = None,
    compares: bool = False,
) -> Words:
    """The parts of a clause; `written` is the clause with the names of instances still in it.

    `compares`: two windows are looked for although no word says so.
    """
    catalogue = setting.catalogue
    excluded = excluded_in(text)
    text = either_time(excluded.rest, setting.calendar)
    intent = cued_intent(text)
    comparing = compares or intent == "compare"
    ahead = without_horizon(text) if intent == "forecast" or re.search(f"{FUTURE}|{UNEASY}", text) else text
    ahead = without_appointment(ahead, setting.calendar)
    contrasted = side_by_side(ahead, written, instances, components_in(ahead))
    apart = figures_apart(ahead, setting.calendar, partial(_figures_in, catalogue)) if comparing else ""
    if apart and not contrasted:
        text = ahead = apart
        intent = cued_intent(text)
    comparing = (compares or intent == "compare") and not contrasted
    whole = comparing or previous is None or after_named(ahead, setting.calendar)
    whole = whole or till_now(ahead, setting.calendar)
    moved = Moved(None, ahead) if whole else read_move(ahead, setting.calendar)
    windows = read_windows(moved.rest, setting.calendar, comparing, base, beside)
    components = components_in(windows.rest)
    components = joined_components(windows.rest, components)
    if excluded.components:
        components = tuple(c for c in components or COMPONENTS if c not in excluded.components)
    named = reworded(windows.rest)
    implied = implied_components(f"{windows.rest} {written}" if instances else windows.rest)
    wide = bool(instances) and not contrasted and intent not in ("since", "forecast", "compare")
    reported = reported_by(instances, setting.reporting)
    metrics = _metrics(named, catalogue, components, implied, wide, reported) if reported else ()
    metrics = metrics or _metrics(named, catalogue, components, implied, wide)
    metrics = _told_by_family(metrics, windows.rest, setting, components or implied, instances)
    left_out = () if excluded.components else _metrics(reworded(excluded.words), catalogue, components, (), False)
    if left_out:
        metrics = tuple(m.name for m in catalogue.of(components or COMPONENTS) if m.name not in left_out)
    elif not metrics and not components and not instances:
        components = implied
    return Words(
        text,
        windows.rest,
        components,
        excluded.components,
        metrics,
        instances,
        windows,
        excluded.severity,
        moved.move,
        contrasted,
    )


def _figures_in(catalogue: Catalogue, text: str) -> frozenset[str]:
    return frozenset(metrics_in(reworded(text), catalogue))


def _metrics(
    text: str,
    catalogue: Catalogue,
    components: tuple[str, ...],
    implied: tuple[str, ...],
    instances: bool,
    within: AbstractSet[str] = frozenset(),
) -> tuple[str, ...]:
    """The metrics named, of the components named or else of those that other words point to."""
    if not text.strip():
        return ()
    if components:
        return metrics_in(text, catalogue, components, within=within)
    metrics = metrics_in(text, catalogue, wide=instances, implied=implied, within=within)
    if not implied or not metrics or any(catalogue[name].component in implied for name in metrics):
        return metrics
    return metrics_in(text, catalogue, implied, within=within) or metrics


def _told_by_family(
    metrics: tuple[str, ...], text: str, setting: Setting, components: tuple[str, ...], instances: tuple[str, ...]
) -> tuple[str, ...]:
    """The metrics as the words for what is measured tell them apart; where none was found, those that they name."""
    catalogue = setting.catalogue
    reported = reported_by(instances, setting.reporting)
    scopes = {catalogue[name].scope for name in reported if name in catalogue}
    if metrics:
        apart = told_apart(frozenset(metrics), text)
        return tuple(name for name in metrics if name in apart and (not reported or name in reported)) or metrics
    named = measured_in(text, scopes)
    known = catalogue.of(components or COMPONENTS)
    return tuple(m.name for m in known if m.name in named and (not reported or m.name in reported))
