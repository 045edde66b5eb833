"""Answers about anomalies and incidents: state, reasons, beginnings, advice, silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitoring.agent import composing_incidents as incidents
from monitoring.agent import phrasing as say
from monitoring.agent.calendars import spoken_span
from monitoring.agent.composing_counts import cascade_remark, listing
from monitoring.agent.composing_trends import series_lines
from monitoring.agent.planning import CHECK, CROSS, SUMMARY, TREND
from monitoring.agent.scene import (
    Scene,
    event_lines,
    figures,
    hints,
    looked_at,
    no_data,
    worst_first,
)
from monitoring.contract import Json, ToolReply

Lines = list[str]
MOST_PLACES = 3
"""Places that are named in a sentence."""
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
    still = incidents.open_incidents(scene)
    lines = [_health_sentence(reply, scene), *_unknown_components(reply, scene)]
    lines += _what_is_open(reply, still, scene)
    lines += _trend_part(scene)
    lines += incidents.resolved_lines(incidents.over_incidents(scene), scene)
    lines += [] if still else [words for words in [incidents.freshness_words(scene)] if words]
    return [*lines, looked_at(reply, scene), *_checks(reply.rows, still, scene)]


def _what_is_open(reply: ToolReply, still: Sequence[Json], scene: Scene) -> Lines:
    """The open incidents in full, then what belongs to none of them, and what is not confirmed yet."""
    lines = incidents.in_full(still, scene, checks=False)
    known = {row.get("id") for row in [*still, *incidents.over_incidents(scene)]}
    alone = [row for row in reply.rows if row["status"] != "pending" and row.get("incident_id") not in known]
    alone = [row for row in alone if not still or row["status"] != "resolved"]
    if alone:
        total = len(alone) if still else max(reply.row_count, len(reply.rows)) - _pending(reply)
        lines += [*(["Beside it:"] if still else []), *event_lines(alone, scene, total=total)]
    return [*lines, *incidents.pending_line(reply, scene)]


def _pending(reply: ToolReply) -> int:
    return sum(row["status"] == "pending" for row in reply.rows)


def _checks(rows: Sequence[Json], still: Sequence[Json], scene: Scene, causes: bool = False) -> Lines:
    """What to check next: for each open incident told in full, else for the worst anomaly."""
    if not still:
        ordered = [row for row in worst_first(rows) if row["status"] not in ("pending", "resolved")]
        return hints(ordered[0]["metric"], scene, causes=causes) if ordered else []
    told = still[: incidents.MOST_IN_FULL]
    lines = hints_of_causes(told[0], scene) if causes and len(told) == 1 else []
    for row in told:
        checks = incidents.checks_of(row, scene)
        of = f" for {incidents.title_of(row, scene)}" if len(told) > 1 else ""
        lines += [f"Check next{of}:", *(f"- {check}" for check in checks)] if checks else []
    return lines


def hints_of_causes(row: Json, scene: Scene) -> Lines:
    """What may have brought about the first sign: detection does not establish it."""
    return [line for line in hints(row["root_metric"], scene, causes=True) if "hypothes" in line]


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
        fired = len(reply.rows) - _pending(reply)
        was = f"{say.count(fired, 'anomalies')} {scene.when(reply)}, none of them open now"
        calm = was if fired else f"no anomaly was active {scene.when(reply)}"
        return f"{subject} {verb} **healthy**: {calm}.{_reporting(found, scene)}{spread}"
    told = len(incidents.open_incidents(scene))
    within = f", in {say.count(told, 'incidents')}" if told else ""
    return f"{subject} {verb} **{health}**: {_open_words(components.values(), within)}.{spread}"


def _reporting(found: Mapping[str, Any], scene: Scene) -> str:
    """How much the calm rests on: how many series report and how old the newest sample is."""
    last = say.parsed(found.get("last_sample_at"))
    if last is None or not found.get("series"):
        return ""
    age = (scene.clock.now - last).total_seconds()
    came = f"{say.span(age)} ago" if age >= 1 else "just now"
    return f" {say.count(int(found['series']), 'series')} report, the newest sample came {came}."


def _open_words(components: Iterable[Json], within: str) -> str:
    parts = list(components)
    sums = {name: sum(int(part.get(name, 0)) for part in parts) for name in ("open", "pending", "critical", "warning")}
    amount = sums["open"]
    text = f"{say.count(amount, 'anomalies')} {'is' if amount == 1 else 'are'} open" if amount else "no anomaly is open"
    kinds = [f"{sums[name]:,} {name}" for name in ("critical", "warning") if sums[name]]
    if amount and kinds:
        text += f" ({', '.join(kinds)})"
    return text + within + (f"; {sums['pending']:,} pending" if sums["pending"] else "")


def _narrow_sentence(reply: ToolReply, scene: Scene) -> str:
    """The state of a metric, an instance or a severity, rather than of whole components."""
    still = [row for row in reply.rows if row["status"] not in ("resolved", "pending")]
    subject = scene.subject()
    noun = scene.noun() if scene.request.severity != "warning" else "anomalies"
    if still:
        verb = "is" if len(still) == 1 else "are"
        places = list(dict.fromkeys(say.place(row["component"], row["instance"]) for row in worst_first(still)))
        others = " and others" if len(places) > MOST_PLACES else ""
        where = (
            f", on {', '.join(places[:MOST_PLACES])}{others}" if scene.request.metrics or scene.request.severity else ""
        )
        return f"Not well: {say.count(len(still), noun)} of {subject} {verb} open{where}."
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
            silent = [_silent_name(text, scene) for text in part["silent"]]
            lines.append(f"Silent in {say.component_title(name)}: {_named(silent)}.")
    return lines


def _silent_name(text: str, scene: Scene) -> str:
    """ "tm-2 task manager heap use" for "tm-2 taskmanager_heap_used_ratio"."""
    instance, _, metric = text.rpartition(" ")
    return f"{instance} {scene.catalogue[metric].short}" if metric in scene.catalogue else text


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{say.plain(name)}`" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _trend_part(scene: Scene) -> Lines:
    reply = scene.reply(TREND)
    if reply is None or not reply.rows:
        return []
    return [f"Figures {scene.when(reply)}:", *series_lines(reply.rows, scene, 4, reply.row_count)]


def diagnosis(scene: Scene) -> Lines:
    """What is wrong and what detection established; everything else is called a hypothesis."""
    reply = scene.reply(CHECK) or scene.reply(SUMMARY)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    rows = [row for row in reply.rows if row["status"] != "pending"] or list(reply.rows)
    cause = cascade_remark(scene)
    if not rows:
        lines = [f"I see nothing wrong with {scene.subject()}: no anomaly {scene.when(reply)}."]
        lines += _unknown_components(reply, scene)
        return [*lines, *_trend_part(scene), *cause, looked_at(reply, scene)]
    told = incidents.open_incidents(scene)
    still = sum(row["status"] != "resolved" for row in rows)
    lines = [_finding(reply, rows, still, told, scene), *_what_is_open(reply, told, scene)]
    lines += [*_unknown_components(reply, scene), *_trend_part(scene)]
    lines += incidents.resolved_lines(incidents.over_incidents(scene), scene)
    lines += cause
    if not cause and scene.reply(CROSS) is not None and not told and not incidents.over_incidents(scene):
        lines.append("Nothing shows that this came from another component.")
    return [*lines, looked_at(reply, scene), *_checks(rows, told, scene, causes=True)]


_ORIGIN = (
    r"\bwhy\b|\bcauses?d?\b|\broot\b|\bfirst\b|\borigin|\bstart(?:ed)?\b|\bbegan\b|\breason\b|\bculprit\b|\bcome from\b"
)


def _finding(reply: ToolReply, rows: Sequence[Json], still: int, told: Sequence[Json], scene: Scene) -> str:
    """The first sentence: where it began if that is asked, else how much is wrong."""
    if told and re.search(_ORIGIN, scene.request.question.lower()):
        return incidents.origin(told[0], scene)
    state = f"{still:,} still open" if still else "none open any more"
    within = f", in {say.count(len(told), 'incidents')}" if told else ""
    return (
        f"{say.capital(say.count(len(rows), 'anomalies'))} of {scene.subject()} {scene.when(reply)}, {state}{within}; "
        f"the worst first:"
    )


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
        told = incidents.open_incidents(scene)
        if told and re.search(r"\bfirst\b|\bwhere\b", scene.request.question.lower()):
            lines = [incidents.origin(told[0], scene)]
        lines += _what_is_open(reply, told, scene)
        return [*lines, looked_at(reply, scene), *_checks(still, told, scene)]
    rows = summary.rows if summary else reply.rows
    lines = [f"Nothing is wrong with {scene.subject()} now."]
    if rows and summary is not None:
        lines.append(f"The latest {scene.when(summary)}:")
        return [*lines, *event_lines(rows[:3], scene), looked_at(summary, scene)]
    return [*lines, looked_at(summary or reply, scene)]


def advice(scene: Scene) -> Lines:
    """What to check, from the catalogue, for what is wrong now or for the metric that was named."""
    reply = scene.reply(CHECK)
    told = incidents.open_incidents(scene)
    if told and reply is not None:
        lines = [_broken(told, scene), *incidents.in_full(told, scene)]
        lines += incidents.resolved_lines(incidents.over_incidents(scene), scene)
        causes = hints_of_causes(told[0], scene) if len(told) == 1 else []
        return [*lines, *causes, _ONLY_LOOK, looked_at(reply, scene)]
    rows = [row for row in worst_first(reply.rows) if row["status"] not in ("pending", "resolved")] if reply else []
    metrics = [row["metric"] for row in rows if row["metric"] in scene.catalogue] or list(scene.request.metrics)
    if not metrics:
        return _nothing_to_do(reply, scene)
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
    return [*lines, _ONLY_LOOK, *([looked_at(reply, scene)] if reply else [])]


def _nothing_to_do(reply: ToolReply | None, scene: Scene) -> Lines:
    """Nothing is broken: what that rests on, what is over by now, what is not confirmed yet."""
    if reply is None:
        return [f"Nothing is wrong with {scene.subject()} now, so there is nothing to do."]
    if reply.status == "no_data" or reply.summary.get("health") == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    lines = [
        f"Nothing is wrong with {scene.subject()} now, so there is nothing to do.{_reporting(reply.summary, scene)}"
    ]
    lines += [*_unknown_components(reply, scene), *incidents.pending_line(reply, scene)]
    lines += [words for words in [incidents.freshness_words(scene)] if words]
    lines += incidents.resolved_lines(incidents.over_incidents(scene), scene)
    return [*lines, looked_at(reply, scene)]


_ONLY_LOOK = "I can only look: changes to the platform are yours to make."


def _broken(told: Sequence[Json], scene: Scene) -> str:
    """What is broken in one sentence; or what to check first, where only that is asked."""
    question = scene.request.question.lower()
    worst = told[0]
    checks = incidents.checks_of(worst, scene)
    if checks and not re.search(r"\bbroken\b|\bwrong\b|\bsince when\b|\bwhere\b|\bhow bad\b|\bwhat happen", question):
        return f"Check first: {say.sentence(checks[0])}"
    more = f", and {say.count(len(told) - 1, 'other incidents')}" if len(told) > 1 else ""
    return f"Broken: {incidents.headline(worst, scene)}{more}."


def progress(scene: Scene) -> Lines:
    """Whether it gets better: judged by the worst since the onset and by the last half hour."""
    reply = scene.reply(CHECK)
    if reply is None or reply.status == "no_data":
        return [] if reply is None else [no_data(reply, scene), looked_at(reply, scene)]
    told, over = incidents.open_incidents(scene), incidents.over_incidents(scene)
    if not told:
        calm = "nothing is open any more" if over else f"nothing is wrong with {scene.subject()} now"
        lines = [f"{'Yes' if over else 'There is nothing to get better'}: {calm}."]
        lines += [*_unknown_components(reply, scene), *incidents.resolved_lines(over, scene)]
        lines += _trend_part(scene) if scene.request.metrics else []
        return [*lines, looked_at(reply, scene)]
    lines = [_verdict(told[0], scene)]
    for row in told[: incidents.MOST_IN_FULL]:
        lines += [f"{say.capital(incidents.headline(row, scene))}:", *incidents.courses_of(row, reply.rows, scene)]
    lines += incidents.resolved_lines(over, scene)
    return [*lines, looked_at(reply, scene), *_checks(reply.rows, told, scene)]


def _verdict(row: Json, scene: Scene) -> str:
    """Yes or no to what was asked, "better" or "worse", by the worst incident."""
    text = incidents.course_of(row, scene)
    if not text:
        return f"It cannot be told yet: {incidents.headline(row, scene)} has no figures to judge by."
    event = incidents.leading(row)
    worse_asked = re.search(r"\bwors|\bdeteriorat", scene.request.question.lower()) is not None
    grows = event is not None and event["course"] == "worsening"
    if not worse_asked and not grows and event is not None and event["course"] == "easing":
        return f"{'Yes' if incidents.eases(row) else 'In part'}, {text}"
    return f"{'Yes' if worse_asked and grows else 'No'}, {text}"


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
    told = [row for row in incidents.open_incidents(scene) if (row.get("root") or {}).get("anomaly_type") == "no_data"]
    shown = {row.get("id") for row in told}
    lines += incidents.in_full(told, scene, checks=False)
    lines += event_lines([row for row in rows if row.get("incident_id") not in shown], scene)
    return [count, *lines, looked_at(reply, scene), *_checks([], told, scene)]
