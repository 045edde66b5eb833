"""Sending a message through Apprise, which speaks to Slack, Teams, PagerDuty, e-mail and a hundred more.

A message is sent in a thread of its own that is waited for no longer than agreed: whatever a service does, the
caller goes on. The library is loaded with the first message. What it logs may hold keys, so none of it is passed on
but the reason of a failure, and from that every part of the address is taken out.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from monitoring.errors import DeliveryFailed
from monitoring.notifications import rendering
from monitoring.notifications.message import Message
from monitoring.notifications.routing import Channel

if TYPE_CHECKING:
    import apprise

APP = "Platform Monitoring"
SHORT = 1024
"""Services that take fewer characters, or no more than these, get the short form."""
_TAKE_MORE = {"NotifyWorkflows": 20_000}
"""Services that take more than their plug-in says: a card of Teams may have 28 kB."""
_CODE = re.compile(r"error=(\d{3})\b")
_KINDS: dict[str, Literal["busy", "denied", "refused"]] = {
    "429": "busy",
    "401": "denied",
    "403": "denied",
    "404": "denied",
    "410": "denied",
    "400": "refused",
    "413": "refused",
    "422": "refused",
}
_SHORTEST_SECRET = 5


class Carrier:
    """Carries messages to one channel, one at a time; `seconds` is how long one may take."""

    def __init__(self, channel: Channel, seconds: float) -> None:
        self._channel = channel
        self._seconds = seconds
        self._under_way: threading.Thread | None = None

    def send(self, message: Message) -> None:
        """Send it; raises `DeliveryFailed` with the reason. It may arrive all the same where that is the time-out."""
        if self._under_way is not None and self._under_way.is_alive():
            raise DeliveryFailed("the message before is still under way")
        problems: list[DeliveryFailed] = []
        sent = threading.Event()

        def work() -> None:
            try:
                _send(self._channel, message, self._seconds)
                sent.set()
            except DeliveryFailed as problem:
                problems.append(problem)
            except Exception as problem:  # noqa: BLE001 - a traceback in the log might quote the address
                problems.append(DeliveryFailed(without_secrets(f"{type(problem).__name__}: {problem}", self._channel)))

        self._under_way = threading.Thread(target=work, name=f"notify {self._channel.name}", daemon=True)
        self._under_way.start()
        self._under_way.join(self._seconds)
        if sent.is_set():
            return
        raise problems[0] if problems else DeliveryFailed(f"no answer within {self._seconds:g} s")


def _send(channel: Channel, message: Message, seconds: float) -> None:
    import apprise

    _keep_keys_out_of_logs()
    asset = _asset()
    service = apprise.Apprise.instantiate(channel.url, asset=asset)
    if service is None:
        raise DeliveryFailed(f"its address (of kind {channel.service}) is none that Apprise knows", "denied")
    if "rto=" not in channel.url:
        service.socket_read_timeout = seconds
    _as_an_alert(service, channel.service, message)
    body, form = _body(service, message)
    box = apprise.Apprise(asset=asset)
    box.add(service)
    result = box.notify(body=body, title=message.title, notify_type=_tone(message), body_format=form)
    if not result:
        raise _failure([str(entry.message) for entry in result.logs()], channel)


def _asset() -> apprise.AppriseAsset:
    from apprise import AppriseAsset

    # No thread pool that keeps the process from ending, no pictures from somebody else's server.
    return AppriseAsset(
        app_id=APP, app_desc=APP, async_mode=False, service_timeout=0, image_url_mask="", image_url_logo=""
    )


def _keep_keys_out_of_logs() -> None:
    """Both log addresses, keys included, at level DEBUG."""
    library = logging.getLogger("apprise")
    library.propagate = False
    if not library.handlers:
        library.addHandler(logging.NullHandler())
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def _body(service: Any, message: Message) -> tuple[str, Any]:
    """The text, in the form that the service takes."""
    from apprise import NotifyFormat

    form = service.resolve_format(NotifyFormat.TEXT)
    if max(service.body_maxlen, _TAKE_MORE.get(type(service).__name__, 0)) <= SHORT:
        return rendering.as_short_text(message), NotifyFormat.TEXT
    if form == NotifyFormat.MARKDOWN:
        return rendering.as_markdown(message), form
    if form == NotifyFormat.HTML:
        return rendering.as_html(message), form
    return rendering.as_text(message), NotifyFormat.TEXT


def _tone(message: Message) -> Any:
    from apprise import NotifyType

    if message.kind == "test":
        return NotifyType.INFO
    if message.ends:
        return NotifyType.SUCCESS
    return NotifyType.FAILURE if message.severity == "critical" else NotifyType.WARNING


def _as_an_alert(service: Any, kind: str, message: Message) -> None:
    """Name the alert by the key that all messages about the same incident share."""
    if kind == "pagerduty":
        service.action, service.dedup = ("resolve" if message.ends else "trigger"), message.key
        service.source, service.component = message.source or APP, message.component or "platform"
        service.click = message.link or None
        service.details = {**service.details, **rendering.details(message)}
    elif kind == "opsgenie":
        service.alias = message.key


def _failure(logs: list[str], channel: Channel) -> DeliveryFailed:
    reason = without_secrets(" ".join(logs) or "it was not taken, without a reason", channel)
    code = _CODE.search(reason)
    return DeliveryFailed(reason, _KINDS.get(code.group(1), "away") if code else "away")


def without_secrets(text: str, channel: Channel) -> str:
    """A reason on one line, without any part of the address that may be a key."""
    parts = {
        part for part in re.split(r"[/@:?&=,#]+", channel.url.partition("://")[2]) if len(part) >= _SHORTEST_SECRET
    }
    for part in sorted(parts | {unquote(part) for part in parts}, key=len, reverse=True):
        text = text.replace(part, "…")
    return " ".join(text.split())[:500]
