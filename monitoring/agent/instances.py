"""Instances that a question names: whole names, parts of names, and names that are nearly right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from monitoring.agent import lexicon
from monitoring.agent.naming import stem, vocabulary
from monitoring.metrics import COMPONENTS, Catalogue


@dataclass(frozen=True, slots=True)
class Instances:
    """Instances of the data that a question names, and names of its own that the data does not know."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]
    rest: str
    respelt: tuple[tuple[str, str], ...] = ()
    """What was written, and the name it was taken for."""


def _key(name: str) -> str:
    return re.sub(r"[\s_\-.:/]+", "", name.lower())


_SCOPE = (
    r"(?:broker|brokers|node|host|replica|server|shard|topic|table|group|consumer group|job|task|disk"
    r"|database|instance|taskmanager|tm|partition)"
)
_LOOKS_LIKE_INSTANCE = (
    r"(?<![\w./-])(?!(?:p\d+|k8s|24/7|and/or|warning/critical|kafka/\w+|flink/\w+|clickhouse/\w+)\b)"
    r"(?:[a-z]+(?:[-_][a-z]+)*[-_]\d+(?:[/.][\w.-]+)?|(?!\w+/(?:\d|s(?:ec)?\b|m(?:in|s)?\b|h(?:our)?\b|minute|second"
    r"|day\b|minus\b))[a-z][\w.-]*/[\w.-]*[\w])(?![\w/-])"
)


def instances_in(text: str, known: Iterable[str], catalogue: Catalogue) -> Instances:
    """Instances named in a lower-case text: whole names, or one part of names like `node/table`.

    A name that could as well be an ordinary word or number counts only after a word such as "broker" or
    "table", or in quotes. The rest is the text with these names blanked out.
    """
    names = tuple(dict.fromkeys(known))
    by_key: dict[str, list[str]] = {}
    for name in names:
        for key in {_key(name), *(_key(part) for part in name.split("/"))}:
            by_key.setdefault(key, []).append(name)
    text, respelt = _respelt(text, names, by_key)
    found: list[str] = []
    mentioned: list[str] = []
    rest = text
    for start, end, key, sure in _candidates(text):
        if rest[start:end] != text[start:end]:
            continue
        jobs = _jobs(text[start:end], names) if re.match(r"\s+jobs?\b", text[end:]) else []
        if not jobs and (key not in by_key or (not sure and _ambiguous(key, text[start:end], by_key[key], catalogue))):
            continue
        exact = [name for name in by_key.get(key, ()) if _key(name) == key]
        found.extend(jobs or (exact if "/" in text[start:end] and exact else by_key[key]))
        mentioned.append(key)
        rest = rest[:start] + " " * (end - start) + rest[end:]
    for start, end, besides in _beside_names(text, rest, by_key, found, mentioned):
        found.extend(besides)
        mentioned.append(_key(text[start:end]))
        rest = rest[:start] + " " * (end - start) + rest[end:]
    found = _joint(found, mentioned)
    unknown = _unknown(rest, catalogue) if names else ()
    for name in unknown:
        rest = rest.replace(name, " " * len(name))
    return Instances(tuple(dict.fromkeys(found)), unknown, rest, respelt)


_JOINING = (
    r"\s*(?:[,&+]|\b(?:and|or|vs\.?|versus|against|than|with|to)\b)\s*(?:(?:the|for|on|of|in|into)\s+)*"
    rf"(?:{_SCOPE}s?\s+)?"
)
_BETWEEN = re.compile(_JOINING)
_BEFORE = re.compile(f"{_JOINING}$")
"""What stands between two things of a kind that are named side by side."""


