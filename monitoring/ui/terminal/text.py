"""Plain text for terminals: made harmless, numbers and times as people read them, answers without markup.

Nothing here imports `rich`; all of it is pure except `forgiving`, which changes how a stream encodes.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, TextIO

from monitoring import wording
from monitoring.anomalies import humanize
from monitoring.contract import Answer, Json, ToolReply
from monitoring.metrics import COMPONENTS

_UNSAFE = "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff"
_ONE_LINE = re.compile(f"[{_UNSAFE}]")
_BLOCK = re.compile(f"(?!\n)[{_UNSAFE}]")
_JSON_UNSAFE = re.compile("(?!\n)[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

DEMO = "DEMO DATA"
QUIT = ("/quit", "/exit", "exit", "quit")
"""Lines that end a conversation."""

_CODE_SPAN = re.compile(r"(`+)(.+?)\1(?!`)", re.DOTALL)
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)

_ASCII = str.maketrans("●▲✖○✓✗›…·→—–▁▂▃▄▅▆▇█│─━╭╮╰╯↻↑↓", "*!x.+x>.->--_.,-=+*#|--....@^v")
_ASCII_ERRORS = "monitoring-terminal-ascii"


def _spell(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _SPELLED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def one_line(value: object) -> str:
    """A value from data on one line: control and direction-changing characters appear spelled out."""
    return _ONE_LINE.sub(_spell, str(value))


def block(text: str) -> str:
    """Text of several lines made harmless; line ends stay, tabs become spaces."""
    return _BLOCK.sub(_spell, text.replace("\r\n", "\n").expandtabs(4))


def sentence(message: str) -> str:
    """A message on one line, whatever line breaks it came with."""
    return one_line(" ".join(message.split()))


def is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def forgiving(stream: TextIO) -> None:
    """Let a stream replace what its encoding lacks, by a similar ASCII character where there is one, and
    read bytes that are no text."""
    codecs.register_error(_ASCII_ERRORS, _nearest_ascii)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_ASCII_ERRORS)


def _nearest_ascii(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\ufffd", error.end
    if not isinstance(error, UnicodeEncodeError):
        raise error
    rough = error.object[error.start : error.end].translate(_ASCII)
    return "".join(c if c.isascii() else "?" for c in rough), error.end


def json_text(value: Json, stream: TextIO) -> str:
    """Indented JSON in the stream's encoding; what a terminal could act on is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    safe = _JSON_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    try:
        safe.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=2)
    return safe


def number(value: object) -> str:
    """Three or four significant digits, thousands grouped: `0.873`, `42`, `1,840`; an en dash for none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else one_line(value)
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.3g}"


def aligned(value: object) -> str:
    """As `number`, with a fixed count of decimals below ten, so that figures of a column line up."""
    if isinstance(value, float) and 0.001 <= abs(value) < 10 and not value.is_integer():
        return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"
    return number(value)


def quantity(value: object, unit: object) -> str:
    """A value with its unit; bytes in decimal multiples, a ratio without a unit."""
    figure = number(value)
    name = one_line(unit or "")
    if figure == "–" or not name or name.startswith("ratio"):
        return figure
    if name == "bytes" and isinstance(value, int | float):
        return _bytes(float(value))
    return f"{figure} {name}"


def read_quantity(value: object, unit: object) -> str:
    """A value as it is read in its unit: `59 min 37 s` for 3,577 s, `87 %` for the ratio 0.87; else as `quantity`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        return quantity(value, unit)
    return one_line(wording.quantity(float(value), str(unit or "")))


def _bytes(value: float) -> str:
    for suffix in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{number(value)} {suffix}"
        value /= 1000
    return f"{number(value)} TB"


def percent(value: object) -> str:
    """A change in percent with its sign."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–"
    return f"{value:+,.0f} %" if abs(value) >= 10 or value == 0 else f"{value:+.1f} %"


def count(number_of: int, singular: str, plural: str = "") -> str:
    """`1 row`, `3 rows`, `1,200 rows`."""
    return f"{number_of:,} {singular if number_of == 1 else plural or singular + 's'}"


def moment(value: object) -> datetime | None:
    """A time as it stands in a JSON row; `None` where there is none or it cannot be read."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Times:
    """How times are shown: in `zone` (`None`: the machine's own), their age counted up to `now`."""

    now: datetime
    zone: tzinfo | None = None

    @property
    def name(self) -> str:
        return one_line(self.now.astimezone(self.zone).tzname() or "local")

    def at(self, value: object) -> str:
        """`09:31` today, `Nov 22 09:31` on another day, with the year in another year."""
        when = moment(value)
        if when is None:
            return "–"
        there, here = when.astimezone(self.zone), self.now.astimezone(self.zone)
        if there.date() == here.date():
            return f"{there:%H:%M}"
        return f"{there:%b %d %H:%M}" if there.year == here.year else f"{there:%Y-%m-%d %H:%M}"

    def ago(self, value: object) -> str:
        """`12 s ago`; `never` where there is no time."""
        when = moment(value)
        if when is None:
            return "never"
        return "now" if when >= self.now else f"{humanize(self.now - when)} ago"

    def since(self, value: object) -> str:
        """`09:31 (14 min)`."""
        when = moment(value)
        if when is None:
            return "–"
        return f"{self.at(when)} ({humanize(max(self.now - when, self.now - self.now))})"


