"""The process in which Kafka is spoken to: its client library may abort, and takes nothing with it.

It reads lines of JSON on standard input: first the options of the client, then for every read the consumer
`groups` to look at and the `timeout` in seconds. It answers each with a line, the
options with an empty object once it is ready. Run as
`python -m monitoring.collectors.kafka_child`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from monitoring.collectors.fetch import Bounds
from monitoring.collectors.kafka_reading import Look, words_of

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient


def main() -> int:
    """Read what is asked for until standard input ends."""
    # An abort leaves no image behind: there are passwords in it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What the library prints must not mix with the answers.
    os.dup2(2, 1)
    client = _client(json.loads(sys.stdin.readline()))
    _say(answers, {})
    for line in sys.stdin:
        _say(answers, _answer(client, json.loads(line)))
    return 0


def _say(answers: IO[str], what: Mapping[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def _client(options: Mapping[str, Any]) -> AdminClient:
    from confluent_kafka.admin import AdminClient

    # It finds brokers that were replaced by itself, so it is kept.
    return AdminClient(dict(options))


def _answer(client: AdminClient, asked: Mapping[str, Any]) -> dict[str, Any]:
    from confluent_kafka import KafkaException

    bounds = Bounds(asked["timeout"], 0)
    bounds.begin()
    look = Look(client, bounds, asked["groups"])
    try:
        series = [[one.name, dict(one.labels), one.value] for one in look.series()]
    except (KafkaException, TimeoutError) as error:
        return {"problem": f"it cannot be read ({words_of(error)})", "unanswered": look.unanswered}
    return {"series": series, "notes": look.notes, "unanswered": look.unanswered}


if __name__ == "__main__":
    sys.exit(main())
