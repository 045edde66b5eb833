"""Whether every instance that an answer names stands in a tool's reply, or in the question.

How names look is learnt from the data: a name is suspicious where the data knows it but no reply of this answer
speaks of it, where it is formed like a known one, or where it stands as the name of a broker, a table and so on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from monitoring.contract import ToolReply
from monitoring.metrics import Catalogue

_TOKEN = re.compile(r"[^\W_][\w./:@#-]*\w|\w")
_CALLED = re.compile(
    r"\b(?:broker|node|task ?manager|consumer group|group|topic|table|job|instance|replica|host)s?\s+"
    r"(?:named\s+|called\s+)?(?P<name>`[^`\n]+`|[\w./-]*\d(?:[\w./-]*\w)?|[\w-]+(?:[/_.][\w-]+)+)",
    re.IGNORECASE,
)


def unknown_names(
    text: str, replies: Sequence[ToolReply], question: str, instances: Iterable[str], catalogue: Catalogue
) -> tuple[str, ...]:
    """The instances that a text names, as written, of which no reply and no word of the question speaks.

    `instances` are all names the data knows. Without any reply, those may be named.
    """
    known = {part for name in instances for part in _parts(name)}
    said = {part for name in _TOKEN.findall(_said(replies, question)) for part in _parts(name)}
    metrics = {metric.name for metric in catalogue}
    fine = said | metrics | (set() if replies else known)
    shapes = {_shape(name) for name in known if re.search(r"[^\W\d_]", name) and re.search(r"\d", name)}
    found = []
    for token in _TOKEN.findall(text):
        suspicious = (len(token) > 3 and token in known and not token.isalpha()) or _shape(token) in shapes
        if suspicious and not _stands(token, fine):
            found.append(token)
    for match in _CALLED.finditer(text):
        name = match["name"].strip("`")
        if not name.replace(",", "").isdigit() and not _is_time_or_size(name) and not _stands(name, fine):
            found.append(name)
    return tuple(dict.fromkeys(found))


def _stands(name: str, fine: set[str]) -> bool:
    return name in fine or all(part in fine for part in name.split("/"))


def _said(replies: Sequence[ToolReply], question: str) -> str:
    parts = [
        json.dumps([dict(r.args), dict(r.summary), list(r.rows)], ensure_ascii=False, default=str) for r in replies
    ]
    looked = [" ".join(r.looked_at.instances or ()) for r in replies if r.looked_at is not None]
    return "\n".join([question, *parts, *looked])


def _parts(name: str) -> set[str]:
    return {name, *name.split("/")} - {""}


def _shape(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _is_time_or_size(text: str) -> bool:
    return bool(re.fullmatch(r"[\d.,:]+\s?[A-Za-z%]{0,7}", text))
