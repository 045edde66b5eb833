"""Logins, tokens and certificates, against a real TLS server; secrets are shown to nobody."""

from __future__ import annotations

import logging
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.collectors.access import Access
from monitoring.collectors.clickhouse_http import ClickHouseSource
from monitoring.collectors.collector import Collector, Source
from monitoring.collectors.flink_rest import FlinkRestSource
from monitoring.collectors.prometheus_server import PrometheusServerSource
from monitoring.collectors.prometheus_text import PrometheusTextSource
from monitoring.errors import CollectorError, ConfigurationError
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import Answer, ExpositionServer

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = "ClickHouseMetrics_Query 3\n"
PASSWORD, TOKEN = "pass-w0rd-nobody-sees", "t0ken-nobody-sees"

Make = Callable[[str, Access], Source]
MAKERS: dict[str, Make] = {
    "exporter": lambda url, access: PrometheusTextSource(url, CATALOGUE, access=access, timeout=5),
    "prometheus": lambda url, access: PrometheusServerSource(url, CATALOGUE, access=access, timeout=5),
    "flink": lambda url, access: FlinkRestSource(url, CATALOGUE, access=access, timeout=5),
    "clickhouse": lambda url, access: ClickHouseSource(url, CATALOGUE, access=access, timeout=5),
}
every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that is its own authority, and another for somebody else."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, subject in (("own", "IP:127.0.0.1"), ("other", "DNS:broker-1.example.org")):
        command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}"
        files = [
            "-keyout",
            f"{folder}/{name}.key",
            "-out",
            f"{folder}/{name}.pem",
            "-addext",
            f"subjectAltName={subject}",
        ]
        subprocess.run([*command.split(), *files], check=True, capture_output=True, timeout=120)
    return folder


def tls(folder: Path, name: str = "own") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def failure(source: Source) -> str:
    with pytest.raises(CollectorError) as caught:
        source.collect(T0)
    return str(caught.value)


def test_a_server_with_an_authority_of_its_own_is_read_once_that_is_named(folder: Path) -> None:
    with ExpositionServer(PAGE, tls(folder)) as server:
        source = PrometheusTextSource(server.url, CATALOGUE, access=Access(ca_file=folder / "own.pem"))

        assert [sample.metric for sample in source.collect(T0)] == ["running_queries"]


@every_kind
def test_a_certificate_that_is_not_believed_is_said_to_be(make: Make, folder: Path) -> None:
    with ExpositionServer(PAGE, tls(folder)) as server:
        said = failure(make(server.url, Access()))

    assert "its certificate is not believed (self-signed certificate)" in said
    assert "name its authority as ca_file" in said


def test_a_certificate_for_another_host_is_not_believed(folder: Path) -> None:
    with ExpositionServer(PAGE, tls(folder, "other")) as server:
        source = PrometheusTextSource(server.url, CATALOGUE, access=Access(ca_file=folder / "other.pem"))

        assert "IP address mismatch" in failure(source)


def test_no_secret_is_sent_to_a_server_that_is_not_believed(folder: Path) -> None:
    with ExpositionServer(PAGE, tls(folder)) as server:
        failure(PrometheusTextSource(server.url, CATALOGUE, access=Access(token=TOKEN)))

        assert server.requests == []


def test_https_to_a_server_that_speaks_http_is_said_so() -> None:
    with ExpositionServer(PAGE) as server:
        source = PrometheusTextSource(server.url.replace("http:", "https:"), CATALOGUE, timeout=5)

        assert "is it https at all?" in failure(source)


def test_http_to_a_server_that_speaks_https_is_an_error_and_no_wait(folder: Path) -> None:
    with ExpositionServer(PAGE, tls(folder)) as server:
        source = PrometheusTextSource(server.url.replace("https:", "http:"), CATALOGUE, timeout=5)

        assert "cut off or is not HTTP" in failure(source)


def test_a_certificate_of_ones_own_is_shown_where_it_is_asked_for(folder: Path) -> None:
    context = tls(folder)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "other.pem")
    mine = Access(ca_file=folder / "own.pem", cert_file=folder / "other.pem", key_file=folder / "other.key")
    with ExpositionServer(PAGE, context) as server:
        assert PrometheusTextSource(server.url, CATALOGUE, access=mine).collect(T0)
        stranger = PrometheusTextSource(server.url, CATALOGUE, access=Access(ca_file=folder / "own.pem"), timeout=5)
        failure(stranger)


def test_files_that_hold_no_certificate_are_refused_before_anything_is_read(folder: Path) -> None:
    (folder / "empty.pem").write_text("")
    for access in (Access(ca_file=folder / "empty.pem"), Access(ca_file=folder / "none.pem")):
        with pytest.raises(ConfigurationError, match="cannot be used"):
            _ = access.context


@every_kind
@pytest.mark.parametrize(
    ("access", "header"),
    [
        (Access("monitor", PASSWORD), "Basic bW9uaXRvcjpwYXNzLXcwcmQtbm9ib2R5LXNlZXM="),
        (Access(token=TOKEN), f"Bearer {TOKEN}"),
    ],
    ids=["login", "token"],
)
def test_a_login_is_sent_and_shown_nowhere(
    make: Make, access: Access, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"Wrong: {access.password or access.token}, sent as {header}"
    with ExpositionServer({"/metrics": Answer(echo, 401)}) as server:
        pages = dict.fromkeys(("/metrics", "/metrics/", "/metrics/overview", "/"), Answer(echo, 401))
        server.pages = {**pages, "/metrics/api/v1/label/__name__/values": Answer(echo, 401)}
        source = make(server.url, access)
        said = failure(source)
        with Collector([source]) as collector:
            report = collector.collect_all(T0)
        sent = {headers.get("authorization") for _, headers in server.requests}

    assert sent == {header}
    assert "HTTP status 401 Unauthorized; is there a login or token, and is it right?" in said
    shown = said + caplog.text + repr(report) + repr(vars(source))
    assert PASSWORD not in shown
    assert TOKEN not in shown
    assert header.partition(" ")[2] not in shown


@every_kind
def test_a_login_is_not_sent_on_to_another_host(make: Make) -> None:
    with ExpositionServer(PAGE) as other:
        away = Answer("", 302, headers={"Location": other.url})
        paths = ("/metrics", "/metrics/", "/metrics/overview", "/metrics/api/v1/label/__name__/values")
        with ExpositionServer(dict.fromkeys(paths, away)) as server:
            said = failure(make(server.url, Access("monitor", PASSWORD)))

        assert "which is not followed" in said
        assert other.requests == []
