"""All detectors over one memory: what is wrong at this moment, whichever way it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitoring.anomalies import Event, Finding, Past
from monitoring.detection.absence import find_silence
from monitoring.detection.baseline import Baselines
from monitoring.detection.excuses import Excuses
from monitoring.detection.load import Load
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import Memory
from monitoring.detection.patience import wait_for
from monitoring.detection.restarts import Restarts
from monitoring.detection.stalled import Stalled
from monitoring.detection.thresholds import Thresholds
from monitoring.detection.trend import Trends
from monitoring.metrics import Catalogue, SeriesKey


class Detectors:
    """Judges every series of a memory in every way; keeps what has begun."""

    def __init__(self, catalogue: Catalogue, memory: Memory) -> None:
        self._catalogue = catalogue
        self._memory = memory
        self.lookup = Lookup(memory)
        self.thresholds = Thresholds(catalogue)
        self.baselines = Baselines(catalogue)
        self.trends = Trends(catalogue, self.lookup)
        self.restarts = Restarts(self.lookup)
        self.stalled = Stalled(catalogue, self.lookup)
        self._excuses = Excuses(catalogue, memory)
        self._load = Load(catalogue, self.lookup, self._excuses)

    def judge(self, now: int, firing: Mapping[str, Event], past: Past) -> list[Finding]:
        """Everything that is wrong at `now` (microseconds).

        `firing` holds what fires already, by fingerprint, `past` what is known of anomalies that are over.
        """
        self._load.follow()
        self._excuses.follow(past)
        findings = self.thresholds.judge(self._memory, now, self._excuses)
        findings += self.baselines.judge(self._memory, now)
        findings += self.trends.judge(now)
        findings += self.restarts.judge(now)
        findings += self.stalled.judge(now)
        silences = find_silence(self._memory, self._catalogue, now)
        findings += wait_for(silences, self._memory, self._catalogue, now, firing)
        return one_of_each(self._load.hold_back(findings, now, firing))


def one_of_each(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, those of one fingerprint as one: told by what is due, and its threshold before its band."""
    found: list[Finding] = []
    levels: dict[SeriesKey, Finding] = {}
    for finding in findings:
        if finding.kind not in ("threshold", "baseline"):
            found.append(finding)
            continue
        other = levels.get(finding.key)
        levels[finding.key] = finding if other is None else _told_once(other, finding)
    return [*levels.values(), *found]


def _told_once(one: Finding, other: Finding) -> Finding:
    told = max(
        one, other, key=lambda finding: (finding.due, finding.severity == "critical", finding.kind == "threshold")
    )
    return replace(told, since=min(one.since, other.since))
