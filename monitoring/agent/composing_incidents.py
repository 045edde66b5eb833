"""Incidents in words: what is broken, since when, where it started, how it spread, how bad it is, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from monitoring.agent import phrasing as say
from monitoring.agent.planning import CHECK, CROSS
from monitoring.agent.scene import MOST_HINTS, Scene, figures, worst_first
from monitoring.anomalies import humanize
from monitoring.contract import Json, ToolReply
from monitoring.metrics import ANY, ISOLATED, Window

Lines = list[str]
MOST_IN_FULL = 3
MOST_OVER = 5
MOST_NAMES = 4
OLD_DATA = 60.0
"""Seconds from which on the age of the data end to end is part of how bad it is."""
_SILENCES = {
    "series_stopped": "only this series stopped, others of its instance go on",
    "instance_gone": "the whole instance is silent, as if it were gone",
    "collector_down": "all series of the component stopped at once, which tells of the way to its data and not of "
    "how the component itself is",
    "partitioned": "it is cut off from the rest rather than gone",
}
_SILENT_TITLES = {
    "series_stopped": "No more data of {name}",
    "instance_gone": "{name} is silent as a whole",
    "collector_down": "No data from {name}: its collector is down or cut off",
    "partitioned": "{name} is cut off",
}


def open_incidents(scene: Scene) -> list[Json]:
    """The incidents that go on, the worst first, as far as one of the tools has told of them."""
    check = scene.reply(CHECK)
    found = check.summary.get("open_incidents") if check else None
    if not found:
        cross = scene.reply(CROSS)
        found = [row for row in cross.rows if row["status"] != "resolved"] if cross else []
    return sorted(found, key=lambda row: (row["severity"] != "critical", str(row["started_at"])))


def over_incidents(scene: Scene) -> list[Json]:
    check = scene.reply(CHECK)
    return list((check.summary.get("over_incidents") or ()) if check else ())


def in_full(incidents: Sequence[Json], scene: Scene, checks: bool = True) -> Lines:
    """The worst incidents in full, the others in a line each; with their first checks unless those follow."""
    lines: Lines = []
    for row in incidents[:MOST_IN_FULL]:
        lines += told(row, scene, checks)
    rest = incidents[MOST_IN_FULL:]
    if rest:
        lines.append("Also open:")
        lines += [f"- {in_short(row, scene)}" for row in rest[: scene.most]]
        if len(rest) > scene.most:
            lines.append(f"- and {len(rest) - scene.most:,} more")
    return lines


def told(row: Json, scene: Scene, checks: bool = True) -> Lines:
    """One incident: a heading, then where it started, how it spread, how bad it is, which way it goes, what to do."""
    lines = [f"**{say.capital(row['severity'])}: {title_of(row, scene)}**, {_lasting(row, scene)}."]
    parts = [
        ("Where it started", _start(row, scene)),
        ("How it spread", _spread(row, scene)),
        ("How bad", _extent(row, scene)),
    ]
    lines += [f"- {label}: {text}" for label, text in parts if text]
    lines += [f"- {say.capital(text)}" for text in [course_of(row, scene)] if text]
    to_do = checks_of(row, scene) if checks else []
    return lines + (["What to do:", *(f"- {check}" for check in to_do)] if to_do else [])


def in_short(row: Json, scene: Scene) -> str:
    """An incident in one line: title, severity, when, root."""
    title, root = title_of(row, scene), name_of(root_link(row), scene)
    start = "" if len(row.get("chain", ())) < 2 or title.startswith(root) else f"; it began with {root}"
    return f"**{title}** ({row['severity']}), {_lasting(row, scene)}{start}"


def title_of(row: Json, scene: Scene) -> str:
    """What is wrong in plain words: the pattern's title, or what and where where none fits."""
    title = str(row.get("title") or "")
    if title and (row["pattern"] != ISOLATED or row.get("rule")):
        return say.plain(title)
    link = root_link(row)
    cause = str((row.get("root") or {}).get("no_data_cause") or "")
    name = _SILENT_TITLES[cause].format(name=_place(link, scene)) if cause in _SILENT_TITLES else name_of(link, scene)
    others = int(row.get("series") or len(row.get("chain", ()))) - 1
    return f"{name}, with {say.count(others, 'other series')}" if others > 0 else name


def _place(link: Json, scene: Scene) -> str:
    """The silent series, instance or component."""
    where = say.place(link["component"], link["instance"])
    return where if link["metric"] == ANY else f"{where} {say.short_name(link['metric'], scene.catalogue)}"


