"""What Alertmanager keeps quiet, read from its answers, and the silences here that say the same; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from monitoring.anomalies import Silence
from monitoring.errors import AlertmanagerProblem
from monitoring.notifications.alertmanager import Labels

PREFIX = "alertmanager:"
"""A silence here that was made after one there is signed with this and the id it has there."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert that is active in Alertmanager, and the ids of the silences that keep it quiet there."""

    labels: Labels
    starts_at: datetime
    silenced_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a silence on a label; a label that is missing counts as empty."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def matches(self, labels: Labels) -> bool | None:
        """`None` for an expression that cannot be looked at here (see `quick`)."""
        given = labels.get(self.name, "")
        if not self.is_regex:
            return (given == self.value) is self.is_equal
        try:
            return bool(re.fullmatch(self.value, given)) is self.is_equal if quick(self.value) else None
        except re.error:
            return None


MOST_REPEATS = 3
_REPEAT = re.compile(r"(?<!\\)[*+{]")
_OF_A_GROUP = re.compile(r"\)[*+{]")


def quick(expression: str) -> bool:
    """Whether an expression has few repeats, none of them of a group: Python's matching, unlike Go's, can else
    take for ever."""
    return len(_REPEAT.findall(expression)) <= MOST_REPEATS and not _OF_A_GROUP.search(expression)


@dataclass(frozen=True, slots=True)
class Mute:
    """A silence of Alertmanager's that is active."""

    id: str
    matchers: tuple[Matcher, ...]
    ends_at: datetime
    by: str = ""
    comment: str = ""

    def matches(self, labels: Labels) -> bool | None:
        """`None` where it cannot be told."""
        found = {matcher.matches(labels) for matcher in self.matchers}
        return False if False in found else None if None in found else True


def muted_ahead(labels: Labels, mutes: Mapping[str, Mute]) -> frozenset[str] | None:
    """Which silences would keep an alert quiet that is not sent yet; `None` where none does and not all could be
    looked at."""
    found = {id: mute.matches(labels) for id, mute in mutes.items()}
    muting = frozenset(id for id, matches in found.items() if matches)
    return None if not muting and None in found.values() else muting


class Place(NamedTuple):
    """An anomaly as its fingerprint tells it from others: `kind` is `threshold` for what is only unusual too."""

    component: str
    instance: str
    metric: str
    kind: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one replica says: its active silences by id, and which of them keep each open anomaly quiet.

    An anomaly that is not among `muted` is one the replica cannot speak of.
    """

    mutes: Mapping[str, Mute] = field(default_factory=dict)
    muted: Mapping[Place, frozenset[str]] = field(default_factory=dict)


def place_of(labels: Labels) -> Place:
    return Place(labels["component"], labels["instance"], labels["metric"], labels["anomaly_type"])


def mirrored(
    reports: Sequence[Report], standing: Iterable[Silence], now: datetime
) -> tuple[list[Silence], list[Silence]]:
    """Which silences are to be made here, and which of those that stand and were made so are to end.

    What any replica keeps quiet is quiet here; a silence there that matched an anomaly goes on here until it ends
    there, the anomaly coming again meanwhile, unless the anomaly is loud there (now that it is critical).
    """
    standing = list(standing)
    wanted: dict[tuple[Place, str], Mute] = {}
    for report in reports:
        pairs = [(place, id) for place, ids in report.muted.items() for id in ids if id in report.mutes]
        pairs += [(_place(s), _id(s)) for s in standing if _place(s) not in report.muted and _id(s) in report.mutes]
        for place, id in pairs:
            mute, known = report.mutes[id], wanted.get((place, id))
            if mute.ends_at > now and (known is None or known.ends_at < mute.ends_at):
                wanted[place, id] = mute
    made = {_key(s): s for (place, _), mute in wanted.items() for s in _silences(place, mute, now)}
    stand = {_key(s): s for s in standing}
    return [s for key, s in made.items() if key not in stand], [s for key, s in stand.items() if key not in made]


def _silences(place: Place, mute: Mute, now: datetime) -> list[Silence]:
    """Of one anomaly; what is unusual and what is beyond a threshold are of different kinds here."""
    who = f" by {mute.by}" if mute.by else ""
    reason = f"Silenced in Alertmanager{who}{': ' + mute.comment if mute.comment else ''}"
    one = Silence(
        now,
        mute.ends_at,
        place.component,
        place.instance,
        place.metric,
        place.kind,
        created_by=f"{PREFIX}{mute.id}",
        reason=reason,
    )
    return [one, replace(one, kind="baseline")] if place.kind == "threshold" else [one]


def _place(silence: Silence) -> Place:
    kind = "threshold" if silence.kind == "baseline" else silence.kind
    return Place(silence.component, silence.instance, silence.metric, kind)


def _id(silence: Silence) -> str:
    return silence.created_by.removeprefix(PREFIX)


def _key(silence: Silence) -> tuple[Any, ...]:
    return (_place(silence), silence.kind, silence.created_by, silence.ends_at)


def read_alerts(answer: Any) -> list[Listed]:
    """The answer of `GET /api/v2/alerts`; raises `AlertmanagerProblem` where it is none."""
    try:
        return [
            Listed(
                {str(name): str(value) for name, value in one["labels"].items()},
                datetime.fromisoformat(one["startsAt"]),
                frozenset(str(silence) for silence in one["status"]["silencedBy"]),
            )
            for one in answer
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise AlertmanagerProblem("its answer is not a list of alerts; is it Alertmanager's v2 API?") from None


def read_silences(answer: Any) -> dict[str, Mute]:
    """The active ones of the answer of `GET /api/v2/silences`, by id; raises `AlertmanagerProblem`."""
    try:
        return {one["id"]: _mute(one) for one in answer if one["status"]["state"] == "active"}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise AlertmanagerProblem("its answer is not a list of silences; is it Alertmanager's v2 API?") from None


def _mute(one: Mapping[str, Any]) -> Mute:
    matchers = tuple(
        Matcher(str(m["name"]), str(m["value"]), bool(m["isRegex"]), bool(m.get("isEqual", True)))
        for m in one["matchers"]
    )
    ends_at = datetime.fromisoformat(one["endsAt"])
    return Mute(one["id"], matchers, ends_at, str(one.get("createdBy", "")), str(one.get("comment", "")))
