"""What a language model says about new critical incidents: few are asked about, no tick waits, nothing needs it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring.agent.analysis import explainer
from monitoring.agent.models import service_model
from monitoring.analysis import NEW, Analyst
from monitoring.errors import ModelUnavailable
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.monitor import Monitor
from monitoring.settings import parse_settings
from monitoring.store.store import Store
from tests.integration.openai_server import Fails, Garbles, Hangs, Says, Service, Step, openai_service
from tests.integration.samples_by_hand import NOON, STEP, block, line
from tests.integration.test_lifecycle_store import ELECTIONS, REPLICAS, Live, stored
from tests.integration.test_monitor import Hands

pytestmark = pytest.mark.store

MINUTE = timedelta(minutes=1)
WORDS = "A replica of node-1 is read-only.\n\nMost likely Keeper is away: a hypothesis.\n\nCheck Keeper first."


def explain_with(service: Service, catalogue: Catalogue, seconds: float = 5) -> Callable[..., str]:
    settings = parse_settings(
        {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": service.url, "OPENAI_TIMEOUT_SECONDS": str(seconds)}
    )
    model = service_model(settings)
    assert model is not None
    return explainer(model, catalogue, "UTC", 2 * seconds)


def analyst(store: Store, explain: Callable[..., str], now: datetime, per_hour: int = 6) -> Analyst:
    return Analyst(store, explain, model="test-model", per_hour=per_hour, clock=Hands(now))


def analyses(store: Store) -> list[tuple[Any, ...]]:
    with store._owner.transaction("reading") as cursor:
        cursor.execute("SELECT metric, analysis FROM anomaly_events WHERE analysis IS NOT NULL ORDER BY id")
        return [tuple(row) for row in cursor.fetchall()]


def critical(store: Store, catalogue: Catalogue, minutes: float = 10) -> Live:
    stored(store, REPLICAS, [(0, 60)])
    return Live(store, catalogue).until(minutes)


def test_what_is_said_about_a_new_critical_incident_is_kept_with_its_root(store: Store, catalogue: Catalogue) -> None:
    live = critical(store, catalogue)
    with openai_service([Says(WORDS)]) as service:
        asking = analyst(store, explain_with(service, catalogue), live.now)
        assert asking.analyse_one()
        assert not asking.analyse_one()
    assert [(metric, text.replace(" ", "")) for metric, text in analyses(store)] == [
        ("readonly_replicas", WORDS.replace(" ", ""))
    ]
    (request,) = service.requests
    asked = json.loads(request["messages"][-1]["content"])
    assert asked["incident"]["root_metric"] == "readonly_replicas"
    assert asked["events"][0]["why"]
    assert asked["metrics"][0]["first_checks"]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (Says("It has 4711 read-only replicas."), "4711"),
        (Says(" "), "empty"),
        (Says("word " * 1000), "too long"),
        (Fails(500), "failed"),
        (Fails(401), "OPENAI_API_KEY"),
        (Garbles(), "form"),
    ],
    ids=["an invented number", "nothing", "too much", "an error", "a wrong key", "no JSON"],
)
def test_what_cannot_be_used_is_not_kept_and_not_asked_for_again(
    store: Store, catalogue: Catalogue, step: Step, problem: str
) -> None:
    live = critical(store, catalogue)
    with openai_service([step]) as service:
        asking = analyst(store, explain_with(service, catalogue), live.now)
        assert asking.analyse_one()
        assert not asking.analyse_one()
    assert analyses(store) == []
    with store._owner.transaction("reading") as cursor:
        cursor.execute("SELECT problem FROM analyses")
        assert problem in str(cursor.fetchall())


def test_a_model_that_hangs_delays_no_tick(store: Store, catalogue: Catalogue) -> None:
    clock = Hands(critical(store, catalogue).now)
    with openai_service([Hangs()]) as service:
        asking = Analyst(store, explain_with(service, catalogue, 2), model="test-model", per_hour=6, clock=clock)
        monitor = Monitor(store, catalogue, interval=STEP, companions=[asking], clock=clock)
        asking.start()
        clock.now += STEP
        monitor.tick()
        deadline = time.monotonic() + 30
        while not service.requests:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for _ in range(5):
            clock.now += STEP
            monitor.tick()
        assert analyses(store) == []
        assert len(service.requests) == 1
        monitor.stop()


def test_no_more_than_so_many_an_hour_are_asked_about_by_all_processes_together(
    store: Store, catalogue: Catalogue
) -> None:
    spans = [line(SeriesKey("kafka", f"c-{n}", "unclean_leader_elections"), NOON, NOON + MINUTE, 0) for n in range(2)]
    store.samples.write(block(*spans))
    stored(store, ELECTIONS, [(0, 60)])
    live = critical(store, catalogue)
    first, second = (analyst(store, lambda *_: "Words.", live.now, per_hour=1) for _ in range(2))
    assert [first.analyse_one(), second.analyse_one(), first.analyse_one()] == [True, False, False]
    assert len(analyses(store)) == 1
    later = analyst(store, lambda *_: "Words.", live.now + 61 * MINUTE, per_hour=1)
    assert not later.analyse_one()


def test_two_processes_never_ask_about_the_same_incident(store: Store, catalogue: Catalogue) -> None:
    stored(store, ELECTIONS, [(0, 60)])
    live = critical(store, catalogue)
    asked: list[int] = []

    def explain(incident: dict[str, Any], _: datetime) -> str:
        asked.append(incident["id"])
        return "Words."

    for _ in range(3):
        for one in (analyst(store, explain, live.now), analyst(store, explain, live.now)):
            one.analyse_one()
    assert len(asked) == len(set(asked)) == 2


def test_history_warnings_and_what_is_quiet_are_not_asked_about(store: Store, catalogue: Catalogue) -> None:
    live = critical(store, catalogue, minutes=3)
    never = analyst(store, _never, live.now)
    assert not never.analyse_one()
    live.until(10)
    (incident,) = store.query("open_incidents")
    store.operators.acknowledge_incident(incident["id"], "ada", live.now)
    assert not analyst(store, _never, live.now).analyse_one()
    assert not analyst(store, _never, live.now + NEW).analyse_one()


def test_imported_history_is_not_asked_about(store: Store, catalogue: Catalogue) -> None:
    stored(store, REPLICAS, [(0, 180)])
    live = Live(store, catalogue)
    live.judge.catch_up(NOON + 14 * MINUTE)
    (incident,) = store.query("open_incidents")
    with store._owner.transaction("making it history") as cursor:
        cursor.execute("UPDATE incidents SET historic = true")
    assert incident["severity"] == "critical"
    assert not analyst(store, _never, NOON + 14 * MINUTE).analyse_one()


def test_an_analysis_survives_judging_again(store: Store, catalogue: Catalogue) -> None:
    live = critical(store, catalogue)
    assert analyst(store, lambda *_: "Words.", live.now).analyse_one()
    store.judge_again_from(NOON - MINUTE * 30)
    live.until(11)
    assert analyses(store) == [("readonly_replicas", "Words.")]
    assert not analyst(store, _never, live.now).analyse_one()


def test_none_an_hour_is_none(store: Store, catalogue: Catalogue) -> None:
    live = critical(store, catalogue)
    none = analyst(store, _never, live.now, per_hour=0)
    none.start()
    none.wake()
    none.stop()
    assert not none.analyse_one()


def _never(*_: object) -> str:
    raise ModelUnavailable("nobody was to be asked")
