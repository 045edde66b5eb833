"""What `notify` shows: whether channels take a test message; which there are, and what they were told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from monitoring.contract import iso
from monitoring.notices import ChannelNotice, NotificationState, Trial
from monitoring.ui.terminal.text import forgiving, json_text, one_line

EXIT_GOOD, EXIT_PART, EXIT_NONE = 0, 1, 3


def show_trials(trials: Sequence[Trial], *, json_output: bool, stdout: TextIO) -> int:
    """0 where every channel took the message, 1 where some did not, 3 where none did."""
    lines = (
        one_line(f"{'ok    ' if one.ok else 'FAILED'} {one.channel} ({one.service}): {one.problem or 'sent'}")
        for one in trials
    )
    shown = {"channels": [one.to_json() for one in trials]}
    _write(json_text(shown, stdout) if json_output else "\n".join(lines), stdout)
    good = sum(one.ok for one in trials)
    return EXIT_GOOD if good == len(trials) else EXIT_PART if good else EXIT_NONE


def show_notifications(state: NotificationState, *, json_output: bool, stdout: TextIO) -> int:
    """0 where every channel works, 1 where one fails, 3 where there is none."""
    _write(json_text(state.to_json(), stdout) if json_output else "\n".join(_lines(state)), stdout)
    if not any(channel.configured for channel in state.channels):
        return EXIT_NONE
    return EXIT_GOOD if all(channel.works for channel in state.channels if channel.configured) else EXIT_PART


def _write(text: str, stdout: TextIO) -> None:
    forgiving(stdout)
    stdout.write(text.rstrip("\n") + "\n")
    stdout.flush()


def _lines(state: NotificationState) -> Iterator[str]:
    if not state.channels:
        yield "No channel is configured; set NOTIFY_URLS or write notify.toml (see notify.example.toml)."
    for channel in state.channels:
        yield from map(one_line, _channel_lines(channel))
    if state.deliveries:
        yield "\nLast deliveries:"
    for one in state.deliveries:
        tries = f", {one.attempts} attempts" if one.attempts > 1 else ""
        why = f": {one.reason}" if one.reason else ""
        about = f"incident {one.incident} {one.kind} ({one.severity})"
        yield one_line(f"  {iso(one.at)} {one.channel}: {about}, {one.state}{tries}{why}")


def _channel_lines(channel: ChannelNotice) -> Iterator[str]:
    if not channel.configured:
        yield f"gone   {channel.name}: not configured any more, {channel.delivered} delivered"
        return
    quiet = f", quiet {channel.quiet}" if channel.quiet else ""
    repeat = f", told again every {channel.repeat}" if channel.repeat else ""
    yield (
        f"{'ok    ' if channel.works else 'FAILS '} {channel.name} ({channel.service}): "
        f"{', '.join(channel.components)}; {', '.join(channel.severities)}{quiet}{repeat}"
    )
    last = f", the last {iso(channel.last_success_at)}" if channel.last_success_at else ""
    yield f"       {channel.delivered} delivered{last}, {channel.waiting} waiting, {channel.failed} given up"
    if not channel.works:
        until = f", tried again {iso(channel.next_try_at)}" if channel.next_try_at else ""
        yield f"       {channel.failures} failures in a row{until}: {channel.last_error}"
