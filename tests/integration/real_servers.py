"""Real servers on loopback: a Flink cluster, ClickHouse, Prometheus, Alertmanager. CI has them all installed.

`TEST_FLINK_LIB` is the `lib` folder of a Flink distribution (`.ci/flink` fetches one); the others are
Debian's packages.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

ORDERS = Path(__file__).parent.parent / "fixtures" / "flink" / "Orders.java"
STARTING_SECONDS = 120
FASTER = 60
"""So many seconds of the product's clock go by in one of the platform's."""


def needed(what: str, found: object) -> None:
    """Skips where something is not installed, but never in CI."""
    if not found:
        assert not os.environ.get("CI"), f"{what} is not installed"
        pytest.skip(f"{what} is not installed")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(true: Callable[[], bool], seconds: float = STARTING_SECONDS, pause: float = 0.1) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(pause)


def asked(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers or {})), timeout=20) as answer:
        content: bytes = answer.read()
    return content


def answers(url: str) -> bool:
    try:
        asked(url)
    except (urllib.error.URLError, OSError):
        return False
    return True


class Faster:
    """A clock that runs ahead , so that minutes of holding and clearing take seconds."""

    def __init__(self) -> None:
        self._start, self._began = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        return self._start + FASTER * timedelta(seconds=time.monotonic() - self._began)


class Process:
    """A program that runs until it is left."""

    def __init__(self, command: Sequence[str], folder: Path, **environment: str) -> None:
        self._log = (folder / f"{Path(command[0]).name}-{time.monotonic_ns()}.log").open("w")
        self._process = subprocess.Popen(
            command, cwd=folder, stdout=self._log, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._log.close()


class Server:
    """Something made of processes."""

    def __init__(self) -> None:
        self._processes: list[Process] = []

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.stop()
        self._processes = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_FLINK = """
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: {rpc}
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: {rest}
blob.server.port: 0
jobmanager.memory.process.size: 700m
taskmanager.numberOfTaskSlots: 2
taskmanager.cpu.cores: 1.0
taskmanager.memory.task.heap.size: 96m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.framework.heap.size: 96m
taskmanager.memory.framework.off-heap.size: 64m
taskmanager.memory.network.min: 16m
taskmanager.memory.network.max: 16m
taskmanager.memory.managed.size: 16m
taskmanager.memory.jvm-metaspace.size: 128m
taskmanager.memory.jvm-overhead.min: 64m
taskmanager.memory.jvm-overhead.max: 64m
web.tmpdir: {folder}
io.tmp.dirs: {folder}
execution.checkpointing.interval: 500 ms
execution.checkpointing.timeout: 1 s
execution.checkpointing.tolerable-failed-checkpoints: 2
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 2147483647
restart-strategy.fixed-delay.delay: 200 ms
metrics.fetcher.update-interval: 500
metrics.reporters: prom
metrics.reporter.prom.factory.class: org.apache.flink.metrics.prometheus.PrometheusReporterFactory
metrics.reporter.prom.port: {ports}
"""
_OPENED = ("java.lang", "java.util", "java.util.concurrent", "java.net", "java.nio", "java.time", "java.lang.reflect")


class FlinkCluster(Server):
    """A job manager and a task manager of Flink, each a process, and the job `orders-enrich`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        lib = os.environ.get("TEST_FLINK_LIB", "")
        needed("Flink (TEST_FLINK_LIB)", lib and shutil.which("javac"))
        self._folder, self._lib = folder, Path(lib)
        self._mode = folder / "mode"
        self.rest = f"http://127.0.0.1:{free_port()}"
        ports = [free_port(), free_port()]
        self.reporters = [f"http://127.0.0.1:{port}/metrics" for port in ports]
        self.behave("healthy")
        names = {"rpc": free_port(), "rest": self.rest.rpartition(":")[2], "folder": folder}
        self._processes = [
            self._java("entrypoint.StandaloneSessionClusterEntrypoint", "-Xmx256m", ports[0], names),
            self._java("taskexecutor.TaskManagerRunner", "-Xmx256m", ports[1], names),
        ]

    def behave(self, mode: str) -> None:
        self._mode.write_text(mode)

    def run_job(self) -> None:
        """Compiles the job, hands it in and waits until it has made its first checkpoints."""
        jar = self._compiled()
        until(lambda: answers(f"{self.rest}/overview") and self.get("/overview")["taskmanagers"] == 1)
        boundary = "orders"
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="jarfile"; filename="orders.jar"\r\n'
            "Content-Type: application/x-java-archive\r\n\r\n"
        ).encode()
        body += jar.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        uploaded = json.loads(asked(f"{self.rest}/jars/upload", body, kind))["filename"].rpartition("/")[2]
        run = json.dumps({"entryClass": "Orders", "programArgsList": [str(self._mode)]}).encode()
        started = asked(f"{self.rest}/jars/{uploaded}/run", run, {"Content-Type": "application/json"})
        job = json.loads(started)["jobid"]
        until(lambda: self.get(f"/jobs/{job}/checkpoints")["counts"]["completed"] > 1)

    def get(self, path: str) -> Any:
        return json.loads(asked(self.rest + path))

    def _compiled(self) -> Path:
        classes, jar = self._folder / "classes", self._folder / "orders.jar"
        javac = ["javac", "-cp", f"{self._lib}/*", "-d", str(classes), str(ORDERS)]
        subprocess.run(javac, check=True, capture_output=True, timeout=300)
        subprocess.run(["jar", "cf", str(jar), "-C", str(classes), "."], check=True, timeout=240)
        return jar

    def _java(self, main: str, memory: str, reporter: int, names: Mapping[str, Any]) -> Process:
        folder = self._folder / main
        folder.mkdir()
        (folder / "config.yaml").write_text(_FLINK.format(ports=reporter, **names))
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
        fast = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", memory]
        command = [
            "java",
            *fast,
            *opened,
            "-cp",
            f"{self._lib}/*",
            f"org.apache.flink.runtime.{main}",
            "-c",
            str(folder),
        ]
        plugins = str(self._lib.parent / "plugins")
        return Process(command, folder, FLINK_CONF_DIR=str(folder), FLINK_PLUGINS_DIR=plugins)


