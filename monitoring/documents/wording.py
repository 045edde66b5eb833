"""Words and names of documents and questions, as they are looked up: pure.

A name is whatever must be found exactly: `max_parts_per_partition`, `TOO_MANY_PARTS`, `broker-3`, `252`, `v2.14.1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_NAME = 100
MOST_NAMES = 400
_NAME = re.compile(r"[A-Za-z0-9_]+(?:[-./:@#][A-Za-z0-9_]+)*%?")
_JOINT = re.compile(r"(?<=[^\W_])[-_./:@#\\]+(?=[^\W_])")
_NUMBERED = re.compile(
    r"\b(broker|node|replica|shard|partition|tm|taskmanager|worker|keeper|controller|kafka|clickhouse|ch|flink|host"
    r"|server|zookeeper|zk)[ -]?(\d{1,4})\b",
    re.IGNORECASE,
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_OF = re.compile(r"(?<!\d)((?:19|20)\d\d)-(0[1-9]|1[0-2])(?!\d)")
_WRITTEN_DATE = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?)?(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?,? (?:(\d{1,2})(?:st|nd|rd|th)?,? )?"
    r"((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_CAMELS = re.compile(r"\b[A-Z]?[a-z]+(?:[A-Z][a-z]+)+\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def plain(text: str) -> str:
    """The text with the parts of compound names as words of their own, so that each can be found."""
    return _JOINT.sub(" ", text.replace("\x00", ""))


def indexed(text: str) -> str:
    """The same for a document: names such as `NotEnoughReplicas` as they are and also in their parts."""
    return plain(_CAMELS.sub(lambda match: f"{match[0]} {_CAMEL.sub(' ', match[0])}", text))


def names_in(text: str) -> list[str]:
    """The names of a text in lower case, each once; of compound names also the parts that are names.

    Months and days are names too, however they are written: `2025-03` for "March 2025" and for "2025-03-11".
    """
    found = dict.fromkeys(name for match in _NAME.finditer(text) for name in _names(match[0]))
    found.update(dict.fromkeys(_dates(text)))
    found.update(dict.fromkeys(f"{kind.lower()}-{number}" for kind, number in _NUMBERED.findall(text)))
    return [name[:LONGEST_NAME] for name in found][:MOST_NAMES]


def _dates(text: str) -> Iterator[str]:
    for year, month in _MONTH_OF.findall(text):
        yield from (year, f"{year}-{month}")
    for day, name, after, year in _WRITTEN_DATE.findall(text):
        month = f"{year}-{MONTHS.index(name[:3].lower()) + 1:02d}"
        yield from (year, month)
        if day or after:
            yield f"{month}-{int(day or after):02d}"


def _names(token: str) -> Iterator[str]:
    token = token.strip("_")
    if _is_name(token):
        yield token.lower().removesuffix("%")
    for part in (*re.split(r"[/:@#]", token), *re.split(r"[./:@#]", token)):
        if part != token and _is_name(part):
            yield part.lower().removesuffix("%")


def _is_name(token: str) -> bool:
    """Whether a word is not one of a language: it holds a digit, a joint, or capitals throughout."""
    bare = token.rstrip("%")
    if not bare:
        return False
    if any(c.isdigit() for c in bare) or "_" in bare:
        return True
    return (len(bare) >= 3 and bare.isupper()) or ("." in bare and not bare.endswith(".") and len(bare) > 4)
