"""Thresholds with durations and hysteresis, judged for all series at once.

A condition begins with the first sample beyond its level, is due once it has lasted its `hold` and a second
sample confirmed it, and then stays until a sample comes back past the clear level. A single odd sample is
not an anomaly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from monitoring.anomalies import Finding, humanize
from monitoring.blocks import Bools, Floats, from_micros
from monitoring.detection.excuses import Excuses
from monitoring.detection.memory import SECOND, Memory
from monitoring.metrics import Catalogue, Metric, Operator, SeriesKey, Severity, Threshold

_OPERATORS: dict[Operator, int] = {">": 0, ">=": 1, "<": 2, "<=": 3, "!=": 4}
_BASES = {"absolute": 0, "times usual": 1, "usual plus": 2}
PAUSES = 0.25
"""A series that spent so much of the last hour, or of the last six, below a level pauses by nature."""
BACK_AT_USUAL = 1.1
"""A value this near to what is usual, as a factor, is as usual."""
_NEWEST_FINE = 6
_NEWEST_COARSE = 2
_NEVER = Threshold(">", float("inf"), timedelta(0), float("inf"), "")


@dataclass
class _Rules:
    """One severity's thresholds of every series, in columns."""

    op: npt.NDArray[np.int8]
    level: Floats
    clear: Floats
    basis: npt.NDArray[np.int8]
    hold: Floats
    also_op: npt.NDArray[np.int8]
    also_level: Floats
    usual_at_least: Floats

    @classmethod
    def of(cls, thresholds: Sequence[Threshold]) -> _Rules:
        also = [t.also or (">=", float("-inf")) for t in thresholds]
        return cls(
            np.array([_OPERATORS[t.op] for t in thresholds], np.int8),
            np.array([t.level for t in thresholds], float),
            np.array([t.clear for t in thresholds], float),
            np.array([_BASES[t.basis] for t in thresholds], np.int8),
            np.array([t.hold.total_seconds() * SECOND for t in thresholds], float),
            np.array([_OPERATORS[op] for op, _ in also], np.int8),
            np.array([level for _, level in also], float),
            np.array([t.usual_at_least if _needs_usual(t) else -np.inf for t in thresholds], float),
        )

    def plus(self, other: _Rules) -> _Rules:
        mine, theirs = vars(self), vars(other)
        return _Rules(**{name: np.concatenate([mine[name], theirs[name]]) for name in mine})


def _needs_usual(threshold: Threshold) -> bool:
    return threshold.basis != "absolute" or threshold.usual_at_least > 0