def series_name(row: Mapping[str, Any], prefix: str = "") -> str:
    """`kafka · broker-1 · under_replicated_partitions`, without the parts the row lacks."""
    parts = (row.get(prefix + part) for part in ("component", "instance", "metric"))
    return " · ".join(one_line(part) for part in parts if part)


def some(names: Sequence[object], most: int = 2, plural: str = "") -> str:
    """The names, or how many there are when there are more than `most`."""
    if len(names) <= most:
        return ", ".join(one_line(name) for name in names)
    return f"{len(names)} {plural}" if plural else f"{some(names[:most], most)} and {len(names) - most} more"


def looked_at_words(call: ToolReply, zone: tzinfo | None) -> str:
    """What a tool looked at: `kafka · consumer_group_lag · last 10 min`."""
    looked = call.looked_at
    if looked is None:
        return args_words(call.args)
    times = Times(looked.window.end, zone)
    parts = [_components(looked.components)]
    if looked.metrics is not None:
        parts.append(some(looked.metrics, plural="metrics"))
    if looked.instances is not None:
        parts.append(some(looked.instances, plural="instances"))
    parts.append(_window(call.args, looked.window.start, looked.window.end, times))
    if looked.compare_window is not None:
        before = looked.compare_window
        parts.append(f"compared with {times.at(before.start)}–{times.at(before.end)}")
    return " · ".join(part for part in parts if part)


def args_words(args: Mapping[str, Any]) -> str:
    """What a tool was asked for, before it has replied."""
    parts = [some(_names(args.get(name))) for name in ("component", "metric", "instance")]
    minutes, hours = args.get("last_minutes"), args.get("hours")
    if minutes is not None:
        parts.append(f"last {number(minutes)} min")
    elif hours is not None:
        parts.append(f"last {number(hours)} h")
    return " · ".join(part for part in parts if part)


def _components(components: Sequence[str]) -> str:
    return "all components" if set(components) >= set(COMPONENTS) else some(components)


def _window(args: Mapping[str, Any], start: datetime, end: datetime, times: Times) -> str:
    if args.get("start") or args.get("end"):
        return f"{times.at(start)}–{times.at(end)}"
    return f"last {humanize(end - start)}"


def _names(value: object) -> Sequence[object]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) or not isinstance(value, Sequence) else value


def outcome_words(call: ToolReply) -> str:
    """What came of a tool call: `3 rows · 12 ms`."""
    took = f"{call.took_ms:,.0f} ms"
    if call.status == "no_data":
        return f"no data · {took}"
    if call.status == "error":
        return f"failed · {took}"
    shown = len(call.rows)
    rows = f"{shown:,} of {count(call.row_count, 'row')}" if call.truncated else count(call.row_count, "row")
    return f"{rows} · {took}"


def trace_words(answer: Answer) -> str:
    """Whether every number of the answer stands in the data it rests on."""
    if answer.grounded:
        return "every number traced"
    if not answer.untraced:
        return "not every number could be traced"
    return f"{count(len(answer.untraced), 'number')} could not be traced: {some(answer.untraced, 5)}"


def without_markup(markdown: str) -> str:
    """Markdown as plain text: no emphasis marks, back-ticks or heading signs; lists and tables as they are."""
    text = block(markdown)
    codes = iter([_code(*span.groups()) for span in _CODE_SPAN.finditer(text)])
    # No control character is left in the text, so that one can stand for each piece of code.
    rest = _without_emphasis(_CODE_SPAN.sub("\0", text))
    return re.sub("\0", lambda _: next(codes), rest).strip("\n")


def _code(fence: str, code: str) -> str:
    """Code between back-ticks; a fenced block without the name of its language."""
    return code.partition("\n")[2].removesuffix("\n") if len(fence) > 2 and "\n" in code else code


def _without_emphasis(text: str) -> str:
    return _HEADING.sub(r"\1", _STRONG.sub(r"\1", text))


def remarks(answer: Answer) -> Iterable[str]:
    """What has to be said beside an answer, one line each; that it rests on demo data, if it does, first."""
    notes = [sentence(note) for note in answer.notes]
    if answer.demo and not any(note.startswith(DEMO) for note in notes):
        yield DEMO
    yield from sorted(notes, key=lambda note: not note.startswith(DEMO))


def plain_answer(answer: Answer) -> str:
    """An answer as plain text, with what has to be said beside it below."""
    footer = [*remarks(answer), f"{one_line(answer.model)} · {trace_words(answer)}"]
    return "\n".join([without_markup(answer.answer), "", *footer])
