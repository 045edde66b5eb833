"""All detectors over one memory: what is wrong at this moment, whichever way it shows."""

from __future__ import annotations

from collections.abc import Container

from monitoring.anomalies import Finding
from monitoring.detection.absence import find_silence
from monitoring.detection.load import Load
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import Memory
from monitoring.detection.thresholds import Thresholds
from monitoring.metrics import Catalogue


class Detectors:
    """Judges every series of a memory in every way; keeps what has begun."""

    def __init__(self, catalogue: Catalogue, memory: Memory) -> None:
        self._catalogue = catalogue
        self._memory = memory
        self.lookup = Lookup(memory)
        self.thresholds = Thresholds(catalogue)
        self._load = Load(catalogue, self.lookup)

    def judge(self, now: int, firing: Container[str] = ()) -> list[Finding]:
        """Everything that is wrong at `now` (microseconds); `firing` holds fingerprints that fire already."""
        self._load.follow()
        findings = self.thresholds.judge(self._memory, now)
        findings += find_silence(self._memory, self._catalogue, now)
        return self._load.hold_back(findings, now, firing)
