"""What a question looks for in documents: its words with how much each counts, and its names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from monitoring.documents.sections import wanted_sections
from monitoring.documents.wording import MONTHS, names_in, plain

LONGEST_QUESTION = 2_000
FULL, FAINT, RELATED, JOINED = 1.0, 0.15, 0.35, 0.45
"""What a word of the question counts, one that only says what kind of answer is wanted, one that means the same,
and two that may be written as one ("check out")."""

_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})[a-z]* (?:\d{{1,2}}\w*,? )?(?:19|20)\d\d\b")
_FAINT = """
    a about after again ago all already also always an and any anything are ask avoid be because been before behind
    best between bring brought by can case cause caused causes causing come could date day days detail details did
    do document documentation documented documents does doing done during end ended event events ever exactly
    explain find finish first fix fixed fixes fixing for found from get give go got had happen happened happening
    happens has have help helped here how i if impact in incident incidents into involve involved involving is it
    its keep kind kinds know last lasted lead learn learned led lesson lessons long look made make many me mean
    means mention more mortem most much must need never next no not notice noticed occur occurred of off on once one
    or our out outage outages over own owner owners owns page past pdf people please post postmortem prevent
    previous previously problem problems reason reasons recent report reports resolution resolve resolved root
    runbook runbooks say says see seen she should show similar since so solution solve solved some start started
    step steps stop stopped summary take taken team tell than that the their them then there these they thing this
    time timeline times to told trigger triggered under until up us use used was way we went were what when where
    which who whose why will with work worked would wrong year years yet you your
"""
FAINT_WORDS = frozenset(_FAINT.split())
"""Words that hardly tell what a question is about: function words, and those that ask for a kind of answer."""

SYNONYMS: Mapping[str, str] = {
    r"\boom\b|\bout of memory\b": "oom out memory heap killed",
    r"\bback ?pressure\w*": "backpressure back pressure backpressured",
    r"\btask ?managers?\b|\btms?\b": "taskmanager task manager",
    r"\bjob ?managers?\b": "jobmanager job manager",
    r"\bzoo ?keeper\b": "keeper",
    r"\bkeeper\b": "zookeeper",
    r"\bgc\b": "garbage collection",
    r"\bgarbage collect\w*": "gc",
    r"\bisr\b": "sync replicas",
    r"\bhow long\b|\bduration\b|\blasted\b": "duration minutes hours",
    r"\bslow(?:ed|er|ness|ly)?\b|\bsluggish\b": "latency slow degraded",
    r"\blatency\b": "slow duration",
    r"\bwrites?\b|\bwriting\b": "insert",
    r"\binsert\w*": "write",
    r"\bqueries\b|\bquery\b": "select",
    r"\bfull\b|\bran out\b|\bspace\b": "full exhausted space disk free",
    r"\bcrash\w*|\bdied?\b": "crash restart failed lost",
    r"\brestart\w*": "restart crash",
    r"\blag(?:ging|ged)?\b|\bbehind\b|\bbacklog\b": "lag backlog behind",
    r"\bunder ?replicated\b": "under replicated",
    r"\bsplit brain\b": "partition split quorum",
    r"\bquorum\b": "quorum majority",
    r"\bleak\w*": "leak memory heap growth",
    r"\bdata loss\b|\blose\b|\blost\b": "lost loss missing dropped",
    r"\bduplicat\w*": "duplicate twice",
    r"\bnetwork\b": "network partition switch link",
    r"\bswitch\b": "network switch",
    r"\bnoticed?\b|\bdetect\w*|\bfound out\b": "alert alarm noticed detected",
    r"\balerts?\b|\balarms?\b|\bpaged?\b": "alert page alarm",
    r"\bcustomers?\b|\busers?\b": "customer user",
    r"\bdash ?boards?\b": "dashboard report",
    r"\broll(?:ed|ing)? ?back\b|\brevert\w*": "rollback rolled revert",
    r"\bthrottl\w*": "throttle quota limit",
    r"\bowns?\b|\bowners?\b|\bresponsible\b|\bassigned\b": "owner",
    r"\bdue\b|\bdeadline\b": "due",
    r"\bmerges?\b": "merge parts",
}
"""Words of a question, and others that a document may use for the same."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is looked for: words with weights, names, and the kinds of sections that would answer it."""

    question: str
    words: Mapping[str, float]
    names: tuple[str, ...]
    sections: Mapping[str, float]


def inquiry(question: str) -> Inquiry:
    """A question read for its words; hidden characters and what lies beyond a limit do not count."""
    shown = "".join(c if c.isprintable() else " " for c in question[:LONGEST_QUESTION])
    lower = plain(shown).lower()
    words: dict[str, float] = {}
    for word in re.findall(r"[^\W_]+", lower):
        words.setdefault(word, FAINT if word in FAINT_WORDS else FULL)
    dated = _MONTH.search(lower) is not None
    for word in words:
        # A month that is a name as well counts as that.
        words[word] = FAINT if dated and (word[:3] in MONTHS or re.fullmatch(r"(?:19|20)\d\d", word)) else words[word]
    for one, other in pairwise(re.findall(r"[^\W\d_]+", lower)):
        words.setdefault(one + other, JOINED)
    for pattern, others in SYNONYMS.items():
        if re.search(pattern, lower):
            for other in others.split():
                words.setdefault(other, RELATED)
    return Inquiry(shown, words, tuple(names_in(shown)), wanted_sections(shown))
