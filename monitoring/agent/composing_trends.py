"""Answers about figures: trends, values, leaks, forecasts, comparisons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from monitoring.agent import composing_incidents as incidents
from monitoring.agent import phrasing as say
from monitoring.agent.planning import SUMMARY, TREND
from monitoring.agent.scene import Scene, figures, hints, looked_at, no_data, uncovered, worst_first
from monitoring.contract import Json, ToolReply
from monitoring.metrics import Metric

Lines = list[str]
LEAK_SHARE = 0.05
"""A floor that rose by less than this share of where it began is no sign of a leak."""


def series_lines(rows: Sequence[Json], scene: Scene, most: int, total: int) -> Lines:
    """One line a series: where it is, its average and extreme, which way it goes."""
    lines = [_series_line(row, scene) for row in rows[:most]]
    more = total - len(lines)
    return [*lines, *([f"- and {more:,} more"] if more > 0 else [])]


def _series_line(row: Json, scene: Scene) -> str:
    unit = row["unit"]
    name = say.short_name(row["metric"], scene.catalogue)
    lower = _lower_is_worse(row["metric"], scene)
    extreme = f"{'lowest' if lower else 'highest'} {say.quantity(row['min' if lower else 'max'], unit)}"
    peak = f" at {scene.clock.at(row['peak_at'])}" if row.get("peak_at") else ""
    text = (
        f"- {say.place(row['component'], row['instance'])} {name}: {say.quantity(row['last'], unit)} at the "
        f"end, average {say.quantity(row['avg'], unit)}, {extreme}{peak}"
    )
    return text + _course(row, lower, scene) + _beyond(row, scene)


def _course(row: Json, lower: bool, scene: Scene) -> str:
    """Which way it went over the window; a rise that is over by now is told as one."""
    if has_peaked(row, scene):
        return "; it has recovered since" if lower else "; it has come down since"
    direction = row.get("direction", "steady")
    if direction == "steady":
        return f"; {direction}"
    if row.get("turned_at"):
        return f"; steady until {scene.clock.at(row['turned_at'])}, {direction} since then"
    return f"; {direction} from {say.quantity(row['first'], row['unit'])}"


PEAK = 2.0
"""The worst stretch is a peak if it is this many times as far from zero (or as near to it) as the usual one."""
BACK = 0.7
"""It is over if the end has come back to this share of it."""


def has_peaked(row: Json, scene: Scene) -> bool:
    """Whether a series went far beyond what is normal and has come back, by the averages of equal stretches."""
    lower = _lower_is_worse(row["metric"], scene)
    points = [point for point in row.get("points") or () if point is not None]
    if len(points) < 6 or not (row.get("breached") or _left_normal(row, lower, scene)):
        return False
    usual, last = median(points), points[-1]
    if lower:
        return bool(min(points) < usual / PEAK and last > usual * BACK)
    return bool(max(points) > PEAK * usual and last < BACK * max(points))


def _left_normal(row: Json, lower: bool, scene: Scene) -> bool:
    metric = scene.catalogue.by_name.get(row["metric"])
    bound = None if metric is None else metric.normal[0 if lower else 1]
    return bound is not None and (row["min"] < bound if lower else row["max"] > bound)


def _beyond(row: Json, scene: Scene) -> str:
    severity = row.get("breached")
    if not severity:
        return ""
    verb = "is" if row.get("beyond") == severity else "went"
    return f"; {verb} beyond the {severity} level{_level(row, severity, scene)}"


def _level(row: Json, severity: str, scene: Scene) -> str:
    """ " (above 50 %)"; the tool's own words where the catalogue does not know the metric."""
    metric = scene.catalogue.by_name.get(row["metric"])
    threshold = None if metric is None else metric.critical if severity == "critical" else metric.warning
    words = say.level_text(threshold, row["unit"]) if threshold else row.get(f"threshold_{severity}")
    return f" ({words})" if words else ""


def _lower_is_worse(metric: str, scene: Scene) -> bool:
    return metric in scene.catalogue and scene.catalogue[metric].direction == "lower_is_worse"


def trend(scene: Scene) -> Lines:
    """Which way figures went over a window."""
    reply = scene.reply(TREND)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    metrics = figures(reply.summary.get("metrics"))
    lines = [_metric_sentence(name, part, scene) for name, part in list(metrics.items())[:9]]
    lines[0] = f"{say.capital(scene.when(reply))}: {lines[0]}"
    lines += [text for text in [_peak_sentence(reply.rows, scene)] if text]
    notable = [row for row in reply.rows if row.get("breached") or row.get("direction") != "steady"]
    lines += series_lines(notable or reply.rows, scene, scene.most, reply.row_count)
    lines += [remark for remark in (_missing(metrics, scene), uncovered(reply, scene)) if remark]
    lines.append(looked_at(reply, scene))
    worst = reply.rows[0] if reply.rows else None
    return lines + (hints(worst["metric"], scene) if worst and worst.get("breached") else [])


