"""What the overview shows: figures of each component, what is broken in plain words, how old the data is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from monitoring.contract import Check, Json
from monitoring.metrics import COMPONENTS, Catalogue
from monitoring.operations import Figure
from monitoring.ui.page import figures, theme
from monitoring.ui.page.theme import Look
from monitoring.wording import count, number, quantity, ranged

Take = Literal["total", "highest", "lowest"]

SPAN = timedelta(hours=1)
WIDTH = timedelta(minutes=2)
TITLES: Mapping[str, str] = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of a card: a metric, what is taken of its series, and what that is called; `counted` where the label
    does not say what is counted."""

    metric: str
    take: Take
    label: str
    counted: bool = False


GAUGES: Mapping[str, tuple[Gauge, ...]] = {
    "kafka": (
        Gauge("messages_in_rate", "total", "Messages in"),
        Gauge("consumer_group_lag", "highest", "Highest consumer lag"),
        Gauge("under_replicated_partitions", "total", "Under-replicated", counted=True),
    ),
    "flink": (
        Gauge("job_records_out_rate", "total", "Records read"),
        Gauge("backpressured_time_ratio", "highest", "Highest back-pressure"),
        Gauge("checkpoint_duration", "highest", "Longest checkpoint"),
    ),
    "clickhouse": (
        Gauge("inserted_rows_rate", "total", "Rows inserted"),
        Gauge("max_parts_per_partition", "highest", "Most parts in a partition"),
        Gauge("query_duration_p95", "highest", "Slowest queries (p95)"),
    ),
}
METRICS = tuple(gauge.metric for gauges in GAUGES.values() for gauge in gauges)
FLOWS = ("messages_in_rate", "job_records_out_rate", "inserted_rows_rate")
"""What flows into Kafka, from there into Flink, from there into ClickHouse."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure as it is shown: `where` is the instance it was read from, `points` how it went in the last hour, as
    pairs of a place in it (0 to 1) and a value, `tone` the severity of the worst anomaly of its metric, empty where
    there is none."""

    label: str
    value: str
    where: str
    points: Sequence[tuple[float, float]]
    trend: str
    tone: str
    help: str


@dataclass(frozen=True, slots=True)
class Card:
    """A component at a glance. `note` says what its health rests on."""

    component: str
    title: str
    look: Look
    tone: str
    note: str
    tiles: Sequence[Tile]


def cards(check: Check, known: Mapping[str, Figure], catalogue: Catalogue, now: datetime) -> list[Card]:
    """A card for each component, in the order of the pipeline."""
    return [_card(name, check, known, catalogue, now) for name in COMPONENTS]


def _card(name: str, check: Check, known: Mapping[str, Figure], catalogue: Catalogue, now: datetime) -> Card:
    state = check.components.get(name, {"health": "no_data"})
    worst = worst_by_metric(state.get("anomalies", ()))
    tiles = [
        _tile(gauge, known.get(gauge.metric, Figure(gauge.metric)), worst.get(gauge.metric, ""), catalogue, now)
        for gauge in GAUGES[name]
    ]
    return Card(name, TITLES[name], theme.health(state["health"]), state["health"], note(state, now), tiles)


def note(state: Json, now: datetime) -> str:
    """What a component's health rests on: its anomalies, its series, or since when nothing has come."""
    if state["health"] == "no_data":
        last = state.get("last_sample_at")
        return f"No samples; the last came {figures.age(last, now)}" if last else "No samples so far"
    series = count(state["series"], "series")
    if not state["open"]:
        return series
    return f"{count(state['open'], 'anomalies')} · {series}"


def _tile(gauge: Gauge, figure: Figure, tone: str, catalogue: Catalogue, now: datetime) -> Tile:
    metric = catalogue.by_name.get(gauge.metric)
    unit = metric.unit if metric else ""
    value = getattr(figure, gauge.take)
    values = [(stretch.start, getattr(stretch, gauge.take)) for stretch in figure.course]
    return Tile(
        gauge.label,
        figures.value(value, unit) if gauge.counted else brief(value, unit),
        "no samples" if value is None else _where(gauge, figure),
        [(1 + (start + WIDTH - now) / SPAN, number) for start, number in values],
        _trend([number for _, number in values], unit),
        tone,
        metric.description if metric else "",
    )


def _where(gauge: Gauge, figure: Figure) -> str:
    """The instance that stands out; none does where all are the same."""
    if gauge.take == "total" or figure.highest == figure.lowest:
        return ""
    return getattr(figure, f"{gauge.take}_at") or ""


def _trend(values: Sequence[float], unit: str) -> str:
    if not values:
        return "nothing in the last hour"
    return f"{ranged(brief(min(values), unit), brief(max(values), unit))} in the last hour"


def brief(value: float | None, unit: str) -> str:
    """A value beside a label that says what is counted: "1,240 /s", "312", "87 %", "1.2 s"."""
    if value is None:
        return figures.MISSING
    noun, _, per = unit.partition("/")
    if per and not noun.startswith("ratio"):
        return f"{number(value)} /{per}"
    return quantity(value, unit) if noun in ("ratio", "s", "ms", "bytes") else number(value)


