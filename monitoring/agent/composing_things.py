"""Answers that name things: how many brokers are affected, which node is worst, which of two stands better."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.agent import phrasing as say
from monitoring.agent import things
from monitoring.agent.planning import CHECK, LEVEL, SUMMARY, TREND
from monitoring.agent.quantities import quantities
from monitoring.agent.scene import Scene, event_lines, looked_at, no_data, worst_first
from monitoring.contract import ToolReply

Lines = list[str]
Row = Mapping[str, Any]
MOST_RANKED = 3
_LEAST = r"\b(?:lowest|least|fewest|smallest|emptiest|quietest|idlest|best|healthiest|fastest|shortest)\b"


def counted_things(scene: Scene) -> Lines:
    """How many things of a kind are beyond a level, or have open anomalies (or had some in the window), and which."""
    trend = scene.reply(TREND)
    if trend is not None and trend.rows:
        return _beyond(trend, scene)
    reply = scene.reply(CHECK) or scene.reply(SUMMARY)
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    kind = kind_asked(scene, scene.request.counted)
    rows = _counting(reply)
    affected = things.grouped(rows, kind, scene.catalogue)
    of = f" {_of_what(scene)}" if _of_what(scene) else ""
    when = "now" if reply.name == CHECK else scene.when(reply)
    if not affected:
        had = "has an open anomaly" if reply.name == CHECK else "had an anomaly"
        return [f"None: no {kind} {had}{of} {when}.", looked_at(reply, scene)]
    one = len(affected) == 1
    state = ("is" if one else "are") if reply.name == CHECK else ("was" if one else "were")
    names = say.listed(_name(name, kind) for name in list(affected)[:8])
    more = f" and {len(affected) - 8} more" if len(affected) > 8 else ""
    by = of.replace(" of ", " by ", 1)
    lines = [f"{len(affected):,} {kind if one else _plural(kind)} {state} affected{by} {when}: {names}{more}."]
    return [*lines, *event_lines([dict(row) for row in rows], scene), looked_at(reply, scene)]


def _beyond(reply: ToolReply, scene: Scene) -> Lines:
    """The things whose latest value is beyond the level that the question names."""
    metric = scene.request.metrics[0]
    level = _level(scene, metric)
    kind = kind_asked(scene, scene.request.counted)
    groups = things.grouped((row for row in reply.rows if row["metric"] == metric), kind, scene.catalogue)
    if level is None or not groups:
        return [f"I could not count them by {say.short_name(metric, scene.catalogue)}.", looked_at(reply, scene)]
    side, amount = level
    over = side not in ("below", "under", "less than", "fewer than", "lower than")
    latest = {name: (max if over else min)(row["last"] for row in rows) for name, rows in groups.items()}
    inside = [name for name, value in latest.items() if (value > amount if over else value < amount)]
    what = say.short_name(metric, scene.catalogue)
    unit = next(row["unit"] for row in reply.rows if row["metric"] == metric)
    ranked = sorted(latest, key=lambda name: latest[name], reverse=over)
    shown = say.listed([f"{_name(name, kind)} {say.quantity(latest[name], unit)}" for name in ranked[:8]])
    plural = kind if len(groups) == 1 else _plural(kind)
    verb = "is" if len(inside) == 1 else "are"
    where = "above" if over else "below"
    first = f"{len(inside):,} of {len(groups):,} {plural} {verb} {where} that level of {what} now: {shown}."
    return [first, looked_at(reply, scene)]


def _level(scene: Scene, metric: str) -> tuple[str, float] | None:
    """The side and the size of the level a question names, in the metric's own unit."""
    match = LEVEL.search(scene.request.question.lower())
    amount = next(quantities(match["amount"]), None) if match is not None else None
    if match is None or amount is None:
        return None
    share = metric in scene.catalogue and scene.catalogue[metric].unit == "ratio"
    percent = amount.kind == "percent" or (share and amount.value > 1)
    return match["side"], amount.value / 100 if share and percent else amount.value


def _counting(reply: ToolReply) -> list[Row]:
    if reply.name != CHECK:
        return list(reply.rows)
    return [row for row in reply.rows if row["status"] not in ("resolved", "pending")]


