"""Documents as HTML and in words: passages, rows of the library, what is wrong with a file. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.contract import Json
from monitoring.document_types import Citation, Document, DocumentAnswer
from monitoring.ui.page import figures
from monitoring.ui.page.text import html, one_line

STYLE = """<style>
.m-passage{margin:.35rem 0 0;padding:.1rem 0 .1rem .8rem;border-left:3px solid var(--m-line);font-size:.92rem;
 line-height:1.5;overflow-wrap:anywhere}
.m-passage p{margin:0 0 .15rem!important;font-size:.92rem!important}
.m-trouble{margin:.3rem 0 0;font-size:.9rem;color:var(--tone);overflow-wrap:anywhere}
.m-where{overflow-wrap:anywhere}
.st-key-documents-examples button{justify-content:flex-start;text-align:left}
[class*=st-key-document-] [data-testid=stPopover] button,[class*=st-key-document-] [data-testid=stPopover] button *{
 color:var(--m-ink)!important}
.st-key-documents-page img{border:1px solid var(--m-line);border-radius:4px;background:#fff;width:100%}
</style>"""
MOST_EXAMPLES = 4
EXCERPT = 420
"""Characters of a passage that are shown beside its source."""
KINDS = {"pdf": "PDF", "markdown": "Markdown", "text": "text"}


def examples(readable: Sequence[Document]) -> list[str]:
    """Questions that these documents should answer, the newest documents first; each about another one."""
    newest = sorted(readable, key=lambda one: (one.media == "pdf", one.name), reverse=True)
    return [_question(one) for one in newest[:MOST_EXAMPLES]]


def _question(document: Document) -> str:
    title = one_line(document.title, 110)
    return f"What fixed “{title}”?" if document.media == "pdf" else f"What does “{title}” say to do?"


def setting(configured: Sequence[Json], name: str) -> str:
    """The value of a setting as it is in force; empty where it is not shown."""
    return next((str(row["value"]) for row in configured if row["name"] == name), "")


def folders_of(configured: Sequence[Json]) -> str:
    """The folders that are read, as they are set."""
    return setting(configured, "DOCUMENT_FOLDERS") or "data"


def most_megabytes(configured: Sequence[Json]) -> int:
    """The largest upload in whole megabytes, at least one."""
    given = setting(configured, "DOCUMENT_BYTES")
    return max(1, int(given) >> 20) if given.isdigit() else 32


def empty_html(folders: str, unreadable: bool) -> str:
    """What stands in place of the question while there is nothing to ask."""
    title = "No document could be read yet" if unreadable else "No documents yet"
    why = "Beside it stands what is wrong with each file. " if unreadable else ""
    return (
        f'<section class="m-empty"><h2 class="m-title">{title}</h2><p class="m-lead">{why}'
        "Last year's post-mortem often holds tonight's answer. Give post-mortems, runbooks and notes as PDF, Markdown "
        "or text, and ask them here and in the chat; each claim comes with its file and page.</p>"
        '<ul class="m-bullets">'
        f"<li>Put files into <b>{html(folders, 300)}</b> on the server: they are read within a minute, and again "
        "when they change.</li><li>Or add them on this page.</li></ul></section>"
    )


def meta_line(answer: DocumentAnswer, documents: int) -> str:
    """Who answered out of so many documents, and how long it took."""
    searched = f"Searched {_count(documents, 'document')}"
    who = "In the documents' own words" if answer.model == "built-in" else f"Worded by {answer.model}"
    count = len(answer.citations)
    rests = f" · rests on {count} passage{'' if count == 1 else 's'}" if count else ""
    taken = f"{answer.took_ms:.0f} ms" if answer.took_ms < 1000 else f"{answer.took_ms / 1000:.1f} s"
    return f"{f'{who}{rests}' if answer.found else searched} · {taken}"


def nearest(answer: DocumentAnswer, documents: Sequence[Document]) -> list[Document]:
    """The documents that come closest to a question that they do not answer."""
    return [one for told in answer.nearest for one in documents if told.endswith((one.title, f"({one.name})"))]


def place_words(file: str, page: int, media: str) -> str:
    """ "outage.pdf, page 2"."""
    return f"{file}, page {page}" if media == "pdf" else file


def citation_html(citation: Citation) -> str:
    """A passage with where it stands."""
    under = [part for part in citation.heading.split(" > ") if part and part != citation.title]
    heading = f'<span class="m-fact">{html(" › ".join(under), 160)}</span>' if under else ""
    where = place_words(citation.file, citation.page, citation.media)
    return (
        f'<div class="m-row-head"><strong>{html(citation.title, 160)}</strong>{heading}</div>'
        f'<div class="m-fact m-where">{html(where, 240)}</div>{passage_html(citation.text, EXCERPT)}'
    )


def passage_html(text: str, longest: int = 0) -> str:
    """A passage with its lines as lines, cut behind `longest` characters."""
    cut = text if not longest or len(text) <= longest else f"{text[:longest].rsplit(' ', 1)[0]} …"
    lines = "".join(f"<p>{html(line)}</p>" for line in cut.split("\n") if line.strip())
    return f'<div class="m-passage">{lines}</div>' if lines else ""


def row_html(document: Document, zone: ZoneInfo, now: datetime) -> str:
    """A document of the library."""
    word, tone = state_of(document)
    title = "" if document.title == document.name else f'<div class="m-fact m-where">{html(document.name, 240)}</div>'
    return (
        f'<div class="m-row-head"><span class="m-pill tone-{tone}">{word}</span>'
        f"<strong>{html(document.title, 160)}</strong></div>{title}"
        f'<div class="m-fact m-where">{html(facts_of(document, zone, now), 400)}</div>{_trouble_html(document)}'
    )


def state_of(document: Document) -> tuple[str, str]:
    """A word and a tone."""
    return {"read": ("● Read", "healthy"), "twin": ("○ Copy", "dull")}.get(document.status, ("▲ Not read", "warning"))


def facts_of(document: Document, zone: ZoneInfo, now: datetime) -> str:
    """Its size in pages and passages, where it is from and when it was looked at."""
    facts = []
    if document.status == "read":
        facts += [_count(document.pages, "page")] if document.media == "pdf" else [KINDS[document.media]]
        facts += [_count(document.passages, "passage")]
    facts += [figures.value(document.bytes, "bytes"), "uploaded" if document.uploaded else "in a folder"]
    when = f"{figures.clock(document.indexed_at, zone, now)} {figures.zone_name(zone, now)}"
    verb = "read" if document.status == "read" else "looked at"
    return " · ".join([*facts, f"{verb} {when}"])


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _trouble_html(document: Document) -> str:
    if document.status == "twin":
        return f'<p class="m-text">The same bytes as {html(document.twin_of or "another one", 240)}; kept once.</p>'
    if document.status != "failed":
        return ""
    return f'<p class="m-trouble tone-warning">It {html(document.problem, 400)}.</p>'


def added(document: Document, name: str, known: frozenset[int]) -> str:
    """What came of an upload that was read."""
    if document.id in known and document.name != name:
        return f"{name} has the same bytes as {document.name}, which is here already."
    pages = f"{_count(document.pages, 'page')}, " if document.media == "pdf" else ""
    return f"{name} was read: {pages}{_count(document.passages, 'passage')}. It can be asked now."


def refused(name: str, reason: str) -> str:
    """Why an upload was not taken; the reason is a sentence, or one that lacks its subject."""
    sentence = reason.rstrip(".")
    return f"{name} {sentence}." if sentence[:1].islower() else f"{name}: {sentence}."
