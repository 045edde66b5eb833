"""How much a language model may be used: tokens an answer, tokens and cost an hour, counted for all processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from monitoring.settings import Settings
from monitoring.store.usage import UsageStore

HOUR = timedelta(hours=1)
CHARACTERS_A_TOKEN = 4
"""For services that do not tell what a reply took."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one reply took: tokens sent and tokens received."""

    sent: int = 0
    received: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.received


class Budget:
    """The limits that the settings set; 0 stands for none."""

    def __init__(self, settings: Settings, usage: UsageStore, clock: Callable[[], datetime], purpose: str) -> None:
        self._settings = settings
        self._usage = usage
        self._clock = clock
        self._purpose = purpose

    def used_up(self, in_answer: int = 0) -> str:
        """Why the service is not to be asked now, in words that follow a comma; empty where it may be."""
        most = self._settings.openai_tokens_per_answer
        if most and in_answer >= most:
            return f"this answer has taken its {most:,} tokens, see OPENAI_TOKENS_PER_ANSWER"
        hourly, cost = self._settings.openai_tokens_per_hour, self._settings.openai_cost_per_hour
        if not hourly and not cost:
            return ""
        used = self._usage.since(self._clock() - HOUR)
        if hourly and used.tokens >= hourly:
            return f"the {hourly:,} tokens of this hour are used up, see OPENAI_TOKENS_PER_HOUR"
        if cost and used.cost >= cost:
            return f"the cost of {cost:g} for this hour is reached, see OPENAI_COST_PER_HOUR"
        return ""

    def spend(self, took: Tokens) -> None:
        """Note what a reply took."""
        prices = self._settings.openai_price_in, self._settings.openai_price_out
        cost = (took.sent * prices[0] + took.received * prices[1]) / 1e6
        self._usage.add(self._clock(), self._purpose, took.sent, took.received, cost)


def tokens_of(reply: AIMessage, asked: Sequence[BaseMessage], tools: Any = None) -> Tokens:
    """What a reply took as the service tells, else reckoned from the length of what was sent and received."""
    told = reply.usage_metadata
    if told is not None and told["total_tokens"] > 0:
        return Tokens(told["input_tokens"], told["output_tokens"])
    sent = sum(len(str(message.text)) for message in asked) + len(str(tools or ""))
    received = len(str(reply.text)) + len(str(reply.tool_calls or ""))
    return Tokens(-(-sent // CHARACTERS_A_TOKEN), -(-received // CHARACTERS_A_TOKEN))