def _of_what(scene: Scene) -> str:
    names = list(dict.fromkeys(say.short_name(m, scene.catalogue) for m in scene.request.metrics))
    return f"of {say.listed(names[:3])}" if names else ""


def kind_asked(scene: Scene, word: str) -> str:
    return things.kind_of(word, scene.request.components) or things.ANYTHING


def _plural(kind: str) -> str:
    return f"{kind}s"


def _name(name: str, kind: str) -> str:
    return say.component_title(name) if kind == things.COMPONENT else f"`{say.plain(name)}`"


def ranking(scene: Scene) -> Lines:
    """The things asked for by rank, in a sentence that comes first; none where nothing tells them apart."""
    if not scene.request.ranked or scene.request.intent not in _RANKABLE:
        return []
    if re.search(r"\b(?:types?|kinds?|sorts?)\b", scene.request.ranked):
        return _commonest(scene)
    trend = scene.reply(TREND)
    check = scene.reply(CHECK) or scene.reply(SUMMARY)
    kind = _kind_ranked(scene)
    if scene.request.metrics and trend is not None and trend.rows:
        return _by_figure(trend, kind, scene)
    return _by_anomalies(check, kind, scene) if check is not None else []


_RANKABLE = frozenset({"status", "list", "value", "trend", "diagnose", "count"})


def _kind_ranked(scene: Scene) -> str:
    """The kind that is asked for; of several components and no instance, "which one" means a component."""
    request = scene.request
    if request.ranked == "one" and len(request.components) > 1 and not request.instances and not request.metrics:
        return things.COMPONENT
    return kind_asked(scene, request.ranked)


def _commonest(scene: Scene) -> Lines:
    reply = scene.reply(SUMMARY)
    by_type = (reply.summary.get("by_type") or {}) if reply else {}
    if not by_type or reply is None:
        return []
    ranked = sorted(by_type.items(), key=lambda item: -item[1])
    shown = [f"{name.replace('_', ' ')} ({amount:,})" for name, amount in ranked[:MOST_RANKED]]
    then = f"; then {say.listed(shown[1:])}" if len(shown) > 1 else ""
    return [f"Most common {scene.when(reply)}: {shown[0]}{then}."]


def _by_anomalies(reply: ToolReply, kind: str, scene: Scene) -> Lines:
    """By what is open, critical ones first; where nothing is, by what came up."""
    rows = [row for row in reply.rows if row["status"] != "pending"]
    still = [row for row in rows if row["status"] != "resolved"]
    affected = things.grouped(still or rows, kind, scene.catalogue)
    if not affected:
        return []
    ranked = sorted(affected.items(), key=lambda item: (-_critical(item[1]), -len(item[1])))
    open_ = "open " if still else ""
    shown = [
        f"{_name(name, kind)} with {say.count(len(own), f'{open_}anomalies')}{_of_them(own)}" for name, own in ranked
    ]
    then = f"; then {say.listed(shown[1:MOST_RANKED])}" if len(shown) > 1 else ""
    more = f", and {len(shown) - MOST_RANKED} more" if len(shown) > MOST_RANKED else ""
    return [f"Worst: {shown[0]}{then}{more}."]


def _critical(rows: Sequence[Row]) -> int:
    return sum(row["severity"] == "critical" for row in rows)


def _of_them(rows: Sequence[Row]) -> str:
    critical = _critical(rows)
    return f" ({critical:,} critical)" if critical else ""


def _by_figure(reply: ToolReply, kind: str, scene: Scene) -> Lines:
    """By the figure that was named: the average of a window, else the latest value."""
    metric = scene.request.metrics[0]
    rows = [row for row in reply.rows if row["metric"] == metric]
    affected = things.grouped(rows, kind, scene.catalogue) or things.grouped(rows, things.ANYTHING, scene.catalogue)
    if len(affected) < 2:
        return []
    key = "avg" if scene.request.window is not None else "last"
    low = metric in scene.catalogue and scene.catalogue[metric].direction == "lower_is_worse"
    least = re.search(_LEAST, scene.request.question.lower()) is not None
    if re.search(r"\bbest\b|\bhealthiest\b", scene.request.question.lower()):
        least = not low
    elif re.search(r"\bworst\b|\brank\w*\b", scene.request.question.lower()):
        least = low
    picked = {name: (min if least else max)(own, key=lambda row: row[key]) for name, own in affected.items()}
    ranked = sorted(picked.items(), key=lambda item: item[1][key] if least else -item[1][key])
    shown = [f"{_name(name, kind)} {say.quantity(row[key], row['unit'])}" for name, row in ranked]
    most = "Lowest" if least else "Highest"
    what = f"{'average ' if key == 'avg' else ''}{say.short_name(metric, scene.catalogue)}"
    then = f"; then {say.listed(shown[1 : scene.most])}" if shown[1 : scene.most] else ""
    return [f"{most} {what} {scene.when(reply) if key == 'avg' else 'now'}: {shown[0]}{then}."]


