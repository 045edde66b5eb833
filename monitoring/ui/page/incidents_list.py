"""The list of incidents: what is asked for in the address, and each incident as a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from monitoring.contract import Json
from monitoring.metrics import COMPONENTS, Catalogue, Component, Severity
from monitoring.operations import Listing
from monitoring.ui.page import figures, theme
from monitoring.ui.page.board import TITLES, capital, title_of
from monitoring.ui.page.heading import pill
from monitoring.ui.page.text import html
from monitoring.ui.page.theme import Look
from monitoring.wording import count

PAGE = 20
MOST_OPEN = 50
STATES: Mapping[str, str] = {"all": "Open and recent", "open": "Open", "resolved": "Over"}
SPANS: Mapping[str, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
SPAN_TITLES = {"24h": "24 h", "7d": "7 d", "30d": "30 d", "ever": "Ever"}
USUAL_SPAN = "7d"
UNNAMED = "Anomalies that belong together, of no known pattern"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which incidents are listed; what an address says wrongly counts as not said."""

    state: str = "all"
    component: Component | None = None
    severity: Severity | None = None
    span: str = USUAL_SPAN
    below: int | None = None

    def listing(self, status: Literal["open", "resolved"], now: datetime) -> Listing:
        """The list of those that are open, or a page of those that are over."""
        open_ones = status == "open"
        span = SPANS.get(self.span)
        return Listing(
            MOST_OPEN if open_ones else PAGE,
            None if open_ones else self.below,
            self.component,
            self.severity,
            status,
            None if open_ones or span is None else now - span,
        )

    @property
    def narrowed(self) -> bool:
        return self.component is not None or self.severity is not None


def asked(query: Mapping[str, str]) -> Asked:
    """What an address asks for."""
    below = query.get("below", "")
    severity = query.get("severity")
    return Asked(
        query["state"] if query.get("state") in STATES else "all",
        next((name for name in COMPONENTS if name == query.get("component")), None),
        "critical" if severity == "critical" else "warning" if severity == "warning" else None,
        query["last"] if query.get("last") in SPAN_TITLES else USUAL_SPAN,
        int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """An incident as a line of the list."""

    id: int
    look: Look
    tone: str
    title: str
    text: str
    when: str
    state: str


def titled(incident: Json, catalogue: Catalogue) -> Json:
    """An incident with the title of its pattern."""
    pattern = catalogue.pattern(incident["rule"]) if incident["rule"] else None
    known = pattern or catalogue.pattern(incident["pattern"])
    return {**incident, "title": known.title if known else UNNAMED}


def line(incident: Json, catalogue: Catalogue, zone: ZoneInfo, now: datetime) -> Line:
    """An incident in words."""
    began = figures.clock(incident["started_at"], zone, now)
    ended = figures.moment(incident["resolved_at"])
    lasted = figures.lasting(incident["started_at"], ended or now)
    when = f"{began} {figures.zone_name(zone, now)}, {'lasted' if ended else 'for'} {lasted}"
    return Line(
        incident["id"],
        theme.severity(incident["severity"]),
        incident["severity"],
        capital(title_of(titled(incident, catalogue), catalogue)),
        travelled(incident),
        when,
        "over" if ended else str(incident["status"]),
    )


def travelled(incident: Json) -> str:
    """Where an incident went, in order of onset: "ClickHouse → Flink → Kafka · 14 anomalies"."""
    ordered = sorted(incident["chain"], key=lambda link: str(link["onset"]))
    names = list(dict.fromkeys(TITLES.get(link["component"], link["component"]) for link in ordered))
    return f"{' → '.join(names)} · {count(len(ordered), 'anomalies')}"


def line_html(row: Line) -> str:
    """A line as HTML; nothing in it can be read as markup."""
    state = "" if row.state == "firing" else f" · <b>{html(row.state)}</b>"
    return (
        f'<div class="m-row-head">{pill(row.look, row.tone)}<strong>{html(row.title, 140)}</strong>'
        f'<span class="m-id">#{row.id}</span></div>'
        f'<div class="m-text">{html(row.text, 200)}</div><div class="m-fact">{html(row.when)}{state}</div>'
    )
