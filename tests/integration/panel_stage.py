"""A panel as Streamlit runs it, on a desk that a test chooses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from streamlit.testing.v1 import AppTest

from monitoring.errors import MonitoringError
from monitoring.ui.page.desk import Desk

SECONDS = 30


@dataclass
class Stage:
    """What the script of a test finds: the desk and which panel is drawn."""

    desk: Desk | None = None
    panel: str = "incidents"


STAGE = Stage()


class Gone:
    """Operations whose database does not answer."""

    def __init__(self, problem: MonitoringError) -> None:
        self._problem = problem

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: Any, **__: Any) -> Any:
            raise self._problem

        return refuse


def panel(desk: Desk, name: str, **query: str | list[str]) -> AppTest:
    """A panel drawn at an address."""
    STAGE.desk, STAGE.panel = desk, name
    app = AppTest.from_function(_script, default_timeout=SECONDS)
    for parameter, value in query.items():
        app.query_params[parameter.rstrip("_")] = value
    app.run()
    assert not app.exception
    return app


def without_database(desk: Desk, problem: MonitoringError) -> Desk:
    """The same desk, whose operations find no database."""
    return replace(desk, operations=Gone(problem))


def _script() -> None:
    from monitoring.ui.page import documents, explorer, incidents
    from monitoring.ui.page.guard import guarded
    from tests.integration.panel_stage import STAGE

    assert STAGE.desk is not None
    with guarded():
        {"incidents": incidents, "metrics": explorer, "documents": documents}[STAGE.panel].show(STAGE.desk)


def said(app: AppTest) -> str:
    """All texts of a panel."""
    texts = [
        getattr(element, "value", "")
        for kind in ("markdown", "info", "warning", "success", "caption", "subheader")
        for element in app.get(kind)
    ]
    return " ".join([*map(str, texts), *(getattr(element.proto, "body", "") for element in app.get("html"))])
