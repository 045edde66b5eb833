"""One incident as it is read: its figures, its chain drawn over time, what to do, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitoring.anomalies import humanize
from monitoring.contract import Json
from monitoring.metrics import Catalogue
from monitoring.ui.page import figures, theme
from monitoring.ui.page.board import TITLES, capital, place_of, sign, sign_at
from monitoring.ui.page.explorer_about import capital_html
from monitoring.ui.page.explorer_asked import query_around
from monitoring.ui.page.heading import pill
from monitoring.ui.page.text import html
from monitoring.wording import count

MOST_STEPS = 40
SHORTEST = 0.6
"""Per cent of the width that a bar takes at least: a moment is still to be seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """An anomaly of the chain: its place in the order of onset (from 1), what, where, how long after the first,
    and from where to where its bar goes, in per cent. `query` is the address of its series around that time."""

    number: int
    component: str
    words: str
    place: str
    severity: str
    state: str
    delay: str
    why: str
    left: float
    width: float
    times: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scale:
    """The stretch of time that bars are drawn over."""

    start: datetime
    end: datetime

    def place(self, moment: datetime) -> float:
        """Where a moment lies, in per cent."""
        span = (self.end - self.start) or timedelta(seconds=1)
        return max(0.0, min(100.0, 100.0 * ((moment - self.start) / span)))


def fired(case: Json) -> list[Json]:
    """The anomalies of an incident that have fired, in order of onset; its chain where none is known any more."""
    rows = [row for row in case["anomalies"] if row["detected_at"]]
    if rows:
        return sorted(rows, key=lambda row: (row["started_at"], row["id"]))
    return [
        {**link, "started_at": link["onset"], "resolved_at": case["resolved_at"], "status": case["status"], "why": ""}
        for link in sorted(case["chain"], key=lambda link: str(link["onset"]))
    ]


def scale_of(case: Json, now: datetime) -> Scale:
    """From the first onset to the end of the incident, or to now."""
    onsets = [datetime.fromisoformat(row["started_at"]) for row in fired(case)]
    start = min([*onsets, datetime.fromisoformat(case["started_at"])])
    return Scale(start, max(start, figures.moment(case["resolved_at"]) or now))


def steps(case: Json, catalogue: Catalogue, zone: ZoneInfo, now: datetime) -> list[Step]:
    """The chain in order of onset."""
    scale = scale_of(case, now)
    return [_step(number, row, scale, catalogue, zone, now) for number, row in enumerate(fired(case), 1)]


def _step(number: int, row: Json, scale: Scale, catalogue: Catalogue, zone: ZoneInfo, now: datetime) -> Step:
    onset = datetime.fromisoformat(row["started_at"])
    ended = figures.moment(row["resolved_at"])
    left, right = scale.place(onset), scale.place(ended or scale.end)
    until = figures.clock(ended, zone, now) if ended else "now"
    return Step(
        number,
        row["component"],
        sign(row["metric"], catalogue),
        place_of(row["instance"]),
        row["severity"],
        "over" if ended else row["status"],
        "first" if onset <= scale.start else f"+{humanize(onset - scale.start)}",
        capital(str(row["why"])),
        min(left, 100 - SHORTEST),
        max(right - left, SHORTEST),
        f"{figures.clock(onset, zone, now)} to {until}",
        query_around(row["metric"], row["instance"], onset, ended or scale.end, catalogue),
    )


def steps_html(chain: Sequence[Step], scale: Scale, zone: ZoneInfo, now: datetime) -> str:
    """The chain as a list, each anomaly with its bar over time; nothing in it can be read as markup."""
    rows = "".join(map(_step_html, chain[:MOST_STEPS]))
    more = (
        f'<p class="m-fact">and {len(chain) - MOST_STEPS} more: see the report</p>' if len(chain) > MOST_STEPS else ""
    )
    ends = f"<span>{html(figures.clock(scale.start, zone, now))}</span><span>{html(_end(scale, zone, now))}</span>"
    return f'<div class="m-fall"><div class="m-fall-axis" aria-hidden="true">{ends}</div><ol>{rows}</ol></div>{more}'


def _end(scale: Scale, zone: ZoneInfo, now: datetime) -> str:
    return "now" if scale.end >= now else figures.clock(scale.end, zone, now)


def _step_html(step: Step) -> str:
    place = f' <span class="m-fact">{html(step.place, 80)}</span>' if step.place else ""
    return (
        f'<li class="tone-{html(step.severity)}"><span class="m-num">{step.number}</span><div class="m-fall-what">'
        f"<b>{html(TITLES.get(step.component, step.component))}</b> {html(step.words)}{place}"
        f'<div class="m-fact">{html(step.why, 300)}</div></div>'
        f'<div class="m-fall-when"><span class="m-delay">{html(step.delay)}</span> '
        f'<span class="m-word">{html(theme.severity(step.severity).word)}, {html(step.state)}</span></div>'
        f'<div class="m-track" role="img" aria-label="{html(step.times)}" title="{html(step.times)}">'
        f'<span style="left:{step.left:.2f}%;width:{step.width:.2f}%"></span></div></li>'
    )