def _beside_names(
    text: str, rest: str, by_key: dict[str, list[str]], found: Sequence[str], mentioned: Sequence[str]
) -> list[tuple[int, int, list[str]]]:
    """Ordinary words that are names because of the names around them: where they stand, and what they name.

    "Orders against payments" where payments is sure to be one; "enrich and sink" of a job that is named. `rest` is
    the text with the names already found blanked out.
    """
    heads = {_key(name.split("/")[0]) for name in found if {_key(name), _key(name.split("/")[0])} & set(mentioned)}
    beside = []
    for match in re.finditer(r"[a-z][\w-]+", rest):
        start, end = match.span()
        names = by_key.get(_key(match[0]), [])
        after, before = _BETWEEN.match(text, end), _BEFORE.search(text[:start])
        joined = (after is not None and _blanked(text, rest, after.end())) or (
            before is not None and _blanked(text, rest, before.start() - 1)
        )
        of_named = [name for name in names if "/" in name and _key(name.split("/")[0]) in heads]
        if of_named or (joined and names and match[0] not in COMPONENTS):
            beside.append((start, end, of_named or names))
    return beside


def _blanked(text: str, rest: str, place: int) -> bool:
    return 0 <= place < len(text) and rest[place] == " " != text[place]


_NUMBER_ALONE = re.compile(
    r"^(?P<lead>\W*(?:(?:and|or|also|then|now|ok|okay|what about|how about|same (?:for|with)|for|on|of|with)\W+)*)"
    r"(?:(?:the|number|no|nr|one|id|node(?= ))\W+)*#?(?P<number>\d{1,4})"
    r"(?:\s+(?:too|as well|also|then|please|pls)){0,2}\W*$"
)


def numbered(text: str, before: Sequence[str], known: Iterable[str]) -> str:
    """ "And 3?" after a question about `tm-2`: the text with the whole name, where there is one."""
    match = _NUMBER_ALONE.match(text)
    heads = {name.split("/")[0] for name in before}
    if match is None or len(heads) != 1:
        return text
    name = re.sub(r"\d+$", match["number"], heads.pop())
    return f"{match['lead']}{name.lower()}" if name in {one.split("/")[0] for one in known} else text


