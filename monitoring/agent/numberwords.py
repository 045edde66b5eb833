"""Whole numbers in words up to ninety-nine: "twelve", "twenty-four", "forty eight"."""

from __future__ import annotations

import re

_ONES = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORD = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_ONES[:9])}))?|(?:{'|'.join(reversed(_ONES))}))\b"


def number_word(word: str) -> int | None:
    """The number a lower-case word means; `None` for any other word."""
    if re.fullmatch(NUMBER_WORD, word) is None:
        return None
    parts = re.split(r"[\s-]", word)
    return sum(_ONES.index(part) + 1 if part in _ONES else 10 * (_TENS.index(part) + 2) for part in parts)
