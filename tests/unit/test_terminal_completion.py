"""Completion at the prompt: commands while typing, names on Tab, nothing harmful."""

from __future__ import annotations

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from monitoring.ui.terminal.commands import COMMANDS
from monitoring.ui.terminal.completion import TerminalCompleter, Vocabulary
from tests.unit.terminal_platform import CATALOGUE, NASTY, anomaly, answer, check, incident, reply

TAB = CompleteEvent(completion_requested=True)
TYPED = CompleteEvent(text_inserted=True)


def vocabulary() -> Vocabulary:
    words = Vocabulary(CATALOGUE)
    words.saw_check(check())
    return words


def completed(text: str, event: CompleteEvent = TAB) -> list[str]:
    commands = {name: command.explanation for name, command in COMMANDS.items()}
    completer = TerminalCompleter(vocabulary(), commands, lambda: ["s-1", "s-2", "t\x1b"])
    document = Document(text)
    return [
        text[: len(text) + completion.start_position] + completion.text
        for completion in completer.get_completions(document, event)
    ]


def test_commands_are_completed_while_they_are_typed() -> None:
    assert completed("/se", TYPED) == ["/sessions", "/session"]
    assert completed("/", TYPED) == list(COMMANDS)
    assert completed("/x", TYPED) == []


def test_names_are_completed_on_tab_only() -> None:
    assert completed("how is consumer_g", TYPED) == []
    assert completed("how is consumer_g") == ["how is consumer_group_lag"]


def test_a_part_of_a_name_is_enough_and_beginnings_come_first() -> None:
    assert completed("lag") == ["consumer_group_lag"]
    assert completed("m")[:2] == ["max_parts_per_partition", "memory_used_ratio"]


def test_components_and_instances_are_known() -> None:
    assert completed("why is click") == ["why is clickhouse"]
    assert completed("why is ch-2") == ["why is ch-2/orders"]


def test_instances_of_answers_and_chains_are_learnt() -> None:
    words = Vocabulary(CATALOGUE)
    words.saw_answer(answer(tool_calls=(reply(rows=[anomaly("tm-77"), incident(root_instance="ch-9")]),)))
    assert [name for name, _ in words.matching("tm-77")] == ["tm-77"]
    assert [name for name, _ in words.matching("ch-9")] == ["ch-9"]
    assert [name for name, _ in words.matching("billing")] == ["billing/orders"]


def test_names_with_control_characters_and_wildcards_are_not_offered() -> None:
    words = Vocabulary(CATALOGUE)
    words.saw_rows([anomaly(NASTY), anomaly("*"), anomaly("fine")])
    names = [name for name, _ in words.matching("")]
    assert "fine" in names
    assert NASTY not in names
    assert "*" not in names


def test_metrics_and_sessions_follow_their_commands() -> None:
    assert completed("/metrics consumer", TYPED) == ["/metrics consumer_group_lag"]
    assert completed("/session s", TYPED) == ["/session s-1", "/session s-2"]
    assert completed("/session t", TYPED) == []


def test_nothing_is_offered_after_a_space() -> None:
    assert completed("how is ") == []