def beside_before(text: str, named: tuple[str, ...], before: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """ "On ch-3?" after a question about `ch-2/orders`, "and archive?" after one about `ch-2/default`.

    Where the parts of several nodes are named, or a node alone, the one that stands in the place of the one before.
    """
    heads, tails = ({name.split("/")[end] for name in before} for end in (0, -1))
    if len(heads) != 1 or len(tails) != 1 or not all("/" in name for name in before):
        return named
    head, tail = heads.pop(), tails.pop()
    if not named:
        siblings = [name for name in known if name.startswith(f"{head}/") and name not in before]
        said = [name for name in siblings if re.search(rf"\b{re.escape(name.split('/')[1].lower())}\b", text)]
        return (said[0],) if len(said) == 1 else named
    nodes = {name.split("/")[0] for name in named}
    parts = {name.split("/")[1] for name in named if "/" in name}
    if len(nodes) == 1 and head not in nodes and len(parts) != 1:
        one = f"{nodes.pop()}/{tail}"
    elif len(nodes) > 1 and len(parts) == 1 and all("/" in name for name in named):
        one = f"{head}/{parts.pop()}"
    else:
        return named
    return (one,) if one in set(known) else named


_NAME_LIKE = re.compile(
    r"(?<![\w./:-])(?:[a-z]{4,12}[\s#-]?\d{1,3}(?![\w:.%]|-\d|\s*[ap]m\b)|[a-z]\w*(?:[-_/][a-z]\w*)+)(?![\w/-])"
)
"""Words with the looks of an instance's name: "brokr-3", "brokr 3", "order-enrich"."""


def _respelt(text: str, names: Sequence[str], by_key: dict[str, list[str]]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text with names that differ in a letter or two from exactly one known name put right."""
    wholes = {_key(part): part.lower() for name in names for part in {name, *name.split("/")}}
    told: list[tuple[str, str]] = []

    def put_right(match: re.Match[str]) -> str:
        written = match[0]
        known = _taken_for(written, by_key, wholes)
        if known:
            told.append((written, known))
        return known or written

    return _NAME_LIKE.sub(put_right, text), tuple(dict.fromkeys(told))


def _taken_for(written: str, by_key: dict[str, list[str]], wholes: dict[str, str]) -> str:
    key = _key(written)
    letters, digits = re.sub(r"\d", "", key), re.sub(r"\D", "", key)
    words = re.findall(r"[a-z]+", written)
    if key in by_key or (digits and words[0] in lexicon.COMMON_WORDS) or all(w in lexicon.COMMON_WORDS for w in words):
        return ""
    allowed = 1 if len(letters) < 8 else 2
    near = [
        (distance, name)
        for other, name in wholes.items()
        if re.sub(r"\D", "", other) == digits
        and (digits or re.search(r"[-_/]", name))
        and (distance := OSA.distance(letters, re.sub(r"\d", "", other))) <= allowed
    ]
    best = min(near, default=(0, ""))
    return best[1] if sum(distance == best[0] for distance, _ in near) == 1 else ""


def _joint(found: list[str], mentioned: list[str]) -> list[str]:
    """ "The archive disk on ch-2": where a node and a disk are named, what is meant is that disk of that node."""
    joint = [name for name in found if "/" in name and all(_key(part) in mentioned for part in name.split("/"))]
    covered = {part for name in joint for part in name.split("/")}
    apart = [name for name in found if not covered & set(name.split("/"))]
    return [*joint, *apart] if joint else found


def _jobs(word: str, names: Sequence[str]) -> list[str]:
    """Names that begin with the word in front of "job": the payments job may be called payments-agg."""
    if len(word) < 3 or word in COMPONENTS or word in lexicon.COMMON_WORDS - lexicon.NAMES_TOO:
        return []
    return [name for name in names if re.match(rf"{re.escape(word)}[-_]", name.lower())]


def _candidates(text: str) -> list[tuple[int, int, str, bool]]:
    """Stretches of one to three words that may be an instance name, the longest first."""
    tokens = list(re.finditer(r"[\w./:#@*+-]*[\w*]", text))
    found = []
    for count in (3, 2, 1):
        for first in range(len(tokens) - count + 1):
            start, end = tokens[first].start(), tokens[first + count - 1].end()
            before, after = text[:start], text[end:]
            quoted = before.endswith(('"', "'", "`", "“")) and after.startswith(('"', "'", "`", "”"))
            scoped = re.search(rf"\b{_SCOPE}\s+[\"'`“#]?$", before) is not None or (
                count == 1 and re.match(r"\s+(?:topics?|tables?|group|consumer group|disk)\b", after) is not None
            )
            named = count > 1 and re.match(_SCOPE, text[start:end]) is not None
            found.append((start, end, _key(text[start:end]), quoted or scoped or named))
    return found


def _ambiguous(key: str, written: str, names: Sequence[str], catalogue: Catalogue) -> bool:
    """Whether a name could just as well be an ordinary word, a number or a unit of time."""
    if re.fullmatch(r"\d+[a-z]?|.{1,2}|p\d\d?", key):
        return written.isalnum() or written not in (name.lower() for name in names)
    words = lexicon.COMMON_WORDS | vocabulary(catalogue) | set(COMPONENTS)
    return key in words or key in lexicon.ABBREVIATIONS or stem(key) in words


def _unknown(text: str, catalogue: Catalogue) -> tuple[str, ...]:
    shaped = [m[0] for m in re.finditer(_LOOKS_LIKE_INSTANCE, text) if not _are_words(m[0], catalogue)]
    numbered = re.findall(r"\b((?:broker|node|taskmanager|task manager|shard|replica)\s+#?\d+)(?![\d:])\b", text)
    return tuple(dict.fromkeys([*shaped, *numbered]))


def _are_words(written: str, catalogue: Catalogue) -> bool:
    """Whether a stroke stands between ordinary words, as in "yes/no", "parts/partition" or "failures/10 min"."""
    first, stroke, last = written.partition("/")
    known = lexicon.COMMON_WORDS | vocabulary(catalogue)
    return bool(stroke) and all(
        len(word) == 1 or stem(word) in known or word in known or re.fullmatch(r"\d+|min|sec|ms", word) is not None
        for word in (first, last)
    )


def nearest_instances(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Known instances that look like the one given, the most similar first."""
    key = _key(name)
    ranked = sorted(set(known), key=lambda other: (OSA.normalized_distance(key, _key(other)), other))
    return tuple(other for other in ranked[:most] if OSA.normalized_distance(key, _key(other)) < 0.6)
