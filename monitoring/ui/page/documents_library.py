"""Which documents there are, what is wrong with some, how to add others and take one out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from monitoring.document_types import Document
from monitoring.errors import InvalidInput, MonitoringError
from monitoring.ui.page import documents_page
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.documents_drawn import added, folders_of, most_megabytes, refused, row_html
from monitoring.ui.page.guard import guarded, words_for
from monitoring.ui.page.text import markdown, one_line

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

TYPES = ("pdf", "md", "markdown", "txt", "text")
MOST_AT_ONCE = 20
MOST_SHOWN = 50
FINDS_FROM = 9
"""From so many documents on there is a field to find one."""
SAID = "documents-said"
"""Where what came of uploads and removals waits to be told: sentences, each with whether it went well."""
ROUND = "documents-round"
"""Counts uploads: each has a field of its own, so that a file is not taken twice."""

Said = tuple[bool, str]


def show(desk: Desk, documents: Sequence[Document]) -> None:
    """Draw the library."""
    count = sum(one.status == "read" for one in documents)
    st.subheader(f"Library · {count:,}" if documents else "Library", anchor=False)
    _tell()
    _upload(desk, documents)
    wanted = ""
    if len(documents) >= FINDS_FROM:
        wanted = st.text_input("Find a document", key="documents-find", max_chars=100, placeholder="name or title")
    found = matching(documents, wanted or "")
    for document in found[:MOST_SHOWN]:
        _row(desk, document)
    if not found and documents:
        st.html('<p class="m-text">No document has that in its name or title.</p>')
    if len(found) > MOST_SHOWN:
        st.caption(f"{MOST_SHOWN} of {len(found):,} are shown; say more of a name to find the others.")


def matching(documents: Sequence[Document], wanted: str) -> list[Document]:
    """Those with all of the words in name or title; first those that need somebody."""
    words = wanted.lower().split()
    found = [one for one in documents if all(word in f"{one.name} {one.title}".lower() for word in words)]
    return sorted(found, key=lambda one: (one.status != "failed", one.name))


def _tell() -> None:
    for well, sentence in st.session_state.pop(SAID, ()):
        show_it, icon = (st.success, ":material/check:") if well else (st.warning, ":material/error:")
        show_it(markdown(sentence), icon=icon)


def _upload(desk: Desk, documents: Sequence[Document]) -> None:
    most = most_megabytes(desk.configured)
    number = st.session_state.setdefault(ROUND, 0)
    files = st.file_uploader(
        f"Add PDF, Markdown or text files, {MOST_AT_ONCE} at a time",
        list(TYPES),
        accept_multiple_files=True,
        max_upload_size=most,
        key=f"documents-upload-{number}",
        help=f"Or put them into {markdown(folders_of(desk.configured), 200)} on the server. Whoever can open this page "
        "can read them here.",
    )
    if files:
        known = frozenset(one.id for one in documents)
        st.session_state[SAID] = list(_taken(desk, files, known))
        st.session_state[ROUND] = number + 1
        st.rerun()


def _taken(desk: Desk, files: Sequence[UploadedFile], known: frozenset[int]) -> Iterator[Said]:
    """What came of each file."""
    few = files[:MOST_AT_ONCE]
    bar = st.progress(0.0)
    for place, file in enumerate(few):
        name = one_line(file.name, 120)
        bar.progress(place / len(few), f"Reading {markdown(name)} ({place + 1} of {len(few)}) …")
        yield take(desk, name, file, known)
    bar.empty()
    if len(files) > MOST_AT_ONCE:
        yield False, f"{len(files) - MOST_AT_ONCE} files were left out: {MOST_AT_ONCE} are taken at a time."


def take(desk: Desk, name: str, file: UploadedFile, known: frozenset[int]) -> Said:
    """Read one upload; whether it went well, and a sentence."""
    try:
        document = desk.operations.add_document(file.name, file.getvalue())
    except InvalidInput as problem:
        return False, refused(name, str(problem))
    except MonitoringError as problem:
        title, sentence = words_for(problem)
        return False, f"{name} was not kept. {title}: {sentence}"
    return True, added(document, name, known)


def _row(desk: Desk, document: Document) -> None:
    with st.container(border=True, key=f"document-{document.id}", gap="small"):
        st.html(row_html(document, desk.zone, desk.clock()))
        with st.container(horizontal=True, gap="small"):
            if document.status == "read":
                documents_page.open_button("Open", document.id, 1, f"document-open-{document.id}")
            _remove(desk, document)


def _remove(desk: Desk, document: Document) -> None:
    with st.popover("Remove", icon=":material/delete:", type="tertiary", key=f"document-remove-{document.id}"):
        st.markdown(f"Remove **{markdown(document.name, 120)}**? {consequence(document)}")
        if st.button("Remove it", type="primary", key=f"document-gone-{document.id}"):
            with guarded():
                desk.operations.remove_document(document.id)
                st.session_state[SAID] = [(True, f"{one_line(document.name, 120)} was removed.")]
                st.rerun()


def consequence(document: Document) -> str:
    """What removing it means."""
    if document.uploaded:
        return "It was uploaded and is deleted for good."
    return (
        "Its file stays where it is and is left aside from now on; "
        "`python incident_qna_chatbot.py index FILE` takes it in again."
    )
