#!/usr/bin/env python3
"""The monitoring agent: its graph, its tools (four and the documents), the monitor; and the terminal.

    python platform_monitoring_agent.py                        talk to it
    python platform_monitoring_agent.py ask "What is wrong?"   one question
    python platform_monitoring_agent.py check                  the state of the platform, also as exit code

Front-ends import `open_platform` from here.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitoring.agent.analyst import analyst_for
from monitoring.alerting.choosing import replicas_for
from monitoring.api.options import LOOPBACK_NAMES, Options, keys_for
from monitoring.channels import notification_state, try_channels
from monitoring.contract import IngestReport
from monitoring.errors import MonitoringError, StoreError
from monitoring.metrics import Catalogue
from monitoring.moments import parse_moment, utc_now
from monitoring.monitor import Clock, Companion
from monitoring.notifying import notifier_for
from monitoring.platform import MonitoringPlatform
from monitoring.reports.filing import file_name, shelved, written
from monitoring.settings import Settings, load_settings
from monitoring.sourcing import probe, survey
from monitoring.store.store import Store, open_store
from monitoring.store.usage import UsageStore
from monitoring.ui import terminal
from monitoring.ui.terminal import arguments as given
from monitoring.ui.terminal.documents import tell_problems
from monitoring.ui.terminal.notifications import show_notifications, show_trials
from monitoring.ui.terminal.reports import show_ingest, show_written
from monitoring.ui.terminal.sources import show_sources
from platform_metrics_definition import CATALOGUE
from platform_metrics_generator import DemoFeed

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool
    from langgraph.graph.state import CompiledStateGraph

    from monitoring.agent.nodes import Node, TurnState

    Graph = CompiledStateGraph[TurnState, None, TurnState, TurnState]

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def four_tools() -> list[BaseTool]:
    """What the agent can look up; each is a fixed, parameterised query as a role that may only SELECT."""
    from monitoring.agent.toolkit import CrossQuestion, CurrentQuestion, SummaryQuestion, TrendQuestion, as_tool
    from monitoring.tools.cross import get_cross_component_anomalies
    from monitoring.tools.current import check_real_time_anomalies
    from monitoring.tools.summary import get_anomaly_summary
    from monitoring.tools.trend import query_metrics_trend

    return [
        as_tool(
            check_real_time_anomalies,
            CurrentQuestion,
            "What is wrong now (or was, in a given window): the active anomalies, the worst first, and the health "
            "of Kafka, Flink and ClickHouse. Use it for status, 'what is wrong', 'is X ok'.",
        ),
        as_tool(
            get_anomaly_summary,
            SummaryQuestion,
            "How many anomalies began in a window, by component, severity, type, metric and hour, and the newest "
            "of them. Use it for counts, history, 'issues of the last hours', 'yesterday'.",
        ),
        as_tool(
            query_metrics_trend,
            TrendQuestion,
            "How metrics developed: average, extremes, direction, movement of the floor (leaks), forecast, and the "
            "change against an earlier window. Use it for trends, leaks, capacity and comparisons.",
        ),
        as_tool(
            get_cross_component_anomalies,
            CrossQuestion,
            "Incidents that travelled between components: pattern, root, chain in order of onset. Use it for "
            "cascades, root cause and 'where did it start'.",
        ),
    ]


def build_graph(settings: Settings, catalogue: Catalogue, usage: UsageStore, clock: Clock) -> Graph:
    """The graph with the model that the settings name, the four tools, the documents and the review."""
    from monitoring.agent.budget import Budget
    from monitoring.agent.builtin_model import BuiltinChatModel
    from monitoring.agent.document_tool import document_tool
    from monitoring.agent.guarding import secrets_of
    from monitoring.agent.models import service_model
    from monitoring.agent.nodes import Service, look, think
    from monitoring.agent.review import review

    tools, most = [*four_tools(), document_tool()], settings.agent_max_tool_calls
    model, patience = service_model(settings), 2 * settings.openai_timeout_seconds
    budget = Budget(settings, usage, clock, "answer")
    service = None if model is None else Service(model, settings.openai_model, patience, budget)
    built_in = BuiltinChatModel(catalogue=catalogue, timezone=settings.timezone)
    return wired(think(service, built_in, tools, most), look(tools, most), review(catalogue, secrets_of(settings)))


def wired(think: Node, look: Node, trace: Node) -> Graph:
    """think → look → think … → trace: the model asks for tools until it can answer, then its words are checked."""
    from langgraph.graph import START, StateGraph

    from monitoring.agent.nodes import TurnState, wants_tools
    from monitoring.agent.review import is_done

    graph = StateGraph(TurnState)
    for name, step in (("think", think), ("look", look), ("trace", trace)):
        graph.add_node(name, step)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", wants_tools, ["look", "think", "trace"])
    graph.add_edge("look", "think")
    graph.add_conditional_edges("trace", is_done)
    return graph.compile()


def companions(settings: Settings, store: Store, catalogue: Catalogue, clock: Clock) -> list[Companion]:
    """What works beside the monitor.

    It explains new critical incidents, where a language model is configured, tells people, where channels are, and
    posts what is open to Alertmanager, where there is one.
    """
    chosen = [
        analyst_for(settings, store, catalogue, clock),
        notifier_for(settings, store, catalogue, clock),
        *replicas_for(settings, store, catalogue, clock),
    ]
    return [companion for companion in chosen if companion is not None]


def platform_on(settings: Settings, store: Store, catalogue: Catalogue, clock: Clock) -> MonitoringPlatform:
    """The platform on an open store."""
    return MonitoringPlatform(
        settings,
        store,
        catalogue,
        clock,
        build_graph=lambda: build_graph(settings, catalogue, store.usage, clock),
        demo_feed=DemoFeed,
        companions=companions(settings, store, catalogue, clock),
    )


def open_platform(
    settings: Settings | None = None, catalogue: Catalogue = CATALOGUE, clock: Clock = utc_now
) -> MonitoringPlatform:
    """Open the store and everything on it; nothing runs in the background before `monitor.start()`.

    Raises `ConfigurationError` and the store's errors, each with one sentence on what to do.
    """
    chosen = settings or load_settings()
    logging.basicConfig(level=chosen.log_level, format=LOG_FORMAT)
    return platform_on(chosen, open_store(chosen), catalogue, clock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return int(options.run(options))
    except MonitoringError as problem:
        terminal.say_error(str(problem), sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return terminal.reader_gone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="platform_monitoring_agent.py",
        description="Finds and explains what is wrong with Kafka, Flink and ClickHouse. Without a command: a terminal.",
    )
    parser.set_defaults(run=_interactive)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    ask = commands.add_parser("ask", help="answer one question")
    ask.add_argument("question", help='in plain words, such as "What is wrong with ClickHouse?"; - reads it from stdin')
    ask.add_argument("--session", metavar="ID", help="go on with this conversation")
    ask.add_argument("--json", action="store_true", help="the answer with everything it rests on, as JSON")
    given.add_as_of(ask)
    ask.set_defaults(run=_ask)

    state = commands.add_parser("check", help="show the state; exit 0 healthy, 1 degraded, 2 critical, 3 no data")
    state.add_argument("--last-minutes", type=given.positive, default=10, metavar="N", help="window to look at (10)")
    state.add_argument("--json", action="store_true", help="as JSON")
    given.add_as_of(state)
    state.set_defaults(run=_check)

    watch = commands.add_parser("monitor", help="collect and watch without a terminal, until stopped")
    watch.set_defaults(run=_monitor)

    take = commands.add_parser("ingest", help="store a CSV of time,component,instance,metric,value")
    take.add_argument("file", help="the CSV; - for standard input")
    take.add_argument("--no-detect", action="store_true", help="only store, do not look for anomalies in it")
    take.add_argument("--json", action="store_true", help="the report as JSON")
    take.set_defaults(run=_ingest)

    given.add_report(commands).set_defaults(run=_report)
    given.add_sources(commands).set_defaults(run=_sources)
    given.add_mcp(commands).set_defaults(run=_mcp)
    listing, test = given.add_notify(commands)
    listing.set_defaults(run=_notify_list)
    test.set_defaults(run=_notify_test)
    return parser


def _interactive(options: argparse.Namespace) -> int:
    del options
    settings = load_settings()
    with suppress(OSError):  # opening the store says it better
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    if sys.stdin.isatty() and settings.data_dir.is_dir():
        # Log lines would run across the prompt.
        logging.basicConfig(filename=settings.data_dir / "agent.log", level=settings.log_level, format=LOG_FORMAT)
    with closing(_opened(settings)) as platform:
        platform.monitor.start()
        platform.documents.watch()
        return terminal.run_interactive(
            platform, history_file=platform.settings.data_dir / "history", zone=ZoneInfo(platform.settings.timezone)
        )


def _ask(options: argparse.Namespace) -> int:
    question = sys.stdin.read() if options.question == "-" else options.question
    with closing(_opened()) as platform:
        platform.documents.library.refresh()
        return terminal.ask_once(
            platform,
            question,
            session_id=options.session,
            as_of=parse_moment(options.as_of) if options.as_of else None,
            json_output=options.json,
            stdout=sys.stdout,
            stderr=sys.stderr,
            zone=ZoneInfo(platform.settings.timezone),
        )


def _check(options: argparse.Namespace) -> int:
    with closing(_opened()) as platform:
        found = platform.check(options.last_minutes, parse_moment(options.as_of) if options.as_of else None)
        return terminal.show_check(
            found, json_output=options.json, stdout=sys.stdout, zone=ZoneInfo(platform.settings.timezone)
        )


def _opened(settings: Settings | None = None) -> MonitoringPlatform:
    """A platform whose samples and judgement are up to date."""
    platform = open_platform(settings)
    try:
        with terminal.progress(None, "Bringing the platform up to date", sys.stderr):
            platform.catch_up()
    except BaseException:
        platform.close()
        raise
    return platform


def _monitor(options: argparse.Namespace) -> int:
    del options
    with closing(open_platform()) as platform:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        platform.monitor.start()
        platform.documents.watch()
        sys.stderr.write("Monitoring; stop with Ctrl+C.\n")
        while not stop.wait(1.0):
            pass
    return 0


def _ingest(options: argparse.Namespace) -> int:
    with closing(open_platform()) as platform:
        if options.file == "-":
            report = _taken(platform, sys.stdin, None, options)
        else:
            path = Path(options.file)
            try:
                with path.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
                    report = _taken(platform, lines, path.name, options)
            except OSError as problem:
                raise StoreError(f"The file {path} cannot be read: {problem.strerror}.") from None
    show_ingest(report, json_output=options.json, stdout=sys.stdout, stderr=sys.stderr)
    return 1 if report.rejected else 0


def _report(options: argparse.Namespace) -> int:
    asked = [(form, name) for form in ("pdf", "markdown") if (name := getattr(options, form)) is not None]
    if not asked and options.to_data is None:
        asked = [("markdown", "-")]
    with closing(_opened()) as platform:
        if options.to_data is not None:
            name = file_name(platform.operations.incident(options.incident), options.to_data)
            content = _report_as(platform, options.incident, options.to_data)
            path = shelved(platform.settings.document_folders, name, content)
            show_written(path, sys.stdout)
            tell_problems(platform.documents.library.index([path]), sys.stderr)
        for form, name in asked:
            content = _report_as(platform, options.incident, form)
            if name == "-":
                sys.stdout.buffer.write(content)
            else:
                show_written(written(Path(name), content), sys.stdout)
    return 0


def _report_as(platform: MonitoringPlatform, incident: int, form: str) -> bytes:
    if form == "pdf":
        return platform.operations.incident_report_pdf(incident)
    return platform.operations.incident_report(incident).encode()


def _sources(options: argparse.Namespace) -> int:
    if options.url is None:
        return show_sources(survey(load_settings(), CATALOGUE, utc_now), json_output=options.json, stdout=sys.stdout)
    return show_sources(
        probe(given.source_table(options), CATALOGUE, utc_now), json_output=options.json, stdout=sys.stdout
    )


def _mcp(options: argparse.Namespace) -> int:
    settings = load_settings()
    chosen = mcp_options(settings, options.host, options.port)
    with closing(open_platform(settings)) as platform:
        # The libraries of the protocol take a second to load, and no other command needs them.
        from monitoring.agent.document_tool import document_tool
        from monitoring.agent.toolkit import offer_of
        from monitoring.api.guarded import serve_guarded
        from monitoring.assistants.looking import after_first_tick
        from monitoring.assistants.tool_server import PATH, over_http, over_stdio, tool_server

        platform.monitor.start()
        platform.documents.watch()
        offers = [offer_of(tool) for tool in (*four_tools(), document_tool())]
        server = tool_server(offers, after_first_tick(platform.monitor_status, platform.lens), lambda: platform.demo)
        if not options.http:
            over_stdio(server, platform.close)
            return 0
        app = over_http(server, () if chosen.keys else (*LOOPBACK_NAMES, chosen.host))
        return serve_guarded(app, chosen, PATH, sys.stderr)


def mcp_options(settings: Settings, host: str, port: int) -> Options:
    """What the server for assistants is run with: the REST API's keys and limits, at a place of its own."""
    return Options(
        host=host,
        port=port,
        keys=keys_for("The server for assistants", host, settings.api_keys),
        rate=settings.api_rate_per_second,
        body_bytes=settings.api_body_bytes,
        body_seconds=settings.api_body_seconds,
        stop_seconds=settings.api_stop_seconds,
    )


def _notify_list(options: argparse.Namespace) -> int:
    settings = load_settings()
    with closing(open_store(settings)) as store:
        state = notification_state(settings, store.reader)
    return show_notifications(state, json_output=options.json, stdout=sys.stdout)


def _notify_test(options: argparse.Namespace) -> int:
    trials = try_channels(load_settings(), CATALOGUE, utc_now, options.channel)
    return show_trials(trials, json_output=options.json, stdout=sys.stdout)


def _taken(platform: MonitoringPlatform, lines: IO[str], name: str | None, options: argparse.Namespace) -> IngestReport:
    with terminal.progress(None, f"Reading {name or 'standard input'}", sys.stderr) as advance:
        return platform.ingest(lines, detect=not options.no_detect, progress=advance)


if __name__ == "__main__":
    sys.exit(main())