def headline(row: Json, scene: Scene) -> str:
    """An incident within a sentence: title, since when, where it started."""
    title = title_of(row, scene)
    alone = row["pattern"] == ISOLATED and not row.get("rule") and len(row.get("chain", ())) < 2
    same = alone or title.startswith(name_of(root_link(row), scene))
    start = "" if same else f", started at {name_of(root_link(row), scene)}"
    unsure = "" if row.get("certain", True) or not start else " (the earliest sign; what came first cannot be told)"
    return f"**{title}** ({row['severity']}), since {scene.clock.at(row.get('started_at'))}{start}{unsure}"


def origin(row: Json, scene: Scene) -> str:
    """Where an incident began, in a sentence that answers "why" and "what failed first"."""
    link = root_link(row)
    stands = _stands(root_row(row, scene), row, scene)
    first = f"{name_of(link, scene)} at {scene.clock.at(link.get('onset'))}{f': {stands}' if stands else ''}"
    if not row.get("certain", True):
        return f"Which came first cannot be told for certain; the earliest sign is {say.sentence(first)}"
    return f"It started with {say.sentence(first)}"


def root_link(row: Json) -> Json:
    """The series an incident began with, as a link of its chain."""
    place = {name: row[f"root_{name}"] for name in ("component", "instance", "metric")}
    link = next((link for link in row.get("chain", ()) if all(link[k] == v for k, v in place.items())), None)
    return {**place, "onset": row.get("started_at"), **(link or {})}


def name_of(link: Mapping[str, object], scene: Scene) -> str:
    """ "Kafka `broker-1` produce latency (p99)", "Flink `tm-2` silent", "no data of Flink `tm-2` heap use"."""
    where = say.place(str(link["component"]), str(link["instance"]))
    if link["metric"] == ANY:
        return f"{where} silent"
    name = say.short_name(str(link["metric"]), scene.catalogue)
    return f"no data of {where} {name}" if link.get("silent") else f"{where} {name}"


def root_row(row: Json, scene: Scene) -> Json | None:
    """The anomaly an incident began with, with its figures; `None` where no tool has told of it."""
    if row.get("root"):
        return dict(row["root"])
    place = (row["root_component"], row["root_instance"], row["root_metric"])
    rows = [event for reply in scene.replies if reply.status == "ok" for event in reply.rows if "why" in event]
    mine = [e for e in worst_first(rows) if (e["component"], e["instance"], e["metric"]) == place]
    return mine[0] if mine else None


def _lasting(row: Json, scene: Scene) -> str:
    began = scene.clock.at(row.get("started_at"))
    seconds = row.get("duration_seconds")
    if row.get("resolved_at"):
        lasted = f", lasted {_span(seconds)}" if seconds is not None else ""
        start, end = say.parsed(row.get("started_at")), say.parsed(row["resolved_at"])
        known = scene.clock.window(Window(start, end)) if start and end and start < end else began
        return f"{known}{lasted}, resolved"
    quiet = f", {row['status']}" if row.get("status") in ("acknowledged", "silenced") else ""
    return f"since {began}{f' ({_span(seconds)}), still open' if seconds is not None else ', still open'}{quiet}"


def _span(seconds: float) -> str:
    return humanize(timedelta(seconds=seconds))


def _start(row: Json, scene: Scene) -> str:
    name = name_of(root_link(row), scene)
    figures_of = _stands(root_row(row, scene), row, scene)
    text = f"{name}{f', {figures_of}' if figures_of else ''}"
    if not row.get("certain", True):
        text = f"it cannot be told for certain which came first; the earliest sign is {text}"
    return say.sentence(text)


def _stands(event: Json | None, row: Json, scene: Scene) -> str:
    """The figures of the first sign: its value against what is usual, or what kind of silence it is."""
    if event is None:
        return ""
    if event.get("anomaly_type") == "no_data":
        kind = _SILENCES.get(str(event.get("no_data_cause")), "")
        return f"{kind} ({say.plain(event['why'])})" if kind else say.plain(event["why"])
    if len(row.get("chain", ())) == 1 or event.get("anomaly_type") in ("restart_loop", "trend"):
        short = say.short_name(event["metric"], scene.catalogue)
        return say.plain(event["why"]).removeprefix(f"{short} ")
    return against_usual(event)