def _metric_sentence(name: str, part: Mapping[str, Any], scene: Scene) -> str:
    unit = part.get("unit", "")
    series = int(part.get("series", 0))
    short = say.capital(say.short_name(name, scene.catalogue))
    average = say.quantity(part.get("avg"), unit)
    low, high = say.quantity(part.get("min"), unit), say.quantity(part.get("max"), unit)
    ways = [f"{part[way]:,} {way}" for way in ("rising", "falling", "steady") if part.get(way)]
    course = (
        f"is {part.get('direction', 'steady')}"
        if series == 1
        else f"of {say.count(series, 'series')}: {', '.join(ways)}"
    )
    return f"**{short}** {course}; average {average}, from {say.ranged(low, high)}."


def _peak_sentence(rows: Sequence[Json], scene: Scene) -> str:
    """What went far off in the window and is back: when it was worst, and what it is now."""
    back = [row for row in rows if has_peaked(row, scene) and row.get("peak_at")]
    if not back:
        return ""
    row = back[0]
    lower = _lower_is_worse(row["metric"], scene)
    name = f"{say.short_name(row['metric'], scene.catalogue)} of {say.place(row['component'], row['instance'])}"
    worst = say.quantity(row["min" if lower else "max"], row["unit"])
    now = say.quantity(row["last"], row["unit"])
    verb = "was lowest" if lower else "peaked"
    return f"{say.capital(name)} {verb} at {scene.clock.at(row['peak_at'])} with {worst} and is at {now} at the end."


def _missing(found: Mapping[str, Any], scene: Scene) -> str:
    missing = [name for name in scene.request.metrics if name not in found]
    if not missing or scene.request.instances:
        return ""
    return (
        f"No data of {say.listed(say.short_name(name, scene.catalogue) for name in missing)} in this "
        f"window; that is not the same as healthy."
    )


def value(scene: Scene) -> Lines:
    """What a figure is now: the latest of each series, the worst first."""
    reply = scene.reply(TREND)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    lines: Lines = []
    metrics = figures(reply.summary.get("metrics"))
    for name in metrics:
        rows = _ranked([row for row in reply.rows if row["metric"] == name], scene)
        if rows:
            lines.append(_latest_sentence(name, rows, int(metrics[name].get("series", len(rows))), scene))
    lines += series_lines(reply.rows, scene, scene.most, reply.row_count)
    return [*lines, *filter(None, [_missing(metrics, scene)]), looked_at(reply, scene)]


def _ranked(rows: Sequence[Json], scene: Scene) -> list[Json]:
    if not rows:
        return []
    lower = _lower_is_worse(rows[0]["metric"], scene)
    return sorted(rows, key=lambda row: row["last"] if lower else -row["last"])


def _latest_sentence(name: str, rows: Sequence[Json], series: int, scene: Scene) -> str:
    worst = rows[0]
    short = say.capital(say.short_name(name, scene.catalogue))
    now = say.quantity(worst["last"], worst["unit"])
    if series == 1:
        return (
            f"**{short}** of {say.place(worst['component'], worst['instance'])} is {now}, "
            f"{worst.get('direction', 'steady')}."
        )
    most = "lowest" if _lower_is_worse(name, scene) else "highest"
    return (
        f"**{short}** is {most} on {say.place(worst['component'], worst['instance'])}: {now} "
        f"({say.count(series, 'series')} seen)."
    )


def leak(scene: Scene) -> Lines:
    """Whether memory leaks: read from the floor under the saw-tooth, not from the mean."""
    reply = scene.reply(TREND)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    rows = [row for row in reply.rows if row.get("floor_change") is not None]
    leaking = [row for row in rows if leaks(row, scene)]
    trends = _trend_events(scene)
    if leaking:
        first = (
            f"Possibly: the floor rose steadily {scene.when(reply)} on {_places(leaking)}, "
            "as it does with a leak (a hypothesis to check)."
        )
    elif trends:
        first = (
            f"Possibly: detection reported {say.count(trends, 'anomalies')} of type trend "
            f"{scene.when(reply)}, though the floor has not risen notably."
        )
    else:
        first = f"No sign of a leak in {scene.subject()} {scene.when(reply)}: the floor has not risen notably."
    shown = leaking or rows
    lines = [first, *(_floor_line(row, scene) for row in shown[: scene.most])]
    if len(shown) > scene.most:
        lines.append(f"- and {len(shown) - scene.most:,} more")
    lines += filter(None, [uncovered(reply, scene)])
    lines.append(looked_at(reply, scene))
    return lines + (hints(leaking[0]["metric"], scene, causes=True) if leaking else [])


