"""A topic's log: how far it had grown by when, so that any offset tells its age."""

from __future__ import annotations

from bisect import bisect_left

_KEEP_SECONDS = 3 * 86400.0


class TopicLog:
    """Messages ever written to a topic over time, all partitions together."""

    def __init__(self, now: float, rate: float) -> None:
        self._times = [now - 3600.0, now]
        self._ends = [-3600.0 * rate, 0.0]

    @property
    def end(self) -> float:
        return self._ends[-1]

    @property
    def rate(self) -> float:
        """Messages per second that came last."""
        return (self._ends[-1] - self._ends[-2]) / (self._times[-1] - self._times[-2])

    def append(self, now: float, messages: float) -> None:
        self._times.append(now)
        self._ends.append(self._ends[-1] + messages)
        if len(self._times) > 20000 and self._times[0] < now - 2 * _KEEP_SECONDS:
            cut = bisect_left(self._times, now - _KEEP_SECONDS)
            del self._times[:cut], self._ends[:cut]

    def time_of(self, offset: float) -> float:
        """When the message at this offset was written, in seconds since 1970."""
        at = bisect_left(self._ends, offset)
        if at == 0:
            return self._times[0]
        if at == len(self._ends):
            return self._times[-1]
        grown = self._ends[at] - self._ends[at - 1]
        share = (offset - self._ends[at - 1]) / grown if grown > 0 else 1.0
        return self._times[at - 1] + share * (self._times[at] - self._times[at - 1])
