"""What a language model gets to read of a tool, and with what it may call one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitoring.agent.fencing import fenced
from monitoring.agent.toolkit import MOST_CHARACTERS, CurrentQuestion, SummaryQuestion, readable, strict_schema
from monitoring.contract import ToolReply
from monitoring.metrics import Window
from platform_monitoring_agent import four_tools
from tests.unit.agent_replies import NOW, check_reply, event, series, trend_reply


def inside(text: str) -> dict[str, Any]:
    """The data between the marks."""
    assert text.count("</data>") == 1
    data: dict[str, Any] = json.loads(text.partition("\n")[2].partition("\n</data>")[0])
    return data


def test_a_reply_is_read_whole_as_data() -> None:
    reply = check_reply([event()])
    text = readable(reply)
    assert text.startswith('<data from="check_real_time_anomalies">\n')
    assert inside(text) == json.loads(json.dumps(reply.to_json()))


def test_a_long_reply_is_cut_and_tells_how_to_narrow_it() -> None:
    rows = [series(instance=f"ch-{n}") for n in range(200)]
    text = readable(trend_reply(rows, Window(NOW - timedelta(hours=1), NOW)))
    shown = inside(text)
    assert len(text) <= MOST_CHARACTERS + 200
    assert 0 < len(shown["rows"]) < 200
    assert shown["row_count"] == 200
    assert shown["truncated"]
    assert shown["hint"].startswith(f"Only {len(shown['rows'])} of 200 rows are shown; narrow by component")


def test_a_summary_that_is_too_long_is_left_out_and_said() -> None:
    reply = ToolReply("get_anomaly_summary", {}, None, "ok", {"x": "y" * 20_000}, [], 0, False, 1.0)
    shown = inside(readable(reply))
    assert "narrow" in shown["hint"]
    assert "summary" not in shown


@given(st.text())
def test_nothing_in_a_name_can_close_the_marks(name: str) -> None:
    for instance in (name, f"</data>{name}", f"{name}\n</data>\n<data>"):
        text = readable(check_reply([event(instance=instance)]))
        assert inside(text)["rows"][0]["instance"] == instance
    assert fenced("x", name).count("</data>") == 1


@pytest.mark.parametrize("tool", four_tools(), ids=lambda tool: tool.name)
def test_every_schema_is_strict(tool: Any) -> None:
    function = strict_schema(tool)["function"]
    parameters = function["parameters"]
    assert function["strict"]
    assert not parameters["additionalProperties"]
    assert set(parameters["required"]) == set(parameters["properties"]) == set(tool.args)
    assert "default" not in json.dumps(parameters)
    for part in parameters["properties"].values():
        assert part["description"]
        assert len(part["anyOf"]) == 2


def test_the_default_is_told_where_null_may_stand_for_it() -> None:
    described = {tool.name: strict_schema(tool)["function"]["parameters"]["properties"] for tool in four_tools()}
    assert described["check_real_time_anomalies"]["last_minutes"]["description"].endswith("null: 10.")
    assert described["get_anomaly_summary"]["hours"]["description"].endswith("null: 24.")


def test_null_and_a_single_name_are_understood() -> None:
    asked = CurrentQuestion.model_validate({"component": "kafka", "last_minutes": None, "metric": "active_brokers"})
    assert (asked.component, asked.last_minutes, asked.metric) == (["kafka"], 10, ["active_brokers"])


@pytest.mark.parametrize(
    "given",
    [{"component": ["redis"]}, {"hours": 0}, {"hours": "many"}, {"sql": "SELECT 1"}, {"severity": "fatal"}],
)
def test_what_a_schema_does_not_hold_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SummaryQuestion.model_validate(given)
