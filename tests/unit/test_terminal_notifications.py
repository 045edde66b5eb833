"""What `notify` prints, and with which exit code it ends."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from monitoring.notices import ChannelNotice, DeliveryNotice, NotificationState, Trial
from monitoring.ui.terminal.notifications import show_notifications, show_trials

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
GOOD, BAD = Trial("slack", "slack", 12.3), Trial("mail", "mailtos", 45.6, "no answer within 15 s")
WORKS = ChannelNotice(
    "slack", "slack", ("kafka",), ("critical",), "22:00-07:00", "4 h", delivered=3, last_success_at=NOON
)
FAILS = ChannelNotice(
    "mail", "mailtos", ("kafka",), ("critical",), failures=2, last_error="error=500", next_try_at=NOON
)
GONE = ChannelNotice("old", configured=False, delivered=7)
SENT = DeliveryNotice("slack", 12, "opened", "critical", "delivered", NOON, 2)


@pytest.mark.parametrize(("trials", "code"), [([GOOD], 0), ([GOOD, BAD], 1), ([BAD], 3)])
def test_a_trial_says_of_each_channel_whether_it_took_the_message(trials: Sequence[Trial], code: int) -> None:
    out = io.StringIO()
    assert show_trials(trials, json_output=False, stdout=out) == code
    assert ("ok     slack (slack): sent" in out.getvalue()) == (GOOD in trials)
    assert ("FAILED mail (mailtos): no answer within 15 s" in out.getvalue()) == (BAD in trials)


def test_a_trial_as_json() -> None:
    out = io.StringIO()
    show_trials([BAD], json_output=True, stdout=out)
    (one,) = json.loads(out.getvalue())["channels"]
    assert (one["channel"], one["ok"], one["problem"]) == ("mail", False, "no answer within 15 s")


@pytest.mark.parametrize(
    ("channels", "code"), [([WORKS], 0), ([WORKS, FAILS], 1), ([WORKS, GONE], 0), ([GONE], 3), ([], 3)]
)
def test_the_list_ends_as_the_channels_do(channels: Sequence[ChannelNotice], code: int) -> None:
    assert show_notifications(NotificationState(channels), json_output=False, stdout=io.StringIO()) == code


def test_the_list_says_routes_results_and_what_was_told() -> None:
    out = io.StringIO()
    show_notifications(NotificationState([WORKS, FAILS, GONE], [SENT]), json_output=False, stdout=out)
    assert out.getvalue().splitlines() == [
        "ok     slack (slack): kafka; critical, quiet 22:00-07:00, told again every 4 h",
        "       3 delivered, the last 2026-03-04T12:00:00Z, 0 waiting, 0 given up",
        "FAILS  mail (mailtos): kafka; critical",
        "       0 delivered, 0 waiting, 0 given up",
        "       2 failures in a row, tried again 2026-03-04T12:00:00Z: error=500",
        "gone   old: not configured any more, 7 delivered",
        "",
        "Last deliveries:",
        "  2026-03-04T12:00:00Z slack: incident 12 opened (critical), delivered, 2 attempts",
    ]
    text = io.StringIO()
    show_notifications(NotificationState([FAILS], [SENT]), json_output=True, stdout=text)
    assert json.loads(text.getvalue())["deliveries"][0]["incident"] == 12


def test_without_channels_it_says_what_to_do() -> None:
    out = io.StringIO()
    show_notifications(NotificationState([]), json_output=False, stdout=out)
    assert "notify.toml" in out.getvalue()