_CLICKHOUSE = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <users_config>{folder}/users.xml</users_config>
  <mark_cache_size>5368709</mark_cache_size>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <query_log>
    <database>system</database><table>query_log</table>
    <flush_interval_milliseconds>200</flush_interval_milliseconds>
  </query_log>
  <merge_tree><parts_to_delay_insert>{delay}</parts_to_delay_insert></merge_tree>
</yandex>
"""
_USERS = """<?xml version="1.0"?>
<yandex>
  <profiles>
    <default><log_queries>1</log_queries></default>
    <reader><readonly>1</readonly></reader>
  </profiles>
  <users>
    <default>
      <password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
    </default>
    <monitor>
      <password>{password}</password><networks><ip>127.0.0.1</ip></networks>
      <profile>reader</profile><quota>default</quota>
    </monitor>
  </users>
  <quotas><default></default></quotas>
</yandex>
"""


class ClickHouseServer(Server):
    """Debian's ClickHouse; `monitor` may only read. Inserts are slowed down from `delay` parts on."""

    password = "r3ad-only-words"

    def __init__(self, folder: Path, delay: int = 40) -> None:
        super().__init__()
        program = shutil.which("clickhouse-server")
        needed("clickhouse-server", program)
        assert program is not None
        http = free_port()
        self.url = f"http://127.0.0.1:{http}"
        text = _CLICKHOUSE.format(http=http, tcp=free_port(), folder=folder, delay=delay)
        (folder / "config.xml").write_text(text)
        (folder / "users.xml").write_text(_USERS.format(password=self.password))
        self._command, self._folder = [program, f"--config-file={folder}/config.xml"], folder
        self.start()

    def start(self) -> None:
        self._processes = [Process(self._command, self._folder)]
        until(lambda: answers(f"{self.url}/ping"))

    def run(self, query: str) -> str:
        return asked(f"{self.url}/", query.encode()).decode()

    def fails(self, query: str) -> None:
        with pytest.raises(urllib.error.HTTPError):
            self.run(query)


class PrometheusServer(Server):
    """Debian's Prometheus; reads the given endpoints every second."""

    def __init__(self, folder: Path, endpoints: Sequence[str]) -> None:
        super().__init__()
        program = shutil.which("prometheus")
        needed("prometheus", program)
        assert program is not None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        targets = [urllib.parse.urlsplit(endpoint).netloc for endpoint in endpoints]
        jobs = [{"job_name": "platform", "static_configs": [{"targets": targets}]}]
        # JSON is YAML.
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
        (folder / "prometheus.yml").write_text(json.dumps(config))
        self._command = [
            program,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self._folder = folder
        self.start()

    def start(self) -> None:
        self._processes = [Process(self._command, self._folder)]
        until(lambda: answers(f"{self.url}/-/ready"))

    def has(self, query: str) -> bool:
        """Whether a query has a result now."""
        text = urllib.parse.urlencode({"query": query})
        return bool(json.loads(asked(f"{self.url}/api/v1/query?{text}"))["data"]["result"])


class AlertmanagerServer(Server):
    """Debian's Alertmanager; it tells nobody, and forgets its alerts when it is stopped."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        program = shutil.which("prometheus-alertmanager")
        needed("prometheus-alertmanager", program)
        assert program is not None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
        (folder / "alertmanager.yml").write_text(json.dumps(config))
        self._command = [
            program,
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        self._folder = folder
        self.start()

    def start(self) -> None:
        self._processes = [Process(self._command, self._folder)]
        until(lambda: answers(f"{self.url}/-/ready"))

    def alerts(self, monitor: str) -> list[dict[str, Any]]:
        """What is active there of one installation's, by name and severity."""
        text = urllib.parse.urlencode({"filter": f'monitor="{monitor}"'})
        found: list[dict[str, Any]] = json.loads(asked(f"{self.url}/api/v2/alerts?{text}"))
        return sorted(found, key=lambda alert: (alert["labels"]["alertname"], alert["labels"]["severity"]))

    def silence(self, **labels: str) -> str:
        """Silences alerts with these labels for an hour; returns the silence's id."""
        now = datetime.now(UTC)
        matchers = [{"name": name, "value": value, "isRegex": False} for name, value in labels.items()]
        times = {"startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
        body = {"matchers": matchers, **times, "createdBy": "ada", "comment": "planned work"}
        kind = {"Content-Type": "application/json"}
        made = asked(f"{self.url}/api/v2/silences", json.dumps(body).encode(), kind)
        return str(json.loads(made)["silenceID"])

    def expire(self, silence: str) -> None:
        request = urllib.request.Request(f"{self.url}/api/v2/silence/{silence}", method="DELETE")
        with urllib.request.urlopen(request, timeout=20):
            pass
