"""A bank of questions: what each should be answered from, and whether it was.

An item expects, over the calls of the tools it names (any, where it names none):

- `components`: their union is exactly this set (`components_superset`: at least); `components_include`: at least.
- `metrics`: all of these; `metrics_any`: one of these. "All metrics" does not count where one was asked for.
- `instances`: each is looked at, or its parts (`ch-1` for `ch-1/orders`), and no other; lists in it are equally good.
- `window`, `compare_window`: one call's window begins and ends within the tolerance; a list holds equally good ones;
  `contains` asks for a short window around a moment. Ends beyond the moment of asking count as that moment. What is
  compared may be asked in either order or in two calls.
- `severity`: one call was asked with it.
- `answer_must`, `answer_must_not`: patterns over the text of the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitoring.agent.request import ToolCall
from monitoring.metrics import COMPONENTS, Catalogue, Window
from monitoring.moments import parse_moment

FOLDER = Path(__file__).resolve().parent / "questions"
AS_OF = datetime.fromisoformat("2026-03-04T12:00:00+00:00")
"""When every question of the bank is asked: a Wednesday."""
FIRST_DATA = datetime.fromisoformat("2026-03-02T12:30:00+00:00")
"""Windows that end before this one may rightly find no data."""
TUNED, REPORTED = "a", "b"
"""The half whose failures were read while the rules were written, and the one that only was counted."""

Json = Mapping[str, Any]
_DEFAULTS = {
    "check_real_time_anomalies": timedelta(minutes=10),
    "get_anomaly_summary": timedelta(hours=24),
    "query_metrics_trend": timedelta(hours=6),
    "get_cross_component_anomalies": timedelta(hours=24),
    "search_documents": AS_OF - datetime(1970, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A question, or a dialogue of several turns; `half` is `TUNED` or `REPORTED`."""

    id: str
    category: str
    half: str
    turns: Sequence[Json]


@dataclass(frozen=True, slots=True)
class Look:
    """One tool call as far as it counts; `no_data` where it found none."""

    tool: str
    components: frozenset[str]
    metrics: frozenset[str]
    instances: frozenset[str]
    window: Window
    compare: Window | None
    severity: str | None
    no_data: bool = False


