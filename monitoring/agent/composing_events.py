"""Answers about anomalies and incidents: state, counts, lists, cascades, reasons, beginnings, advice, silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitoring.agent import phrasing as say
from monitoring.agent.calendars import spoken_span
from monitoring.agent.composing_trends import series_lines
from monitoring.agent.planning import CHECK, CROSS, SUMMARY, TREND
from monitoring.agent.scene import (
    Scene,
    event_lines,
    figures,
    hints,
    looked_at,
    no_data,
    uncovered,
    worst_first,
)
from monitoring.contract import Json, ToolReply

Lines = list[str]
_MOST_CHAIN = 6
_HEALTH = {
    "healthy": "healthy",
    "degraded": "degraded",
    "critical": "critical",
    "no_data": "unknown, as no data arrives",
}


def status(scene: Scene) -> Lines:
    """The state now: health first, then what is wrong."""
    reply = scene.reply(CHECK)
    if reply is None:
        return listing(scene)
    if reply.status == "no_data" or reply.summary.get("health") == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    lines = [_health_sentence(reply, scene), *_unknown_components(reply, scene)]
    lines += event_lines(reply.rows, scene, total=max(reply.row_count, len(reply.rows)))
    lines += _trend_part(scene)
    lines += _cascade_remark(scene)
    lines.append(looked_at(reply, scene))
    if reply.rows:
        lines += hints(worst_first(reply.rows)[0]["metric"], scene)
    return lines


def _health_sentence(reply: ToolReply, scene: Scene) -> str:
    request, found = scene.request, reply.summary
    if request.metrics or request.instances or request.severity:
        return _narrow_sentence(reply, scene)
    components = figures(found.get("components"))
    subject = "The platform" if not request.components else say.components_titled(request.components)
    verb = "are" if len(request.components) > 1 else "is"
    health = found.get("health", "no_data")
    parts = [f"{say.component_title(name)} {_HEALTH[part['health']]}" for name, part in components.items()]
    spread = f" By component: {', '.join(parts)}." if len(parts) > 1 else ""
    if health == "healthy":
        was = f"{say.count(len(reply.rows), 'anomalies')} {scene.when(reply)}, none of them open now"
        calm = was if reply.rows else f"no anomaly was active {scene.when(reply)}"
        return f"{subject} {verb} **healthy**: {calm}.{spread}"
    return f"{subject} {verb} **{health}**: {_open_words(components.values())}.{spread}"


def _open_words(components: Iterable[Json]) -> str:
    parts = list(components)
    sums = {name: sum(int(part.get(name, 0)) for part in parts) for name in ("open", "pending", "critical", "warning")}
    amount = sums["open"]
    text = f"{say.count(amount, 'anomalies')} {'is' if amount == 1 else 'are'} open" if amount else "no anomaly is open"
    kinds = [f"{sums[name]:,} {name}" for name in ("critical", "warning") if sums[name]]
    if amount and kinds:
        text += f" ({', '.join(kinds)})"
    return text + (f"; {sums['pending']:,} pending" if sums["pending"] else "")


def _narrow_sentence(reply: ToolReply, scene: Scene) -> str:
    """The state of a metric, an instance or a severity, rather than of whole components."""
    still = [row for row in reply.rows if row["status"] not in ("resolved", "pending")]
    subject = scene.subject()
    noun = scene.noun() if scene.request.severity != "warning" else "anomalies"
    if still:
        return f"Not well: {say.count(len(still), noun)} of {subject} {'is' if len(still) == 1 else 'are'} open."
    if reply.rows:
        return f"No {say.singular(noun)} of {subject} is open now; {len(reply.rows):,} came up {scene.when(reply)}."
    if any(part["health"] == "no_data" for part in figures(reply.summary.get("components")).values()):
        return (
            f"{say.capital(subject)}: no {say.singular(noun)} is known {scene.when(reply)}, but not everything reports."
        )
    return f"{say.capital(subject)}: nothing is wrong, no {say.singular(noun)} {scene.when(reply)}."


def _unknown_components(reply: ToolReply, scene: Scene) -> Lines:
    lines = []
    for name, part in figures(reply.summary.get("components")).items():
        last = part.get("last_sample_at")
        if part["health"] == "no_data":
            since = f"since {scene.clock.at(last)}" if last else "at all"
            lines.append(f"No data from {say.component_title(name)} {since}, so its health is not known.")
        elif part.get("silent"):
            lines.append(f"Silent in {say.component_title(name)}: {_named(part['silent'])}.")
    return lines


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{say.plain(name)}`" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _trend_part(scene: Scene) -> Lines:
    reply = scene.reply(TREND)
    if reply is None or not reply.rows:
        return []
    return [f"Figures {scene.when(reply)}:", *series_lines(reply.rows, scene, 4, reply.row_count)]


def _cascade_remark(scene: Scene) -> Lines:
    reply = scene.reply(CROSS)
    if reply is None or not reply.rows:
        return []
    return [
        f"{say.capital(say.count(reply.row_count, 'incidents'))} across components {scene.when(reply)}:",
        *_incident_lines(reply, scene, 3),
    ]


def counting(scene: Scene) -> Lines:
    """How many, then what kind and where."""
    reply = scene.reply(SUMMARY)
    if reply is None:
        return _counting_now(scene)
    return _counted(reply, scene, 5)


def _counting_now(scene: Scene) -> Lines:
    reply = scene.reply(CHECK)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    still = [row for row in reply.rows if row["status"] not in ("resolved", "pending")]
    noun = scene.noun()
    lines = [f"{say.capital(say.count(len(still), noun))} {'is' if len(still) == 1 else 'are'} open now."]
    return [*lines, *event_lines(still, scene), looked_at(reply, scene)]


def listing(scene: Scene) -> Lines:
    """What came up in a window, the worst first."""
    reply = scene.reply(SUMMARY)
    if reply is None:
        return counting(scene)
    lines = _counted(reply, scene, scene.most)
    remark = _cascade_remark(scene)
    worst = worst_first(reply.rows)[0]["metric"] if reply.rows else ""
    return [*lines[:-1], *remark, lines[-1], *(hints(worst, scene) if worst else [])]


def _counted(reply: ToolReply, scene: Scene, most: int) -> Lines:
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    found = reply.summary
    total = int(found.get("warning" if scene.request.severity == "warning" else "total", 0))
    noun = "warnings" if scene.request.severity == "warning" else scene.noun()
    subject = (
        f" of {scene.subject()}"
        if (scene.request.components or scene.request.metrics or scene.request.instances)
        else ""
    )
    first = f"{say.capital(say.count(total, noun))}{subject} {scene.when(reply)}"
    lines = [first + _split(reply, scene, total)]
    rows = [row for row in reply.rows if scene.request.severity != "warning" or row["severity"] == "warning"]
    if total > 1:
        lines += _where(reply, scene)
    lines += event_lines(rows, scene, most, total)
    return [*lines, *filter(None, [uncovered(reply, scene)]), looked_at(reply, scene)]


def _split(reply: ToolReply, scene: Scene, total: int) -> str:
    if not total:
        return "."
    found = reply.summary
    parts = [f"{found[name]:,} {name}" for name in ("critical", "warning") if found.get(name)]
    text = f" ({', '.join(parts)})" if parts and scene.request.severity is None else ""
    still = int(found.get("open", 0))
    return f"{text}; {'none is' if not still else '1 is' if still == 1 else f'{still:,} are'} still open."


def _where(reply: ToolReply, scene: Scene) -> Lines:
    found = reply.summary
    components = figures(found.get("by_component"))
    metrics = figures(found.get("by_metric"))
    lines = []
    if len(components) > 1:
        lines.append(
            "By component: " + ", ".join(f"{say.component_title(n)} {c:,}" for n, c in components.items()) + "."
        )
    if len(metrics) > 1 and max(metrics.values()) > 1:
        ranked = sorted(metrics.items(), key=lambda item: -item[1])[:4]
        lines.append(
            "Most often: " + ", ".join(f"{say.short_name(n, scene.catalogue)} ({c:,})" for n, c in ranked) + "."
        )
    if found.get("longest_seconds"):
        lines.append(f"The longest lasted {say.span(found['longest_seconds'])}.")
    return lines


def cascades(scene: Scene) -> Lines:
    """Whether trouble travelled from one component to another."""
    reply = scene.reply(CROSS)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    what = (
        f"{scene.request.pattern.replace('_', ' ')} incidents" if scene.request.pattern else "cross-component incidents"
    )
    touching = f" touching {say.components_titled(scene.request.components)}" if scene.request.components else ""
    if not reply.rows:
        isolated = int(reply.summary.get("isolated", 0))
        alone = f" {say.capital(say.count(isolated, 'isolated incidents'))} stayed in one place." if isolated else ""
        first = f"No: there were no cascade failures or other {what}{touching} {scene.when(reply)}.{alone}"
        if scene.request.pattern:
            first = f"No: there were no {what}{touching} {scene.when(reply)}.{alone}"
        return [first, *filter(None, [uncovered(reply, scene)]), looked_at(reply, scene)]
    still = int(reply.summary.get("open", 0))
    going = f"; {still:,} still open" if still else ", all resolved"
    lines = [
        f"Yes: {say.count(reply.row_count, what)}{touching} {scene.when(reply)}{going}.",
        *_incident_lines(reply, scene, scene.most),
    ]
    lines += filter(None, [uncovered(reply, scene)])
    return [*lines, looked_at(reply, scene), *_pattern_hints(reply.rows[0], scene)]


def _incident_lines(reply: ToolReply, scene: Scene, most: int) -> Lines:
    lines = [_incident_line(row, scene) for row in reply.rows[:most]]
    more = reply.row_count - len(lines)
    return [*lines, *([f"- and {more:,} more"] if more > 0 else [])]


def _incident_line(row: Json, scene: Scene) -> str:
    title = say.plain(row.get("title") or str(row["pattern"]).replace("_", " "))
    if row["pattern"] == "isolated" and not row.get("rule") and len(row.get("components", ())) > 1:
        title = "Anomalies that belong together, of no known pattern"
    began = scene.clock.at(row.get("started_at"))
    if row.get("resolved_at"):
        lasted = (
            f"{began}, lasted {say.span(row['duration_seconds'])}" if row.get("duration_seconds") is not None else began
        )
    else:
        lasted = f"since {began}, still open"
    root = (
        f"{say.place(row['root_component'], row['root_instance'])} "
        f"{say.short_name(row['root_metric'], scene.catalogue)}"
    )
    links = [
        f"{say.place(link['component'], link['instance'])} {say.short_name(link['metric'], scene.catalogue)} "
        f"({scene.clock.at(link['onset'])})"
        for link in row.get("chain", [])
    ]
    steps = " → ".join(links[:_MOST_CHAIN]) + (
        f" and {len(links) - _MOST_CHAIN} more" if len(links) > _MOST_CHAIN else ""
    )
    chain = f". In order: {steps}" if len(links) > 1 else ""
    begin = "It began with" if row.get("certain", True) else "What came first cannot be told; the earliest sign is"
    return f"- **{title}** ({row['severity']}), {lasted}. {begin} {root}{chain}."


def _pattern_hints(row: Json, scene: Scene) -> Lines:
    pattern = scene.catalogue.pattern(row.get("rule") or row["pattern"])
    if pattern is None or not pattern.first_checks:
        return hints(row["root_metric"], scene)
    return [say.sentence(f"Check next: {'; '.join(pattern.first_checks[:3])}")]


def diagnosis(scene: Scene) -> Lines:
    """What is wrong and what detection established; everything else is called a hypothesis."""
    reply = scene.reply(CHECK) or scene.reply(SUMMARY)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    rows = [row for row in reply.rows if row["status"] != "pending"] or list(reply.rows)
    cause = _cascade_remark(scene)
    if not rows:
        lines = [f"I see nothing wrong with {scene.subject()}: no anomaly {scene.when(reply)}."]
        lines += _unknown_components(reply, scene)
        return [*lines, *_trend_part(scene), *cause, looked_at(reply, scene)]
    still = sum(row["status"] != "resolved" for row in rows)
    state = f"{still:,} still open" if still else "none open any more"
    lines = [
        f"{say.capital(say.count(len(rows), 'anomalies'))} of {scene.subject()} {scene.when(reply)}, {state}; "
        f"the worst first:"
    ]
    lines += [*event_lines(rows, scene), *_unknown_components(reply, scene), *_trend_part(scene)]
    if cause:
        lines += [f"{cause[0].removesuffix(':')}, in the order in which they began:", *cause[1:]]
    elif scene.reply(CROSS) is not None:
        lines.append("Nothing shows that this came from another component.")
    return [*lines, looked_at(reply, scene), *hints(worst_first(rows)[0]["metric"], scene, causes=True)]


def beginning(scene: Scene) -> Lines:
    """Since when something has been wrong."""
    reply = scene.reply(CHECK)
    summary = scene.reply(SUMMARY)
    if reply is None:
        return listing(scene)
    still = [row for row in reply.rows if row["status"] not in ("resolved", "pending")]
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    if still:
        first = min(still, key=lambda row: str(row["started_at"]))
        began = say.parsed(first["started_at"])
        ago = f", {spoken_span(scene.clock.now - began)} ago" if began else ""
        which = "the open anomaly" if len(still) == 1 else f"the oldest of {say.count(len(still), 'open anomalies')}"
        lines = [f"Since {scene.clock.at(began)}{ago}: that is when {which} of {scene.subject()} began."]
        return [*lines, *event_lines(still, scene), looked_at(reply, scene)]
    rows = summary.rows if summary else reply.rows
    lines = [f"Nothing is wrong with {scene.subject()} now."]
    if rows and summary is not None:
        lines.append(f"The latest {scene.when(summary)}:")
        return [*lines, *event_lines(rows[:3], scene), looked_at(summary, scene)]
    return [*lines, looked_at(summary or reply, scene)]


def advice(scene: Scene) -> Lines:
    """What to check, from the catalogue, for what is wrong now or for the metric that was named."""
    reply = scene.reply(CHECK)
    rows = worst_first(reply.rows) if reply else []
    metrics = [row["metric"] for row in rows if row["metric"] in scene.catalogue] or list(scene.request.metrics)
    if not metrics:
        state = (
            no_data(reply, scene)
            if reply and reply.status == "no_data"
            else f"Nothing is wrong with {scene.subject()} now, so there is nothing to do."
        )
        return [state, *([looked_at(reply, scene)] if reply else [])]
    if rows:
        lines = [
            f"{say.capital(say.count(len(rows), 'anomalies'))} of {scene.subject()} "
            f"{scene.when(reply) if reply else ''}; begin with the worst:"
        ]
        lines += event_lines(rows, scene, 3)
    else:
        name = say.short_name(metrics[0], scene.catalogue)
        lines = [f"{say.capital(name)} shows no anomaly now. When it does, this is where to begin."]
    for metric in list(dict.fromkeys(metrics))[:2]:
        known = scene.catalogue[metric]
        lines.append(f"**{say.capital(known.short)}** ({known.name})")
        lines += [f"- likely cause (a hypothesis to check): {cause}" for cause in known.likely_causes[:3]]
        lines += [f"- check: {check}" for check in known.first_checks[:4]]
    return [
        *lines,
        "I can only look: changes to the platform are yours to make.",
        *([looked_at(reply, scene)] if reply else []),
    ]


def silence(scene: Scene) -> Lines:
    """Which series, instances or collectors have stopped reporting."""
    reply = scene.reply(CHECK)
    if reply is None:
        return listing(scene)
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    rows = [row for row in reply.rows if row.get("anomaly_type") == "no_data"]
    lines = _unknown_components(reply, scene)
    if not rows and not lines:
        last = reply.summary.get("last_sample_at")
        newest = f"; the newest sample is of {scene.clock.at(last)}" if last else ""
        series = int(reply.summary.get("series", 0))
        return [f"No: nothing has gone silent, {say.count(series, 'series')} report{newest}.", looked_at(reply, scene)]
    count = (
        f"{say.capital(say.count(len(rows), 'anomalies'))} of missing data {scene.when(reply)}."
        if rows
        else "Yes, data is missing."
    )
    return [count, *lines, *event_lines(rows, scene), looked_at(reply, scene)]