def figures_of(
    case: Json, catalogue: Catalogue, healths: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> list[tuple[str, str]]:
    """The figures of an incident: pairs of a name and what it is."""
    ended = figures.moment(case["resolved_at"])
    rows = fired(case)
    going = sum(1 for row in rows if not row["resolved_at"])
    touched = list(dict.fromkeys(row["component"] for row in rows))
    began = f"{figures.clock(case['started_at'], zone, now)} {figures.zone_name(zone, now)}"
    return [
        ("Began", began),
        ("Lasted" if ended else "Lasts", figures.lasting(case["started_at"], ended or now)),
        ("Root" if case["certain"] else "Root, most likely", root_words(case, catalogue)),
        *root_figures(case),
        ("Anomalies", f"{going} of {len(rows)} go on" if going else f"{count(len(rows), 'anomalies')}, all over"),
        ("Health now", ", ".join(f"{TITLES.get(name, name)} {_health(healths, name)}" for name in touched)),
        ("Acknowledged", acknowledged_words(rows, zone, now)),
    ]


def _health(healths: Mapping[str, str], name: str) -> str:
    return theme.health(healths.get(name, "no_data")).word.lower()


def root_words(case: Json, catalogue: Catalogue) -> str:
    """The first sign and its place."""
    return capital(sign_at(case["root_metric"], case["root_instance"], catalogue))


def root_figures(case: Json) -> list[tuple[str, str]]:
    """The value of the root against what is usual, and its worst."""
    names = ("component", "instance", "metric")
    rows = [row for row in case["anomalies"] if all(row[name] == case[f"root_{name}"] for name in names)]
    if not rows or rows[0]["value"] is None:
        return []
    row = rows[0]
    unit = row["unit"] or ""
    usual = f", usually {figures.value(row['expected'], unit)}" if row["expected"] is not None else ""
    worst = [("Worst", figures.value(row["peak_value"], unit))] if row["peak_value"] is not None else []
    return [("Last" if row["resolved_at"] else "Now", f"{figures.value(row['value'], unit)}{usual}"), *worst]


def acknowledged_words(rows: Sequence[Json], zone: ZoneInfo, now: datetime) -> str:
    """Who acknowledged the anomalies of an incident first, and when."""
    known = sorted((row["acknowledged_at"], row["acknowledged_by"] or "") for row in rows if row.get("acknowledged_at"))
    if not known:
        return "by nobody yet"
    at, by = known[0]
    return f"{by or 'somebody'}, {figures.clock(at, zone, now)}"


def first_acknowledged_by(case: Json) -> str | None:
    """Who acknowledged first; `None` where nobody did."""
    known = sorted(
        (row["acknowledged_at"], row["acknowledged_by"] or "") for row in case["anomalies"] if row["acknowledged_at"]
    )
    return known[0][1] or "somebody" if known else None


def figures_html(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<div><dt>{html(name)}</dt><dd>{html(what, 160)}</dd></div>" for name, what in pairs)
    return f'<dl class="m-figures">{rows}</dl>'


def head_html(case: Json, title: str) -> str:
    """Severity, title, number and status, and what happened in a few sentences."""
    state = "over" if case["resolved_at"] else case["status"]
    return (
        f'<div class="m-row-head">{pill(theme.severity(case["severity"]), case["severity"])}'
        f'<h2 class="m-title">{html(title, 160)}</h2><span class="m-id">#{case["id"]} · {html(state)}</span></div>'
        f'<p class="m-lead">{html(told_after(title, case["summary"]), 900)}</p>'
    )


def told_after(title: str, summary: str) -> str:
    """A summary without the title that it begins with."""
    return summary.removeprefix(f"{title}. ")


def checks_html(case: Json, catalogue: Catalogue) -> str:
    """What to check first: what the pattern says, then what the metric of the root says."""
    pattern = catalogue.pattern(case["rule"] or case["pattern"])
    metric = catalogue.by_name.get(case["root_metric"])
    lines = list(dict.fromkeys([*(pattern.first_checks if pattern else ()), *(metric.first_checks if metric else ())]))
    items = "".join(f"<li>{capital_html(line)}</li>" for line in lines)
    why = f'<p class="m-text">{html(pattern.explanation)}</p>' if pattern else ""
    return why + (f'<ul class="m-bullets">{items}</ul>' if items else "")


def log_html(case: Json, zone: ZoneInfo, now: datetime) -> str:
    """What people wrote down and what was told of an incident, the oldest first."""
    entries = [
        (row["at"], f"<b>{html(row['author'] or 'somebody', 80)}</b> {html(row['text'], 4000)}")
        for row in case["notes"]
    ]
    entries += [
        (
            row["at"],
            f"<b>{html(row['kind'])}</b> {html(row['text'], 600)}"
            + ("" if row["due"] else f' <span class="m-fact">not sent: {html(row["reason"])}</span>'),
        )
        for row in case["announcements"]
    ]
    if not entries:
        return '<p class="m-fact">Nobody wrote anything down yet.</p>'
    rows = "".join(
        f"<li><time>{html(figures.clock(at, zone, now))}</time><span>{what}</span></li>" for at, what in sorted(entries)
    )
    return f'<ul class="m-log">{rows}</ul>'
