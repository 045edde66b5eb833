"""Documents on a terminal: answers with citations, what an index did, which documents there are, a conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from monitoring.contract import Json
from monitoring.document_types import Citation, Document, DocumentAnswer, IndexReport
from monitoring.errors import MonitoringError
from monitoring.ui.terminal.text import QUIT, block, forgiving, is_terminal, json_text, one_line, sentence

if TYPE_CHECKING:
    from rich.console import Console

EXIT_FAILED = 3
EXIT_INTERRUPTED = 130
HELP = """\
/why     the passages the last answer rests on
/list    the documents there are
/index   read what has changed
/quit    leave (Ctrl+D)
Questions such as: What caused the broker outage? What fixed it? When did it start? Who owns the action items?"""


class Shelves(Protocol):
    """What a conversation needs of a library."""

    def documents(self) -> Sequence[Document]: ...

    def index(self) -> IndexReport: ...


class Shelf(Protocol):
    """Who answers, and the library there is."""

    @property
    def library(self) -> Shelves: ...

    def ask(self, question: str) -> DocumentAnswer: ...


def show_answer(answer: DocumentAnswer, *, json_output: bool, stdout: TextIO) -> None:
    """An answer: as Markdown on a terminal, as plain text or JSON elsewhere."""
    forgiving(stdout)
    if json_output:
        _write_json(answer.to_json(), stdout)
    elif is_terminal(stdout):
        _draw(answer, _console(stdout))
    else:
        stdout.write(f"{_plain(answer.answer)}\n\n{_footer(answer)}\n")
    stdout.flush()


def show_report(report: IndexReport, *, json_output: bool, stdout: TextIO, stderr: TextIO) -> None:
    """What an index did, in one sentence; each file that could not be read with its reason on `stderr`."""
    forgiving(stdout)
    if json_output:
        _write_json(report.to_json(), stdout)
        return
    tell_problems(report, stderr)
    stdout.write(f"{report_words(report)}\n")


def report_words(report: IndexReport) -> str:
    """An index in one sentence."""
    parts = [f"{report.read:,} read ({report.pages:,} pages, {report.passages:,} passages)"]
    parts.append(f"{report.unchanged:,} unchanged")
    for number, what in ((report.twins, "twins of others"), (report.dropped, "gone")):
        parts += [f"{number:,} {what}"] if number else []
    parts += [f"{len(report.problems):,} not readable"] if report.problems else []
    return f"Documents: {', '.join(parts)}."


def tell_problems(report: IndexReport, stderr: TextIO) -> None:
    """Each file that could not be read, with its reason."""
    forgiving(stderr)
    for problem in report.problems:
        stderr.write(f"{one_line(problem.name)} {sentence(problem.reason)}\n")


def show_documents(documents: Sequence[Document], *, json_output: bool, stdout: TextIO) -> None:
    """The documents, a line each."""
    forgiving(stdout)
    if json_output:
        _write_json({"documents": [document.to_json() for document in documents]}, stdout)
        return
    for line in document_lines(documents):
        stdout.write(f"{line}\n")


def document_lines(documents: Sequence[Document]) -> Iterator[str]:
    """The documents in words: id, name, what it is or why it could not be read."""
    if not documents:
        yield "There are no documents yet: put PDF, Markdown or text files into data/, or name a folder to index."
        return
    width = min(60, max(len(one_line(document.name)) for document in documents))
    for document in documents:
        yield f"{document.id:>4}  {one_line(document.name):<{width}}  {_about(document)}"


def _about(document: Document) -> str:
    if document.status == "failed":
        return sentence(document.problem)
    if document.status == "twin":
        return f"the same as {one_line(document.twin_of or 'another one')}"
    pages = f"{document.pages:,} pages, " if document.media == "pdf" else ""
    return f"{one_line(document.title)} ({pages}{document.passages:,} passages{', uploaded' * document.uploaded})"


def show_removed(document: Document, stdout: TextIO) -> None:
    forgiving(stdout)
    stays = "" if document.uploaded else "; its file stays, and is left out until it is named to index"
    stdout.write(f"{one_line(document.name)} was removed{stays}.\n")


def converse(shelf: Shelf, *, history_file: Path, stdin: TextIO, stdout: TextIO) -> int:
    """Answer questions until the user leaves: at a prompt on a terminal, line by line from a pipe."""
    forgiving(stdin)
    forgiving(stdout)
    if is_terminal(stdin) and is_terminal(stdout):
        return _at_prompt(shelf, history_file, stdin, stdout)
    worked = True
    last: DocumentAnswer | None = None
    try:
        for line in (line.strip() for line in stdin):
            if line.lower() in QUIT:
                break
            if line:
                last, fine = _respond(shelf, line, last, stdout)
                worked = fine and worked
                stdout.write("\n")
                stdout.flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if worked else EXIT_FAILED


def _at_prompt(shelf: Shelf, history_file: Path, stdin: TextIO, stdout: TextIO) -> int:
    from rich.text import Text

    from monitoring.ui.terminal.session import prompt_session, until_left

    console = _console(stdout)
    amount = len(shelf.library.documents())
    noun = "document" if amount == 1 else "documents"
    console.print(Text(f"{amount:,} {noun}. /help lists what can be done; Ctrl+D leaves."))
    prompt = prompt_session(console, history_file, stdin, stdout)
    last: DocumentAnswer | None = None

    def answer(line: str) -> None:
        nonlocal last
        last, _ = _respond(shelf, line, last, stdout)
        console.print()

    return until_left(prompt, console, answer)


def _respond(
    shelf: Shelf, line: str, last: DocumentAnswer | None, stdout: TextIO
) -> tuple[DocumentAnswer | None, bool]:
    """Answer one line; the last answer from now on, and whether that worked."""
    try:
        if line.startswith("/"):
            _command(shelf, line.split()[0].lower(), last, stdout)
            return last, True
        answer = shelf.ask(line)
        show_answer(answer, json_output=False, stdout=stdout)
    except MonitoringError as problem:
        stdout.write(f"Error: {sentence(str(problem))}\n")
        return last, False
    return answer, True


def _command(shelf: Shelf, name: str, last: DocumentAnswer | None, stdout: TextIO) -> None:
    if name == "/why":
        stdout.write("\n\n".join(map(_passage, last.citations if last else ())) or "There is no answer yet.")
        stdout.write("\n")
    elif name == "/list":
        show_documents(shelf.library.documents(), json_output=False, stdout=stdout)
    elif name == "/index":
        report = shelf.library.index()
        show_report(report, json_output=False, stdout=stdout, stderr=stdout)
    else:
        stdout.write(f"{HELP}\n")


def _passage(citation: Citation) -> str:
    heading = f" {one_line(citation.heading)}" if citation.heading else ""
    lines = "\n".join(f"    {line}" for line in block(citation.text).split("\n"))
    return f"{one_line(citation.label)}{heading}\n{lines}"


def _draw(answer: DocumentAnswer, console: Console) -> None:
    from rich.text import Text

    from monitoring.ui.terminal.markdown import markdown

    console.print(markdown(answer.answer))
    console.print(Text(_footer(answer), style="quiet"))


def _footer(answer: DocumentAnswer) -> str:
    passages = len(answer.citations)
    noun = "passage" if passages == 1 else "passages"
    notes = [one_line(note) for note in answer.notes]
    return "\n".join([*notes, f"{one_line(answer.model)} · {passages} {noun} · {answer.took_ms:.0f} ms"])


def _plain(text: str) -> str:
    """Markdown as plain text: without the stars of emphasis."""
    return block(re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"\1", text))


def _write_json(value: Json, stdout: TextIO) -> None:
    stdout.write(json_text(value, stdout) + "\n")


def _console(stdout: TextIO) -> Console:
    from monitoring.ui.terminal.consoles import console_for

    return console_for(stdout)
