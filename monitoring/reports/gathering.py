"""What is known of an incident beside its own rows: how its series went, and what is like it; read-only and bounded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from monitoring.contract import Json
from monitoring.document_types import Citation
from monitoring.documents.answering import excerpt
from monitoring.documents.quoting import harmless
from monitoring.errors import StoreError
from monitoring.metrics import ANY, COMPONENTS, SeriesKey, Window, component_named
from monitoring.operations import Course
from monitoring.reports.composing import Kin, Record, Row, composed, title_of
from monitoring.reports.parts import Chart, Limit, Report
from monitoring.store.listings import Case
from monitoring.tools.asking import Lens, jsonable
from monitoring.tools.documents import alike, on_record
from monitoring.tools.exploring import courses_of
from monitoring.wording import level_text

log = logging.getLogger(__name__)

MOST_CHARTS = 8
"""The root, and the first series of each metric that followed: more pictures say no more."""
LEAST_AROUND, MOST_AROUND = timedelta(minutes=30), timedelta(hours=6)
"""How much of the time before an incident is shown; of the time after it half as much."""
HELPED = "what fixed it, how was it resolved"
TOLD = (("resolution", "What helped then", 2), ("steps", "Steps", 1), ("actions", "Agreed afterwards", 1))
"""Sections of a document that are quoted, what is said before that, and how many passages at most."""
LONGEST_EXCERPT = 360

Read = TypeVar("Read")


def report_of(lens: Lens, case: Case, demo: bool, timezone: str) -> Report:
    """The report of an incident as of the moment of the lens.

    What cannot be read is left out, and the report says so: it is wanted most when the database is in trouble.
    """
    gaps: list[str] = []
    began = case.incident["started_at"]
    row = {**jsonable(case.incident), "title": title_of(lens.catalogue, case.incident)}
    record = Record(
        incident=case.incident,
        events=case.events,
        notes=case.notes,
        announcements=case.announcements,
        silences=[silence for silence in case.silences if any(_matches(silence, event) for event in case.events)],
        charts=_or_gap(lambda: list(charts(lens, case)), [], "The course of the series", gaps),
        kin=_or_gap(lambda: kin(lens, row), [], "What documents say of such incidents", gaps),
        before=_or_gap(lambda: on_record(lens, [row], began), [], "Which incidents began so", gaps),
        gaps=gaps,
        demo=demo,
        timezone=timezone,
    )
    return composed(lens.catalogue, lens.as_of, record)


def _or_gap(read: Callable[[], Read], otherwise: Read, what: str, gaps: list[str]) -> Read:
    try:
        return read()
    except StoreError as problem:
        log.warning("an incident's report goes without: %s: %s", what, problem)
        gaps.append(f"{what} could not be read when this was made.")
        return otherwise


def charts(lens: Lens, case: Case) -> Iterator[Chart]:
    """The course of the root's series and of those that followed it, against what is usual and the thresholds."""
    window = around(case.incident, lens.as_of)
    worst = {SeriesKey(e["component"], e["instance"], e["metric"]): e for e in reversed(case.events)}
    root = SeriesKey(*(case.incident[f"root_{part}"] for part in SeriesKey._fields))
    for key in _drawn(lens, root, case.incident["chain"]):
        course = courses_of(lens, component_named(key.component), key.metric, [key.instance], window, None).rows[0]
        if course.spots:
            yield _chart(lens, key, course, window, worst.get(key), key == root)


def around(incident: Row, now: datetime) -> Window:
    """The time of an incident with some of the time before and after it."""
    ended = incident["resolved_at"] or now
    lead = min(max(LEAST_AROUND, ended - incident["started_at"]), MOST_AROUND)
    return Window(incident["started_at"] - lead, min(max(now, ended), ended + lead / 2))


def _drawn(lens: Lens, root: SeriesKey, chain: Sequence[Json]) -> list[SeriesKey]:
    """The series that have a course: a collector that is down has none."""
    keys = dict.fromkeys([root, *(SeriesKey(link["component"], link["instance"], link["metric"]) for link in chain)])
    known = [key for key in keys if key.component in COMPONENTS and key.metric in lens.catalogue]
    first: dict[str, SeriesKey] = {}
    for key in known:
        if key.instance != ANY:
            first.setdefault(key.metric, key)
    return list(first.values())[:MOST_CHARTS]


def _chart(lens: Lens, key: SeriesKey, course: Course, window: Window, event: Row | None, root: bool) -> Chart:
    metric = lens.catalogue[key.metric]
    usual = course.level if event is None or event["expected"] is None else event["expected"]
    placed = ((severity, threshold, threshold.at(usual)) for severity, threshold in metric.thresholds)
    return Chart(
        title=f"{key.component} {key.instance} {key.metric}",
        unit=metric.unit,
        window=window,
        spots=course.spots,
        usual=course.usual,
        limits=[
            Limit(severity, level, f"{severity} {level_text(threshold, metric.unit)}")
            for severity, threshold, level in placed
            if level is not None
        ],
        began=event["started_at"] if event else None,
        ended=event["resolved_at"] if event else None,
        root=root,
    )


def kin(lens: Lens, row: Json) -> list[Kin]:
    """The documents that speak of an incident like this one, in their own words, each with file and page."""
    groups: dict[int, list[Citation]] = {}
    for one in alike(lens, [row]):
        groups.setdefault(one.document_id, []).append(one)
    return [_kin(str(row["title"]), passages) for passages in groups.values()]


def _kin(about: str, passages: Sequence[Citation]) -> Kin:
    first = passages[0]
    helped = [
        f"{words}: {excerpt(HELPED, one, LONGEST_EXCERPT)} {one.label}"
        for section, words, most in TOLD
        for one in [p for p in passages[1:] if p.section == section][:most]
    ]
    return Kin(harmless(first.title), f"{excerpt(about, first, LONGEST_EXCERPT)} {first.label}", helped)


def _matches(silence: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    return all(silence[part] in (ANY, event[part]) for part in ("component", "instance", "metric", "anomaly_type"))
