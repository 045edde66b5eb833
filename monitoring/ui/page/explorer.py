"""The panel Metrics: how the series of a metric went, against thresholds, what is usual and an earlier time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.contract import iso
from monitoring.metrics import COMPONENTS, Metric, Window
from monitoring.operations import Courses, Instances, Listing
from monitoring.ui.page import (
    address,
    explorer_about,
    explorer_chart,
    explorer_drawn,
    explorer_export,
    figures,
    panel_style,
    shell,
)
from monitoring.ui.page.address import Value, bound
from monitoring.ui.page.board import TITLES, capital
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.explorer_asked import (
    COMPARE_TITLES,
    COMPARED,
    MOST_CHOSEN,
    SPAN_TITLES,
    USUAL_SPAN,
    Asked,
    asked,
    first_metric,
    metrics_of,
    wall,
)
from monitoring.ui.page.text import html, markdown, one_line
from monitoring.wording import count

SHOWN = 5
"""Series that are drawn where none is chosen, the worst ones."""
LISTED = 100
MOST_MARKS = 500


def show(desk: Desk) -> None:
    """Draw the panel."""
    st.html(panel_style.SHEET)
    wanted = asked({name: address.read_all(name) for name in st.query_params}, desk.platform.catalogue)
    if wanted.unknown:
        st.info(f"{markdown(capital(wanted.unknown), 300)}.", icon=":material/info:")
    _choose(wanted, desk)
    _choose_time(wanted, desk)
    metric = desk.platform.catalogue[wanted.metric]
    left, right = st.columns([1, 2])
    with left:
        search = _search_box()
    found = desk.operations.instances(wanted.component, wanted.metric, wanted.window(desk.clock()), search, LISTED)
    if not found.rows and not search:
        st.html(explorer_about.missing_html(metric, desk.operations.senders(metric.name)))
    else:
        with right:
            _choose_instances(wanted, metric, found, search)
        shell.live(lambda desk: _draw(wanted, found, desk), desk)
    _about(metric)


def _choose(wanted: Asked, desk: Desk) -> None:
    """Which component, which of its metrics."""
    catalogue = desk.platform.catalogue
    left, right = st.columns([1, 2])

    def other(component: str) -> Mapping[str, Value | None]:
        known = next(name for name in COMPONENTS if name == component)
        return {"component": component, "metric": first_metric(known, catalogue), "instance": None}

    left.segmented_control(
        "Component",
        COMPONENTS,
        format_func=lambda name: TITLES[name],
        required=True,
        **bound("explorer-component", wanted.component, other),
    )
    right.selectbox(
        "Metric",
        metrics_of(wanted.component, catalogue),
        format_func=lambda name: f"{capital(catalogue[name].short)} · {name}",
        **bound(
            "explorer-metric",
            wanted.metric,
            lambda name: {"component": wanted.component, "metric": name, "instance": None},
        ),
    )


def _choose_time(wanted: Asked, desk: Desk) -> None:
    """Which window, and what it is compared with."""
    now, zone = desk.clock(), desk.zone
    left, right = st.columns([2, 1])

    def other(span: str) -> Mapping[str, Value | None]:
        if span != "own":
            return {"last": None if span == USUAL_SPAN else span, "from": None, "to": None}
        return {"last": None, **_times(wanted.window(now))}

    left.segmented_control(
        "Window",
        list(SPAN_TITLES),
        format_func=SPAN_TITLES.__getitem__,
        required=True,
        **bound("explorer-span", wanted.span, other),
    )
    right.segmented_control(
        "Compare with",
        list(COMPARE_TITLES),
        format_func=COMPARE_TITLES.__getitem__,
        **bound("explorer-compare", wanted.compare, lambda name: {"compare": name}),
    )
    if wanted.span == "own":
        _choose_own(wanted.window(now), zone)


def _choose_own(window: Window, zone: ZoneInfo) -> None:
    def begins(local: datetime | None) -> Mapping[str, Value | None]:
        return {"from": iso(local.replace(tzinfo=zone).astimezone(window.end.tzinfo)) if local else None}

    def ends(local: datetime | None) -> Mapping[str, Value | None]:
        return {"to": iso(local.replace(tzinfo=zone).astimezone(window.end.tzinfo)) if local else None}

    left, right = st.columns(2)
    name = zone.key
    left.datetime_input(f"From ({name})", step=60, **bound("explorer-from", wall(window.start, zone), begins))
    right.datetime_input(f"To ({name})", step=60, **bound("explorer-to", wall(window.end, zone), ends))


def _times(window: Window) -> dict[str, Value | None]:
    return {
        name: iso(moment.replace(second=0, microsecond=0)) for name, moment in zip(("from", "to"), window, strict=True)
    }


def _search_box() -> str:
    return (
        st.text_input(
            "Find a series",
            placeholder="part of the name of a broker, topic, job, node or table",
            type="search",
            max_chars=200,
            key="explorer-search",
        )
        or ""
    )


def _choose_instances(wanted: Asked, metric: Metric, found: Instances, search: str) -> None:
    """Which series are drawn; those chosen before stay though the search does not find them."""
    labels = {row.instance: explorer_about.label_of(row, metric) for row in found.rows}
    options = list(dict.fromkeys([*wanted.instances, *labels]))
    st.multiselect(
        f"Series drawn ({_told(found, search)})",
        options,
        format_func=lambda name: one_line(labels.get(name, name), 140),
        max_selections=MOST_CHOSEN,
        select_all=False,
        placeholder=f"the {min(SHOWN, len(found.rows))} worst; choose others" if len(found.rows) > 1 else "all",
        **bound("explorer-instances", list(wanted.instances), lambda names: {"instance": names}),
    )


def _told(found: Instances, search: str) -> str:
    if not found.matching:
        return f"none has “{markdown(search, 40)}” in its name"
    first = f"; the worst {len(found.rows)} are listed" if found.matching > len(found.rows) else ""
    return f"{count(found.matching, 'series')}{' found' if search else ''}{first}"


def _draw(wanted: Asked, found: Instances, desk: Desk) -> None:
    """Draw the chosen series, or the worst ones, as they are now."""
    names = list(wanted.instances) or [row.instance for row in found.rows[:SHOWN]]
    metric = desk.platform.catalogue[wanted.metric]
    window = wanted.window(desk.clock())
    back = COMPARED.get(wanted.compare or "")
    courses = desk.operations.courses(wanted.component, wanted.metric, names, window, back)
    compared = COMPARE_TITLES.get(wanted.compare or "", "").lower()
    with st.container(border=True):
        _head(metric, courses, len(names))
        if any(course.spots or course.before for course in courses.rows):
            _chart(metric, courses, compared, desk)
        else:
            _nothing(names)
        st.html(f'<p class="m-fact">{html(explorer_about.legend_words(courses, metric, compared))}</p>')
    _download(metric, courses)


def _head(metric: Metric, courses: Courses, drawn: int) -> None:
    top = figures.axis(metric.unit, explorer_drawn.highest(courses))[0]
    which = courses.rows[0].instance if drawn == 1 else count(drawn, "series")
    unit = f"in {top}" if top else ""
    st.html(
        f'<div class="m-metric"><h2 class="m-headline">{html(capital(metric.short))}</h2>'
        f'<span class="m-fact">{html(which, 120)}</span><span class="m-fact">{html(unit)}</span></div>'
    )


def _chart(metric: Metric, courses: Courses, compared: str, desk: Desk) -> None:
    listing = Listing(
        MOST_MARKS,
        component=metric.component,
        metric=metric.name,
        start=courses.window.start,
        end=courses.window.end,
    )
    anomalies = desk.operations.anomalies(listing).rows
    dark = st.context.theme.type == "dark"
    drawn = explorer_drawn.drawn(metric, courses, anomalies, desk.zone, desk.clock(), dark, compared)
    words = f"{metric.short}: {', '.join(one_line(course.instance, 40) for course in courses.rows)}"
    st.vega_lite_chart(spec=explorer_chart.chart(drawn), width="stretch", key="explorer-chart", alt=words)


def _nothing(names: Sequence[str]) -> None:
    named = markdown(names[0], 80) if len(names) == 1 else "These series"
    st.info(
        f"{named} sent nothing in this window. A longer or an earlier one may have something.",
        icon=":material/hourglass_empty:",
    )


def _download(metric: Metric, courses: Courses) -> None:
    st.download_button(
        "Download as CSV",
        explorer_export.as_csv(metric, courses),
        explorer_export.file_name(metric, courses),
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="explorer-download",
    )


def _about(metric: Metric) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What it means", anchor=False)
        st.html(f'<div class="m-metric"><code>{html(metric.name)}</code></div>{explorer_about.meaning_html(metric)}')
    with right:
        st.subheader("What to check", anchor=False)
        st.html(explorer_about.checks_html(metric))
