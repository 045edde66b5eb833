"""A message about an incident, or about many: values in, a message out; how it looks is up to `rendering`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from monitoring.anomalies import humanize
from monitoring.metrics import ANY, Catalogue, Severity
from monitoring.wording import count, quantity

Row = Mapping[str, Any]
Kind = Literal["opened", "updated", "escalated", "repeated", "resolved", "withdrawn", "over", "test"]
"""Why it is sent. `updated`: it reached another component; `over`: it began and ended before it could be told."""

ENDS: frozenset[Kind] = frozenset({"resolved", "withdrawn", "over"})
DEMO = "DEMO DATA: these figures come from the built-in simulator, not from a real platform."
MOST_LINKS = 8
MOST_NUMBERS = 3
MOST_CHECKS = 3
MOST_WORST = 5
LONGEST_NAME = 120
_NAMES = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a message: a label, and a text or several items."""

    label: str
    text: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel sends.

    `title` holds nothing that comes from outside, `facts` may. `key` is the same for all that is said of one
    incident: services that keep alerts know them by it. `link` is an address, or empty.
    """

    kind: Kind
    severity: Severity
    title: str
    facts: tuple[Fact, ...]
    key: str
    link: str = ""
    component: str = ""
    source: str = ""

    @property
    def ends(self) -> bool:
        return self.kind in ENDS


@dataclass(frozen=True, slots=True)
class Case:
    """An incident as it stands: its row and those of its events."""

    incident: Row
    events: Sequence[Row] = ()

    @property
    def severity(self) -> Severity:
        severity: Severity = self.incident["severity"]
        return severity

    @property
    def components(self) -> tuple[str, ...]:
        """The components it touches, in the order in which it reached them."""
        root = self.incident["root_component"]
        return tuple(dict.fromkeys([root, *(link["component"] for link in self.incident["chain"])]))


@dataclass(frozen=True, slots=True)
class Scene:
    """What messages are written in view of: `health` is that of the whole platform."""

    catalogue: Catalogue
    zone: tzinfo
    now: datetime
    page: str = ""
    demo: bool = False
    health: str = ""


def about(case: Case, kind: Kind, key: str, scene: Scene) -> Message:
    """The message about one incident."""
    incident = case.incident
    link = f"{scene.page}/incidents?incident={incident['id']}" if scene.page else ""
    facts = [
        Fact("Health", scene.health),
        Fact("Since", _since(incident, scene)),
        Fact("Root", _root(case, kind, scene)),
        Fact("Chain", items=_chain(incident, scene) if len(incident["chain"]) > 1 else ()),
        Fact("Numbers", items=_numbers(case, kind, scene)),
        Fact("Check first", items=() if kind in ENDS else _checks(incident, scene)),
    ]
    return Message(
        kind,
        case.severity,
        _marked(f"{_prefix(kind, case)}: {title_of(incident, scene.catalogue)} (incident {incident['id']})", scene),
        _told(facts, scene),
        key,
        link,
        incident["root_component"],
        name(incident["root_instance"]),
    )


def about_many(cases: Sequence[Case], total: int, kind: Kind, key: str, scene: Scene) -> Message:
    """One message about many incidents, of which `cases` are the ones there is something to say about."""
    ordered = sorted(cases, key=lambda case: (case.severity != "critical", case.incident["started_at"]))
    severities = Counter(case.severity for case in cases)
    severity: Severity = "critical" if severities["critical"] else "warning"
    worst = [in_a_line(case, scene) for case in ordered[:MOST_WORST]]
    left = total - len(worst)
    touched = Counter(component for case in cases for component in case.components)
    facts = [
        Fact("Health", scene.health),
        Fact("How bad", ", ".join(f"{severities[one]:,} {one}" for one in ("critical", "warning") if severities[one])),
        Fact("Where", ", ".join(f"{_NAMES.get(name_, name_)}: {n:,}" for name_, n in sorted(touched.items()))),
        Fact("The worst" if left > 0 else "Which", items=(*worst, *([f"and {left:,} more"] if left > 0 else []))),
    ]
    link = f"{scene.page}/incidents" if scene.page else ""
    return Message(kind, severity, _marked(_many(kind, total), scene), _told(facts, scene), key, link)


def taken_back(number: int, text: str, severity: Severity, key: str, scene: Scene) -> Message:
    """What is said of an incident that turned out to be none, or part of another one."""
    facts = [Fact("Health", scene.health), Fact("Why", name(text, 300))]
    title = _marked(f"Withdrawn: incident {number}", scene)
    return Message("withdrawn", severity, title, _told(facts, scene), key, scene.page)


def trial(channel: str, scene: Scene) -> Message:
    """What `notify test` sends."""
    facts = [
        Fact("Channel", channel),
        Fact("Sent", _at(scene.now, scene)),
        Fact("Meaning", "Messages about incidents will arrive here. Nothing is wrong."),
    ]
    return Message("test", "warning", "Test message of the platform monitoring", tuple(facts), "test", scene.page)


def title_of(incident: Row, catalogue: Catalogue) -> str:
    """What is wrong in words of the catalogue, without any name from outside."""
    known = catalogue.pattern(incident["rule"] or incident["pattern"])
    if known is not None:
        return known.title
    component = _NAMES.get(incident["root_component"], "Platform")
    metric = catalogue.by_name.get(incident["root_metric"])
    return f"{component} {metric.short}" if metric else f"No data from {component}"


def name(text: object, most: int = LONGEST_NAME) -> str:
    """A name from outside on one line, printable and not endless; what it means to a channel is escaped there."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def in_a_line(case: Case, scene: Scene) -> str:
    """An incident among others: what, how bad, since when."""
    incident = case.incident
    where = "" if incident["root_instance"] == ANY else f" at {name(incident['root_instance'], 60)}"
    since = f"since {_at(incident['started_at'], scene)}"
    return f"{case.severity}: {title_of(incident, scene.catalogue)}{where}, {since} (incident {incident['id']})"