def against_usual(event: Json) -> str:
    """ "at 99 %, usually 26 %"; the peak where it is over."""
    over = event.get("status") == "resolved"
    value = event.get("peak_value") if over else event.get("value")
    if value is None:
        return ""
    usual = event.get("expected")
    reached = "down to" if usual is not None and value < usual else "up to"
    text = f"{reached if over else 'at'} {say.quantity(value, event['unit'])}"
    return text if usual is None else f"{text}, usually {say.quantity(usual, event['unit'])}"


def _spread(row: Json, scene: Scene) -> str:
    """The chain after its root, component by component in order of onset: what, how many series, from when on."""
    first = _key(root_link(row))
    steps: dict[str, list[Json]] = {}
    for link in row.get("chain", ()):
        if _key(link) != first:
            steps.setdefault(link["component"], []).append(link)
    return say.sentence(" → ".join(_step(step, scene) for step in steps.values())) if steps else ""


def _key(link: Mapping[str, object]) -> tuple[object, object, object]:
    return link["component"], link["instance"], link["metric"]


def _step(links: Sequence[Json], scene: Scene) -> str:
    """ "Flink `orders-enrich` event time lag, checkpoint duration (2 series, from 07:27 UTC)"."""
    places = {link["instance"] for link in links}
    where = say.place(str(links[0]["component"]), places.pop() if len(places) == 1 else ANY)
    names = list(dict.fromkeys(_what(link, scene) for link in links))
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    many = f"{say.count(len(links), 'series')}, " if len(links) > 1 else ""
    return f"{where} {', '.join(names[:MOST_NAMES])}{more} ({many}from {scene.clock.at(links[0].get('onset'))})"


def _what(link: Mapping[str, object], scene: Scene) -> str:
    if link["metric"] == ANY:
        return f"{say.plain(link['instance'])} silent" if link["instance"] != ANY else "silent"
    name = say.short_name(str(link["metric"]), scene.catalogue)
    return f"no data of {name}" if link.get("silent") else name


def _extent(row: Json, scene: Scene) -> str:
    """How many series are hit, how old the data is, what it does to lag and rates."""
    parts: Lines = []
    series = int(row.get("series") or 0)
    if series > 1:
        hit = f"{say.count(series, 'series')} of {say.components_titled(row.get('components', ()))} are hit"
        kinds = [f"{row[name]:,} {name}" for name in ("critical", "warning") if row.get(name)]
        noun = "anomaly" if row.get("open") == 1 else "anomalies"
        still = f", {say.listed(kinds)} {noun} open" if kinds and not row.get("resolved_at") else ""
        parts.append(hit + still)
    parts += [_figure(event, scene) for event in row.get("figures") or ()]
    text = say.sentence("; ".join(filter(None, parts))) if parts else ""
    return " ".join(filter(None, [say.capital(text), freshness_words(scene, row)]))


def _figure(event: Json, scene: Scene) -> str:
    where = say.place(event["component"], event["instance"])
    return f"{say.short_name(event['metric'], scene.catalogue)} of {where} {against_usual(event)}"


def freshness_words(scene: Scene, row: Json | None = None) -> str:
    """How old the data is end to end, where that is worth a word (and the incident touches its slowest stage)."""
    check = scene.reply(CHECK)
    found = figures(check.summary.get("freshness")) if check else {}
    if not found or (found.get("seconds") or 0.0) < OLD_DATA:
        return ""
    if row is not None and found.get("slowest") not in row.get("components", ()):
        return ""
    return str(found.get("words") or "")


def course_of(row: Json, scene: Scene) -> str:
    """Whether it eases or grows, by the series that tells most; empty where nothing can be said."""
    event = leading(row)
    if event is None or row.get("resolved_at"):
        return ""
    name, unit = _named_figure(event, scene), event["unit"]
    lately = say.quantity(event["lately"], unit)
    if event["course"] == "easing":
        text = f"it eases: {name} was worst at {scene.clock.at(event['peak_at'])} with "
        text += f"{say.quantity(event['peak_value'], unit)} and is at {lately} lately."
        return f"{text} {_root_goes_on(row, event, scene)}".strip()
    if event["course"] == "worsening" and event.get("before") is not None:
        return f"it gets worse: {name} went from {_before(event, scene)} to {lately}."
    if event["course"] == "worsening":
        return f"it gets worse: {name} is at its worst so far, {lately} lately."
    return f"it stays as it is: {name} is at {lately} lately."


def eases(row: Json) -> bool:
    """Whether both what tells most and the place where it began get better, as far as is known."""
    event, root = leading(row), row.get("root") or {}
    return event is not None and event["course"] == "easing" and root.get("course", "easing") == "easing"


