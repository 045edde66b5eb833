"""Arguments that commands of the terminal share, and those of `mcp`, `notify`, `report` and `sources`."""

from __future__ import annotations

import argparse
from typing import Any


def add_as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", metavar="TIME", help="answer as if it were that time, such as 2026-03-04T03:00:00Z")


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 60 * 24 * 366:
        raise argparse.ArgumentTypeError("a number of minutes greater than 0 is expected")
    return value


def add_sources(commands: Any) -> argparse.ArgumentParser:
    """The command `sources`, with `sources test URL` below it: then the options have a `url`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sources", help="where each metric comes from, or why it is missing; exit 1 if a source cannot be read"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(url=None)
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    test = below.add_parser("test", help="say what a URL is and what it would give")
    test.add_argument("url", help="such as http://flink-jobmanager:8081")
    test.add_argument("--json", action="store_true", help="as JSON")
    test.add_argument("--username", metavar="NAME", help="log in as this user")
    test.add_argument("--password-env", metavar="VARIABLE", help="variable of the environment with the password")
    test.add_argument("--token-env", metavar="VARIABLE", help="variable of the environment with a bearer token")
    test.add_argument("--ca-file", metavar="FILE", help="PEM file of the authority to believe")
    return parser


def add_mcp(commands: Any) -> argparse.ArgumentParser:
    """The command `mcp`, with `http`, `host` and `port`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "mcp", help="offer the tools to editors and assistants (Model Context Protocol), on stdin and stdout or HTTP"
    )
    parser.add_argument("--http", action="store_true", help="listen on HTTP, under /mcp, instead of stdin and stdout")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; off loopback only with API_KEYS")
    parser.add_argument("--port", type=port, default=8001, help="port to listen on, 0 for any free one (8001)")
    return parser


def port(text: str) -> int:
    """A port's number; raises what argparse tells of."""
    value = int(text)
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError("a port from 0 to 65535 is expected")
    return value


def source_table(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of `sources test` say, as a table of `sources.toml`."""
    given = {"url": options.url, "username": options.username, "password_env": options.password_env}
    given |= {"token_env": options.token_env, "ca_file": options.ca_file}
    return {"kind": "exporter", **{key: value for key, value in given.items() if value is not None}}


def add_report(commands: Any) -> argparse.ArgumentParser:
    """The command `report ID`: then the options have `incident`, `pdf`, `markdown` and `to_data`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "report", help="an incident as a draft of its post-mortem: Markdown on standard output, or a file"
    )
    parser.add_argument("incident", type=int, metavar="ID", help="the number of the incident")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--pdf", metavar="FILE", help="write a PDF with the series drawn; - for standard output")
    forms.add_argument("--markdown", metavar="FILE", help="write Markdown; - for standard output")
    parser.add_argument(
        "--to-data",
        nargs="?",
        const="pdf",
        choices=("pdf", "markdown"),
        metavar="FORM",
        help="put it (as pdf, or as markdown to be filled in) among the documents, in the first of DOCUMENT_FOLDERS",
    )
    return parser


def add_notify(commands: Any) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The command `notify` with `list` and `test [CHANNEL]` below it, in this order."""
    parser = commands.add_parser("notify", help="channels that people are told by: list them, send a test message")
    below = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = below.add_parser(
        "list", help="channels, routes, last deliveries; exit 1 if one fails, 3 if none is there"
    )
    test = below.add_parser("test", help="send a test message; exit 1 if a channel does not take it, 3 if none does")
    test.add_argument("channel", nargs="?", help="only this one; without it, all of them")
    for command in (listing, test):
        command.add_argument("--json", action="store_true", help="as JSON")
    return listing, test
