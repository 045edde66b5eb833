"""Texts from data and models, made harmless before they are shown as HTML or Markdown.

Streamlit's Markdown also knows `$maths$`, `:emoji:`, `:red[colours]` and bare links; a name is none of them.
"""

from __future__ import annotations

import html as _html
import re

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&=^@/])")


def one_line(value: object, longest: int = 0) -> str:
    """A value on one line; characters that steer or hide text appear spelled out, and what is beyond `longest`
    characters is left out with an ellipsis."""
    text = CONTROL.sub(spelled, " ".join(str(value).split()))
    return text if not longest or len(text) <= longest else text[: longest - 1].rstrip() + "…"


def spelled(match: re.Match[str]) -> str:
    """A character that steers or hides text, as its code."""
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def html(value: object, longest: int = 0) -> str:
    """A value as the text or quoted attribute of an HTML element."""
    return _html.escape(one_line(value, longest), quote=True)


def markdown(value: object, longest: int = 0) -> str:
    """A value as it stands, in a line of Streamlit's Markdown."""
    return _MARKS.sub(r"\\\1", one_line(value, longest))