def _places(rows: Sequence[Json]) -> str:
    places = list(dict.fromkeys(say.place(row["component"], row["instance"]) for row in rows))
    return say.listed(places) if len(places) <= 3 else f"{', '.join(places[:3])} and others"


def leaks(row: Json, scene: Scene) -> bool:
    """Whether a series' floor moved towards trouble by a notable share, and goes on doing so."""
    change, slope = row["floor_change"], row.get("floor_slope_per_hour") or 0.0
    if _lower_is_worse(row["metric"], scene):
        change, slope = -change, -slope
    start = abs(row.get("floor_first") or row.get("min") or 0.0)
    floor = LEAK_SHARE if str(row["unit"]).startswith("ratio") else 0.0
    enough = change >= max(LEAK_SHARE * start, floor)
    return bool(enough and change > 0 and slope > 0 and row.get("direction") != "falling")


def _floor_line(row: Json, scene: Scene) -> str:
    unit = row["unit"]
    name = say.short_name(row["metric"], scene.catalogue)
    where = say.place(row["component"], row["instance"])
    if row.get("floor_first") is not None and row.get("floor_last") is not None:
        moved = (
            f"the floor moved from {say.quantity(row['floor_first'], unit)} to {say.quantity(row['floor_last'], unit)}"
        )
    else:
        moved = f"the floor moved by {say.change(row['floor_change'], unit)}"
    reaches = (
        f"; at this pace it reaches the critical level at {scene.clock.at(row['exhausts_at'])} (a forecast)"
        if row.get("exhausts_at")
        else ""
    )
    return f"- {where} {name}: {moved}, now {say.quantity(row['last'], unit)}{reaches}"


def _trend_events(scene: Scene) -> int:
    reply = scene.reply(SUMMARY)
    return int(figures(reply.summary.get("by_type")).get("trend", 0)) if reply else 0


def forecast(scene: Scene) -> Lines:
    """When a level would be reached if a figure went on as it does."""
    reply = scene.reply(TREND)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    beyond = [row for row in reply.rows if row.get("beyond") == "critical"]
    rows = sorted((row for row in reply.rows if row.get("exhausts_at")), key=lambda row: str(row["exhausts_at"]))
    if not rows and not beyond:
        no = "No, not" if _is_yes_or_no(scene) else "Not"
        lines = [
            f"{no} as far as can be seen: no series of {scene.subject()} is on its way to its critical level, "
            f"judging {scene.when(reply)}."
        ]
        return [*lines, *series_lines(reply.rows, scene, 5, reply.row_count), looked_at(reply, scene)]
    lines = [_already(row, scene) for row in beyond[:1]] + [_reaches(row, reply, scene) for row in rows[:1]]
    lines += [_floor_line(row, scene) for row in [*beyond, *(r for r in rows if r not in beyond)][: scene.most]]
    return [*lines, looked_at(reply, scene), *hints((beyond or rows)[0]["metric"], scene)]


def _is_yes_or_no(scene: Scene) -> bool:
    return re.match(r"\W*(?:will|is|are|does|do|can|could|would)\b", scene.request.question.lower()) is not None


def _already(row: Json, scene: Scene) -> str:
    where = f"{say.place(row['component'], row['instance'])} {say.short_name(row['metric'], scene.catalogue)}"
    now = say.quantity(row["last"], row["unit"])
    return f"Already: {where} is at {now}, beyond its critical level{_level(row, 'critical', scene)}."


def _reaches(row: Json, reply: ToolReply, scene: Scene) -> str:
    where = f"{say.place(row['component'], row['instance'])} {say.short_name(row['metric'], scene.catalogue)}"
    yes = "Yes, if" if _is_yes_or_no(scene) else "If"
    return (
        f"{yes} it goes on as it did {scene.when(reply)}, {where} reaches its critical level at "
        f"{scene.clock.at(row['exhausts_at'])}. This is a forecast."
    )


