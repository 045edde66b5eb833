"""Settings: a table of name, default, reader and help; the only place that reads the environment.

`load_settings` reads the process environment over an optional `.env` file; a value that cannot be used is a
`ConfigurationError` that names the setting, the value's problem and what is expected. Secrets are never part
of a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitoring.errors import ConfigurationError
from monitoring.setting_values import channel_urls as _channel_urls
from monitoring.setting_values import database_url as _database_url
from monitoring.setting_values import flag as _flag
from monitoring.setting_values import folders as _folders
from monitoring.setting_values import level as _level
from monitoring.setting_values import number as _number
from monitoring.setting_values import optional as _optional
from monitoring.setting_values import page_address as _page_address
from monitoring.setting_values import text as _text
from monitoring.setting_values import timezone as _timezone
from monitoring.setting_values import urls as _urls
from monitoring.setting_values import whole as _whole


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: `read` turns the text into the value or raises `ValueError` with a reason."""

    name: str
    default: str
    read: Callable[[str], Any]
    help: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of the REST API; `scopes` are among read, ingest and manage."""

    name: str
    scopes: tuple[str, ...]
    secret: str = field(repr=False)


API_SCOPES = ("read", "ingest", "manage")
SHORTEST_SECRET = 16


def _api_keys(raw: str) -> tuple[ApiKey, ...]:
    keys = tuple(_api_key(part) for part in raw.replace(",", " ").split())
    for part in ("name", "secret"):
        if len({getattr(key, part) for key in keys}) < len(keys):
            raise ValueError(f"each key needs a {part} of its own")
    return keys


def _api_key(text: str) -> ApiKey:
    name, _, rest = text.partition(":")
    scopes, _, secret = rest.partition(":")
    if not name or not secret:
        raise ValueError("keys such as grafana:read:SECRET or bot:read+manage:SECRET are expected, separated by commas")
    if not set(scopes.split("+")) <= set(API_SCOPES):
        raise ValueError(f"the scopes of {name} must be among {', '.join(API_SCOPES)}, joined by +")
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the secret of {name} is too short: at least {SHORTEST_SECRET} characters are expected")
    return ApiKey(name, tuple(scopes.split("+")), secret)


def _origins(raw: str) -> tuple[str, ...]:
    origins = tuple(part.rstrip("/") for part in raw.replace(",", " ").split())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise ValueError("origins such as https://grafana.example.org are expected, separated by commas")
    return origins


DEFAULT_SOURCES = "sources.toml"
"""The one file of sources that need not be there."""

DEFAULT_CHANNELS = "notify.toml"
"""The one file of channels that need not be there."""

SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "", _database_url, "PostgreSQL or TimescaleDB server; empty: embedded, in DATA_DIR", True),
    Setting(
        "DATABASE_READER_URL",
        "",
        _database_url,
        "The same database as a role with SELECT only, for the agent's tools; empty: such a role is made",
        True,
    ),
    Setting("DATABASE_POOL_SIZE", "10", _whole(2, 200), "Database connections per process and role"),
    Setting("DATABASE_WAIT_SECONDS", "10", _number(0.1, 300), "How long a call waits for a connection"),
    Setting("DATA_DIR", "data", lambda raw: Path(raw.strip() or "data"), "Folder of the embedded database and of PDFs"),
    Setting("DEMO", "on", _flag, "Simulated data while nothing else is configured or stored: on or off"),
    Setting("TIMEZONE", "UTC", _timezone, 'Time zone in which words such as "yesterday" are read'),
    Setting("MONITOR_INTERVAL_SECONDS", "30", _number(1, 3600), "Seconds between two checks of the monitor"),
    Setting(
        "SOURCES_FILE", DEFAULT_SOURCES, _text, "File that says which platforms are read; see sources.example.toml"
    ),
    Setting("SCRAPE_URLS", "", _urls, "Prometheus text endpoints to collect from, separated by commas"),
    Setting("SCRAPE_INTERVAL_SECONDS", "30", _number(1, 3600), "Seconds between two collections"),
    Setting("SCRAPE_TIMEOUT_SECONDS", "10", _number(0.1, 300), "How long one endpoint may take"),
    Setting("FUTURE_TOLERANCE_SECONDS", "300", _number(0, 86_400), "Samples further ahead of the clock are rejected"),
    Setting("RETENTION_DAYS", "30", _whole(1, 3650), "Days for which samples are kept; older ones are rejected"),
    Setting("ROLLUP_RETENTION_DAYS", "730", _whole(1, 36_500), "Days for which rollups are kept"),
    Setting("TOOL_TIMEOUT_SECONDS", "5", _number(0.1, 300), "How long one query of the agent's tools may take"),
    Setting("TOOL_ROW_CAP", "200", _whole(1, 10_000), "How many rows a tool replies with at most"),
    Setting("OPENAI_API_KEY", "", _optional, "Key of an OpenAI-compatible service; empty: the built-in model", True),
    Setting("OPENAI_BASE_URL", "", _optional, "Address of another OpenAI-compatible service"),
    Setting("OPENAI_MODEL", "gpt-4o-mini", _text, "Name of the language model"),
    Setting("OPENAI_TIMEOUT_SECONDS", "30", _number(0.5, 600), "How long the service may take for one reply"),
    Setting("OPENAI_TOKENS_PER_ANSWER", "100000", _whole(0, 10**9), "Tokens that one answer may take; 0: no limit"),
    Setting(
        "OPENAI_TOKENS_PER_HOUR", "1000000", _whole(0, 10**12), "Tokens within an hour, of all processes; 0: no limit"
    ),
    Setting(
        "OPENAI_COST_PER_HOUR", "0", _number(0, 1e9), "Cost within an hour, in the unit of the prices; 0: no limit"
    ),
    Setting("OPENAI_PRICE_IN", "0", _number(0, 1e6), "Price of a million tokens that are sent to the service"),
    Setting("OPENAI_PRICE_OUT", "0", _number(0, 1e6), "Price of a million tokens that it replies with"),
    Setting("ANALYSES_PER_HOUR", "6", _whole(0, 1000), "New critical incidents the service is asked about; 0: none"),
    Setting("AGENT_MAX_TOOL_CALLS", "8", _whole(1, 50), "Tool calls that one answer may use"),
    Setting("SESSION_RETENTION_DAYS", "90", _whole(1, 3650), "Days after its last use for which a session is kept"),
    Setting("SESSION_MAX_TURNS", "200", _whole(1, 10_000), "Turns of one session that are kept, the newest"),
    Setting("SESSION_REMEMBERED_TURNS", "6", _whole(0, 50), "Turns before a question that its answer may lean on"),
    Setting(
        "SESSION_WAIT_SECONDS", "30", _number(0, 600), "How long a question waits for the one before in its session"
    ),
    Setting("API_HOST", "127.0.0.1", _text, "Address the REST API listens on; off loopback only with API_KEYS"),
    Setting("API_PORT", "8000", _whole(0, 65_535), "Port the REST API listens on; 0: any free one"),
    Setting(
        "API_KEYS",
        "",
        _api_keys,
        "Keys of the REST API as name:scopes:secret, separated by commas; scopes: read, ingest, manage, joined by +",
        True,
    ),
    Setting(
        "API_CORS_ORIGINS", "", _origins, "Web pages that may use the REST API, such as https://grafana.example.org"
    ),
    Setting("API_RATE_PER_SECOND", "100", _number(0, 1e6), "Requests a second one key may make; 0: any number"),
    Setting("API_BODY_BYTES", "1048576", _whole(1024, 1 << 30), "Largest body of a request"),
    Setting("API_INGEST_BYTES", "16777216", _whole(1024, 1 << 30), "Largest batch of samples"),
    Setting("API_BODY_SECONDS", "10", _number(0.1, 600), "How long a request may take to arrive"),
    Setting("API_REQUEST_SECONDS", "30", _number(0.1, 600), "How long an answer of the REST API may take"),
    Setting("API_CHAT_SECONDS", "120", _number(0.1, 3600), "How long an answer in plain words may take there"),
    Setting("API_STOP_SECONDS", "10", _number(1, 600), "How long answers may go on once the REST API is to stop"),
    Setting("DOCUMENT_FOLDERS", "data", _folders, "Folders of PDF, Markdown and text files, separated by commas"),
    Setting("DOCUMENT_BYTES", "33554432", _whole(1024, 1 << 30), "Largest document that is read or uploaded"),
    Setting("DOCUMENT_SECONDS", "60", _number(0.5, 3600), "How long reading one document may take"),
    Setting("DOCUMENT_MEMORY_MB", "1024", _whole(256, 65_536), "Memory that reading one document may take, in MB"),
    Setting(
        "EMBEDDING_MODEL",
        "",
        _optional,
        "Embedding model of the OpenAI-compatible service, to find documents by meaning too; empty: by words alone",
    ),
    Setting("ALERTMANAGER_URLS", "", _urls, "Replicas of Alertmanager that anomalies are posted to, with commas", True),
    Setting("ALERTMANAGER_TOKEN", "", _optional, "Bearer token for them; a login may stand in the URLs instead", True),
    Setting("ALERTMANAGER_LABELS", "", _text, "Labels of every alert, such as team=data, environment=production"),
    Setting(
        "NOTIFY_URLS", "", _channel_urls, "Channels that are told of every incident, as addresses of Apprise", True
    ),
    Setting(
        "NOTIFY_FILE", DEFAULT_CHANNELS, _text, "File of channels with routes and quiet hours; see notify.example.toml"
    ),
    Setting("NOTIFY_REPEAT_HOURS", "4", _number(0, 8760), "Hours after which an open incident is told again; 0: never"),
    Setting("NOTIFY_TIMEOUT_SECONDS", "15", _number(0.5, 300), "How long one channel may take for one message"),
    Setting("PUBLIC_URL", "http://localhost:8501", _page_address, "Address of the page, for the links in messages"),
    Setting("LOG_LEVEL", "WARNING", _level, "DEBUG, INFO, WARNING or ERROR"),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force, one attribute per row of `SETTINGS`, in lower case."""

    database_url: str | None = field(repr=False)
    database_reader_url: str | None = field(repr=False)
    database_pool_size: int
    database_wait_seconds: float
    data_dir: Path
    demo: bool
    timezone: str
    monitor_interval_seconds: float
    sources_file: str
    scrape_urls: tuple[str, ...]
    scrape_interval_seconds: float
    scrape_timeout_seconds: float
    future_tolerance_seconds: float
    retention_days: int
    rollup_retention_days: int
    tool_timeout_seconds: float
    tool_row_cap: int
    openai_api_key: str | None = field(repr=False)
    openai_base_url: str | None
    openai_model: str
    openai_timeout_seconds: float
    openai_tokens_per_answer: int
    openai_tokens_per_hour: int
    openai_cost_per_hour: float
    openai_price_in: float
    openai_price_out: float
    analyses_per_hour: int
    agent_max_tool_calls: int
    session_retention_days: int
    session_max_turns: int
    session_remembered_turns: int
    session_wait_seconds: float
    api_host: str
    api_port: int
    api_keys: tuple[ApiKey, ...] = field(repr=False)
    api_cors_origins: tuple[str, ...]
    api_rate_per_second: float
    api_body_bytes: int
    api_ingest_bytes: int
    api_body_seconds: float
    api_request_seconds: float
    api_chat_seconds: float
    api_stop_seconds: float
    document_folders: tuple[Path, ...]
    document_bytes: int
    document_seconds: float
    document_memory_mb: int
    embedding_model: str | None
    alertmanager_urls: tuple[str, ...] = field(repr=False)
    alertmanager_token: str | None = field(repr=False)
    alertmanager_labels: str
    notify_urls: tuple[str, ...] = field(repr=False)
    notify_file: str
    notify_repeat_hours: float
    notify_timeout_seconds: float
    public_url: str
    log_level: str


