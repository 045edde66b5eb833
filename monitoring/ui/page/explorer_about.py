"""What a metric means, at which levels it is bad and who says so, and what to look at; as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from monitoring.metrics import Metric
from monitoring.operations import Courses, Instance, Sender
from monitoring.ui.page import figures, theme
from monitoring.ui.page.board import capital
from monitoring.ui.page.heading import pill
from monitoring.ui.page.text import html
from monitoring.wording import count, quantity, ranged, span, threshold_text

HOUR = timedelta(hours=1)
_CODE = re.compile(r"`([^`]+)`")


def prose(text: str) -> str:
    """A text of the catalogue as HTML: its `code` is shown as such."""
    return _CODE.sub(r"<code>\1</code>", html(text))


def meaning_html(metric: Metric) -> str:
    """The definition of a metric."""
    facts = [
        ("One series for each", metric.scope),
        ("Unit", metric.unit or "none"),
        ("Usually", _normal(metric)),
        ("Worse", {"higher_is_worse": "higher", "lower_is_worse": "lower", "both": "both ways"}[metric.direction]),
    ]
    listed = "".join(f"<div><dt>{html(name)}</dt><dd>{html(what)}</dd></div>" for name, what in facts)
    return f'<p class="m-text">{prose(metric.description)}</p><dl class="m-list">{listed}</dl>{levels_html(metric)}'


def _normal(metric: Metric) -> str:
    low, high = metric.normal
    if low is not None and high is not None:
        both = ranged(quantity(low, metric.unit), quantity(high, metric.unit))
        return quantity(low, metric.unit) if low == high else both
    if high is not None:
        return f"up to {quantity(high, metric.unit)}"
    return "as ever for its series" if low is None else f"from {quantity(low, metric.unit)}"


def levels_html(metric: Metric) -> str:
    """The thresholds, each with where it comes from."""
    if not metric.thresholds:
        return '<p class="m-fact">It has no fixed threshold: only what is unusual for a series is told.</p>'
    rows = "".join(
        f"<li>{pill(theme.severity(severity), severity)}<span>{html(threshold_text(threshold, metric.unit))}</span>"
        f'<span class="m-fact">{html(threshold.source)}{" · derived" if threshold.derived else ""}</span></li>'
        for severity, threshold in metric.thresholds
    )
    return f'<ul class="m-rows">{rows}</ul>'


def checks_html(metric: Metric) -> str:
    """What to check, what it often is, and how it misleads."""
    parts = (
        ("Check first", metric.first_checks),
        ("Often caused by", metric.likely_causes),
        ("Mind", metric.pitfalls),
    )
    return "".join(_part(title, lines) for title, lines in parts if lines)


def _part(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{capital_html(line)}</li>" for line in lines)
    return f'<h3 class="m-sub">{html(title)}</h3><ul class="m-bullets">{items}</ul>'


def capital_html(text: str) -> str:
    """A text of the catalogue that begins with a capital."""
    return prose(text if text.startswith("`") else capital(text))


def missing_html(metric: Metric, senders: Sequence[Sender]) -> str:
    """What to do about a metric that nobody sends."""
    rows = "".join(
        f"<li><strong>{html(sender.exporter)}</strong><span class='m-fact'>{html(sender.note)}</span></li>"
        for sender in senders
    )
    ways = f'<p class="m-text">It can be read from:</p><ul class="m-rows">{rows}</ul>' if rows else ""
    hand = (
        f"Or send samples named <code>{html(metric.name)}</code> to <code>POST /metrics/ingest</code>. "
        "<code>python platform_monitoring_agent.py sources</code> shows what each source gives now."
    )
    return (
        '<div class="m-empty"><h3 class="m-sub">Not sent by this platform</h3>'
        f'<p class="m-text">No series of {html(metric.short)} has ever arrived. Nothing is judged by it.</p>{ways}'
        f'<p class="m-text">{hand}</p></div>'
    )


def legend_words(courses: Courses, metric: Metric, compared: str) -> str:
    """What the chart shows beside its lines, in a sentence."""
    said = [f"One point for each {_each(courses.width)} (average)"]
    alone = courses.rows[0] if len(courses.rows) == 1 else None
    if alone is not None and alone.usual:
        said.append(f"grey: usual, by {_BY[alone.usual_by or 'day before']}")
    elif alone is not None:
        said.append("what is usual is not known yet: too few hours before this window")
    elif courses.rows:
        said.append("the usual band shows when one series is chosen")
    if compared:
        found = any(course.before for course in courses.rows)
        said.append(f"dashed: the {compared}" if found else f"nothing is known of the {compared}")
    if metric.thresholds and alone is None and any(t.basis != "absolute" for _, t in metric.thresholds):
        said.append("thresholds relative to what is usual show when one series is chosen")
    return "; ".join(said) + "."


def _each(width: timedelta) -> str:
    return "minute" if width == timedelta(minutes=1) else "hour" if width == HOUR else span(width.total_seconds())


_BY = {"hour of day": "the same hour on up to 7 days before", "day before": "the hours of the day before"}


def label_of(row: Instance, metric: Metric) -> str:
    """An instance with its newest value and its anomalies, as it is chosen."""
    value = figures.value(row.value, metric.unit) if row.newest_at else "nothing sent"
    mark = f" {theme.severity(row.severity).shape} {count(row.anomalies, 'anomalies')}" if row.severity else ""
    return f"{row.instance} · {value}{mark}"
