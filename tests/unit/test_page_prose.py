"""Answers become Markdown that can only emphasise, and long ones are cut where it does no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.ui.page.prose import count_lines, folded, prose, tail


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**5** of `6`", "**5** of `6`"),
        ("- a\n- b", "- a\n- b"),
        ("cost $5 and $x^2$", r"cost \$5 and \$x^2\$"),
        (":smile: and :red[hot]", "\\:\u2060smile\\: and \\:red\\[hot]"),
        ("at 12:05:30, :+1: :100:", "at 12\\:05\\:30, \\:\u2060+1\\: \\:\u2060100\\:"),
        ("[a](b) ![c](d)", r"\[a](b) !\[c](d)"),
        ("<script>alert(1)</script>", r"\<script>alert(1)\</script>"),
        ("lag < 5", "lag < 5"),
        ("see http://evil.example/x.", "see `http://evil.example/x`."),
        ("see www.evil.example", "see `www.evil.example`"),
        ("at :material/home: now", "at \\:\u2060material/home\\: now"),
        ("# Title", "#### Title"),
        (r"already \$ and \:", r"already \$ and \:"),
        ("a\x1b[31mb", r"a\x1b\[31mb"),
        ("one\r\ntwo", "one\ntwo"),
    ],
)
def test_what_streamlit_would_act_on_is_shown_as_it_is(written: str, shown: str) -> None:
    assert prose(written) == shown


def test_code_is_left_alone() -> None:
    code = "`$x :smile: <b>` and ``a ` b $c``"
    assert prose(code) == code
    block = "```\n$x :smile:\n```\n"
    assert prose(f"{block}$x") == f"{block}\\$x"
    assert prose("~~~~\n```\n$x\n~~~\n~~~~\n$y") == "~~~~\n```\n$x\n~~~\n~~~~\n\\$y"


def test_code_that_is_not_closed_yet_is_code_to_the_end() -> None:
    assert prose("```\n$x") == "```\n$x"
    assert prose("a ` $b") == r"a ` \$b"


@given(st.text(alphabet="a $:<[`\\\n*#~", max_size=40))
def test_nothing_is_lost(text: str) -> None:
    kept = "".join(c for c in text if c not in "\\#")
    assert "".join(c for c in prose(text) if c not in "\\#\u2060") == kept


def test_a_long_answer_is_cut_between_paragraphs() -> None:
    text = "\n\n".join(f"paragraph {n}" for n in range(1000))
    head, rest = folded(text, 60)
    assert count_lines(head) <= 60
    assert head.endswith("paragraph 29")
    assert rest.startswith("paragraph 30\n")
    assert f"{head}\n\n{rest}" == text


def test_a_list_without_gaps_is_cut_between_its_items() -> None:
    text = "\n".join(f"- item {n}" for n in range(2000))
    head, rest = folded(text, 60)
    assert (count_lines(head), count_lines(rest)) == (60, 1940)


def test_a_fenced_block_that_is_cut_is_one_in_both_parts() -> None:
    head, rest = folded("```\n" + "\n".join("line" for _ in range(200)) + "\n```", 60)
    assert head.startswith("```\n")
    assert head.endswith("\n```")
    assert rest.startswith("```\nline")
    assert rest.endswith("\n```")


def test_what_is_hardly_longer_is_not_folded() -> None:
    text = "\n".join("line" for _ in range(70))
    assert folded(text, 60) == (text, "")


def test_of_growing_text_the_end_is_followed() -> None:
    text = "\n".join(f"line {n}" for n in range(100))
    assert tail(text, 10).split("\n")[0] == "line 90"
    assert tail("short", 10) == "short"
    assert tail(f"```\n{text}", 5).startswith("```\nline 95")
