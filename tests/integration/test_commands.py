"""The commands as a user runs them: processes, exit codes, output, bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AGENT = "platform_monitoring_agent.py"
GENERATOR = "platform_metrics_generator.py"


def run(
    folder: Path, script: str, *arguments: str, stdin: str | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a top-level file in a folder of its own, with nothing configured but what is given."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "OPENAI", "SCRAPE"))
    }
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=folder,
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        env={**environment, "DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT), **settings},
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo has begun."""
    folder = tmp_path_factory.mktemp("demo")
    first = run(folder, AGENT, "check", "--json")
    assert first.returncode in (0, 1, 2), first.stderr
    return folder


EXAMPLES = {
    "What's the current system status?": "check_real_time_anomalies",
    "How many anomalies occurred since 1 day?": "get_anomaly_summary",
    "Show me Kafka issues from last 6 hours": "get_anomaly_summary",
    "Are there any cascade failures?": "get_cross_component_anomalies",
    "What's wrong with ClickHouse replication?": "check_real_time_anomalies",
    "How many Kafka consumer lag incidents yesterday?": "get_anomaly_summary",
    "Show Flink checkpoint failure trends": "query_metrics_trend",
    "Are there any memory leaks in ClickHouse?": "query_metrics_trend",
    "Compare system performance vs last week": "query_metrics_trend",
}


@pytest.mark.parametrize("question", EXAMPLES)
def test_an_example_question_is_answered_on_demo_data_with_the_rows_behind_it(demo: Path, question: str) -> None:
    done = run(demo, AGENT, "ask", question, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert EXAMPLES[question] in [call["name"] for call in answer["tool_calls"]]
    assert all(call["status"] in ("ok", "no_data") for call in answer["tool_calls"]), answer
    assert answer["grounded"], answer["untraced"]
    assert answer["demo"]
    assert answer["model"] == "built-in"
    for call in answer["tool_calls"]:
        assert set(call["looked_at"]) == {"components", "metrics", "instances", "window", "compare_window"}


def test_check_says_the_same_in_words_json_and_exit_code(demo: Path) -> None:
    codes = {"healthy": 0, "degraded": 1, "critical": 2, "no_data": 3}
    in_json = run(demo, AGENT, "check", "--json")
    found = json.loads(in_json.stdout)
    assert in_json.returncode == codes[found["health"]]
    assert set(found["components"]) == {"kafka", "flink", "clickhouse"}
    assert found["storage"]["edition"] == "postgresql"
    in_words = run(demo, AGENT, "check")
    assert "DEMO DATA" in in_words.stdout
    assert "\x1b" not in in_words.stdout


def test_a_scenario_written_as_csv_is_ingested_and_found(tmp_path: Path) -> None:
    csv = tmp_path / "x.csv"
    made = run(tmp_path, GENERATOR, "--hours", "8", "--scenario", "insert_bottleneck", "--seed", "7", "--csv", str(csv))
    assert made.returncode == 0, made.stderr
    truth = json.loads((tmp_path / "x.csv.truth.json").read_text())
    assert truth["faults"]
    taken = run(tmp_path, AGENT, "ingest", str(csv))
    assert taken.returncode == 0, taken.stderr
    state = run(tmp_path, AGENT, "check", "--json", "--as-of", truth["end"])
    found = json.loads(state.stdout)
    assert found["health"] == "critical"
    assert not found["demo"]
    assert any(row["metric"] == "max_parts_per_partition" for row in found["anomalies"])
    assert any(incident["pattern"] == "cascade_backward" for incident in found["incidents"])


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    end = "2026-03-04T00:00:00Z"
    for name in ("a.csv", "b.csv"):
        run(tmp_path, GENERATOR, "--hours", "1", "--seed", "3", "--end", end, "--csv", name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_rejected_lines_are_named_and_the_rest_is_stored(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    at, later = now.isoformat(), (now + timedelta(days=2)).isoformat()
    lines = [
        "time,component,instance,metric,value",
        f"{at},kafka,broker-1,under_replicated_partitions,0",
        "yesterday,kafka,broker-1,under_replicated_partitions,0",
        f"{at},kafka,broker-1,under_replicated_partitons,0",
        f"{at},kafka,broker-2,under_replicated_partitions,NaN",
        f"{later},kafka,broker-1,under_replicated_partitions,0",
        f"{at},kafka,broker-1,under_replicated_partitions,0",
        f"{at},kafka,broker-3,under_replicated_partitions,4",
    ]
    done = run(tmp_path, AGENT, "ingest", "-", stdin="\n".join(lines) + "\n")
    assert done.returncode == 1
    assert "2 samples stored, 5 rejected" in done.stdout
    for number, words in (
        (3, "ISO 8601"),
        (4, "did you mean under_replicated_partitions"),
        (5, "finite"),
        (6, "future"),
        (7, "duplicate"),
    ):
        line = next(text for text in done.stderr.splitlines() if text.startswith(f"line {number}:"))
        assert words in line


def test_a_wrong_header_stores_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, AGENT, "ingest", "-", stdin="when,what\n1,2\n")
    assert done.returncode == 3
    assert "header" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_ends_when_real_samples_arrive(demo: Path, tmp_path: Path) -> None:
    del demo
    assert json.loads(run(tmp_path, AGENT, "check", "--json").stdout)["demo"]
    line = f"{datetime.now(UTC).isoformat()},kafka,broker-1,under_replicated_partitions,0\n"
    done = run(tmp_path, AGENT, "ingest", "-", stdin="time,component,instance,metric,value\n" + line)
    assert "demo data were removed" in done.stdout
    found = json.loads(run(tmp_path, AGENT, "check", "--json").stdout)
    assert not found["demo"]
    assert found["components"]["flink"]["health"] == "no_data"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "cannot be reached"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"MONITOR_INTERVAL_SECONDS": "often"}, "MONITOR_INTERVAL_SECONDS"),
        ({"TIMEZONE": "Mars/Olympus"}, "TIMEZONE"),
        ({"DATA_DIR": "/dev/null/x"}, "/dev/null/x"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_exit_code_3(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    done = run(tmp_path, AGENT, "check", **settings)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_corrupt_dotenv_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TIMEZONE='UTC\nDEMO=on\n")
    done = run(tmp_path, AGENT, "check")
    assert done.returncode == 3
    assert ".env" in done.stderr
    assert "Traceback" not in done.stderr


def test_piped_questions_are_answered_line_by_line(demo: Path) -> None:
    done = run(demo, AGENT, stdin="kafka ok?\nAre there any cascade failures?\n")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "Kafka" in done.stdout


def test_a_session_goes_on_in_another_process(demo: Path) -> None:
    run(demo, AGENT, "ask", "Show me Kafka issues from last 6 hours", "--session", "s1", "--json")
    second = json.loads(run(demo, AGENT, "ask", "and ClickHouse?", "--session", "s1", "--json").stdout)
    looked = second["tool_calls"][0]["looked_at"]
    assert looked["components"] == ["clickhouse"]
    start, end = (datetime.fromisoformat(looked["window"][side]) for side in ("from", "to"))
    assert end - start == timedelta(hours=6)


def test_every_command_has_help(tmp_path: Path) -> None:
    for script, *command in (
        (AGENT,),
        (AGENT, "ask"),
        (AGENT, "check"),
        (AGENT, "monitor"),
        (AGENT, "ingest"),
        (GENERATOR,),
    ):
        done = run(tmp_path, script, *command, "--help")
        assert done.returncode == 0
        assert "usage:" in done.stdout
