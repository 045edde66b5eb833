"""An answer drawn while it is made, and growing Markdown cut where it will not change any more."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator

import pytest
from rich.console import ConsoleDimensions

from monitoring.contract import Answer, Progress, Restarted, Text, ToolFinished, ToolStarted
from monitoring.errors import MonitoringError, QueryTimeout
from monitoring.ui.terminal.consoles import console_for
from monitoring.ui.terminal.live import AnswerView, follow
from monitoring.ui.terminal.markdown import finished_blocks, markdown
from tests.unit.terminal_platform import NASTY, Screen, answer, reply

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LONG = """# Title

A paragraph of **two**
lines with `code`.

1. one

2. two
   - nested

| a | b |
|---|---|
| 1 | 2 |

```sql
select 1

from x
```

Last words."""


def drawn(text: str, width: int = 80) -> str:
    stream = io.StringIO()
    console = console_for(stream)
    console.width = width
    console.print(markdown(text))
    return stream.getvalue()


def followed(
    pieces: list[Progress], *, tools: bool = True, text: bool = True, stream: io.StringIO | None = None
) -> str:
    stream = stream or io.StringIO()
    follow(iter(pieces), AnswerView(console_for(stream), None, tools=tools, text=text))
    return stream.getvalue()


def test_only_a_block_that_is_followed_by_another_is_finished() -> None:
    assert finished_blocks("one\n\n") == ([], "one\n\n")
    assert finished_blocks("one\n\ntwo\n") == (["one\n"], "two\n")
    assert finished_blocks("one\n\ntw") == ([], "one\n\ntw")


def test_a_list_with_gaps_stays_together() -> None:
    assert finished_blocks("1. a\n\n2. b\n") == ([], "1. a\n\n2. b\n")


def test_an_open_code_fence_is_not_cut() -> None:
    assert finished_blocks("```\na\n\nb\n\n# c\n")[0] == []


@pytest.mark.parametrize("odd", ["a\x0bb", "a\x85b", "a\u2028b", "a\rb"])
def test_only_real_line_ends_count(odd: str) -> None:
    blocks, rest = finished_blocks(f"# {odd}\n\nsecond\n\nthird\n")
    assert [len(block.splitlines()) for block in blocks] == [1, 1]
    assert blocks[1] == "second\n"
    assert rest == "third\n"


@pytest.mark.parametrize("seed", range(20))
def test_pieces_of_any_size_draw_the_same_text_as_the_whole(seed: int) -> None:
    chance, pieces, at = random.Random(seed), [], 0
    while at < len(LONG):
        step = chance.randint(1, 25)
        pieces.append(Text(LONG[at : at + step]))
        at += step
    streamed = followed([*pieces, answer(LONG)], tools=False)
    assert streamed.split() == drawn(LONG).split()


def test_text_that_was_streamed_is_not_repeated() -> None:
    assert followed([Text("All "), Text("well."), answer("All well.")]).count("All well.") == 1


def test_an_answer_that_was_not_streamed_is_drawn() -> None:
    assert "All well." in followed([answer("All well.")])


def test_what_the_stream_left_out_is_added() -> None:
    assert followed([Text("All "), answer("All well.\n\nReally.")]).split() == ["All", "well.", "Really."]


def test_an_answer_that_differs_from_what_was_streamed_replaces_it() -> None:
    text = followed([Text("Nothing is wrong."), answer("Kafka lags.")])
    assert re.search(r"Nothing is wrong\..*does not count.*Kafka lags\.", text, re.DOTALL)


def test_a_restart_says_that_what_stands_above_does_not_count() -> None:
    pieces: list[Progress] = [
        Text("Wrong."),
        Restarted("a number could not be traced"),
        Text("Right."),
        answer("Right."),
    ]
    assert re.search(r"Wrong\..*does not count: a number could not be traced.*Right\.", followed(pieces), re.DOTALL)
    assert followed(pieces).count("Right.") == 1


def test_a_restart_before_any_text_is_only_told() -> None:
    text = followed([Restarted("the model did not answer"), answer("x")])
    assert "Starting over: the model did not answer" in text
    assert "count" not in text


def test_tools_are_shown_as_they_finish() -> None:
    text = followed([ToolStarted("check", {}), ToolFinished(reply("check")), answer("Fine.")])
    assert text.index("✓ check · kafka · last 10 min · 0 rows · 12 ms") < text.index("Fine.")


def test_tools_are_left_out_where_progress_is_not_watched() -> None:
    assert "check" not in followed([ToolFinished(reply("check")), answer("Fine.")], tools=False)


def test_where_only_progress_is_shown_the_text_stays_out() -> None:
    text = followed([Text("Wrong"), Restarted("x"), Text("Fine."), answer("Fine.")], text=False)
    assert "Fine." not in text
    assert "Starting over: x" in text


def test_the_pieces_are_closed_when_drawing_is_interrupted() -> None:
    closed = []

    def pieces() -> Iterator[Progress]:
        try:
            yield Text("half an ans")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        follow(pieces(), AnswerView(console_for(stream), None))
    assert closed
    assert "half an ans" in stream.getvalue()


class Pieces(list[Progress]):
    """An iterator that knows whether it was closed; nothing closes it by itself."""

    closed = False

    def __next__(self) -> Progress:
        return self.pop(0)

    def __iter__(self) -> Pieces:
        return self

    def close(self) -> None:
        self.closed = True


def test_an_interruption_while_drawing_closes_the_pieces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_view: AnswerView, _piece: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(AnswerView, "show", interrupted)
    pieces = Pieces([Text("x"), Text("y")])
    with pytest.raises(KeyboardInterrupt):
        follow(pieces, AnswerView(console_for(io.StringIO()), None))
    assert pieces.closed


def test_an_answer_that_breaks_off_is_an_error() -> None:
    with pytest.raises(MonitoringError, match="broke off"):
        followed([Text("half")])


def test_an_error_shows_what_had_arrived() -> None:
    def pieces() -> Iterator[Progress]:
        yield Text("half an answer")
        raise QueryTimeout

    stream = io.StringIO()
    with pytest.raises(QueryTimeout):
        follow(pieces(), AnswerView(console_for(stream), None))
    assert "half an answer" in stream.getvalue()


def test_an_animated_answer_ends_with_the_cursor_shown_and_the_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    text = followed([ToolStarted("check", {}), ToolFinished(reply("check")), answer("Fine.")], stream=Screen())
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "Fine." in ESCAPES.sub("", text)


def test_the_growing_part_is_never_taller_than_the_screen() -> None:
    console = console_for(Screen())
    console.size = ConsoleDimensions(80, 12)
    view = AnswerView(console, None)
    view.show(Text("".join(f"- item {i}\n" for i in range(100))))
    lines = console.render_lines(view._frame(), pad=False)
    assert len(lines) <= 12
    assert "item 99" in "".join(segment.text for line in lines for segment in line)


@pytest.mark.parametrize(
    "hidden",
    ["<b>node</b>", "<script>x</script>", "<!-- remark -->", "[red]x[/red]", ":smile:", "&#x202e;"],
)
def test_nothing_that_looks_like_markup_is_swallowed(hidden: str) -> None:
    assert hidden in drawn(f"Before {hidden} after")
    assert hidden in drawn(hidden)


@pytest.mark.parametrize(
    "text", [NASTY, f"`{NASTY}`", f"```\n{NASTY}\n```", f"- {NASTY}", f"|a|\n|-|\n|{NASTY}|", f"# {NASTY}"]
)
def test_an_answer_cannot_drive_the_terminal(text: str) -> None:
    for shown in (drawn(text, 200), followed([Text(text), answer(text)]), followed([answer(text)])):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
        assert "\\x1b" in shown


def test_a_link_shows_where_it_leads() -> None:
    assert "runbook (https://example.org/x)" in drawn("[runbook](https://example.org/x)")
    assert "chart (https://example.org/y)" in drawn("![chart](https://example.org/y)")


def test_lines_end_where_their_text_ends() -> None:
    assert all(line == line.rstrip() for line in drawn(LONG).splitlines())


def test_the_whole_answer_is_returned() -> None:
    whole = answer("x")
    result: Answer = follow(iter([whole]), AnswerView(console_for(io.StringIO()), None))
    assert result is whole