def _marked(title: str, scene: Scene) -> str:
    return f"[DEMO DATA] {title}" if scene.demo else title


def _told(facts: Iterable[Fact], scene: Scene) -> tuple[Fact, ...]:
    note = [Fact("Note", DEMO)] if scene.demo else []
    return (*note, *(fact for fact in facts if fact.text or fact.items))


def _prefix(kind: Kind, case: Case) -> str:
    word = case.severity.capitalize()
    reached = _NAMES.get(case.components[-1], case.components[-1])
    return {
        "opened": word,
        "updated": f"{word}, now in {reached} too",
        "escalated": "Now critical",
        "repeated": f"Still {case.severity}",
        "resolved": "Resolved",
        "withdrawn": "Withdrawn",
        "over": "Over before it could be told",
        "test": "Test",
    }[kind]


def _many(kind: Kind, total: int) -> str:
    incidents, are = count(total, "incidents"), "is" if total == 1 else "are"
    return {
        "resolved": f"Resolved: {incidents} {are} over",
        "withdrawn": f"Withdrawn: {incidents} {are} no more",
        "over": f"{incidents} began and ended before they could be told",
        "escalated": f"{incidents} {are} critical now",
        "repeated": f"{incidents} {are} still open",
    }.get(kind, f"{incidents} at once")


def _since(incident: Row, scene: Scene) -> str:
    ended = incident["resolved_at"]
    lasting = humanize((ended or scene.now) - incident["started_at"])
    until = f", until {_at(ended, scene)}, {lasting} in all" if ended else f", for {lasting}"
    return f"{_at(incident['started_at'], scene)}{until}"


def _at(moment: datetime, scene: Scene) -> str:
    local = moment.astimezone(scene.zone)
    if local.utcoffset() == moment.utcoffset():
        return f"{moment:%Y-%m-%d %H:%M} UTC"
    day = "" if local.date() == moment.date() else f"{local:%Y-%m-%d} "
    return f"{moment:%Y-%m-%d %H:%M} UTC ({day}{local:%H:%M} {scene.zone})"


def _root(case: Case, kind: Kind, scene: Scene) -> str:
    incident = case.incident
    series = _series(incident["root_component"], incident["root_instance"], incident["root_metric"], scene)
    event = next((row for row in case.events if _key(row) == _root_key(incident)), None)
    certain = "" if incident["certain"] else " (which of the first signs was the cause cannot be told)"
    return series + (f": {_against(event, kind, scene)}" if event else "") + certain


def _root_key(incident: Row) -> tuple[str, str, str]:
    return incident["root_component"], incident["root_instance"], incident["root_metric"]


def _key(row: Row) -> tuple[str, str, str]:
    return row["component"], row["instance"], row["metric"]


def _series(component: str, instance: str, metric: str, scene: Scene) -> str:
    known = scene.catalogue.by_name.get(metric)
    what = f" {known.short} ({metric})" if known else "" if metric == ANY else f" {name(metric)}"
    return f"{_NAMES.get(component, name(component))}{'' if instance == ANY else f' {name(instance)}'}{what}"


def _against(event: Row, kind: Kind, scene: Scene) -> str:
    """The value, or once it is over the worst, against the limit and what is usual."""
    value, peak, unit = event["value"], event["peak_value"], _unit(event, scene)
    if value is None or event["anomaly_type"] == "no_data":
        return name(event["why"] or event["message"], 300)
    worst = f"at worst {quantity(value if peak is None else peak, unit)}"
    parts = [worst] if kind in ENDS else [quantity(value, unit), *([worst] if peak not in (None, value) else [])]
    limit = name(event["threshold"])
    if limit:
        parts.append(limit if limit.startswith("outside") else f"limit {limit}")
    if event["expected"] is not None:
        parts.append(f"usually {quantity(event['expected'], unit)}")
    return "; ".join(parts)


def _unit(event: Row, scene: Scene) -> str:
    known = scene.catalogue.by_name.get(event["metric"])
    return known.unit if known else ""


def _chain(incident: Row, scene: Scene) -> tuple[str, ...]:
    links = sorted(incident["chain"], key=lambda link: datetime.fromisoformat(link["onset"]))
    told = [
        f"{datetime.fromisoformat(link['onset']):%H:%M:%S} UTC "
        f"{_series(link['component'], link['instance'], link['metric'], scene)}, {link['severity']}"
        for link in links[:MOST_LINKS]
    ]
    left = len(links) - MOST_LINKS
    return (*told, *([f"and {left:,} more"] if left > 0 else []))


def _numbers(case: Case, kind: Kind, scene: Scene) -> tuple[str, ...]:
    """The worst figures beside the root's, one of each metric, those of later links before the others."""
    seen = {case.incident["root_metric"]}
    told = []
    for event in sorted(case.events, key=lambda row: (row["severity"] != "critical", row["started_at"])):
        if event["metric"] in seen or event["value"] is None:
            continue
        seen.add(event["metric"])
        told.append(f"{_series(*_key(event), scene)}: {_against(event, kind, scene)}")
    return tuple(told[:MOST_NUMBERS])


def _checks(incident: Row, scene: Scene) -> tuple[str, ...]:
    kind = incident["rule"] or incident["pattern"]
    return scene.catalogue.checks_for(kind, incident["root_metric"])[:MOST_CHECKS]
