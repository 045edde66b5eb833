"""Every named statement runs, is used and says what it is for."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import monitoring
from monitoring.store.queries import queries
from monitoring.store.store import Store
from tests.integration.samples_by_hand import NOON

PACKAGE = Path(str(resources.files(monitoring)))
ROOT = PACKAGE.parent

PARAMETERS: dict[str, Any] = {
    "text": "t",
    "status": "firing",
    "reason": "r",
    "into": 1,
    "incident": 1,
    "id": 1,
    "event": None,
    "root": 1,
    "channel": "slack",
    "by": "somebody",
    "at": NOON,
    "asked_at": NOON,
    "before": NOON,
    "component": "kafka",
    "components": ["kafka"],
    "end": NOON + timedelta(hours=1),
    "answer": "a",
    "anomaly_type": None,
    "fingerprints": ["a"],
    "hours": [NOON],
    "ids": [1],
    "instance": "i",
    "instances": ["i"],
    "key": "k",
    "last": NOON,
    "kind": "*",
    "lasts": [NOON],
    "marks": [1],
    "metric": "consumer_group_lag",
    "metrics": ["consumer_group_lag"],
    "model": "m",
    "moment": NOON,
    "most": 5,
    "below": None,
    "pattern": None,
    "oldest": NOON,
    "onsets": [NOON],
    "owner": "",
    "purpose": "answer",
    "reply": "{}",
    "title": "t",
    "tokens_in": 1,
    "tokens_out": 1,
    "cost": 0.0,
    "problem": "p",
    "question": "q",
    "series": [1],
    "session": "s",
    "severity": None,
    "since": NOON,
    "start": NOON,
    "starts": [NOON],
    "until": NOON,
    "value": "1",
    "earlier": [NOON],
    "incidents": [1],
    "lower": [False],
    "lower_is_worse": False,
    "width": timedelta(minutes=1),
    "path": "/p",
    "name": "p.pdf",
    "media": "pdf",
    "digest": "d",
    "bytes": 1,
    "modified_ns": 1,
    "pages": 1,
    "state": "read",
    "twin_of": None,
    "indexed_at": NOON,
    "document": 1,
    "documents": [1],
    "content": b"c",
    "places": [0],
    "on_pages": [1],
    "headings": ["h"],
    "sections": [""],
    "texts": ["t"],
    "plain_headings": ["h"],
    "plains": ["t"],
    "names": ["n"],
    "words": ["w"],
    "weights": [1.0],
    "search": None,
    "lexemes": ["w"],
    "exact": [False],
    "telling": [1.0],
    "passages": [1],
    "rules": ["r"],
    "vector": "[1,2]",
    "vectors": ["[1,2]"],
    "dimensions": 2,
    "now": NOON,
    "prefix": "alertmanager:",
    "fresh": "a1b2c3d4",
    "thread": "t",
    "threads": ["t"],
    "refusals": 1,
}
_INCIDENT = (
    "('isolated', 'firing', 'warning', 'kafka', 'i', 'm', now(), now(), NULL::timestamptz, '[]'::jsonb, '', '', true,"
    " NULL::bigint)"
)
_EVENT = (
    "('f', 'kafka', 'i', 'm', 'threshold', 'warning', 'firing', false, now(), now(), NULL::timestamptz, now(),"
    " NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::interval, 1.0, 1.0, NULL::float8, '', '', '', '',"
    " NULL::text, 1, NULL::bigint)"
)
VALUES = {
    "insert_deliveries": "('slack', 1, NULL::bigint, 'opened', 'warning', 'waiting', now(), now())",
    "insert_announcements": "(1, NULL::bigint, 'opened', 'warning', now(), '', true, 'new')",
    "insert_incidents": _INCIDENT[:-1] + ", false)",
    "update_incidents": "(1::bigint, " + _INCIDENT[1:],
    "insert_events": _EVENT,
    "update_events": "(1::bigint, " + _EVENT[1:],
    "add_silences": "('*', '*', '*', '*', now(), now(), 'b', 'r')",
}
VECTORS = {"make_vectors", "passages_without_vectors", "put_vectors", "nearest_passages"}
COMMUNITY = {"retention_policies"}


def own_rollups(name: str) -> bool:
    return name.startswith(("roll_up_", "forget_rollups_"))


@pytest.mark.store
def test_every_statement_runs(store: Store) -> None:
    for name, statement in queries().items():
        if name in VECTORS and not store.vectors.ready():
            continue
        if name in COMMUNITY and store.edition != "timescaledb":
            continue
        if (own_rollups(name) and store.edition == "timescaledb") or (
            name == "day_partitions" and store.edition != "postgresql"
        ):
            continue
        with store._owner.transaction(f"running {name}") as cursor:
            if name in VALUES:
                cursor.execute(statement.replace("%s", VALUES[name], 1))
            else:
                cursor.execute(statement, PARAMETERS)


def test_every_statement_has_a_description() -> None:
    for name, statement in queries().items():
        first = statement.splitlines()[0]
        assert re.match(r"-- [A-Z].+\w", first), name
        assert statement.split("\n", 1)[1].strip(), name


def test_no_name_is_given_twice() -> None:
    text = (PACKAGE / "store" / "queries.sql").read_text(encoding="utf-8")
    names = re.findall(r"^-- name: (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)) == len(queries())


def sources() -> str:
    files = [*PACKAGE.rglob("*.py"), *ROOT.glob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_every_statement_is_used() -> None:
    text = sources()
    whole = {name for name in queries() if f'"{name}"' in text}
    composed = {name for name in queries() if re.search(r'f"' + re.escape(name[: name.rfind("_") + 1]) + r"\{", text)}
    assert set(queries()) - whole - composed == set()


def test_every_name_used_exists() -> None:
    # What the page reads by name is its own address; it may not read the store.
    used = re.findall(r"""(?:\bquery|(?<!\baddress)\.read|store\.query|_store\.query)\(\s*"(\w+)\"""", sources())
    assert len(used) > 20
    assert set(used) - set(queries()) == set()
