"""Which channels there are: those of `NOTIFY_URLS`, which are told everything, and those of `notify.toml`.

Strict: what is not understood is refused with its line. Secrets need not stand in the file: `url_env` names a
variable of the environment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from monitoring.errors import ConfigurationError
from monitoring.metrics import COMPONENTS
from monitoring.notifications.routing import Channel, QuietHours, service_of
from monitoring.settings import DEFAULT_CHANNELS, Settings
from monitoring.toml_tables import (
    Read,
    Wrong,
    duration,
    flag,
    nearest,
    parse_tables,
    read_text,
    text,
    texts,
    values_of,
    variable,
)

MOST_CHANNELS = 50
SEVERITIES = ("warning", "critical")


def _name(key: str, value: Any) -> str:
    found = text(key, value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", found):
        raise Wrong(key, "a name of letters, digits, dots and dashes is expected")
    return found


def _among(known: Sequence[str]) -> Read:
    def read(key: str, value: Any) -> tuple[str, ...]:
        for word in texts(key, value):
            if word not in known:
                raise Wrong(key, f"{word!r} is none of {', '.join(known)}{nearest(word, known)}")
        return tuple(word for word in known if word in value)

    return read


def _quiet(key: str, value: Any) -> QuietHours:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", text(key, value))
    try:
        if found is None:
            raise ValueError
        hours, minutes, until, and_minutes = map(int, found.groups())
        quiet = QuietHours(
            time(hours, minutes), time(until % 24 if (until, and_minutes) == (24, 0) else until, and_minutes)
        )
    except ValueError:
        raise Wrong(key, 'hours such as "22:00-07:00" are expected') from None
    if quiet.begins == quiet.ends:
        raise Wrong(key, "they end when they begin; leave the channel out to keep it quiet for good")
    return quiet


_repeat = duration(0, 365 * 86400)


def _address(key: str, value: Any) -> str:
    found = text(key, value)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://\S", found):
        raise Wrong(key, "an address of Apprise such as slack://TOKEN-A/TOKEN-B/TOKEN-C is expected")
    return found


KEYS: Mapping[str, Read] = {
    "name": _name,
    "url": _address,
    "url_env": text,
    "components": _among(COMPONENTS),
    "severities": _among(SEVERITIES),
    "quiet": _quiet,
    "quiet_critical": flag,
    "repeat": _repeat,
}


def channels_of(settings: Settings, environment: Mapping[str, str]) -> list[Channel]:
    """Every channel: those of `NOTIFY_URLS` first, then those of the file, in its order.

    Raises `ConfigurationError` for a file that cannot be used, or is missing although it was named.
    """
    repeat = timedelta(hours=settings.notify_repeat_hours) or None
    channels = _plain(settings.notify_urls, repeat)
    file = Path(settings.notify_file)
    if file.exists() or settings.notify_file != DEFAULT_CHANNELS:
        channels += parse_channels(read_text(file), str(file), environment, repeat)
    twice = [name for name, count in Counter(channel.name for channel in channels).items() if count > 1]
    if twice:
        raise ConfigurationError(f"Two channels are named {twice[0]!r}; give each a name of its own in {file}.")
    if len(channels) > MOST_CHANNELS:
        raise ConfigurationError(f"There are {len(channels)} channels, more than {MOST_CHANNELS}; leave some out.")
    return channels


def parse_channels(
    content: str, name: str, environment: Mapping[str, str], repeat: timedelta | None = None
) -> list[Channel]:
    """The channels of a text; `repeat` counts where a channel does not say otherwise."""
    return parse_tables(content, name, "channel", lambda table: [_channel(table, environment, repeat)])


def _plain(urls: Sequence[str], repeat: timedelta | None) -> list[Channel]:
    """Channels that have no name but what kind they are: `slack`, `slack-2`."""
    seen: Counter[str] = Counter()
    channels = []
    for url in urls:
        service = service_of(url)
        seen[service] += 1
        name = service if seen[service] == 1 else f"{service}-{seen[service]}"
        channels.append(Channel(name, url, repeat=repeat))
    return channels


def _channel(table: Mapping[str, Any], environment: Mapping[str, str], repeat: timedelta | None) -> Channel:
    values = values_of(table, KEYS)
    if "name" not in values:
        raise Wrong("name", "it is missing; messages and the delivery log call the channel by it")
    if ("url" in values) == ("url_env" in values):
        raise Wrong("url", "exactly one of url and url_env is expected")
    url = values.get("url") or _address("url_env", variable("url_env", values["url_env"], environment))
    if "repeat" in values:
        repeat = values["repeat"] or None
    given = {key: values[key] for key in ("components", "severities", "quiet", "quiet_critical") if key in values}
    return Channel(values["name"], url, repeat=repeat, **given)
