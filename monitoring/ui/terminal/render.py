"""What the terminal shows of the platform: its state, its metrics, the rows behind an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitoring.anomalies import humanize
from monitoring.contract import Answer, Check, Json, Session
from monitoring.metrics import Catalogue, Metric, Threshold
from monitoring.ui.terminal.consoles import demo_badge, health_mark
from monitoring.ui.terminal.tables import (
    ANOMALIES,
    MOST_SERIES,
    TIMELESS,
    Column,
    call_rows,
    incident_head,
    incident_lines,
    status_words,
    table,
    trend_rows,
    trend_tables,
)
from monitoring.ui.terminal.text import (
    DEMO,
    Times,
    count,
    number,
    one_line,
    read_quantity,
    remarks,
    sentence,
    series_name,
    some,
    trace_words,
)

WIDE = 140
"""From this width on anomalies are one row each with all columns; below, a few lines each."""

EXAMPLES = (
    "Is anything wrong right now?",
    "How did consumer lag develop over the last 6 hours?",
    "Did trouble in one component cause trouble in another today?",
)


def print_check(console: Console, check: Check, zone: tzinfo | None) -> None:
    """The whole state: components, open incidents with their anomalies, other anomalies."""
    times = Times(check.as_of, zone)
    console.print(state_lines(check, times))
    console.print(Group("", component_table(check, times, console.width), ""))
    print_anomalies(console, check, times)


def state_lines(check: Check, times: Times) -> Group:
    """The health of the platform, then when and over what it was judged."""
    first = Text.assemble(("Platform  ", "title"), health_mark(check.health), "  ")
    moment = f"{check.as_of.astimezone(times.zone):%Y-%m-%d %H:%M:%S} {times.name}"
    second = Text(f"{moment} · last {humanize(check.window.span)} · storage {_edition(check)}", style="quiet")
    lines = [first.append_text(demo_badge()) if check.demo else first, second]
    if check.freshness.get("seconds") is not None:
        lines.append(Text(sentence(str(check.freshness["words"])), style="quiet"))
    return Group(*lines)


def _edition(check: Check) -> str:
    return one_line(check.storage.get("edition") or "storage unknown")


def open_anomalies(component: Mapping[str, object]) -> int:
    """How many anomalies of a component are open, whether it counts or lists them."""
    found = component.get("open", component.get("anomalies", 0))
    if isinstance(found, int):
        return found
    return len(found) if isinstance(found, Sequence) else 0


def silent_words(component: Mapping[str, object], most: int = 2) -> str:
    """What of a component has fallen silent."""
    silent = component.get("silent") or ()
    if not isinstance(silent, Sequence) or isinstance(silent, str):
        return one_line(silent)
    names = [series_name(item) if isinstance(item, Mapping) else one_line(item) for item in silent]
    return some(names, most) if names else "–"


def _component_columns() -> tuple[Column, ...]:
    return (
        Column("Component", lambda row, _times: one_line(row["name"])),
        Column("Health", lambda row, _times: health_mark(row.get("health"))),
        Column("Open anomalies", lambda row, _times: f"{open_anomalies(row):,}", right=True),
        Column("Last sample", lambda row, times: times.ago(row.get("last_sample_at"))),
        Column("Silent", lambda row, _times: silent_words(row), wrap=True),
    )


def component_table(check: Check, times: Times, width: int) -> Table:
    rows: list[Json] = [{**component, "name": name} for name, component in check.components.items()]
    return table(_component_columns(), rows, times, width)


def print_anomalies(console: Console, check: Check, times: Times) -> None:
    """The anomalies of a check, those of an incident below it: a table where it is wide enough, a few lines each
    where it is not."""
    if not check.anomalies and not check.incidents:
        console.print(_nothing_open(check))
        return
    by_incident = {incident.get("id"): incident for incident in check.incidents}
    for number_of, incident in by_incident.items():
        mine = [row for row in check.anomalies if row.get("incident_id") == number_of and number_of is not None]
        console.print(Group(*(incident_head(incident, times) if mine else incident_lines(incident, times)), ""))
        _print_rows(console, sorted(mine, key=lambda row: str(row.get("started_at"))), times)
    rest = [row for row in check.anomalies if row.get("incident_id") not in by_incident]
    if rest:
        console.print(Text(_how_many(rest, "other" if by_incident else ""), style="title"))
        _print_rows(console, rest, times)


def _print_rows(console: Console, rows: Sequence[Json], times: Times) -> None:
    if not rows:
        return
    if console.width >= WIDE:
        console.print(table(ANOMALIES, rows, times, console.width), "")
        return
    for row in rows:
        console.print(Group(*anomaly_lines(row, times)), soft_wrap=False)
    console.print()


def _how_many(anomalies: Sequence[Json], kind: str) -> str:
    over = sum(row.get("status") == "resolved" for row in anomalies)
    told = f", {over:,} of them over" if over else ""
    name = f"{kind} " if kind else ""
    return count(len(anomalies), f"{name}anomaly", f"{name}anomalies") + told


def _nothing_open(check: Check) -> Text:
    if check.health == "no_data":
        return Text("There are no samples to judge by.", style="no_data")
    return Text(f"No anomalies in the last {humanize(check.window.span)}.", style="healthy")


def anomaly_lines(row: Json, times: Times) -> Iterator[RenderableType]:
    """An anomaly on a narrow terminal: what, how much, why."""
    status = "" if row.get("status") in (None, "firing") else f" · {status_words(row, times)}"
    yield Text.assemble(health_mark(row.get("severity")), "  ", (series_name(row), "name"), status)
    threshold = f"  threshold {sentence(str(row['threshold']))}" if row.get("threshold") else ""
    value = "" if row.get("why") else f"{read_quantity(row.get('value'), row.get('unit'))}  "
    if row.get("why"):
        yield _indented(Text(sentence(str(row["why"]))))
    yield _indented(Text(f"{value}since {times.since(row.get('started_at'))}{threshold}", style="quiet"))


def _indented(text: Text, by: int = 2) -> Padding:
    return Padding(text, (0, 0, 0, by), expand=False)


def greeting_panel(check: Check, times: Times) -> Panel:
    """The state of the platform in a few lines, to begin a conversation with."""
    lines = Table.grid(padding=(0, 2))
    for name, component in check.components.items():
        open_count = open_anomalies(component)
        lines.add_row(
            Text(one_line(name), style="name"),
            health_mark(component.get("health")),
            Text(count(open_count, "open anomaly", "open anomalies") if open_count else "no anomalies"),
            Text(f"last sample {times.ago(component.get('last_sample_at'))}", style="quiet"),
        )
    title = Text.assemble(" Platform ", health_mark(check.health), " ")
    below = Text(f" storage {_edition(check)} ", style="quiet")
    subtitle = Text.assemble(" ", demo_badge(), below) if check.demo else below
    style = check.health if check.health != "healthy" else "quiet"
    return Panel(lines, title=title, title_align="left", subtitle=subtitle, subtitle_align="right", border_style=style)


def invitation() -> Text:
    """What can be asked, and where help is."""
    text = Text("Ask in plain words, for example\n")
    for example in EXAMPLES:
        text.append(f"  › {example}\n", style="name")
    return text.append("/help shows the commands.", style="quiet")


def rows_behind(answer: Answer, times: Times, width: int) -> Iterator[RenderableType]:
    """The rows an answer rests on, per tool call."""
    yield Text(sentence(answer.question), style="title")
    if not answer.tool_calls:
        yield Text("This answer rests on no tool call.", style="quiet")
    for call in answer.tool_calls:
        yield Text("")
        yield from call_rows(call, times, width)


def trend_charts(answer: Answer, times: Times, width: int) -> Iterator[RenderableType]:
    """The course of the series an answer speaks of, the first few."""
    rows = trend_rows(answer.tool_calls)
    if rows:
        yield Text("")
        yield from trend_tables(rows[:MOST_SERIES], times, width)
    if len(rows) > MOST_SERIES:
        yield Text(f"… and {len(rows) - MOST_SERIES} more series; /why shows them", style="quiet")


def footer(answer: Answer, seconds: float | None) -> Iterator[Text]:
    """What an answer rests on: the model, whether its numbers were traced, honest remarks."""
    trace = Text(trace_words(answer), style="good" if answer.grounded else "warning")
    mark = "✓ " if answer.grounded else "▲ "
    line = Text.assemble((mark, trace.style), trace, (f" · {one_line(answer.model)}", "quiet"))
    if seconds is not None:
        line.append(f" · {seconds:.1f} s", style="quiet")
    yield line
    for remark in remarks(answer):
        yield _remark(remark)


def _remark(remark: str) -> Text:
    if not remark.startswith(DEMO):
        return Text(remark, style="quiet")
    return Text.assemble(demo_badge(), (f" {remark.removeprefix(DEMO).lstrip(': ')}", "quiet"))


def session_table(sessions: Sequence[Session], current: str | None, times: Times, width: int) -> Table:
    columns = (
        Column("", lambda row, _times: "›" if row["id"] == current else " "),
        Column("Session", lambda row, _times: one_line(row["id"])),
        Column("Last used", lambda row, times: times.at(row["updated_at"])),
        Column("Turns", lambda row, _times: number(row["turns"]), right=True),
        Column("First question", lambda row, _times: sentence(row["title"]), wrap=True),
    )
    return table(columns, [session.to_json() for session in sessions], times, width)


def metric_table(metrics: Sequence[Metric], width: int) -> Table:
    columns = (
        Column("Component", lambda row, _times: row["component"], drop=1),
        Column("Metric", lambda row, _times: row["name"]),
        Column("Warning", lambda row, _times: row["warning"], drop=3),
        Column("Critical", lambda row, _times: row["critical"], drop=4),
        Column("Unit", lambda row, _times: row["unit"], drop=2),
        Column("Called", lambda row, _times: row["short"], wrap=True),
    )
    return table(columns, [_metric_row(metric) for metric in metrics], TIMELESS, width)


def _metric_row(metric: Metric) -> Json:
    levels = {severity: threshold_words(threshold) for severity, threshold in metric.thresholds}
    return {
        "component": metric.component,
        "name": one_line(metric.name),
        "warning": levels.get("warning", "–"),
        "critical": levels.get("critical", "–"),
        "unit": one_line(metric.unit),
        "short": one_line(metric.short),
    }


def threshold_words(threshold: Threshold) -> str:
    """`> 0.8 for 5 min`, `> 3 times usual and > 1 for 10 min`."""
    basis = {"absolute": "", "times usual": " times usual", "usual plus": " above usual"}[threshold.basis]
    also = f" and {threshold.also[0]} {number(threshold.also[1])}" if threshold.also else ""
    hold = f" for {humanize(threshold.hold)}" if threshold.hold else ""
    return f"{threshold.op} {number(threshold.level)}{basis}{also}{hold}"


def metric_definition(metric: Metric) -> Iterator[RenderableType]:
    """All the catalogue says of one metric."""
    low, high = (number(bound) if bound is not None else None for bound in metric.normal)
    usual = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}" if high else ""
    yield Text.assemble((metric.name, "title"), (f"  {metric.component}, per {metric.scope}", "quiet"))
    yield _indented(Text(sentence(metric.description)))
    if usual:
        yield _indented(Text(f"Usual: {usual} ({one_line(metric.unit)})"))
    for severity, threshold in metric.thresholds:
        line = Text.assemble(health_mark(severity), f"  {threshold_words(threshold)}")
        yield _indented(line.append(f"  ({sentence(threshold.source)})", style="quiet"))
    for title, items in (
        ("Likely causes", metric.likely_causes),
        ("Check first", metric.first_checks),
        ("Mind", metric.pitfalls),
    ):
        if items:
            yield Text(title, style="title")
            for item in items:
                yield _indented(Text(f"· {sentence(item)}"))


def metric_choice(catalogue: Catalogue, name: str) -> Sequence[Metric]:
    """The metrics a name stands for: all, those of a component, or the one; raises `UnknownName`."""
    if not name:
        return catalogue.metrics
    return catalogue.of([name.lower()]) or (catalogue[name],)