class Thresholds:
    """The catalogue's thresholds over all series, with the conditions that have begun.

    `since[severity]` holds when each series' condition began (microseconds, NaN where it has not).
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._severities: tuple[Severity, ...] = ("warning", "critical")
        self._rules = {severity: _Rules.of([]) for severity in self._severities}
        self.since: dict[Severity, Floats] = {severity: np.empty(0) for severity in self._severities}
        self._due_before: dict[Severity, Bools] = {severity: np.empty(0, np.bool_) for severity in self._severities}
        self._known = 0

    def judge(self, memory: Memory, now: int, excuses: Excuses | None = None) -> list[Finding]:
        """What is beyond its thresholds at `now` (microseconds), given the last sample of every series.

        Where `excuses` are given, what has one is not beyond a threshold.
        """
        self._enrol(memory)
        # A silent series keeps a condition that was due: not knowing is no reason to call it over.
        silent = memory.silent(now)
        value = np.where(silent, np.nan, memory.value)
        usual = memory.usual()
        for severity in self._severities:
            self._follow(severity, value, usual, silent, memory, now, excuses)
        begun = ~(np.isnan(self.since["warning"]) & np.isnan(self.since["critical"]))
        return [self._finding(place, memory, usual, now) for place in np.flatnonzero(begun).tolist()]

    def resume(self, key: SeriesKey, severity: Severity, since: int, memory: Memory, due: bool) -> None:
        """Take up a condition that had begun, and perhaps was due, before a restart."""
        memory.enrol([key])
        self._enrol(memory)
        self.since[severity][memory.places[key]] = since
        self._due_before[severity][memory.places[key]] = due

    def _enrol(self, memory: Memory) -> None:
        new = memory.keys[self._known :]
        if not new:
            return
        metrics = [self._catalogue.by_name.get(key.metric) for key in new]
        for severity in self._severities:
            chosen = [_threshold(metric, severity) or _NEVER for metric in metrics]
            self._rules[severity] = self._rules[severity].plus(_Rules.of(chosen))
            self.since[severity] = np.concatenate([self.since[severity], np.full(len(new), np.nan)])
            self._due_before[severity] = np.concatenate([self._due_before[severity], np.zeros(len(new), np.bool_)])
        self._known = len(memory)

    def _follow(
        self,
        severity: Severity,
        value: Floats,
        usual: Floats,
        silent: Bools,
        memory: Memory,
        now: int,
        excuses: Excuses | None,
    ) -> None:
        rules, since = self._rules[severity], self.since[severity]
        usual = np.where(usual >= rules.usual_at_least, usual, np.nan)
        also = _beyond(rules.also_op, value, rules.also_level)
        judged = also & (np.isneginf(rules.usual_at_least) | ~np.isnan(usual))
        level, clear = (_resolved(column, rules.basis, usual) for column in (rules.level, rules.clear))
        beyond = _beyond(rules.op, value, level) & judged
        not_clear = _beyond(rules.op, value, _within_reach(clear, level, rules.op, usual)) & also
        begins = beyond & np.isnan(since) & (rules.basis == 1) & (rules.op >= _OPERATORS["<"])
        beyond &= ~_known_to_pause(begins, level, memory)
        if excuses is not None:
            excused = excuses.of(beyond | (not_clear & self._due_before[severity]), since, now)
            beyond, not_clear = beyond & ~excused, not_clear & ~excused
        # Only what was due already may stay on this side of its level: a sample there confirms nothing.
        stays = beyond | (self._due_before[severity] & (not_clear | silent))
        self.since[severity] = np.where(stays, np.where(np.isnan(since), memory.last, since), np.nan)
        self._due_before[severity] = self._due(severity, memory.last, now)

    def _due(self, severity: Severity, last: npt.NDArray[np.int64], now: int) -> Bools:
        since = self.since[severity]
        with np.errstate(invalid="ignore"):
            due: Bools = (now - since >= self._rules[severity].hold) & (last > since)
        return due

    def _finding(self, place: int, memory: Memory, usual: Floats, now: int) -> Finding:
        key = memory.keys[place]
        metric = self._catalogue[key.metric]
        last = memory.last[place : place + 1]
        due: dict[Severity, bool] = {}
        for severity, _ in metric.thresholds:
            since, hold = self.since[severity][place], self._rules[severity].hold[place]
            due[severity] = bool(now - since >= hold and last[0] > since)
        begun: list[Severity] = [s for s, _ in metric.thresholds if not np.isnan(self.since[s][place])]
        severity = next((s for s in reversed(begun) if due[s]), begun[0])
        threshold = _threshold(metric, severity)
        assert threshold is not None
        since = min(self.since[s][place] for s in begun)
        value = float(memory.value[place])
        normal = None if np.isnan(usual[place]) else float(usual[place])
        words = describe(threshold, normal)
        return Finding(
            key=key,
            kind="threshold",
            severity=severity,
            since=from_micros(since),
            due=any(due[s] for s in begun),
            value=value,
            expected=normal,
            threshold=words,
            why=explain(metric, words, value, normal, timedelta(microseconds=now - since)),
        )


def describe(threshold: Threshold, usual: float | None = None) -> str:
    """A threshold in words: `> 300 for 5 min`, `< 50 % of the usual 1,200 for 10 min`."""
    level = threshold.level
    if threshold.basis == "times usual":
        of = "usual" if usual is None else f"the usual {number(usual)}"
        text = f"{threshold.op} {number(level)} × {of}"
    elif threshold.basis == "usual plus":
        text = f"{threshold.op} usual {level:+g}" if usual is None else f"{threshold.op} {number(usual + level)}"
    else:
        text = f"{threshold.op} {number(level)}"
    return f"{text} for {humanize(threshold.hold)}" if threshold.hold else text


def number(value: float) -> str:
    """A number as people write it, to three significant digits below a thousand: 0.873, 12.5, 1,840."""
    if value == 0 or value != value:
        return "0" if value == 0 else "unknown"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def explain(
    metric: Metric, threshold: str, value: float, usual: float | None, lasting: timedelta, *, over: bool = False
) -> str:
    """Why a finding is one, in numbers: the value (the worst one where it is over), the threshold in words, what
    is usual, for how long."""
    unit = f" {metric.unit}" if metric.unit and metric.unit != "ratio" else ""
    verb, span = ("reached", "for") if over else ("is", "beyond it for")
    text = f"{metric.short} {verb} {number(value)}{unit} (threshold {threshold}), {span} {humanize(lasting)}"
    return text if usual is None else f"{text}; usual is {number(usual)}"


def _known_to_pause(asked: Bools, level: Floats, memory: Memory) -> Bools:
    """Which of the series asked about have often been below the level lately: a topic that pauses by nature.

    The newest minutes do not count, so that a first silence is not taken for a habit.
    """
    paused = np.zeros(len(asked), np.bool_)
    places = np.flatnonzero(asked)
    if len(places):
        fine, coarse = memory.recent(places)[:, :-_NEWEST_FINE], memory.coarse_mean(places)[:, :-_NEWEST_COARSE]
        limit = level[places][:, None]
        paused[places] = (_share_below(fine, limit) >= PAUSES) | (_share_below(coarse, limit) >= PAUSES)
    return paused


def _share_below(bins: Floats, limit: Floats) -> Floats:
    known = np.count_nonzero(~np.isnan(bins), axis=1)
    with np.errstate(invalid="ignore"):
        below = np.count_nonzero(bins < limit, axis=1)
    share: Floats = below / np.maximum(known, 1)
    return share


def _threshold(metric: Metric | None, severity: Severity) -> Threshold | None:
    if metric is None:
        return None
    return metric.warning if severity == "warning" else metric.critical


def _resolved(level: Floats, basis: npt.NDArray[np.int8], usual: Floats) -> Floats:
    with np.errstate(invalid="ignore"):  # a series without a threshold has an infinite level
        return np.where(basis == 0, level, np.where(basis == 1, level * usual, level + usual))


def _within_reach(clear: Floats, level: Floats, op: npt.NDArray[np.int8], usual: Floats) -> Floats:
    """The clear level, but where what is usual lies between it and the level: there it is over when it is as usual.

    A group whose lag is 50 s with every checkpoint would never come back to 30 s.
    """
    rising = op <= _OPERATORS[">="]
    near = np.where(rising, np.minimum(level, BACK_AT_USUAL * usual), np.maximum(level, usual / BACK_AT_USUAL))
    with np.errstate(invalid="ignore"):
        between = np.where(rising, (usual > clear) & (usual <= level), (usual < clear) & (usual >= level))
    return np.where(between & (op != _OPERATORS["!="]), near, clear)


def _beyond(op: npt.NDArray[np.int8], value: Floats, level: Floats) -> Bools:
    """Whether each value is beyond its level; unknown values and levels never are."""
    known = ~(np.isnan(value) | np.isnan(level))
    with np.errstate(invalid="ignore"):
        beyond: Bools = known & (
            ((op == 0) & (value > level))
            | ((op == 1) & (value >= level))
            | ((op == 2) & (value < level))
            | ((op == 3) & (value <= level))
            | ((op == 4) & (value != level))
        )
    return beyond


def threshold_lines(metric: Metric) -> Iterator[tuple[Severity, str]]:
    """The metric's thresholds in words, the milder first."""
    for severity, threshold in metric.thresholds:
        yield severity, describe(threshold)
