"""The chat's panel as Streamlit runs it, on a platform that a test may make misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from streamlit.testing.v1 import AppTest

from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, Progress, SessionTurns
from monitoring.errors import MonitoringError
from monitoring.platform import MonitoringPlatform
from monitoring.ui.page.desk import Desk

Script = Callable[[Iterator[Progress]], Iterator[Progress]]
SECONDS = 30


@dataclass
class Wayward:
    """A real platform; `script` makes of the pieces of its answers others, `gone` is why nothing can be read."""

    real: MonitoringPlatform
    script: Script | None = None
    gone: MonitoringError | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def stream(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Progress]:
        self.asked.append((question, session_id))
        pieces = self.real.stream(question, session_id, as_of, owner, cancellation)
        return pieces if self.script is None else self.script(pieces)

    def session(self, session_id: str, owner: str | None = None) -> SessionTurns:
        if self.gone is not None:
            raise self.gone
        return self.real.session(session_id, owner)


@dataclass
class Stage:
    """What the script of a test finds: the desk of the test that runs."""

    desk: Desk | None = None


STAGE = Stage()


def on_stage(platform: Wayward, owner: str) -> None:
    """Let panels be drawn for that platform; the conversations are those of one test."""
    STAGE.desk = Desk(platform, platform.real.operations, ZoneInfo("UTC"), platform.real.operations.now, owner)


def panel() -> AppTest:
    """The chat in a tab of its own, not drawn yet."""
    return AppTest.from_function(_script, default_timeout=SECONDS)


def _script() -> None:
    from monitoring.ui.page import chat
    from monitoring.ui.page.guard import guarded
    from tests.integration.chat_stage import STAGE

    assert STAGE.desk is not None
    with guarded():
        chat.show(STAGE.desk)


def said(app: AppTest) -> str:
    """All that stands on the page as Markdown, HTML, captions, messages and labels."""
    texts = [element.value for kind in (app.markdown, app.caption, app.info, app.warning) for element in kind]
    html = [element.proto.body for element in app.get("html")]
    labels = [element.label for kind in (app.button, app.expander) for element in kind]
    return "\n".join(map(str, [*texts, *html, *labels]))


def ask(app: AppTest, question: str) -> AppTest:
    """Type a question and press Enter."""
    app.chat_input[0].set_value(question).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    """Press the button with that label."""
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def whole(pieces: Iterator[Progress]) -> Answer:
    """The answer that pieces end with."""
    return next(piece for piece in pieces if isinstance(piece, Answer))


def address(app: AppTest) -> str:
    """The conversation that the page's address names."""
    named = app.query_params["session"]
    return named if isinstance(named, str) else named[0]
