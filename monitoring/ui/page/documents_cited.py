"""Pages of documents that an answer of the chat cites, as links that open them."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from monitoring.contract import Answer, Json
from monitoring.ui.page import shell
from monitoring.ui.page.text import markdown

PATH = "documents"
"""The address of the panel that opens them."""
MOST_LINKS = 8


def show(answer: Answer, number: int) -> None:
    """Draw a link for each page that turn `number` cites."""
    links = cited(answer)
    if not links:
        return
    with st.container(horizontal=True, gap="small", key=f"cited-{number}"):
        for row in links:
            label = markdown(str(row["label"]).strip("[]"), 120)
            page = {"document": str(row["document_id"]), "page": str(row["page"])}
            shell.link(PATH, label, ":material/menu_book:", **page)


def cited(answer: Answer) -> list[Json]:
    """The passages whose labels stand in the answer, one of each page, in the order in which they are cited."""
    named = [row for row in _passages(answer) if str(row["label"]) in answer.answer]
    pages = {(row["document_id"], row["page"]): row for row in reversed(named)}
    return sorted(pages.values(), key=lambda row: answer.answer.index(str(row["label"])))[:MOST_LINKS]


def _passages(answer: Answer) -> Iterator[Json]:
    for call in answer.tool_calls:
        yield from (row for row in call.rows if {"label", "document_id", "page"} <= row.keys())