def comparison(scene: Scene) -> Lines:
    """How figures and anomalies differ from an earlier window."""
    reply, events = scene.reply(TREND), scene.reply(SUMMARY)
    against = scene.request.compare.label if scene.request.compare else "the time before"
    lines: Lines = []
    if events is not None and reply is None:
        lines = [_compared_events(events, scene, against)]
        return [*lines, looked_at(events, scene)]
    if reply is None:
        return trend(scene)
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    metrics = figures(reply.summary.get("metrics"))
    if not reply.summary.get("compare_samples"):
        lines = [*_against_baseline(events, scene), _nothing_to_compare(reply, scene, against)]
        lines += [f"- {_metric_sentence(name, part, scene)}" for name, part in metrics.items()]
    else:
        lines = [_verdict(metrics, scene, reply, against), *_changes(metrics, scene)]
    lines += [_compared_events(events, scene, against)] if events is not None else []
    lines += filter(None, [_missing(metrics, scene)])
    return [*lines, looked_at(reply, scene)]


def _against_baseline(events: ToolReply | None, scene: Scene) -> Lines:
    """What is open against what is usual for it, as the detection knows it: where there is no window to compare "
    "with."""
    still = [row for row in worst_first(events.rows if events else ()) if row.get("status") != "resolved"]
    known = [row for row in still if row.get("expected") is not None and row.get("value") is not None]
    if not known:
        return []
    shown = [f"{incidents.name_of(row, scene)} is {incidents.against_usual(row)}" for row in known[:2]]
    return [f"Compared with its baseline: {say.listed(shown)}."]


def _nothing_to_compare(reply: ToolReply, scene: Scene, against: str) -> str:
    begins = reply.summary.get("samples_from")
    starts = f": the history starts at {scene.clock.at(begins)}" if begins else ""
    return f"I cannot compare: there is no data for {against}{starts}. This is how it is {scene.when(reply)}:"


def _verdict(metrics: Mapping[str, Any], scene: Scene, reply: ToolReply, against: str) -> str:
    worse = [n for n, part in metrics.items() if _judged(n, part, scene) == "worse"]
    better = [n for n, part in metrics.items() if _judged(n, part, scene) == "better"]
    intro = f"{say.capital(scene.when(reply))} against {against}"
    if not worse and not better:
        return f"{intro}: about the same, no figure moved in a way that clearly says better or worse."
    parts = [
        f"{label}: {say.listed(say.short_name(n, scene.catalogue) for n in names)}"
        for label, names in (("worse", worse), ("better", better))
        if names
    ]
    return f"{intro}, {'; '.join(parts)}."


NOTABLE_PERCENT = 10.0


def _judged(name: str, part: Mapping[str, Any], scene: Scene) -> str:
    pct = part.get("avg_change_pct")
    metric: Metric | None = scene.catalogue.by_name.get(name)
    if pct is None or metric is None or abs(pct) < NOTABLE_PERCENT or metric.direction == "both":
        return "same"
    return "worse" if (pct > 0) == (metric.direction == "higher_is_worse") else "better"


def _changes(metrics: Mapping[str, Any], scene: Scene) -> Lines:
    def weight(item: tuple[str, Mapping[str, Any]]) -> tuple[bool, float]:
        return _judged(*item, scene) == "same", -abs(item[1].get("avg_change_pct") or 0.0)

    return [_change_line(name, part, scene) for name, part in sorted(metrics.items(), key=weight)]


def _change_line(name: str, part: Mapping[str, Any], scene: Scene) -> str:
    unit, pct = part.get("unit", ""), part.get("avg_change_pct")
    short = say.capital(say.short_name(name, scene.catalogue))
    now = f"average {say.quantity(part.get('avg'), unit)}"
    if part.get("compare_avg") is None:
        return f"- {short}: {now}; no data to compare with"
    before = say.quantity(part["compare_avg"], unit)
    moved = f" ({'+' if pct > 0 else ''}{say.percent(pct)})" if pct is not None else ""
    judged = _judged(name, part, scene)
    return f"- {short}: {now}, before {before}{moved}{'' if judged == 'same' else f', {judged}'}"


def _compared_events(events: ToolReply, scene: Scene, against: str) -> str:
    found, before = events.summary, figures(events.summary.get("compare"))
    if events.status == "no_data":
        return no_data(events, scene)
    total = say.capital(say.count(int(found.get("total", 0)), scene.noun()))
    of = f" of {scene.subject()}" if scene.request.components or scene.request.metrics else ""
    if not before or before.get("known") is False or "total" not in before:
        begins = found.get("samples_from")
        starts = f" (the history starts at {scene.clock.at(begins)})" if begins else ""
        return f"{total}{of} {scene.when(events)}; there is no data for {against}{starts}."
    return f"{total}{of} {scene.when(events)}, {before['total']:,} in {against}."