def worst_by_metric(anomalies: Sequence[Json]) -> dict[str, str]:
    """The worst severity that fires, by metric."""
    worst: dict[str, str] = {}
    for row in anomalies:
        if row["status"] in ("firing", "acknowledged") and worst.get(row["metric"]) != "critical":
            worst[row["metric"]] = row["severity"]
    return worst


@dataclass(frozen=True, slots=True)
class Story:
    """An open incident in plain words: what is broken, since when, where it started, how far it went."""

    id: int
    look: Look
    tone: str
    title: str
    text: str
    since: str
    state: str


def stories(check: Check, catalogue: Catalogue, zone: ZoneInfo) -> list[Story]:
    """The open incidents, the worst first."""
    return [_story(row, catalogue, check.as_of, zone) for row in check.incidents]


def _story(incident: Json, catalogue: Catalogue, now: datetime, zone: ZoneInfo) -> Story:
    alone = len(incident["chain"]) <= 1
    place = sign_at(incident["root_metric"], incident["root_instance"], catalogue)
    since = figures.clock(incident["started_at"], zone, now)
    lasts = figures.lasting(incident["started_at"], now)
    return Story(
        incident["id"],
        theme.severity(incident["severity"]),
        incident["severity"],
        title_of(incident, catalogue),
        _root_now(incident) if alone else _travelled(incident, place),
        f"since {since} {figures.zone_name(zone, now)}, {lasts}",
        "" if incident["status"] == "firing" else str(incident["status"]),
    )


def title_of(incident: Json, catalogue: Catalogue) -> str:
    """What an incident is called: by its pattern, or by its only sign."""
    if len(incident["chain"]) > 1:
        return str(incident["title"])
    if incident["root_metric"] == "*":
        silent = incident["root_instance"]
        return f"Nothing arrives from {TITLES[incident['root_component']] if silent == '*' else silent}"
    return capital(sign_at(incident["root_metric"], incident["root_instance"], catalogue))


def _travelled(incident: Json, place: str) -> str:
    root = incident["root_component"]
    others = [TITLES.get(name, name) for name in incident["components"] if name != root]
    start = "Started" if incident.get("certain", True) else "Most likely started"
    went = f" and went on to {' and '.join(others)}" if others else ""
    return (
        f"{start} in {TITLES.get(root, root)} with {place}{went}. {capital(count(incident['series'], 'series'))} hit."
    )


def _root_now(incident: Json) -> str:
    why = (incident.get("root") or {}).get("why")
    return f"{TITLES.get(incident['root_component'], '')}: {why}." if why else str(incident.get("summary", ""))


def sign_at(metric: str, instance: str, catalogue: Catalogue) -> str:
    """A sign and its place in words: "parts per partition on ch-1/clicks"."""
    if metric == "*":
        return "silence of everything" if instance == "*" else f"silence of {instance}"
    short, place = sign(metric, catalogue), place_of(instance)
    return f"{short} on {place}" if place else short


def sign(metric: str, catalogue: Catalogue) -> str:
    """A metric in words; all metrics of an instance are `*`."""
    return "silence" if metric == "*" else catalogue[metric].short if metric in catalogue else metric


def place_of(instance: str) -> str:
    """An instance as the place of a sign; nothing for what the whole cluster has in common."""
    return "" if instance in ("", "cluster") else "everything" if instance == "*" else instance


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def headline(check: Check) -> str:
    """The state in a sentence."""
    if check.health == "no_data":
        return "There is nothing to judge by: no samples arrive."
    dark = [TITLES[name] for name in COMPONENTS if check.components.get(name, {}).get("health") == "no_data"]
    unknown = f"nothing is known of {' and '.join(dark)}" if dark else ""
    if check.incidents:
        found = f"{capital(count(len(check.incidents), 'open incidents'))}."
        return f"{found} {capital(unknown)}." if unknown else found
    return f"No fault is open, but {unknown}." if unknown else "Nothing is broken."


def watched(check: Check, now: datetime) -> str:
    """What stands behind the state: how many series send, and when the last sample came."""
    states = list(check.components.values())
    sending = sum(state.get("series", 0) for state in states)
    last = max((state["last_sample_at"] for state in states if state.get("last_sample_at")), default=None)
    if last is None:
        return "Nothing has been sent so far."
    return f"{capital(count(sending, 'series'))} watched, the last sample came {figures.age(last, now)}."


@dataclass(frozen=True, slots=True)
class Age:
    """How old the data is at the end of the pipeline: the total, the slowest stage, the part of each stage."""

    value: str
    slowest: str
    stages: Sequence[tuple[str, str, float]]
    """Title, time in words, share of the total."""
    words: str


def age(check: Check) -> Age:
    """How old the data is end to end."""
    found = check.freshness
    total = found.get("seconds")
    stages: list[tuple[str, str, float]] = []
    for name in COMPONENTS:
        seconds = found.get("stages", {}).get(name, {}).get("seconds")
        share = (seconds or 0.0) / total if total else 0.0
        stages.append((TITLES[name], "not known" if seconds is None else quantity(seconds, "s"), share))
    if total is None:
        return Age(figures.MISSING, "", stages, str(found.get("words", "")))
    least = "≥ " if found.get("at_least") else ""
    return Age(f"{least}{quantity(total, 's')}", TITLES.get(found.get("slowest") or "", ""), stages, found["words"])
