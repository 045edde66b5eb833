"""A page of a document over the panel: its picture with the cited passages marked, pages before and after, the file.

Which page stands in the address, so that a link opens it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from monitoring.document_types import Document, DocumentAnswer, PagePicture
from monitoring.ui.page import address
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.documents_drawn import passage_html, place_words
from monitoring.ui.page.guard import guarded
from monitoring.ui.page.text import CONTROL, html, markdown, spelled

DOCUMENT, PAGE = "document", "page"
"""Names in the address."""
PICTURE = "documents-picture"
"""Where the picture drawn last is kept with what it shows."""
LONGEST_TEXT = 40_000
"""Characters of a text that are shown."""

Shown = tuple[int, int, tuple[str, ...]]


def open_button(label: str, document: int, page: int, key: str) -> None:
    """A button that opens a page."""
    to = {DOCUMENT: str(document), PAGE: str(page)}
    st.button(markdown(label, 160), icon=":material/menu_book:", key=key, on_click=address.write, args=(to,))


def show_asked(desk: Desk, documents: Sequence[Document], answer: DocumentAnswer | None) -> None:
    """Open the page that the address names, if it names one."""
    number = address.read(DOCUMENT)
    if not number:
        return
    document = next((one for one in documents if str(one.id) == number), None)
    if document is None:
        st.toast("That document is not there any more.", icon=":material/search_off:")
        _close()
        return
    open_it = st.dialog(markdown(document.title, 120), width="large", on_dismiss=_close)(_draw)
    open_it(desk, document, answer)


def is_open() -> bool:
    """Whether a page is looked at."""
    return bool(address.read(DOCUMENT))


def _close() -> None:
    address.write({DOCUMENT: None, PAGE: None})


def page_asked(given: str, pages: int) -> int:
    """The page of an address: the nearest there is."""
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 1
    return min(max(1, number), max(1, pages))


def marked_on(answer: DocumentAnswer | None, document: int, page: int) -> tuple[str, ...]:
    """The passages of a page that the answer rests on."""
    if answer is None:
        return ()
    return tuple(one.text for one in answer.citations if (one.document_id, one.page) == (document, page))


def _draw(desk: Desk, document: Document, answer: DocumentAnswer | None) -> None:
    page = page_asked(address.read(PAGE), document.pages)
    passages = marked_on(answer, document.id, page)
    with st.container(key="documents-page"):
        with guarded():
            if document.media == "pdf":
                _paged(desk, document, page, passages)
            else:
                _plain(desk, document, passages)
        _file(desk, document, page)


def _paged(desk: Desk, document: Document, page: int, passages: tuple[str, ...]) -> None:
    _turn(document, page)
    with guarded():
        picture = _picture(desk, (document.id, page, passages))
        where = place_words(document.name, page, document.media)
        st.image(picture.content, width="stretch", alt=f"{where} as it is printed")
    _quoted(passages)


def _turn(document: Document, page: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<span class="m-fact">{html(document.name, 160)} · page {page} of {document.pages:,}</span>')
        for label, icon, to in (("Previous", "chevron_left", page - 1), ("Next", "chevron_right", page + 1)):
            # A button that became disabled under the finger would keep the Escape key to itself.
            if 1 <= to <= document.pages:
                turn = {PAGE: str(to)}
                key = f"documents-turn-{label}"
                st.button(label, icon=f":material/{icon}:", key=key, on_click=address.write, args=(turn,))


def _picture(desk: Desk, shown: Shown) -> PagePicture:
    """The page, drawn once for as long as it is looked at."""
    kept: tuple[Shown, PagePicture] | None = st.session_state.get(PICTURE)
    if kept is None or kept[0] != shown:
        with st.spinner("Drawing the page …"):
            kept = shown, desk.operations.document_page(*shown)
        st.session_state[PICTURE] = kept
    return kept[1]


def _quoted(passages: Sequence[str]) -> None:
    """The passages in words: on a phone the picture is small."""
    if passages:
        st.html('<h3 class="m-sub">What the answer rests on</h3>')
    for passage in passages:
        st.html(passage_html(passage))


def _plain(desk: Desk, document: Document, passages: Sequence[str]) -> None:
    _quoted(passages)
    if passages:
        st.html('<h3 class="m-sub">The whole text</h3>')
    text = desk.operations.document_file(document.id).content.decode("utf-8", "replace")
    lines = [CONTROL.sub(spelled, line.rstrip("\r").expandtabs(4)) for line in text[:LONGEST_TEXT].split("\n")]
    st.code("\n".join(lines), language=None, wrap_lines=True)
    if len(text) > LONGEST_TEXT:
        st.caption("It goes on; the file has all of it.")


def _file(desk: Desk, document: Document, page: int) -> None:
    st.download_button(
        "Take the file",
        lambda: desk.operations.document_file(document.id).content,
        document.name.rsplit("/", 1)[-1],
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"documents-file-{document.id}-{page}",
    )
