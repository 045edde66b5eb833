"""Arguments that commands of the terminal share, and those of `sources` and `notify`."""

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


def source_table(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of `sources test` say, as a table of `sources.toml`."""
    given = {"url": options.url, "username": options.username, "password_env": options.password_env}
    given |= {"token_env": options.token_env, "ca_file": options.ca_file}
    return {"kind": "exporter", **{key: value for key, value in given.items() if value is not None}}


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
