"""What people ask of a data platform and no metric of the catalogue tells: said outright, never answered with "
"another."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOPICS: tuple[tuple[str, str], ...] = (
    ("dead letter queues", r"dlqs?|dead[\s-]?letters?(?: queues?| topics?)?"),
    ("CPU", r"cpus?|processors?|load average|steal time"),
    (
        "network latency",
        r"(?:network|ping|wan|vpn) (?:latency|delay|speed|bandwidth|throughput|traffic)|packet loss|bandwidth",
    ),
    ("DNS", r"dns"),
    ("certificates", r"(?:ssl|tls|certificates?|certs?)(?: expir\w+)?"),
    (
        "log files",
        r"(?:the|any|error|application|server|show|broker|see|read|tail) logs|log ?files?|stack ?traces?|logs of",
    ),
    ("versions", r"(?:which|what|current|running) versions?|versions? (?:of|do|does|is|are)"),
    ("costs", r"costs?|prices?|billing|bills?|budget|licen[cs]es?"),
    ("configuration", r"configur(?:ed|ation|ations)|settings of|replication factor|retention"),
    ("users", r"users? (?:are |is )?(?:online|logged|connected)|logged[\s-]in users?|who (?:deployed|changed|logged)"),
    ("websites and applications", r"web\s?sites?|front-?ends?|back-?ends?|mobile apps?|wi-?fi|internet|laptops?"),
    ("who did what", r"who (?:restarted|changed|stopped|deleted|broke|touched|rebooted|killed|pushed|merged)"),
    ("deployments", r"last deploy\w*|who deployed"),
    ("people on call", r"(?:who|anyone|somebody) (?:is |'s )?on[\s-]?call|on[\s-]?call (?:rota|schedule|engineer)"),
)
_COMPILED = tuple((name, re.compile(rf"\b(?:{words})\b")) for name, words in _TOPICS)


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What is asked about that nothing measures, empty if nothing is, and the question without its words."""

    name: str
    rest: str


def unmeasured_in(text: str) -> Unmeasured:
    """What the lower-case text asks about that is not measured."""
    for name, words in _COMPILED:
        if words.search(text):
            return Unmeasured(name, words.sub(" ", text))
    return Unmeasured("", text)