def read_bank(folder: Path = FOLDER) -> Iterator[Item]:
    """The items of the bank, questions first."""
    for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        yield Item(item["id"], item["category"], item["split"], [item])
    for line in (folder / "dialogues.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        yield Item(item["id"], "dialogue", item["split"], item["turns"])


def looked(call: Json) -> Look | None:
    """A call of an answer's `tool_calls`; `None` where it could not look."""
    seen = call["looked_at"]
    if not seen:
        return None
    return Look(
        call["name"],
        frozenset(seen["components"]),
        frozenset(seen["metrics"] or ()),
        frozenset(seen["instances"] or ()),
        _window(seen["window"]),
        _window(seen["compare_window"]) if seen.get("compare_window") else None,
        call["args"].get("severity"),
        call["status"] == "no_data",
    )


def planned_look(call: ToolCall, catalogue: Catalogue, as_of: datetime = AS_OF) -> Look:
    """What a planned call would look at, without asking it."""
    args = call.args
    metrics = tuple(args.get("metric") or ())
    homes = {catalogue[name].component for name in metrics}
    components = args.get("component") or [c for c in COMPONENTS if not homes or c in homes]
    span = _DEFAULTS[call.name]
    if "hours" in args:
        span = timedelta(hours=args["hours"])
    if "last_minutes" in args:
        span = timedelta(minutes=args["last_minutes"])
    end = parse_moment(args["end"], "end") if "end" in args else as_of
    start = parse_moment(args["start"], "start") if "start" in args else end - span
    compare = None
    if "compare_start" in args:
        compare = Window(parse_moment(args["compare_start"], "start"), parse_moment(args["compare_end"], "end"))
    return Look(
        call.name,
        frozenset(components),
        frozenset(metrics),
        frozenset(args.get("instance") or ()),
        Window(start, end),
        compare,
        args.get("severity"),
    )


def faults(expect: Json, looks: Sequence[Look], answer: str | None) -> list[str]:
    """Why an answer is not what was expected; empty when it is. Without a text, only the calls are judged."""
    wrong = _wrong_calls(expect, looks)
    if answer is not None:
        missing = any(not re.search(pattern, answer) for pattern in expect.get("answer_must") or ())
        unwanted = any(re.search(pattern, answer) for pattern in expect.get("answer_must_not") or ())
        wrong += ["answer"] if missing or unwanted else []
    return list(dict.fromkeys(wrong))


def _wrong_calls(expect: Json, looks: Sequence[Look]) -> list[str]:
    tools = expect.get("tools")
    mine = [look for look in looks if tools is None or look.tool in tools]
    wrong = ["tool"] if tools is not None and not mine else []
    wrong += ["tool" for name in expect.get("tools_must") or () if name not in {look.tool for look in looks}]
    if not mine and tools is None:
        return wrong
    checks = {
        "components": _components_fit(expect, mine),
        "metrics": _metrics_fit(expect, mine),
        "instances": _instances_fit(expect, mine),
        "window": _windows_fit(expect, mine),
        "severity": not expect.get("severity") or any(look.severity == expect["severity"] for look in mine),
        "no_data": not mine or not all(look.no_data and look.window.end > FIRST_DATA for look in mine),
    }
    return wrong + [name for name, right in checks.items() if not right]


def _components_fit(expect: Json, looks: Sequence[Look]) -> bool:
    seen = {name for look in looks for name in look.components}
    named = expect.get("components")
    exactly = named is None or seen == set(named)
    wider = bool(expect.get("components_superset")) and set(named or ()) <= seen
    return (exactly or wider) and set(expect.get("components_include") or ()) <= seen


def _metrics_fit(expect: Json, looks: Sequence[Look]) -> bool:
    seen = {name for look in looks for name in look.metrics}
    one_of = set(expect.get("metrics_any") or ())
    return set(expect.get("metrics") or ()) <= seen and (not one_of or bool(one_of & seen))


def _instances_fit(expect: Json, looks: Sequence[Look]) -> bool:
    wanted = expect.get("instances")
    if wanted is None:
        return True
    seen = {name for look in looks for name in look.instances}
    readings = wanted if wanted and not isinstance(wanted[0], str) else [wanted]
    return any(_only(names, seen) for names in readings)


def _only(wanted: Sequence[str], seen: set[str]) -> bool:
    return all(any(_part_of(w, s) for s in seen) for w in wanted) and all(
        any(_part_of(w, s) for w in wanted) for s in seen
    )


def _part_of(wanted: str, seen: str) -> bool:
    return seen == wanted or seen.startswith(f"{wanted}/") or seen.endswith(f"/{wanted}")


def _windows_fit(expect: Json, looks: Sequence[Look]) -> bool:
    first, second = expect.get("window"), expect.get("compare_window")
    pairs = [[w for w in (look.window, look.compare) if w is not None] for look in looks]
    every = [window for pair in pairs for window in pair]
    if second is not None:
        return any(
            _fits(second, one) and any(other is not one and (first is None or _fits(first, other)) for other in every)
            for one in every
        )
    if first is not None and not any(_fits(first, window) for window in every):
        return False
    two = any(len(pair) > 1 for pair in pairs) or len({pair[0] for pair in pairs}) > 1
    return two or not expect.get("compare_required")


def _fits(wanted: Json | Sequence[Json], window: Window) -> bool:
    if not isinstance(wanted, Mapping):
        return any(_fits(one, window) for one in wanted)
    end = min(window.end, AS_OF)
    if "contains" in wanted:
        inside = window.start <= datetime.fromisoformat(wanted["contains"]) <= end
        return inside and (end - window.start).total_seconds() <= wanted["max_seconds"]
    good = _window(wanted)
    slack = timedelta(seconds=wanted["tolerance_seconds"])
    return abs(window.start - good.start) <= slack and abs(end - min(good.end, AS_OF)) <= slack


def _window(given: Json) -> Window:
    return Window(datetime.fromisoformat(given["from"]), datetime.fromisoformat(given["to"]))
