"""What `sources` shows: where each metric comes from, or why it is missing; and what a URL is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

from monitoring.surveys import MetricOrigin, Probe, Survey
from monitoring.ui.terminal.text import forgiving, json_text, one_line
from monitoring.wording import quantity, span

EXIT_GOOD, EXIT_PART, EXIT_NONE = 0, 1, 3


def show_sources(found: Survey | Probe, *, json_output: bool, stdout: TextIO) -> int:
    """0 where everything can be read, 1 where some sources cannot, 3 where none can."""
    forgiving(stdout)
    lines = _survey_lines(found) if isinstance(found, Survey) else _probe_lines(found)
    text = json_text(found.to_json(), stdout) if json_output else "\n".join(lines)
    stdout.write(text.rstrip("\n") + "\n")
    stdout.flush()
    if isinstance(found, Probe):
        return EXIT_GOOD if found.kind else EXIT_NONE
    good = sum(source.ok for source in found.sources)
    return EXIT_GOOD if good == len(found.sources) else EXIT_PART if good else EXIT_NONE


def _survey_lines(survey: Survey) -> Iterator[str]:
    for source in survey.sources:
        state = f"{source.samples} samples" if source.ok else one_line(source.error)
        of = f" ({source.cluster})" if source.cluster else ""
        yield one_line(f"{'ok  ' if source.ok else 'DOWN'} {source.kind:<10} {source.name}{of}: {state}")
        yield from (one_line(f"     note: {note}") for note in source.notes)
    yield ""
    yield f"{survey.present} of {len(survey.metrics)} metrics are there:"
    component = ""
    for origin in survey.metrics:
        if origin.component != component:
            component = origin.component
            yield f"\n{component}"
        yield from _origin_lines(origin, survey.as_of)
    yield from (f"\n{one_line(f'note: {note}')}" for note in survey.notes)


def _origin_lines(origin: MetricOrigin, now: datetime | None = None) -> Iterator[str]:
    if origin.value is None:
        yield one_line(f"  – {origin.metric:<29} {origin.reason}")
        if origin.switch_on:
            yield one_line(f"    {'':<29} switch on: {origin.switch_on}")
        if origin.was_stored:
            yield one_line(f"    {'':<29} {_last_stored(origin, now)}")
        return
    value = quantity(origin.value, origin.unit)
    many = f", worst of {origin.instances}" if origin.instances > 1 else ""
    # Of one address there is nothing to say but itself.
    where = f", {origin.age_seconds:.0f} s ago, from {', then '.join(origin.sources)}" if now else ""
    yield one_line(f"  ✓ {origin.metric:<29} {value:<22} {origin.instance}{many}{where}")


def _last_stored(origin: MetricOrigin, now: datetime | None) -> str:
    if origin.last_stored is None or now is None:
        return "last stored longer ago than samples are kept"
    missing = span(max(0.0, (now - origin.last_stored).total_seconds()))
    return f"last stored {origin.last_stored:%Y-%m-%d %H:%M:%S} UTC, missing for {missing}"


def _probe_lines(probe: Probe) -> Iterator[str]:
    if not probe.kind:
        yield one_line(f"{probe.url} is nothing that can be read:")
        yield from (one_line(f"  as {kind}: {reason}") for kind, reason in probe.refusals)
        return
    yield one_line(f"{probe.url} is of kind {probe.kind} ({', '.join(probe.exporters)}).")
    yield from (one_line(f"note: {note}") for note in probe.notes)
    yield f"It gives {len(probe.metrics)} metrics:"
    for origin in probe.metrics:
        yield from _origin_lines(origin)
    yield "\nIn sources.toml:\n"
    yield from (one_line(line) for line in probe.entry.splitlines())
