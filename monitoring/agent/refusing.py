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

from monitoring.agent.deeds import order_in

Kind = Literal["deed", "rules"]
Reason = Literal["sql", "manipulation", "action"]

NOTHING_DONE = (
    "Nothing was changed: I can only look at the platform and explain what I find. I cannot restart, configure, delete "
    "or silence anything, and I run no SQL."
)
KEPT_BACK = (
    "I cannot do that: I show no instructions, settings or keys, and my rules stay as they are. I can answer questions "
    "about the health of Kafka, Flink and ClickHouse."
)

_SQL = re.compile(
    r"\bselect\s+(?:\*|1\b|(?!(?:the|all|only|just|any|those|these|my|our|by"
    r"|in)\b)[\w.*()'\"]+(?:\s*,\s*[\w.*()'\"]+)*\s+from\s+"
    r"(?!(?:the|last|past|this|yesterday|today|kafka|flink|clickhouse)\b)[\w.\"]+)"
    r"|\binsert\s+into\b|\bupdate\s+\w+\s+set\b|\bdelete\s+from\b|\bdrop\s+(?:table|database|schema|view|role|user)\b"
    r"|\btruncate\s+(?:table\s+)?\w+|\balter\s+(?:table|role|system|user)\b|\bcreate\s+(?:table|role|user|database)\b"
    r"|\bcopy\s*\(|\bgrant\s+\w+\s+on\b|\bunion\s+(?:all\s+)?select\b|;\s*--|'\s*or\s*'?1'?\s*=\s*'?1"
    r"|\brm\s+-rf?\b|/etc/passwd|\bsudo\s|\bcurl\s+\S+\.\w"
)
_SELECTED = re.compile(r"\bselect\b[^?]{1,200}\bfrom\s+\w")
_SIGNS = re.compile(r"[*()=;]|\w_\w|\bwhere\b.*[<>=]|\blimit \d|\border by\b|\bgroup by\b|\bjoin\b")
_KEY_FIGURE = (
    r"(?!\s+(?:per|used|budget|rotation|figures?|metrics?|numbers?|points?|facts?|findings?|indicators?|takeaways?"
    r"|events?"
    r"|problems?|issues?|stats|things?|performance|changes|incidents?|values?|results?|messages?|topics?|people"
    r"|questions?))"
)
_RULES = re.compile(
    r"\b(?:system|initial|hidden|secret)[\s-]*(?:prompt|message|instructions?)\b"
    r"|\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines?"
    r"|restrictions?"
    r"|everything above|previous (?:messages?|orders|text))\b"
    r"|\b(?:print|show|repeat|reveal|translate|encode|output|dump|leak|give|tell|what is|what's)\b[^.?!]{0,40}\b(?:"
    r"(?:your|previous|prior|above)\s+(?:\w+\s+){0,2}(?:instructions?|rules|guidelines|prompts?|config(?:uration)?"
    r"|settings"
    r"|secrets?)|(?:the|these|all)\s+(?:\w+\s+){0,2}(?:instructions?|guidelines|prompt))\b"
    r"|\byour\s+(?:\w+\s+){0,2}(?:instructions?|prompts?|guidelines|rules|secrets|source code"
    r"|config(?:uration)? file)\b"
    r"(?!\s+(?:for|on|of|when|about))|\b(?:connection strings?|\.env|jdbc)\b|\bwithout (?:any )?(?:restrictions"
    r"|filters|rules)\b"
    r"|(?<!i )\brepeat (?:everything|all|the text|the words)(?=\s+(?:above|before|i|you)\b|\W*$)"
    r"|\bwhat (?:were|are) you (?:told|instructed)\b"
    r"|\byou are now\b|\b(?:you are|act as|become) (?:now )?(?:dan|root|admin|unrestricted|jailbroken)\b|\bjailbreak"
    r"|\bact as (?:if you|my|an? (?:\w+ )?(?:ai|assistant|hacker|shell|terminal|dba|developer|person|bot))\b"
    r"|\brole[- ]?play"
    r"|\bno restrictions\b|\b(?:debug|developer|god|admin) mode\b|\bwhatever the data says?\b"
    r"|\bfrom now on\b,?\s+(?:you|answer|reply|always|never|ignore|say|act|only|respond|speak)\b"
    r"|^\W*(?:say|claim)\s+(?:that\s+(?!again)\w|everything|all is|nothing|no)|\bpretend\s+(?:you|to be|that"
    r"|everything|all|there|no)\b"
    r"|\bopenai_\w+|\bdatabase_\w+|\b(?:your|the|my|all|api|database|db|secret|private|access)\s+"
    r"(?:api[\s_-]?|secret\s+|private\s+)?(?:keys?|secrets?|tokens?)\b"
    rf"{_KEY_FIGURE}|\bapi[\s_-]?(?:keys?|tokens?)\b|(?<!with )\b(?:passwords?|passwd|credentials?"
    rf"|environment variables?)\b"
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


def reason_in(text: str) -> Reason | None:
    """Why one lower-case sentence, or a text of several without a break that counts, is not done."""
    if _SQL.search(text) or (_SELECTED.search(text) and _SIGNS.search(text)):
        return "sql"
    if _RULES.search(text):
        return "manipulation"
    return "action" if order_in(text) else None


def asked_for(question: str) -> Kind | None:
    """What of all that is never done a question asks for, plainly, in another language or in a usual code."""
    for text in _readings(question):
        lower = text.lower()
        reasons = {reason_in(lower), *map(reason_in, re.split(r"(?<=[?!.;>])\s+|\n", lower))}
        if "manipulation" in reasons:
            return "rules"
        if reasons - {None}:
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
