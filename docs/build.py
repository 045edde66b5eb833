#!/usr/bin/env python3
"""Build docs/reference.md (all settings, commands and endpoints) and docs/README.md (which pages there are).

    python -m docs.build              into docs/
    python -m docs.build --to DIR     into another folder

Both are read off the program itself: build and commit them when a setting, a command, an endpoint or a page changes.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fastapi.routing import APIRoute

from monitoring.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = ("README.md", "reference.md")
NOTE = "<!-- Built by `python -m docs.build`; change the program and build it anew. -->"
NO_PROSE = ("#", "<!--", "|", "```", "![")
PARSERS = ("parser", "_parser")
"""What the function of a door is called that makes its argument parser."""


def reference() -> str:
    """The page of all settings, commands and endpoints."""
    return "\n".join(
        [
            "# Reference",
            "",
            NOTE,
            "",
            "Every setting, command and endpoint. [Operating](operating.md) says what to do with them.",
            "",
            "## Settings",
            "",
            "From the environment, else from a file `.env` in the folder the program is started in (`.env.example` has",
            "all of them). What cannot be used is refused at the start, with the name of the setting and what is",
            "expected. Secrets are never shown. What `sources.toml` may say stands in `sources.example.toml`.",
            "",
            *_table(("setting", "default", "meaning"), _settings()),
            "",
            "## Commands",
            "",
            "Every command says with `--help` what it takes, tells errors on standard error in one sentence, and works",
            "with standard input and output piped.",
            "",
            "`streamlit run chatbot_interface.py` serves the page; it takes Streamlit's own options.",
            "",
            *(line for script, parser in doors() for line in _command(f"python {script}", parser, 3)),
            "## Endpoints",
            "",
            "The manual under `/docs` of a running server has every parameter, body and reply. *Scope* is what a key",
            "must have where keys are set (`API_KEYS`).",
            "",
            *_endpoints(),
        ]
    )


def index(folder: Path = DOCS) -> str:
    """The page that lists the other ones, by their titles and first sentences."""
    pages = sorted(path for path in folder.glob("*.md") if path.name != MADE[0])
    lines = [f"- [{title}]({path.name}): {about}" for path in pages for title, about in [_about(path)]]
    return "\n".join(["# Documents", "", NOTE, "", *lines, "", "Pictures of the page are in `images/`.", ""])


def doors() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The scripts at the top that take arguments, by name, each with its parser."""
    for path in sorted(ROOT.glob("*.py")):
        names = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
        made_by = next((name for name in PARSERS if name in names), None)
        if made_by is not None:
            parser: argparse.ArgumentParser = getattr(importlib.import_module(path.stem), made_by)()
            yield path.name, parser


def commands(script: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """A command and all below it: how it is called, its parser, what it does in a line."""
    yield script, parser, parser.description or ""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, below in action.choices.items():
                for called, deeper, about in commands(f"{script} {name}", below):
                    yield called, deeper, helps.get(name, "") if deeper is below else about


def routes() -> Iterator[APIRoute]:
    """The endpoints of the REST API, group by group."""
    groups = importlib.import_module("api_server").GROUPS
    return (route for router in groups for route in router.routes if isinstance(route, APIRoute))


def scope_of(route: APIRoute) -> str:
    """What a key must be allowed to do for an endpoint; a dash where none is needed."""
    calls = (dependency.call for dependency in route.dependant.dependencies)
    scopes = (inspect.getclosurevars(call).nonlocals.get("scope") for call in calls if inspect.isfunction(call))
    return next((str(scope) for scope in scopes if scope), "–")


def _settings() -> Iterator[Sequence[str]]:
    for setting in SETTINGS:
        default = "(secret)" if setting.secret else f"`{setting.default}`" if setting.default else ""
        yield f"`{setting.name}`", default, setting.help


def _command(script: str, parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    for called, each, about in commands(script, parser):
        yield f"{'#' * level} `{' '.join([called, *_positionals(each)])}`"
        yield ""
        yield from (f"{_sentence(about)}", "") if about else ()
        rows = list(_options(each))
        yield from (*_table(("argument", "meaning"), rows), "") if rows else ()
        yield from (_sentence(" ".join(each.epilog.split())), "") if each.epilog else ()


def _positionals(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if not action.option_strings and not isinstance(action, argparse._SubParsersAction):
            name = _value(action)
            yield f"[{name} …]" if action.nargs == "*" else f"[{name}]" if action.nargs == "?" else name


def _options(parser: argparse.ArgumentParser) -> Iterator[Sequence[str]]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        names = ", ".join(action.option_strings)
        takes = "" if action.nargs == 0 else f"[{_value(action)}]" if action.nargs == "?" else _value(action)
        given = f"{names} {takes}".strip() if names else _value(action)
        about = (action.help or "") % {**vars(action), "prog": parser.prog} if action.help else ""
        choices = f" One of {', '.join(map(str, action.choices))}." if action.choices and names else ""
        yield f"`{given}`", f"{_sentence(about)}{choices}"


def _value(action: argparse.Action) -> str:
    """What stands for the value of an argument."""
    return str(action.metavar or action.dest.upper())


def _endpoints() -> Iterator[str]:
    groups: dict[str, list[APIRoute]] = {}
    for route in routes():
        groups.setdefault(str(route.tags[0]) if route.tags else "other", []).append(route)
    for name, found in groups.items():
        yield f"### {name.capitalize()}"
        yield ""
        yield from _table(("endpoint", "scope", "what it does"), (_endpoint(route) for route in found))
        yield ""


def _endpoint(route: APIRoute) -> Sequence[str]:
    about = " ".join((route.description or "").partition("\n\n")[0].split())
    return (
        f"`{' '.join(sorted(route.methods or ()))} {route.path_format}`",
        scope_of(route),
        f"{route.summary}. {about}".strip(),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(text: str) -> str:
    """On one line; outside of code nothing is read as HTML."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", r"\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;").replace("*", r"\*") for part in parts)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    ended = text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."
    return ended[:1].upper() + ended[1:]


def _about(path: Path) -> tuple[str, str]:
    """The title of a page and its first sentence."""
    text = path.read_text("utf-8")
    title = next((line[2:].strip() for line in text.splitlines() if line.startswith("# ")), path.stem)
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text))
    first = next((part for part in paragraphs if part and not part.startswith(NO_PROSE)), "")
    return title, re.split(r"(?<=\.)\s", " ".join(first.split()), maxsplit=1)[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=DOCS, metavar="DIR")
    folder = parser.parse_args(argv).to
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "reference.md").write_text(reference(), "utf-8")
        (folder / "README.md").write_text(index(), "utf-8")
    except OSError as problem:
        print(f"The documents were not built: {problem}", file=sys.stderr)
        return 1
    for name in MADE:
        print(folder / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