def _root_goes_on(row: Json, event: Json, scene: Scene) -> str:
    root = row.get("root") or {}
    if root.get("course", "easing") == "easing" or _key(root) == _key(event):
        return ""
    return (
        f"Where it began has not eased: {_named_figure(root, scene)} is at {say.quantity(root['value'], root['unit'])}."
    )


def courses_of(row: Json, rows: Sequence[Json], scene: Scene) -> Lines:
    """How the series of an incident went, each in a line: its worst and when, and what it is lately."""
    of_it = [e for e in worst_first(rows) if e.get("incident_id") == row.get("id") and e.get("course")]
    mine = list({_key(event): event for event in reversed(of_it)}.values())[::-1]
    first = leading(row)
    mine.sort(key=lambda event: first is None or _key(event) != _key(first))
    lines = [f"- {_went(event, scene)}" for event in mine[: scene.most]]
    return [*lines, *([f"- and {len(mine) - scene.most:,} more"] if len(mine) > scene.most else [])]


def _before(event: Json, scene: Scene) -> str:
    at = f" at {scene.clock.at(event['before_at'])}" if event.get("before_at") else " before"
    return f"{say.quantity(event['before'], event['unit'])}{at}"


def _went(event: Json, scene: Scene) -> str:
    unit = event["unit"]
    peak = f"worst at {scene.clock.at(event['peak_at'])} with {say.quantity(event['peak_value'], unit)}"
    lately = f"at {say.quantity(event['lately'], unit)} lately"
    if event.get("before") is not None:
        lately = f"{_before(event, scene)} and {lately}"
    return f"{name_of(event, scene)}: {event['course']}; {peak}; {lately}"


def _named_figure(event: Json, scene: Scene) -> str:
    return f"{say.short_name(event['metric'], scene.catalogue)} of {say.place(event['component'], event['instance'])}"


def leading(row: Json) -> Json | None:
    """The open series by which an incident's course is told: the most telling figure, else the root."""
    root = row.get("root") or {}
    telling = [root] if root.get("course") == "worsening" else []
    known = [e for e in (*telling, *(row.get("figures") or ()), root) if e.get("course") and e.get("peak_at")]
    return known[0] if known else None


def checks_of(row: Json, scene: Scene) -> Lines:
    """What to check first: the pattern's checks, then those of the metric it began with."""
    # The name of the family of single faults is no pattern of its own.
    name = row.get("rule") or ("" if row["pattern"] == ISOLATED else row["pattern"])
    pattern = scene.catalogue.pattern(name) if name else None
    checks = list(pattern.first_checks[:MOST_HINTS]) if pattern else []
    metric = row["root_metric"]
    if metric in scene.catalogue and not _is_silence(row):
        checks += [c for c in scene.catalogue[metric].first_checks[: 1 if checks else MOST_HINTS] if c not in checks]
    return checks or (_SILENCE_CHECKS if _is_silence(row) else [])


_SILENCE_CHECKS = [
    "is the process alive, and does its endpoint answer from the collector's host?",
    "did its name or address change, so that it reports as another instance?",
    "does the collector run, and what does its log say?",
]


def _is_silence(row: Json) -> bool:
    root = row.get("root") or {}
    return row["root_metric"] == ANY or root.get("anomaly_type") == "no_data"


def apart(rows: Sequence[Json], incidents: Sequence[Json]) -> list[Json]:
    """The open anomalies that belong to none of the incidents told."""
    ids = {row.get("id") for row in incidents}
    return [row for row in rows if row["status"] not in ("resolved", "pending") and row.get("incident_id") not in ids]


def resolved_lines(incidents: Sequence[Json], scene: Scene) -> Lines:
    """Incidents that are over, a line each."""
    if not incidents:
        return []
    shown = [f"- {in_short(row, scene)}" for row in incidents[:MOST_OVER]]
    more = [f"- and {len(incidents) - MOST_OVER:,} more"] if len(incidents) > MOST_OVER else []
    return ["Over by now:", *shown, *more]


def pending_line(reply: ToolReply, scene: Scene) -> Lines:
    """What has begun and has not lasted long enough to fire."""
    rows = [row for row in reply.rows if row["status"] == "pending"]
    if not rows:
        return []
    names = [name_of({**row, "silent": row.get("anomaly_type") == "no_data"}, scene) for row in rows[:MOST_HINTS]]
    more = f" and {len(rows) - MOST_HINTS:,} more" if len(rows) > MOST_HINTS else ""
    return [f"Not confirmed yet (pending): {', '.join(names)}{more}."]
