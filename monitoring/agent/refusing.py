"""Questions that ask for what is never done: deeds, statements of SQL, secrets and other rules.

Only what is said about it hangs on this: there is nothing here that could act, whatever is asked and however.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import Literal
from urllib.parse import unquote

Kind = Literal["deed", "rules"]

NOTHING_DONE = (
    "Nothing was changed: I can only look at the platform and explain what I find. I cannot restart, configure, delete "
    "or silence anything, and I run no SQL."
)
KEPT_BACK = (
    "I cannot do that: I show no instructions, settings or keys, and my rules stay as they are. I can answer questions "
    "about the health of Kafka, Flink and ClickHouse."
)

_POLITE = (
    r"(?:(?:please|now|then|also|just|ok|okay|hey|dan|sudo|simply|kindly|go ahead and|can you|could you|will you"
    r"|would you|you (?:must|shall|should|can|may|will|have to)|i (?:want|need|order|command) you to|let'?s)[\s,:]+)*"
)
_DEED = re.compile(
    rf"^\W*{_POLITE}(?:restart|reboot|kill|stop|start|scale|delete|drop|remove|truncate|silence|mute|acknowledge"
    rf"|ack|change"
    r"|set|fix|repair|run|execute|roll\s?back|rollback|rebalance|create|send|shut\s?down|reset|disable|enable|pause"
    r"|resume"
    r"|update|upgrade|alter|cancel|purge|wipe|erase|deploy|configure|increase|decrease)\b"
    r"(?! (?:of|in|at|on|for|me|since|from|to|with|by|times?|loops?|rates?|counts?|trends?|history|frequency"
    r"|mutations?)\b)"
)
_SQL = re.compile(
    r"\b(?:select\b[^?]{1,200}\bfrom\s+\w|select\s+(?:\*|1\b)|insert\s+into\b|update\s+\w+\s+set\b|delete\s+from\b"
    r"|drop\s+(?:table|database|schema|view|role|user|topic)\b|truncate\s+\w|alter\s+(?:table|role|system)\b"
    r"|create\s+(?:table|role|user|database)\b|copy\s*\(|grant\s+\w+\s+on\b|union\s+select\b)|'\s*or\s*'?1'?\s*=\s*'?1"
    r"|\brm\s+-rf?\b|/etc/passwd|\bsudo\s|\bcurl\s+\S+\.\w|--delete\b"
)
_RULES = re.compile(
    r"\b(?:system|initial|hidden|secret)[\s-]*(?:prompt|message|instructions?)\b"
    r"|\b(?:ignore|disregard|forget|override|bypass|print|show|repeat|reveal|translate|encode|output|dump|leak"
    r"|tell me)\b[^.?!]{0,40}\b(?:your|previous|prior|above|these|the|all)\s+(?:\w+\s+){0,2}(?:instructions?|rules"
    r"|guidelines|prompt|configuration|settings)\b"
    r"|\brepeat (?:everything|all|the text|the words)\b|\bwhat (?:were|are) you (?:told|instructed)\b"
    r"|\b(?:you are|act as|become) (?:now )?(?:dan|root|admin|unrestricted|jailbroken)\b|\bjailbreak"
    r"|\bno restrictions\b"
    r"|\b(?:debug|developer|god|admin) mode\b|\bfrom now on\b|\bwhatever the data says?\b|^\W*(?:say|claim|pretend)\b"
    r"|\bopenai_\w+|\bdatabase_\w+|\b(?:your|the|my|all|api|database|db|secret|private)\s+(?:api[\s_-]?|secret\s+)?"
    r"(?:keys?|passwords?|passwd|credentials?|secrets?|tokens?)\b(?! (?:per|used|budget|rotation))"
)
_ELSEWHERE = (
    (
        "rules",
        r"\banweisungen\b|\bignorier|\bsystem-?prompt|\bschlüssel\b|\bpasswort\b|\binstructions\b.*\bclé\b|\bclé api\b"
        r"|\boublie\b|\bmot de passe\b|\binstrucciones\b|\bcontraseña\b|\binstruções\b|\bsenha\b|\bistruzioni\b"
        r"|инструкци|пароль|игнорируй|指令|系统提示|密码|提示词|تعليمات|تجاهل|كلمة المرور|指示を無視|パスワード|지시",
    ),
    (
        "deed",
        r"\bstarte\b.*\bneu\b|\bneustart|\blösch|\bstoppe\b|\bredémarre|\bsupprime|\barrête\b|\breinicia|\bborra\b"
        r"|\belimina\b|\bdetén\b|\breinicie\b|\bapague\b|\briavvia|\bcancella\b|перезапусти|удали|останови|重启|删除|停止"
        r"|أعد تشغيل|احذف|أوقف|再起動|削除|재시작|삭제",
    ),
)
_SPACED = re.compile(r"\b(?:\w ){3,}\w\b")
_CODED = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")


def asked_for(question: str) -> Kind | None:
    """What of all that is never done a question asks for, plainly, in another language or in a usual code."""
    for text in _readings(question):
        lower = text.lower()
        if _RULES.search(lower):
            return "rules"
        if _SQL.search(lower) or any(
            _DEED.search(part) for part in re.split(r"[.!?;:>\n]+|,\s+(?:dan|please|now)\b", lower)
        ):
            return "deed"
    lower = question.lower()
    for kind, pattern in _ELSEWHERE:
        if re.search(pattern, lower):
            return "rules" if kind == "rules" else "deed"
    return None


def refusal(kind: Kind) -> str:
    """What is said to it."""
    return KEPT_BACK if kind == "rules" else NOTHING_DONE


def _readings(question: str) -> Iterator[str]:
    """The question as it is, without what hides letters, and as the usual codes read."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", question) if unicodedata.category(c) != "Cf")
    yield plain
    yield _SPACED.sub(lambda match: match[0].replace(" ", ""), plain.replace("  ", "\t")).replace("\t", " ")
    if "%" in plain:
        yield unquote(plain)
    for token in _CODED.findall(plain):
        try:
            yield base64.b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
    if not re.search(r"\b(?:the|is|are|what|kafka|flink|clickhouse)\b", plain.lower()):
        yield codecs.encode(plain, "rot13")
