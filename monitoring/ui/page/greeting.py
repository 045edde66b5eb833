"""What a conversation begins with: how the platform is, in one line, and what can be asked."""

from __future__ import annotations

from collections.abc import Mapping

from monitoring.contract import Check, Session
from monitoring.ui.page import figures, followups
from monitoring.ui.page.glance import Known
from monitoring.ui.page.lookups import Scene, component_name, listed, metric_name
from monitoring.ui.page.text import one_line
from monitoring.wording import count

QUICK: Mapping[str, str] = {
    "Status": followups.STATUS,
    "Anomalies today": followups.TODAY,
    "Cascades": followups.CASCADES,
    "Kafka": "How is Kafka doing?",
    "Flink": "How is Flink doing?",
    "ClickHouse": "How is ClickHouse doing?",
    "Against last week": "Compare system performance with last week",
}
"""Questions at the press of a button, by what the button says."""

EXAMPLES = (
    "What is wrong right now, and where did it start?",
    "How did consumer lag develop over the last 6 hours?",
    "Show Flink checkpoint failure trends",
    "Are there any memory leaks in ClickHouse?",
)
"""What else can be asked, to show how wide it goes."""
LONGEST_TITLE = 60


def health_line(known: Known, scene: Scene) -> str:
    """How the platform is, in a sentence."""
    if known.check is None:
        return "The state of the platform is not known yet."
    check = known.check
    if check.health == "no_data":
        return "There are no samples to judge by in the last 10 minutes."
    open_ones = [row for row in check.anomalies if row.get("status") not in ("resolved", "pending")]
    if not open_ones:
        return f"Nothing is wrong right now in {listed([component_name(name) for name in check.components])}."
    return f"{count(len(open_ones), 'anomalies').capitalize()} open, the worst: {_worst(check, scene)}."


def _worst(check: Check, scene: Scene) -> str:
    row = min(
        (row for row in check.anomalies if row.get("status") not in ("resolved", "pending")),
        key=lambda row: (row.get("severity") != "critical", str(row.get("started_at"))),
    )
    name = f"{metric_name(row.get('metric', ''), scene.catalogue)} of {component_name(row.get('component'))}"
    since = figures.moment(row.get("started_at"))
    when = "" if since is None else f" since {scene.clock(since)} {figures.zone_name(scene.zone, since)}"
    return f"{name} {one_line(row.get('instance', ''), 60)}{when}"


def title_of(session: Session, longest: int = LONGEST_TITLE) -> str:
    """A conversation's title on one line."""
    return one_line(session.title, longest) or "Untitled"
