"""What an answer must not hold: secrets, the instructions of the model, and deeds that were never done."""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable
from functools import cache
from urllib.parse import unquote, urlsplit

from monitoring.agent.sentences import without
from monitoring.settings import Settings

_RUN = 7
"""So many words in a row are no coincidence."""
_SHORT_RUN = 3
"""So many are none where others were found."""
_DEEDS = (
    "restarted|rebooted|stopped|killed|dropped|deleted|removed|truncated|silenced|muted|acknowledged|changed"
    "|updated|altered|inserted|scaled|rebalanced|reset|cleared|purged|disabled|enabled|executed|fixed"
    "|reconfigured|paused|resumed|cancelled|canceled|upgraded|rolled back|failed over"
)
_CLAIM = re.compile(
    rf"\b(?:I|we)(?:['’]ve| have| just| had)?(?: (?:now|already|just|successfully|also))* (?:{_DEEDS})\b"
    rf"|\bsuccessfully (?:{_DEEDS})\b"
    rf"|\b(?:was|were|has been|have been) (?:now )?(?:{_DEEDS}) as (?:you )?(?:asked|requested)\b"
    r"|^\W*(?:done|all set|consider it done)\b",
    re.IGNORECASE,
)
_CANNOT = re.compile(
    r"\b(?:cannot|can['’]?t|can not|unable to|not able to|only look|read-only|not allowed|won['’]t|refuse"
    r"|left aside|aside: i)\b",
    re.IGNORECASE,
)
_CODED = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Texts that stand in the settings and nowhere else may stand."""
    found: set[str] = set()
    if settings.openai_api_key:
        found.add(settings.openai_api_key)
    for url in (settings.database_url, settings.database_reader_url):
        if url:
            password = urlsplit(url).password
            found |= {url, *({password, unquote(password)} if password else set())}
    return tuple(sorted((secret for secret in found if len(secret) >= 6), key=len, reverse=True))


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[removed]")
    return text


def tells_instructions(sentence: str, instructions: str) -> bool:
    """Whether a sentence holds a piece of the instructions, plain, backwards or in a code that is often asked for."""
    return _tells(sentence, instructions, _RUN)


def without_instructions(text: str, instructions: str) -> str:
    """The text without the sentences that tell the instructions; the empty text where they are all over it."""
    if not tells_instructions(text, instructions):
        return text
    kept = without(text, lambda sentence: _tells(sentence, instructions, _SHORT_RUN))
    return "" if tells_instructions(kept, instructions) else kept


def _tells(sentence: str, instructions: str, run: int) -> bool:
    runs = _runs(instructions, run)
    read = (sentence, sentence[::-1], codecs.encode(sentence, "rot13"), *map(_decoded, _CODED.findall(sentence)))
    return any(tuple(words[n : n + run]) in runs for words in map(_words, read) for n in range(len(words) - run + 1))


def _decoded(text: str) -> str:
    """What base64 or hexadecimal digits stand for; the empty text where they stand for nothing."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        return bytes.fromhex(text).decode("utf-8", "ignore")
    padded = text.rstrip("=")
    # A length of one more than a multiple of four is no base64.
    padded = padded[: len(padded) - 1] if len(padded) % 4 == 1 else padded
    whole = padded.replace("-", "+").replace("_", "/") + "=" * (-len(padded) % 4)
    return base64.b64decode(whole).decode("utf-8", "ignore")


def claims_a_deed(sentence: str) -> bool:
    """Whether a sentence says that something was done: nothing ever is."""
    return bool(_CLAIM.search(sentence))


def declines(text: str) -> bool:
    """Whether a text says that something cannot be done."""
    return bool(_CANNOT.search(text))


@cache
def _runs(instructions: str, run: int) -> frozenset[tuple[str, ...]]:
    words = _words(instructions)
    return frozenset(tuple(words[n : n + run]) for n in range(len(words) - run + 1))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z_]+", text.lower())
