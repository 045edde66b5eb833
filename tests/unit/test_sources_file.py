"""`sources.toml`: what it may say, and with which words and line it is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.collectors.making import plans_of
from monitoring.collectors.sources_file import SourceEntry, parse_sources, read_sources
from monitoring.errors import ConfigurationError
from platform_metrics_definition import CATALOGUE

ENVIRONMENT = {"CH_PASSWORD": "s3cret", "TOKEN": "t0ken", "EMPTY": ""}
HERE = Path(__file__).parent


def parsed(text: str) -> list[SourceEntry]:
    return parse_sources(text, "sources.toml", HERE, ENVIRONMENT)


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parsed(text)
    return str(caught.value)


def said_of(text: str) -> str:
    """With which words a text is refused; nothing where it is read."""
    try:
        parsed(text)
    except ConfigurationError as problem:
        return str(problem)
    return ""


def test_every_kind_can_be_named_and_keeps_its_place() -> None:
    entries = parsed(
        """
        [[source]]
        kind = "prometheus"
        url = "https://prometheus.example.org/select"
        match = 'cluster="eu"'
        backfill = "2h"
        token_env = "TOKEN"

        [[source]]
        kind = "flink"
        url = "http://flink:8081"
        interval = "1m"

        [[source]]
        kind = "clickhouse"
        urls = ["http://ch-1:8123", "http://ch-2:8123"]
        username = "monitor"
        password_env = "CH_PASSWORD"
        timeout = 2.5

        [[source]]
        kind = "exporter"
        url = "http://broker-1:7071/metrics"
        instance = "broker-1"
        cluster = "eu"
        """
    )

    assert [entry.kind for entry in entries] == ["prometheus", "flink", "clickhouse", "clickhouse", "exporter"]
    assert entries[0].backfill == timedelta(hours=2)
    assert entries[0].access.headers["authorization"] == "Bearer t0ken"
    assert entries[1].interval == timedelta(minutes=1)
    assert [entry.address for entry in entries[2:4]] == ["http://ch-1:8123", "http://ch-2:8123"]
    assert entries[3].timeout == 2.5
    assert entries[3].access.headers["authorization"].startswith("Basic ")
    assert (entries[4].instance, entries[4].cluster) == ("broker-1", "eu")


def test_the_example_that_comes_with_the_product_can_be_read() -> None:
    example = Path(__file__).parents[2] / "sources.example.toml"
    text = example.read_text()
    in_force = re.sub(r"^# (\[\[source\]\]$|\w+ = )", r"\1", text, flags=re.MULTILINE)
    entries = parse_sources(in_force, "example", HERE, _Any())

    assert parse_sources(text, "example", HERE, {}) == []
    assert {entry.kind for entry in entries} >= {"exporter", "prometheus", "flink", "clickhouse", "kafka"}
    assert plans_of(entries, CATALOGUE)


class _Any(dict[str, str]):
    """An environment with every variable."""

    def get(self, name: str, default: object = None) -> str:
        del default
        return f"value of {name}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[[source]]\nurl = 'http://a'", 1, "kind cannot be used: it is missing"),
        ("[[source]]\nkind = 'flnik'\nurl = 'http://a'", 2, "is flink meant?"),
        ("[[source]]\nkind = 'flink'", 1, "exactly one of url and urls"),
        ("[[source]]\nkind = 'flink'\nurl = 'flink:8081'", 3, "a URL such as"),
        ("\n[[source]]\nkind = 'flink'\nurl = 'http://a'\nintervall = 5", 5, "is interval meant?"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\ninterval = '5 weeks'", 4, "a duration such as"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\ninterval = 0", 4, "from 1 to 3600 seconds"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\ninterval = true", 4, "a duration such as"),
        (
            "[[source]]\nkind = 'flink'\nurl = 'http://a'\nbackfill = '1h'",
            4,
            "means nothing for a source",
        ),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\ncluster = ''", 4, "a text is expected"),
        ("[[source]]\nkind = 'exporter'\nurls = []", 3, "a list of texts"),
        ("[[source]]\nkind = 'exporter'\nurls = ['http://a', 'http://b']\ninstance = 'c'", 4, "names one endpoint"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://u:pw@a'", 3, "use password_env"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\nusername = 'u'\npassword_env = 'NONE'", 5, "no variable NONE"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\ntoken_env = 'EMPTY'", 4, "or it is empty"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\npassword_env = 'TOKEN'", 4, "no username"),
        (
            "[[source]]\nkind = 'flink'\nurl = 'http://a'\nusername='u'\ntoken_env = 'TOKEN'",
            5,
            "a username too",
        ),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\nca_file = 'no.pem'", 4, "there is no file"),
        ("[[source]]\nkind = 'flink'\nurl = 'http://a'\npassword = 'pw'", 4, "there is no such key"),
        ("[[source]]\nkind = 'kafka'\nurl = 'http://a'", 3, "means nothing for a source of kind kafka"),
        ("[[source]]\nkind = 'kafka'", 1, "brokers cannot be used: it is missing"),
        ("[[source]]\nkind = 'kafka'\nbrokers = 'kafka://a'", 3, "brokers such as"),
        ("[[source]]\nkind = 'kafka'\nbrokers = 'a:1'\nmechanism = 'GSSAPI'", 4, "PLAIN, SCRAM"),
        ("[[sources]]\nkind = 'flink'", 1, "each source begins with a line [[source]]"),
        ("x = 1", 1, "'x' is not expected there"),
        (
            "[[source]]\nkind = 'flink'\nurl = 'http://a'\n[[source]]\nkind = 'flink'\nurl = 'nothing'",
            6,
            "url cannot be used",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(text: str, line: int, words: str) -> None:
    said = refusal(text)

    assert said.startswith(f"sources.toml, line {line}: ")
    assert words in said
    assert "pw" not in said.replace("password", "")


def test_what_is_not_toml_is_refused_with_its_line() -> None:
    assert "at line 2" in refusal("[[source]]\nkind = flink")


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("bytes.toml", "missing.toml"):
        with pytest.raises(ConfigurationError, match="cannot be read as text"):
            read_sources(tmp_path / name, {})


def test_a_certificate_file_that_holds_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    text = "[[source]]\nkind = 'flink'\nurl = 'https://a'\nca_file = 'ca.pem'"
    with pytest.raises(ConfigurationError, match=r"line 4: ca_file cannot be used: The certificates in"):
        parse_sources(text, "sources.toml", tmp_path, {})


def test_more_sources_than_can_be_read_are_refused() -> None:
    many = ", ".join(f"'http://b{n}/metrics'" for n in range(251))
    assert "more than 250" in refusal(f"[[source]]\nkind = 'exporter'\nurls = [{many}]")


@given(st.text(max_size=200))
def test_any_text_at_all_is_read_or_refused(text: str) -> None:
    said = said_of(text)

    assert not said or said.startswith("sources.toml")


@given(
    st.dictionaries(
        st.sampled_from(["kind", "url", "urls", "interval", "timeout", "cluster", "username", "ca_file", "x"]),
        st.one_of(st.integers(), st.booleans(), st.just('"flink"'), st.just('["http://a"]'), st.just('"http://a"')),
        max_size=5,
    )
)
def test_any_table_at_all_is_read_or_refused(table: dict[str, object]) -> None:
    lines = [f"{key} = {str(value).lower() if isinstance(value, bool) else value}" for key, value in table.items()]
    said = said_of("[[source]]\n" + "\n".join(lines))

    assert not said or re.match(r"sources\.toml, line \d+: \w+ ", said)


def test_secrets_are_in_no_representation() -> None:
    [entry] = parsed("[[source]]\nkind = 'clickhouse'\nurl = 'http://a'\nusername = 'u'\npassword_env = 'CH_PASSWORD'")

    assert "s3cret" not in repr(entry)
    assert entry.access.hide("the password is s3cret") == "the password is [hidden]"


def test_instances_carry_their_cluster_where_there_are_several() -> None:
    one = parsed("[[source]]\nkind = 'flink'\nurl = 'http://a'\ncluster = 'eu'")
    two = one + parsed("[[source]]\nkind = 'flink'\nurl = 'http://b'\ncluster = 'us'")

    assert [plan.prefix for plan in plans_of(one, CATALOGUE)] == [""]
    assert [plan.prefix for plan in plans_of(two, CATALOGUE)] == ["eu/", "us/"]


def test_exporters_of_a_cluster_count_as_one_and_everything_else_by_its_place() -> None:
    entries = parsed(
        "[[source]]\nkind = 'exporter'\nurl = 'http://a'\n[[source]]\nkind = 'flink'\nurl = 'http://b'\n"
        "[[source]]\nkind = 'exporter'\nurl = 'http://c'\n[[source]]\nkind = 'exporter'\nurl = 'http://d'\n"
        "cluster = 'us'"
    )

    assert [plan.rank for plan in plans_of(entries, CATALOGUE)] == [0, 1, 0, 3]
