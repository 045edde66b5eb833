"""The panel Documents: post-mortems and runbooks, asked in plain words; which there are; more of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import streamlit as st

from monitoring.document_types import Citation, Document, DocumentAnswer
from monitoring.errors import StoreError
from monitoring.ui.page import documents_library, documents_page, panel_style, shell, waiting
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.documents_drawn import (
    STYLE,
    citation_html,
    empty_html,
    examples,
    folders_of,
    meta_line,
    nearest,
)
from monitoring.ui.page.guard import guarded, tell
from monitoring.ui.page.prose import prose
from monitoring.ui.page.text import markdown

QUESTION = "documents-question"
"""The field of the question."""
WANTED = "documents-wanted"
"""Where a question waits to be asked."""
ANSWER = "documents-answer"
"""Where the last answer is kept, for as long as the tab is open."""
LONGEST_QUESTION = 2_000


def show(desk: Desk) -> None:
    """Draw the panel."""
    st.html(panel_style.SHEET)
    st.html(STYLE)
    try:
        documents = desk.operations.documents()
    except StoreError as problem:
        tell(problem)
        waiting.draw_when_back(desk)
        return
    _draw(desk, documents)
    _follow(desk, documents)


def _follow(desk: Desk, documents: Sequence[Document]) -> None:
    """Draw the panel anew once other documents are there; not while a page is looked at."""
    drawn = _stand(documents)

    def look() -> None:
        with suppress(StoreError):
            if not documents_page.is_open() and _stand(desk.operations.documents()) != drawn:
                st.rerun()

    st.fragment(look, run_every=shell.refresh_seconds())()


def _stand(documents: Sequence[Document]) -> frozenset[tuple[int, datetime]]:
    return frozenset((one.id, one.indexed_at) for one in documents)


def _draw(desk: Desk, documents: Sequence[Document]) -> None:
    readable = [one for one in documents if one.status == "read"]
    asking, library = st.columns([3, 2], gap="large")
    with asking:
        if readable:
            _ask(desk, readable)
        else:
            st.html(empty_html(folders_of(desk.configured), bool(documents)))
    with library:
        documents_library.show(desk, documents)
    documents_page.show_asked(desk, documents, st.session_state.get(ANSWER))


def _ask(desk: Desk, readable: Sequence[Document]) -> None:
    st.subheader("Ask", anchor=False)
    with st.form("documents-ask", border=False, enter_to_submit=True):
        typed = st.text_input(
            "What would you like to know from post-mortems and runbooks?",
            key=QUESTION,
            max_chars=LONGEST_QUESTION,
            placeholder="What fixed it, who noticed, what to do …",
            autocomplete="off",
        )
        if st.form_submit_button("Ask", type="primary", icon=":material/search:"):
            st.session_state[WANTED] = typed or ""
    question = st.session_state.pop(WANTED, None)
    if question is not None:
        with guarded(), st.spinner("Looking through the documents …", show_time=True):
            st.session_state[ANSWER] = None
            st.session_state[ANSWER] = desk.operations.ask_documents(question)
    answer: DocumentAnswer | None = st.session_state.get(ANSWER)
    if answer is not None:
        _answer(answer, readable)
    _examples(readable, answer)


def _examples(readable: Sequence[Document], answer: DocumentAnswer | None) -> None:
    others = [question for question in examples(readable) if answer is None or question != answer.question]
    if not others:
        return
    st.html('<h3 class="m-sub">For example</h3>')
    with st.container(key="documents-examples", gap="small"):
        for place, question in enumerate(others):
            st.button(
                markdown(question, 140),
                key=f"documents-example-{place}",
                icon=":material/chat:",
                on_click=_want,
                args=(question,),
            )


def _want(question: str) -> None:
    st.session_state[QUESTION] = st.session_state[WANTED] = question[:LONGEST_QUESTION]


def _answer(answer: DocumentAnswer, readable: Sequence[Document]) -> None:
    with st.container(border=True, key="documents-answer-box"):
        st.html('<h3 class="m-hidden">Answer</h3>')
        if answer.found:
            st.markdown(prose(answer.answer))
        else:
            _unsaid(answer, readable)
        st.caption(markdown(meta_line(answer, len(readable))))
        for note in answer.notes:
            st.caption(f":material/info: {markdown(note, 400)}")
    if answer.citations:
        st.html('<h3 class="m-sub">Where it says so</h3>')
        for place, citation in enumerate(answer.citations):
            _citation(citation, place)


def _unsaid(answer: DocumentAnswer, readable: Sequence[Document]) -> None:
    st.markdown(":material/search_off: **The documents don't say.** Other words may find it, or it was never written.")
    near = nearest(answer, readable)
    if near:
        st.markdown("These come closest:")
        for one in near:
            documents_page.open_button(one.title, one.id, 1, f"documents-near-{one.id}")


def _citation(citation: Citation, place: int) -> None:
    with st.container(border=True, key=f"documents-citation-{place}", gap="small"):
        st.html(citation_html(citation))
        label = f"Open page {citation.page}" if citation.media == "pdf" else "Open the text"
        documents_page.open_button(label, citation.document_id, citation.page, f"documents-open-{place}")
