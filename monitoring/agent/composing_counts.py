"""Answers that count and list: how many anomalies, which ones, which incidents across components."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitoring.agent import composing_incidents as incidents
from monitoring.agent import phrasing as say
from monitoring.agent.planning import CHECK, CROSS, SUMMARY
from monitoring.agent.scene import Scene, event_lines, figures, hints, looked_at, no_data, uncovered, worst_first
from monitoring.contract import Json, ToolReply

Lines = list[str]


def _incident_lines(rows: Sequence[Json], total: int, scene: Scene, most: int) -> Lines:
    """Incidents in full while they are few, in a line each where they are many."""
    if len(rows) <= min(incidents.MOST_IN_FULL, most) and total == len(rows):
        return [line for row in rows for line in incidents.told(row, scene, checks=False)]
    lines = [f"- {incidents.in_short(row, scene)}" for row in rows[:most]]
    return [*lines, *([f"- and {total - len(lines):,} more"] if total > len(lines) else [])]


def cascade_remark(scene: Scene) -> Lines:
    """Incidents across components that the answer has not told yet."""
    reply = scene.reply(CROSS)
    summary = scene.reply(SUMMARY)
    listed = (summary.summary.get("incident_list") or ()) if summary else ()
    known = (*incidents.open_incidents(scene), *incidents.over_incidents(scene)) if scene.reply(CHECK) else ()
    told = {row.get("id") for row in (*known, *listed)}
    rows = [row for row in reply.rows if row.get("id") not in told] if reply else []
    if reply is None or not rows:
        return []
    # How many are left of those that were found stands in no row, so it is not told.
    whole, more = len(rows) == len(reply.rows), reply.row_count - (len(reply.rows) - len(rows)) - 3
    who = say.capital(say.count(reply.row_count, "incidents")) if whole else "Other incidents"
    lines = [f"- {incidents.in_short(row, scene)}" for row in rows[:3]]
    rest = [f"- and {more:,} more" if whole else "- and more"] if more > 0 else []
    return [f"{who} across components {scene.when(reply)}:", *lines, *rest]


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
    if scene.request.severity == "warning":
        still, noun = [row for row in still if row["severity"] == "warning"], "warnings"
    told = incidents.open_incidents(scene)
    within = f", in {say.count(len(told), 'incidents')}" if told else ""
    lines = [f"{say.capital(say.count(len(still), noun))} {'is' if len(still) == 1 else 'are'} open now{within}."]
    if re.search(r"\bincidents?\b", scene.request.question.lower()):
        lines = [f"{say.capital(say.count(len(told), 'incidents'))} {'is' if len(told) == 1 else 'are'} open now."]
    lines += [f"- {incidents.in_short(row, scene)}" for row in told[: scene.most]]
    return [*lines, *event_lines(incidents.apart(still, told), scene), looked_at(reply, scene)]


def listing(scene: Scene) -> Lines:
    """What came up in a window, the worst first."""
    reply = scene.reply(SUMMARY)
    if reply is None:
        return counting(scene)
    lines = _counted(reply, scene, scene.most)
    remark = cascade_remark(scene)
    told = reply.summary.get("incident_list") or ()
    worst = worst_first(reply.rows)[0]["metric"] if reply.rows else ""
    checks = _pattern_hints(told[0], scene) if told else hints(worst, scene) if worst else []
    return [*lines[:-1], *remark, lines[-1], *checks]


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
    if scene.request.counted == "incidents" and isinstance(found.get("incidents"), int):
        told_of = f"{say.capital(say.count(found['incidents'], 'incidents'))}{subject} {scene.when(reply)}"
        lines = [f"{told_of}, with {say.count(total, noun)}{_split(reply, scene, total)}"]
    rows = [row for row in reply.rows if scene.request.severity != "warning" or row["severity"] == "warning"]
    if total > 1:
        lines += _where(reply, scene)
    told = list(found.get("incident_list") or ())
    if told:
        lines += [f"In {say.count(len(told), 'incidents')}:", *_incident_lines(told, len(told), scene, most)]
        rows = _beside(rows, told)
        total = len(rows)
    lines += event_lines(rows, scene, most, total)
    return [*lines, *filter(None, [uncovered(reply, scene)]), looked_at(reply, scene)]


def _beside(rows: Sequence[Json], told: Sequence[Json]) -> list[Json]:
    ids = {row["id"] for row in told}
    return [row for row in rows if row.get("incident_id") not in ids]


def _split(reply: ToolReply, scene: Scene, total: int) -> str:
    if not total:
        return "."
    found = reply.summary
    parts = [f"{found[name]:,} {name}" for name in ("critical", "warning") if found.get(name)]
    text = f" ({', '.join(parts)})" if parts and scene.request.severity is None else ""
    still = int(found.get("open", 0))
    if scene.request.severity == "warning":
        still = sum(row["severity"] == "warning" and row["status"] != "resolved" for row in reply.rows)
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
        *_incident_lines(reply.rows, reply.row_count, scene, scene.most),
    ]
    lines += filter(None, [uncovered(reply, scene)])
    return [*lines, looked_at(reply, scene), *_pattern_hints(reply.rows[0], scene)]


def _pattern_hints(row: Json, scene: Scene) -> Lines:
    checks = incidents.checks_of(row, scene)
    return ["Check next:", *(f"- {check}" for check in checks)] if checks else []