def contrast(scene: Scene) -> Lines:
    """Two or more things side by side: by the figures named, else by the anomalies they have."""
    trend, check = scene.reply(TREND), scene.reply(CHECK) or scene.reply(SUMMARY)
    reply = trend or check
    if reply is None:
        return []
    if reply.status == "no_data":
        return [no_data(reply, scene), looked_at(reply, scene)]
    lines = _figures_apart(trend, scene) if trend is not None else _anomalies_apart(check, scene) if check else []
    return [*lines, looked_at(reply, scene)]


def _sides(scene: Scene) -> list[str]:
    """The things that are compared: components, or instances by what was named of them."""
    names = scene.request.instances
    if not names:
        return list(scene.request.components)
    heads = list(dict.fromkeys(name.split("/")[0] for name in names))
    return heads if len(heads) > 1 else list(names)


def _on_side(row: Row, side: str, scene: Scene) -> bool:
    instance = str(row["instance"])
    if not scene.request.instances:
        return bool(row["component"] == side)
    return instance == side or instance.startswith(f"{side}/")


def _side_name(side: str, scene: Scene) -> str:
    return f"`{say.plain(side)}`" if scene.request.instances else say.component_title(side)


def _figures_apart(reply: ToolReply, scene: Scene) -> Lines:
    key = "avg" if scene.request.window is not None else "last"
    lines: Lines = []
    for metric in dict.fromkeys(row["metric"] for row in reply.rows):
        rows = [row for row in reply.rows if row["metric"] == metric]
        low = metric in scene.catalogue and scene.catalogue[metric].direction == "lower_is_worse"
        sides = {}
        for side in _sides(scene):
            own = [row for row in rows if _on_side(row, side, scene)]
            if own:
                sides[side] = (min if low else max)(own, key=lambda row: row[key])
        if sides:
            lines.append(_apart(metric, sides, key, reply, scene))
    return lines or [f"I found no figures that {scene.subject()} have in common {scene.when(reply)}."]


def _apart(metric: str, sides: Mapping[str, Row], key: str, reply: ToolReply, scene: Scene) -> str:
    ranked = sorted(sides.items(), key=lambda item: -item[1][key])
    shown = [f"{_side_name(side, scene)} {say.quantity(row[key], row['unit'])}" for side, row in ranked]
    short = say.capital(say.short_name(metric, scene.catalogue))
    when = f"on average {scene.when(reply)}" if key == "avg" else "now"
    return f"**{short}** {when}: {' against '.join(shown)}."


def _amount(rows: Sequence[Row], which: str) -> str:
    return f"{say.count(len(rows), f'{which}anomalies')}{_of_them(rows)}" if rows else f"no {which}anomaly"


def _anomalies_apart(reply: ToolReply, scene: Scene) -> Lines:
    rows = [row for row in reply.rows if row["status"] != "pending"]
    still = [row for row in rows if row["status"] != "resolved"] if reply.name == CHECK else rows
    sides = {side: [row for row in still if _on_side(row, side, scene)] for side in _sides(scene)}
    ranked = sorted(sides.items(), key=lambda item: (-_critical(item[1]), -len(item[1])))
    open_ = "open " if reply.name == CHECK else ""
    shown = [f"{_side_name(side, scene)} has {_amount(own, open_)}" for side, own in ranked]
    first, second = ranked[0][1], ranked[-1][1]
    level = (_critical(first), len(first)) == (_critical(second), len(second))
    verdict = "No difference" if level else f"{_side_name(ranked[0][0], scene)} is worse off"
    lines = [f"{verdict}: {', '.join(shown)}."]
    return [*lines, *event_lines(worst_first(still), scene)]