def parse_settings(values: Mapping[str, str]) -> Settings:
    """Settings from names and texts; raises `ConfigurationError` for the first value that cannot be used."""
    parsed: dict[str, Any] = {}
    for setting in SETTINGS:
        raw = values.get(setting.name)
        try:
            parsed[setting.name.lower()] = setting.read(setting.default if raw is None or raw == "" else raw)
        except ValueError as problem:
            shown = "" if setting.secret else f" ({raw!r})"
            raise ConfigurationError(f"The setting {setting.name}{shown} cannot be used: {problem}.") from None
    return Settings(**parsed)


def load_settings(dotenv: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, over those of the `.env` file (by default the one in this folder)."""
    return parse_settings(environment(dotenv, environ))


def environment(dotenv: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """All variables, for secrets that other files name: the environment over the `.env` file."""
    file = Path(".env") if dotenv is None else dotenv
    return {**_read_dotenv(file), **(os.environ if environ is None else environ)}


@dataclass(frozen=True, slots=True)
class Configured:
    """A setting in force as it may be shown to anybody: of a secret only whether it is set."""

    name: str
    value: str
    source: str
    """`environment`, `.env` or `default`."""
    help: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "value": self.value, "source": self.source, "help": self.help}


def configured(
    settings: Settings, dotenv: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Configured, ...]:
    """The settings in force, in the order of the table, and where each of them was set."""
    file = _read_dotenv(Path(".env") if dotenv is None else dotenv)
    over = os.environ if environ is None else environ
    return tuple(
        Configured(
            setting.name,
            _shown(setting, getattr(settings, setting.name.lower())),
            "environment" if over.get(setting.name) else ".env" if file.get(setting.name) else "default",
            setting.help,
        )
        for setting in SETTINGS
    )


_LOGIN = re.compile(r"(?<=://)[^/@\s]*@")


def _shown(setting: Setting, value: Any) -> str:
    if setting.secret:
        return "set" if value else "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple):
        return ", ".join(_without_secrets(str(part)) for part in value) or "none"
    return "not set" if value is None or value == "" else _without_secrets(str(value))


def _without_secrets(text: str) -> str:
    """An address without the login and the query that it may carry."""
    if "://" not in text:
        return text
    return _LOGIN.sub("…@", text.partition("?")[0])


def _read_dotenv(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    from dotenv.parser import parse_stream  # only needed where there is such a file

    try:
        with file.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"The file {file} cannot be read as text ({problem}); mend or remove it.") from None
    for binding in bindings:
        if binding.error:
            raise ConfigurationError(
                f"Line {binding.original.line} of {file} is not of the form NAME=value; mend or remove it."
            )
    return {b.key: b.value or "" for b in bindings if b.key is not None}
