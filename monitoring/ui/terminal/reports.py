"""What an ingest shows: one sentence, and every line that was rejected with its number and reason; where the report
of an incident went."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from monitoring.contract import IngestReport, iso
from monitoring.ui.terminal.text import forgiving, json_text, one_line
from monitoring.wording import count


def show_ingest(report: IngestReport, *, json_output: bool, stdout: TextIO, stderr: TextIO) -> None:
    """The report on `stdout`, rejected lines on `stderr`; with `json_output` everything as JSON on `stdout`."""
    forgiving(stdout)
    forgiving(stderr)
    if json_output:
        stdout.write(json_text(report.to_json(), stdout) + "\n")
        return
    for rejection in report.rejections:
        stderr.write(f"line {rejection.line}: {one_line(rejection.reason)}\n")
    if report.rejected > len(report.rejections):
        stderr.write(f"and {report.rejected - len(report.rejections):,} more rejected lines\n")
    stdout.write(f"{report.read:,} lines read, {report.stored:,} samples stored, {report.rejected:,} rejected")
    stdout.write(f" ({report.duplicates:,} of them duplicates)\n" if report.duplicates else "\n")
    if report.window is not None:
        stdout.write(f"They cover {iso(report.window.start)} to {iso(report.window.end)}.\n")
    stdout.write(f"Found in them: {count(report.events, 'anomalies')}, {count(report.incidents, 'incidents')}.\n")
    if report.removed_demo:
        stdout.write("The demo data were removed: from now on only real samples count.\n")


def show_written(path: Path, stdout: TextIO) -> None:
    """Where a report was written."""
    forgiving(stdout)
    stdout.write(f"Written to {one_line(path)}\n")
    stdout.flush()
