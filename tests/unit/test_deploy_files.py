"""What the product is deployed with names files, settings and commands that there are."""

from __future__ import annotations

import argparse
import configparser
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import api_server
import platform_metrics_generator
import platform_monitoring_agent
from deploy.grafana.build import FOLDER
from monitoring.api import health
from monitoring.settings import SETTINGS

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NAMES = {setting.name for setting in SETTINGS}
COMPOSE: Json = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Json] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("platform-monitoring:")}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PARSERS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "api_server.py": api_server._parser,
    "platform_metrics_generator.py": platform_metrics_generator._parser,
    "platform_monitoring_agent.py": platform_monitoring_agent._parser,
}


def variables(text: str) -> set[str]:
    """The variables that a text is filled in from."""
    return set(re.findall(r"\$\{(\w+)", text))


def usual(text: str) -> str:
    """A text with what stands there when no variable is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def names_in(path: Path) -> set[str]:
    """The variables that a file of NAME=value sets or shows how to set."""
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", path.read_text("utf-8"), re.M))


def assert_is_a_command(words: list[str]) -> None:
    """A program of this product with options that it has; raises `SystemExit` where it does not know them."""
    if words[0].endswith("streamlit"):
        assert words[1] == "run"
        assert (ROOT / words[2]).is_file()
        assert all(word.startswith("--server.") for word in words[3:])
        return
    assert words[0].rsplit("/", 1)[-1] == "python"
    assert (ROOT / words[1]).is_file()
    PARSERS[words[1]]().parse_args(words[2:])


every_service = pytest.mark.parametrize("name", SERVICES)
every_unit = pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)


@every_service
def test_every_file_a_container_is_given_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", ()):
        source, target = usual(volume).split(":")[:2]
        assert target.startswith("/")
        assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), volume
    build = SERVICES[name].get("build")
    assert build is None or (DEPLOY / build["context"] / build["dockerfile"]).is_file()


@every_service
def test_a_container_waits_for_the_health_of_what_it_needs(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] == "service_healthy"
        assert SERVICES[needed]["healthcheck"]["test"]


@every_service
def test_ports_are_opened_where_the_settings_say(name: str) -> None:
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_told_settings_that_there_are(name: str) -> None:
    service = OURS[name]
    assert set(service["environment"]) <= NAMES
    assert_is_a_command(service["command"])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def test_every_variable_of_the_containers_is_explained_and_every_secret_is_asked_for() -> None:
    text = (DEPLOY / "docker-compose.yml").read_text("utf-8")
    explained = names_in(DEPLOY / ".env.example")
    assert variables(text) == explained
    secrets = {name for name in explained if name.endswith("PASSWORD")} | {"API_KEYS"}
    assert secrets == set(re.findall(r"\$\{(\w+):\?", text))
    docs = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert all(f"`{name}`" in docs for name in secrets)


def test_grafana_is_told_what_its_data_source_asks_for() -> None:
    source = (FOLDER.with_name("provisioning") / "datasources" / "platform-monitoring.yaml").read_text("utf-8")
    assert variables(source) <= set(SERVICES["grafana"]["environment"])
    mounts = {target: source for source, target, *_ in (v.split(":") for v in SERVICES["grafana"]["volumes"])}
    assert (DEPLOY / mounts["/etc/grafana/dashboards"]).resolve() == FOLDER
    assert (DEPLOY / mounts["/etc/grafana/provisioning"] / "dashboards").is_dir()


def test_the_roles_are_the_ones_the_database_makes() -> None:
    made = set(re.findall(r"\$(PLATFORM_\w+)", (DEPLOY / "database" / "100-roles.sh").read_text("utf-8")))
    given = SERVICES["database"]["environment"]
    assert made <= set(given)
    for service in OURS.values():
        assert f"//{given['PLATFORM_DB_OWNER']}:" in service["environment"]["DATABASE_URL"]
        assert f"//{given['PLATFORM_DB_READER']}:" in service["environment"]["DATABASE_READER_URL"]
    assert SERVICES["grafana"]["environment"]["PLATFORM_DB_READER"] == given["PLATFORM_DB_READER"]


def test_health_checks_ask_what_answers() -> None:
    paths = {getattr(route, "path", "") for route in health.router.routes}
    checks = [DOCKERFILE, *(" ".join(service.get("healthcheck", {}).get("test", ())) for service in OURS.values())]
    asked = {found for check in checks for found in re.findall(r"127\.0\.0\.1:\d+(/[\w/]+)", check)}
    assert asked == {"/health/live", "/_stcore/health"}
    assert asked - {"/_stcore/health"} <= paths


def test_the_image_holds_what_the_commands_need_and_runs_without_rights() -> None:
    copied = [words for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M) for words in [shlex.split(line)]]
    sources = [word for words in copied for word in words[:-1] if not word.startswith("--")]
    for source in sources:
        assert list(ROOT.glob(source)), source
    for needed in ("*.py", "monitoring", ".streamlit", "data"):
        assert needed in sources
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    assert all(f"!{source}" in ignored for source in sources if source not in ("./",))
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", DOCKERFILE, re.M)
    assert DOCKERFILE.count("FROM ") == 2


def test_the_image_leaves_the_packages_of_the_tests_out() -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    first, _, second = text.partition("\n# What the tests need")
    assert "/^# What the tests need/,$d" in DOCKERFILE
    assert "fastapi" in first
    assert "pytest" in second


@every_unit
def test_a_unit_runs_a_command_that_there_is_with_settings_that_there_are(path: Path) -> None:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path, "utf-8")
    service = unit["Service"]
    assert_is_a_command(shlex.split(service["ExecStart"]))
    given = {pair.split("=")[0] for pair in shlex.split(service["Environment"])}
    assert given <= NAMES | {"HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert service["EnvironmentFile"] == "/etc/platform-monitoring/environment"
    for guard in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "DynamicUser"):
        assert service[guard] == "yes"
    assert service["ProtectSystem"] == "strict"


def test_there_is_a_unit_for_each_door_that_stays_open() -> None:
    assert [path.stem for path in UNITS] == ["platform-api", "platform-monitor", "platform-page"]
    assert names_in(DEPLOY / "systemd" / "environment.example") <= NAMES
