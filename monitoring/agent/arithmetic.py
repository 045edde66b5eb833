"""Simple arithmetic as it is shown in a text: "1,840 − 62 = 1,778 parts", "12 of 40 (30 %)"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import add, mul, sub, truediv

_NUMBER = r"[-−]?\d[\d,]*(?:\.\d+)?"
_UNIT = r"(?:\s?(?:%|[A-Za-z]{1,12}(?:/[A-Za-z]{1,8})?))?"
_SIGN = r"\s*(?:\+|-|−|–|\*|×|x(?=\s)|/|÷|\bplus\b|\bminus\b|\btimes\b|\bdivided by\b)\s*"
_MOST_TERMS = 12
"""What is longer is not simple."""
_SUM = re.compile(
    rf"(?<![\w.,])(?P<terms>\(?{_NUMBER}{_UNIT}(?:{_SIGN}\(?{_NUMBER}\)?{_UNIT}\)?){{1,{_MOST_TERMS}}})\s*(?P<equals>=|≈|\bis\b|\bgives\b|\bmakes\b)"
    rf"\s*(?:about\s+|roughly\s+)?(?P<result>{_NUMBER})(?P<share>\s?(?:%|percent\b))?(?!\s*{_SIGN}\d)(?![\d.,]*\d)",
    re.IGNORECASE,
)
_SHARE = re.compile(
    rf"(?<![\w.,])(?P<part>{_NUMBER})\s+(?:out\s+)?of\s+(?P<whole>{_NUMBER})(?P<between>[^.\n()]{{0,40}}\(\s*|\s*=\s*)"
    rf"(?P<result>{_NUMBER})\s?(?:%|percent\b)",
    re.IGNORECASE,
)
_TERM = re.compile(rf"(?P<number>{_NUMBER})|(?P<sign>\+|−|–|-|\*|×|x|/|÷|\bplus\b|\bminus\b|\btimes\b|\bdivided by\b)")
_DOES: Mapping[str, Callable[[float, float], float]] = {
    **dict.fromkeys(("+", "plus"), add),
    **dict.fromkeys(("-", "−", "–", "minus"), sub),
    **dict.fromkeys(("*", "×", "x", "times"), mul),
    **dict.fromkeys(("/", "÷", "divided by"), truediv),
}
_BINDS = (mul, truediv)


def without_results(text: str) -> str:
    """The text without the results of arithmetic that is shown and right; what goes into it stays."""
    text = _SUM.sub(_checked_sum, text)
    return _SHARE.sub(_checked_share, text)


def _checked_sum(match: re.Match[str]) -> str:
    computed = _computed(match["terms"])
    if computed is None or not _reads_as(match["result"], computed * (100 if match["share"] else 1)):
        return match[0]
    return f"{match['terms']} {match['equals']} "


def _checked_share(match: re.Match[str]) -> str:
    whole = _value(match["whole"])
    if not whole or not _reads_as(match["result"], 100 * _value(match["part"]) / whole):
        return match[0]
    return f"{match['part']} of {match['whole']}{match['between']}"


def _reads_as(shown: str, value: float) -> bool:
    """Whether the value, rounded to the digits shown, is what is shown."""
    digits = len(shown.partition(".")[2])
    return abs(abs(_value(shown)) - abs(value)) <= 0.5 * 10.0**-digits * (1 + 1e-9)


def _value(number: str) -> float:
    return float(number.replace(",", "").replace("−", "-"))


def _computed(terms: str) -> float | None:
    """What the terms come to, products before sums, a leading group in brackets first; `None` where they do not."""
    group = re.match(r"\s*\((?P<inside>[^()]+)\)(?P<rest>.*)$", terms, re.DOTALL)
    if group is not None:
        first = _computed(group["inside"])
        return None if first is None else _evaluated([first], group["rest"])
    return _evaluated([], terms)


def _evaluated(values: list[float], text: str) -> float | None:
    signs: list[Callable[[float, float], float]] = []
    for match in _TERM.finditer(text):
        expects_sign = len(values) == len(signs) + 1
        if match["number"] is not None and not expects_sign:
            values.append(_value(match["number"]))
        elif match["number"] is not None and match["number"][0] in "-−":
            # "5 -3": the sign belongs between the two.
            signs.append(sub)
            values.append(_value(match["number"][1:]))
        elif match["sign"] is not None and expects_sign:
            signs.append(_DOES[match["sign"].lower()])
        else:
            return None
    return _reduced(values, signs) if len(values) == len(signs) + 1 else None


def _reduced(values: list[float], signs: list[Callable[[float, float], float]]) -> float | None:
    try:
        for binding in (True, False):
            left, todo = [values[0]], []
            for sign, value in zip(signs, values[1:], strict=True):
                if (sign in _BINDS) == binding or not binding:
                    left[-1] = sign(left[-1], value)
                else:
                    left.append(value)
                    todo.append(sign)
            values, signs = left, todo
    except ZeroDivisionError:
        return None
    return values[0]
