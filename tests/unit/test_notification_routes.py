"""Channels: which there are, what each is told and when; with which words and line `notify.toml` is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.errors import ConfigurationError
from monitoring.metrics import COMPONENTS
from monitoring.notifications.channels_file import channels_of, parse_channels
from monitoring.notifications.planning import pause
from monitoring.notifications.routing import Channel, QuietHours, service_of
from monitoring.settings import parse_settings

ENVIRONMENT = {"SLACK_URL": "slack://a/b/c", "EMPTY": "", "NONSENSE": "hunter2"}
BERLIN = ZoneInfo("Europe/Berlin")


def parsed(text: str) -> list[Channel]:
    return parse_channels(text, "notify.toml", ENVIRONMENT, timedelta(hours=4))


def test_a_channel_says_where_what_and_when() -> None:
    (channel,) = parsed(
        """
        [[channel]]
        name = "data-team"
        url_env = "SLACK_URL"
        components = ["clickhouse", "kafka"]
        severities = ["critical"]
        quiet = "22:00-07:00"
        quiet_critical = true
        repeat = "30m"
        """
    )
    assert (channel.name, channel.url) == ("data-team", "slack://a/b/c")
    assert channel.components == ("kafka", "clickhouse")
    assert channel.severities == ("critical",)
    assert (str(channel.quiet), channel.quiet_critical) == ("22:00-07:00", True)
    assert channel.repeat == timedelta(minutes=30)
    assert "slack://" not in repr(channel)


def test_what_is_not_said_is_everything_at_any_time() -> None:
    (channel,) = parsed('[[channel]]\nname = "all"\nurl = "json://host"')
    assert (channel.components, channel.severities) == (COMPONENTS, ("warning", "critical"))
    assert (channel.quiet, channel.repeat) == (None, timedelta(hours=4))
    assert parsed('[[channel]]\nname = "all"\nurl = "json://host"\nrepeat = 0')[0].repeat is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[[channel]]\nurl = 'json://a'", 1, "name cannot be used: it is missing"),
        ("[[channel]]\nname = 'a b'\nurl = 'json://a'", 2, "a name of letters"),
        ("[[channel]]\nname = 'a'", 1, "exactly one of url and url_env"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nurl_env = 'SLACK_URL'", 3, "exactly one of url and url_env"),
        ("[[channel]]\nname = 'a'\nurl = 'host'", 3, "an address of Apprise"),
        ("[[channel]]\nname = 'a'\nurl_env = 'EMPTY'", 3, "no variable EMPTY"),
        ("[[channel]]\nname = 'a'\nurl_env = 'NONSENSE'", 3, "an address of Apprise"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\ncomponents = ['kafak']", 4, "is kafka meant?"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\ncomponents = []", 4, "a list of texts"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nseverities = ['info']", 4, "none of warning, critical"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nquiet = '25:00-07:00'", 4, 'hours such as "22:00-07:00"'),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nquiet = 'at night'", 4, 'hours such as "22:00-07:00"'),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nquiet = '07:00-07:00'", 4, "they end when they begin"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nrepeat = 'often'", 4, "a duration such as"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nquiet_critical = 'no'", 4, "true or false"),
        ("[[channel]]\nname = 'a'\nurl = 'json://a'\nquite = '22:00-07:00'", 4, "is quiet meant?"),
        ("[[chanel]]\nname = 'a'", 1, "each channel begins with a line [[channel]]"),
        ("name = 'a'", 1, "each channel begins with a line [[channel]]"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed(text)
    assert str(caught.value).startswith(f"notify.toml, line {line}: ")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_example_that_comes_with_the_product_can_be_read() -> None:
    text = (Path(__file__).parents[2] / "notify.example.toml").read_text()
    in_force = re.sub(r"^# (\[\[channel\]\]$|\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert parsed(text) == []
    found = parse_channels(in_force, "example", dict.fromkeys(re.findall(r'"(\w+_URL)"', text), "json://host"))
    assert [channel.name for channel in found] == ["data-team", "platform", "on-call", "mail", "webhook"]


def test_plain_addresses_are_told_everything_and_are_called_by_their_service(tmp_path: Path) -> None:
    file = tmp_path / "notify.toml"
    file.write_text('[[channel]]\nname = "more"\nurl = "json://host"')
    settings = parse_settings(
        {
            "NOTIFY_URLS": "https://hooks.slack.com/services/T/B/x,pagerduty://a@b slack://a/b/c",
            "NOTIFY_FILE": str(file),
            "NOTIFY_REPEAT_HOURS": "0",
        }
    )
    channels = channels_of(settings, {})
    assert [channel.name for channel in channels] == ["slack", "pagerduty", "slack-2", "more"]
    assert [channel.alerting for channel in channels] == [False, True, False, False]
    assert {channel.repeat for channel in channels} == {None}


def test_two_channels_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "notify.toml"
    file.write_text('[[channel]]\nname = "json"\nurl = "json://host"')
    with pytest.raises(ConfigurationError, match="Two channels are named 'json'"):
        channels_of(parse_settings({"NOTIFY_URLS": "json://a", "NOTIFY_FILE": str(file)}), {})


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://hooks.slack.com/services/T/B/x", "slack"),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/x", "teams"),
        ("https://evil-hooks.slack.com.example.org/x", "https"),
        ("workflows://host/a/b", "teams"),
        ("mailto://me:pw@host", "mailto"),
    ],
)
def test_a_service_is_known_by_its_address(url: str, service: str) -> None:
    assert service_of(url) == service


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [((20, 59), False), ((21, 0), True), ((23, 30), True), ((5, 59), True), ((6, 0), False), ((12, 0), False)],
)
def test_quiet_hours_go_by_the_clock_on_the_wall_and_past_midnight(utc: tuple[int, int], quiet: bool) -> None:
    channel = Channel("night", "json://host", quiet=QuietHours(time(22), time(7)))
    winter = datetime(2026, 3, 4, *utc, tzinfo=UTC)
    assert channel.is_quiet(winter, "warning", BERLIN) == quiet
    assert not channel.is_quiet(winter, "critical", BERLIN)
    assert channel.is_quiet(winter - timedelta(hours=1), "warning", ZoneInfo("Etc/GMT-2")) == quiet


def test_in_summer_they_are_an_hour_earlier_in_utc() -> None:
    channel = Channel("night", "json://host", quiet=QuietHours(time(22), time(7)), quiet_critical=True)
    assert channel.is_quiet(datetime(2026, 7, 4, 20, 0, tzinfo=UTC), "critical", BERLIN)
    assert not channel.is_quiet(datetime(2026, 7, 4, 5, 0, tzinfo=UTC), "critical", BERLIN)


def test_hours_within_a_day_are_quiet_between_them_only() -> None:
    lunch = QuietHours(time(12), time(13, 30))
    assert [lunch.hold(datetime(2026, 3, 4, *at, tzinfo=UTC), UTC) for at in ((11, 59), (12, 0), (13, 30))] == [
        False,
        True,
        False,
    ]


def test_pauses_grow_to_a_limit_and_differ_by_chance() -> None:
    waits = [pause("away", failures, lambda: 0.0).total_seconds() for failures in (1, 2, 3, 10, 5000)]
    assert waits == [10, 20, 40, 600, 600]
    assert pause("away", 1, lambda: 1.0) == timedelta(seconds=12.5)
    assert pause("busy", 1, lambda: 0.0) == timedelta(minutes=1)
    assert pause("denied", 1, lambda: 0.0) == timedelta(minutes=10)
