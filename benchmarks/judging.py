"""What a replay found, held against what was injected. Rules:

- A fault is *found* when an event on one of its symptoms (the same metric, or another metric of the same
  instance, in the same component) or on its root begins to fire from its onset until 10 minutes after its end.
- An incident is *right* when it was detected from a fault's onset until 30 minutes after its end and one link of
  its chain is one of the fault's symptoms; any other incident is *false*. What is no failure (a burst of traffic,
  a planned restart, a quiet topic, an odd sample) makes no incident right. A short latency blip is slowness, if
  a harmless one: a warning about it counts neither way.
- The *delay* of a fault is from its onset, not from its first visible symptom, to its first such event.
- Of several incidents of one fault the one with most of its symptoms is the fault's; that one's pattern is right
  when it is the fault's or one that is accepted for it, its root when its component is the fault's.
- Two faults are *kept apart* when both were found and their incidents are two.
- *False alarms a day* are false incidents, by their highest severity, over all time outside the spans of faults.
- A fault that shows in no sample of a recording is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

FOUND_WITHIN = timedelta(minutes=10)
AFTERMATH = timedelta(minutes=30)
TOLERATED = frozenset({"latency_blip"})

Json = Mapping[str, Any]


@dataclass(slots=True)
class Verdict:
    """What became of one fault. `delay` and `lead` are in seconds; `None` where there is nothing to tell.

    `from_symptom` counts from the first visible symptom, `lead` is how much earlier than by plain static
    thresholds the fault was found.
    """

    kind: str
    found: bool
    delay: float | None = None
    from_symptom: float | None = None
    static_delay: float | None = None
    static_alarms: int = 0
    incidents: int = 0
    incident: int | None = None
    pattern: str | None = None
    pattern_right: bool = False
    root: str | None = None
    root_right: bool = False
    series_right: bool = False

    @property
    def lead(self) -> float | None:
        if self.delay is None or self.static_delay is None:
            return None
        return self.static_delay - self.delay


@dataclass(slots=True)
class Judged:
    """A recording's verdicts; `quiet_days` is time outside the spans of faults."""

    name: str
    tale: str
    verdicts: list[Verdict] = field(default_factory=list)
    right: int = 0
    false: list[dict[str, Any]] = field(default_factory=list)
    static_false: int = 0
    quiet_days: float = 0.0
    apart: bool | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    truth: Json
    start: datetime
    end: datetime

    def holds(self, moment: datetime, after: timedelta) -> bool:
        return self.start <= moment <= self.end + after


def judge(
    name: str,
    tale: str,
    truth: Sequence[Json],
    found: tuple[Sequence[Json], Sequence[Json]],
    static: Sequence[Json],
    window: tuple[datetime, datetime],
) -> Judged:
    """Hold events and incidents, and the events of plain static thresholds, against the truth of a recording."""
    events, incidents = found
    spans = [_Span(t, moment(t["onset"]), moment(t["end"]) if t["end"] else window[1]) for t in truth]
    failures = [span for span in spans if span.truth["is_failure"] and span.truth["symptoms"]]
    harmless = [span for span in spans if span.truth["kind"] in TOLERATED]
    judged = Judged(name, tale, [_verdict(span, events, incidents, static) for span in failures])
    for incident in incidents:
        if _of_any(incident, failures):
            judged.right += 1
        elif incident["severity"] == "critical" or not _of_any(incident, harmless):
            judged.false.append(_short(incident))
    judged.static_false = sum(not any(_is_sign(event, span, AFTERMATH) for span in failures) for event in static)
    judged.quiet_days = _outside(failures, window) / timedelta(days=1)
    if len(failures) > 1:
        numbers = {verdict.incident for verdict in judged.verdicts}
        judged.apart = None not in numbers and len(numbers) == len(failures)
    return judged


def _verdict(span: _Span, events: Sequence[Json], incidents: Sequence[Json], static: Sequence[Json]) -> Verdict:
    truth = span.truth
    verdict = Verdict(truth["kind"], found=False)
    first = _first_sign(span, events)
    if first is not None:
        verdict.found = True
        verdict.delay = (first - span.start).total_seconds()
        verdict.from_symptom = (first - moment(truth["symptoms"][0]["onset"])).total_seconds()
    earliest = _first_sign(span, static)
    if earliest is not None:
        verdict.static_delay = (earliest - span.start).total_seconds()
    verdict.static_alarms = sum(_is_sign(event, span, AFTERMATH) for event in static)
    own = [incident for incident in incidents if _touches(incident, span)]
    verdict.incidents = len(own)
    if own:
        best = max(own, key=lambda i: (_symptoms_in(i, span), -moment(i["detected_at"]).timestamp()))
        verdict.incident, verdict.pattern = best["id"], best["pattern"]
        verdict.pattern_right = best["pattern"] in (truth["pattern"], *truth["accepted"])
        verdict.root = "/".join((best["root_component"], best["root_instance"], best["root_metric"]))
        verdict.root_right = best["root_component"] == truth["root_component"]
        verdict.series_right = (
            best["root_metric"] == truth["root_metric"] and best["root_instance"] in truth["root_instances"]
        )
    return verdict


def _first_sign(span: _Span, events: Iterable[Json]) -> datetime | None:
    return min((moment(e["detected_at"]) for e in events if _is_sign(e, span, FOUND_WITHIN)), default=None)


def _is_sign(event: Json, span: _Span, after: timedelta) -> bool:
    return span.holds(moment(event["detected_at"]), after) and is_symptom(event, span.truth)


def _of_any(incident: Json, spans: Iterable[_Span]) -> bool:
    return any(_touches(incident, span) for span in spans)


def _touches(incident: Json, span: _Span) -> bool:
    return span.holds(moment(incident["detected_at"]), AFTERMATH) and _symptoms_in(incident, span) > 0


def _symptoms_in(incident: Json, span: _Span) -> int:
    return sum(is_symptom(link, span.truth) for link in incident["chain"])


def is_symptom(series: Json, truth: Json) -> bool:
    """Whether a series is one in which a fault shows, or one of the same metric or instance as such a one."""
    root = {name: truth[f"root_{name}"] for name in ("component", "instance", "metric")}
    return any(_alike(series, symptom) for symptom in (root, *truth["symptoms"]))


def _alike(one: Json, other: Json) -> bool:
    if one["component"] != other["component"]:
        return False
    if "*" in (one["instance"], other["instance"]) or _same_owner(one, other):
        return True
    return bool(one["metric"] == other["metric"] != "*")


def _same_owner(one: Json, other: Json) -> bool:
    return str(one["instance"]).split("/")[0] == str(other["instance"]).split("/")[0]


def _outside(spans: Iterable[_Span], window: tuple[datetime, datetime]) -> timedelta:
    """How much of a window lies in no fault's span or aftermath."""
    quiet, at = timedelta(0), window[0]
    for span in sorted(spans, key=lambda span: span.start):
        quiet += max(timedelta(0), span.start - at)
        at = max(at, span.end + AFTERMATH)
    return quiet + max(timedelta(0), window[1] - at)


def _short(incident: Json) -> dict[str, Any]:
    kept = ("severity", "pattern", "root_component", "root_instance", "root_metric", "started_at", "detected_at")
    return {name: incident[name] for name in kept} | {"links": len(incident["chain"])}


def moment(text: Any) -> datetime:
    """A time as it stands in JSON."""
    return datetime.fromisoformat(text)
