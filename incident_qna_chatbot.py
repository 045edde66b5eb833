#!/usr/bin/env python3
"""Questions over past incidents: post-mortems and runbooks as PDF, Markdown and text, in data/ and other folders.

python incident_qna_chatbot.py                              talk to it
python incident_qna_chatbot.py ask "What fixed the ClickHouse too many parts incident?"
python incident_qna_chatbot.py index ~/post-mortems         read these too
python incident_qna_chatbot.py list
python incident_qna_chatbot.py remove old-runbook.pdf
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from monitoring.agent.document_answers import DocumentAnswers
from monitoring.document_types import IndexReport
from monitoring.errors import MonitoringError
from monitoring.library import Library
from monitoring.moments import utc_now
from monitoring.settings import Settings, load_settings
from monitoring.store.store import open_store
from monitoring.ui import terminal
from monitoring.ui.terminal import documents as shown

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
EXIT_UNSAID = 1
"""The documents do not say."""
EXIT_UNREADABLE = 1
"""Some files could not be read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return int(options.run(options))
    except MonitoringError as problem:
        terminal.say_error(str(problem), sys.stderr)
        return terminal.EXIT_FAILED
    except KeyboardInterrupt:
        return terminal.EXIT_INTERRUPTED
    except BrokenPipeError:
        return terminal.reader_gone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="incident_qna_chatbot.py",
        description="Answers questions from post-mortems and runbooks, each claim with its file and page. Without a "
        "command: a terminal.",
        epilog="Settings (environment or .env): DOCUMENT_FOLDERS, DOCUMENT_BYTES, DOCUMENT_SECONDS, "
        "DOCUMENT_MEMORY_MB, EMBEDDING_MODEL; .env.example says what each means.",
    )
    parser.set_defaults(run=_interactive)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    ask = commands.add_parser("ask", help="answer one question; exit 0 answered, 1 the documents do not say, 3 error")
    ask.add_argument("question", help='in plain words, such as "What caused the broker outage?"; - reads it from stdin')
    ask.add_argument("--json", action="store_true", help="the answer with its citations, as JSON")
    ask.set_defaults(run=_ask)

    index = commands.add_parser("index", help="read what changed; exit 0, 1 if a file could not be read, 3 error")
    index.add_argument("paths", nargs="*", type=Path, help="files and folders, instead of DOCUMENT_FOLDERS")
    index.add_argument("--json", action="store_true", help="the report as JSON")
    index.set_defaults(run=_index)

    names = commands.add_parser("list", help="the documents there are")
    names.add_argument("--json", action="store_true", help="as JSON")
    names.set_defaults(run=_list)

    remove = commands.add_parser("remove", help="leave a document out from now on; its file stays")
    remove.add_argument("name", help="its name or its id, as list shows them")
    remove.set_defaults(run=_remove)
    return parser


@contextmanager
def _opened(settings: Settings | None = None) -> Iterator[DocumentAnswers]:
    chosen = settings or load_settings()
    logging.basicConfig(level=chosen.log_level, format=LOG_FORMAT)
    with closing(open_store(chosen)) as store:
        yield DocumentAnswers(chosen, store, utc_now)


def _up_to_date(library: Library, paths: Sequence[Path] | None = None) -> IndexReport:
    """Read what changed, with a bar on a terminal."""
    with terminal.progress(library.count(paths), "Reading documents", sys.stderr) as advance:
        return library.index(paths, advance)


def _ask(options: argparse.Namespace) -> int:
    question = sys.stdin.read() if options.question == "-" else options.question
    with _opened() as documents:
        shown.tell_problems(_up_to_date(documents.library), sys.stderr)
        answer = documents.ask(question)
    shown.show_answer(answer, json_output=options.json, stdout=sys.stdout)
    return 0 if answer.found else EXIT_UNSAID


def _index(options: argparse.Namespace) -> int:
    with _opened() as documents:
        report = _up_to_date(documents.library, options.paths or None)
    shown.show_report(report, json_output=options.json, stdout=sys.stdout, stderr=sys.stderr)
    return EXIT_UNREADABLE if report.problems else 0


def _list(options: argparse.Namespace) -> int:
    with _opened() as documents:
        shown.show_documents(documents.library.documents(), json_output=options.json, stdout=sys.stdout)
    return 0


def _remove(options: argparse.Namespace) -> int:
    with _opened() as documents:
        removed = documents.library.remove(documents.library.named(options.name).id)
    shown.show_removed(removed, sys.stdout)
    return 0


def _interactive(options: argparse.Namespace) -> int:
    del options
    settings = load_settings()
    with _opened(settings) as documents:
        shown.tell_problems(_up_to_date(documents.library), sys.stderr)
        history = settings.data_dir / "document_history"
        return shown.converse(documents, history_file=history, stdin=sys.stdin, stdout=sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
