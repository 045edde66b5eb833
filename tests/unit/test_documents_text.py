"""Markdown and text as pages, pages as passages, and the words that are looked up."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.documents.asking import FAINT, FULL, inquiry
from monitoring.documents.pages import Block, Page
from monitoring.documents.passages import LONGEST, passages_of, title_of
from monitoring.documents.plain import read_text
from monitoring.documents.problems import Unreadable
from monitoring.documents.sections import asked_kind, section_of, wanted_sections
from monitoring.documents.wording import indexed, names_in, plain

MARKDOWN = b"""---
layout: post
---
# Broker 3 lost its disk

Some **bold** words and a [link](http://example.org).

## Timeline

| Time | What |
|------|------|
| 02:14 | `broker-3` went down |
| 03:00 | it came back |

Setext heading
--------------
- first point
- second point

```
kafka-topics --describe
# no heading
```
"""


def read(content: bytes, markdown: bool = True) -> list[Block]:
    (page,) = read_text(content, markdown)
    return list(page.blocks)


class TestMarkdown:
    def test_headings_tables_points_and_code_are_kept_and_marks_of_style_are_not(self) -> None:
        assert read(MARKDOWN) == [
            Block("heading", "Broker 3 lost its disk", 1),
            Block("text", "Some bold words and a link."),
            Block("heading", "Timeline", 2),
            Block("table", "Time | What\n02:14 | broker-3 went down\n03:00 | it came back"),
            Block("heading", "Setext heading", 1),
            Block("text", "- first point"),
            Block("text", "- second point"),
            Block("text", "kafka-topics --describe\n# no heading"),
        ]

    def test_characters_that_were_robbed_of_their_meaning_are_read_as_they_are_shown(self) -> None:
        assert read(rb"rows\_per\_insert \<= 5 \| C:\temp") == [Block("text", r"rows_per_insert <= 5 | C:\temp")]

    def test_text_is_parted_at_blank_lines(self) -> None:
        assert [b.kind for b in read(b"Title\n=====\nfirst\n\nsecond", markdown=False)] == ["heading", "text", "text"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_usual_encodings_are_read(self, encoding: str) -> None:
        assert read("Der Überlauf dauerte länger, wie die Auswertung zeigt".encode(encoding))[0].text.startswith(
            "Der Überlauf"
        )

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "is empty"),
            (b" \n\t", "is empty"),
            (b"\x00\x01\xff\xfe", "is not text"),
            (b"\x81\x8d\x8f", "is not text"),
        ],
    )
    def test_what_is_no_text_is_refused_with_the_reason(self, content: bytes, reason: str) -> None:
        with pytest.raises(Unreadable, match=reason):
            read(content)

    @given(st.binary(max_size=400))
    def test_no_bytes_do_harm(self, content: bytes) -> None:
        with suppress(Unreadable):
            assert read(content)


def page(number: int, *blocks: Block) -> Page:
    return Page(number, blocks)


class TestPassages:
    def test_each_stands_on_one_page_under_its_headings_with_its_place(self) -> None:
        found = passages_of(
            [
                page(
                    1, Block("heading", "Outage", 1), Block("heading", "Root cause", 2), Block("text", "A full disk.")
                ),
                page(2, Block("text", "It was old."), Block("heading", "Resolution", 2), Block("text", "A new one.")),
            ]
        )
        assert [(one.page, one.place, one.heading, one.section, one.text) for one in found] == [
            (1, 0, "Outage > Root cause", "cause", "A full disk."),
            (2, 1, "Outage > Root cause", "cause", "It was old."),
            (2, 2, "Outage > Resolution", "resolution", "A new one."),
        ]

    def test_long_ones_are_parted_between_sentences_and_nothing_is_lost(self) -> None:
        text = " ".join(f"Sentence number {n} tells of the disk of a broker." for n in range(100))
        found = passages_of([page(1, Block("text", text))])
        assert len(found) > 1
        assert all(len(one.text) <= LONGEST for one in found)
        assert " ".join(one.text for one in found) == text

    def test_a_long_table_repeats_its_head(self) -> None:
        rows = "\n".join(f"02:{n:02d} | something happened to the table orders" for n in range(60))
        found = passages_of([page(1, Block("table", f"Time | What\n{rows}"))])
        assert len(found) > 1
        assert all(one.text.startswith("Time | What\n02:") for one in found)

    def test_what_repeats_at_the_edge_of_every_page_is_left_out(self) -> None:
        pages = [
            page(n, Block("text", f"Body {'abc'[n]}."), Block("text", f"Confidential, page {n} of 3")) for n in range(3)
        ]
        assert [one.text for one in passages_of(pages)] == ["Body a.", "Body b.", "Body c."]

    @given(
        st.lists(
            st.tuples(st.sampled_from(["heading", "text", "table"]), st.text(min_size=1, max_size=3000)), max_size=6
        )
    )
    def test_any_page_gives_passages_in_order(self, given_blocks: list[tuple[str, str]]) -> None:
        blocks = [Block(kind, text, 1) for kind, text in given_blocks]  # type: ignore[arg-type]
        found = passages_of([Page(1, tuple(blocks))])
        assert all(one.page == 1 for one in found)
        assert [one.place for one in found] == list(range(len(found)))

    def test_a_document_is_called_by_its_first_heading_its_own_title_or_its_file(self) -> None:
        headed = [page(1, Block("heading", "Keeper lost its quorum", 1))]
        assert title_of(headed, "Untitled", "x.pdf") == "Keeper lost its quorum"
        assert title_of([page(1, Block("text", "a"))], "Quarterly report", "x.pdf") == "Quarterly report"
        assert title_of([page(1, Block("text", "a"))], "untitled", "keeper-2025.pdf") == "keeper-2025"


class TestSections:
    @pytest.mark.parametrize(
        ("heading", "section"),
        [
            ("Outage > Root cause", "cause"),
            ("3. Resolution and recovery", "resolution"),
            ("What fixed it", "resolution"),
            ("Timeline (UTC)", "timeline"),
            ("Customer impact", "impact"),
            ("Action items", "actions"),
            ("How we noticed", "detection"),
            ("Lessons learned", "lessons"),
            ("Resolution > Step by step > Notes", "steps"),
            ("Appendix", ""),
        ],
    )
    def test_headings_tell_their_kind(self, heading: str, section: str) -> None:
        assert section_of(heading) == section

    @pytest.mark.parametrize(
        ("question", "kind"),
        [
            ("What fixed the outage?", "resolution"),
            ("How was it solved?", "resolution"),
            ("Why were inserts rejected?", "cause"),
            ("How many rows were delayed?", "impact"),
            ("Who owns the follow-ups?", "actions"),
            ("When did broker-3 fail?", "timeline"),
            ("Which alert fired?", "detection"),
            ("What did we learn?", "lessons"),
        ],
    )
    def test_questions_tell_what_would_answer_them(self, question: str, kind: str) -> None:
        assert asked_kind(question) == kind
        assert wanted_sections(question)[kind] == 1.0


class TestWords:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("max_parts_per_partition rose", "max_parts_per_partition"),
            ("DB::Exception: TOO_MANY_PARTS", "too_many_parts"),
            ("Code: 252.", "252"),
            ("on broker-3", "broker-3"),
            ("on broker 3", "broker-3"),
            ("release v4.2.1,", "v4.2.1"),
            ("10.0.3.17:9092", "10.0.3.17"),
            ("set min.insync.replicas=2", "min.insync.replicas"),
            ("ch-2/orders", "ch-2"),
            ("INC-4711", "inc-4711"),
            ("99.5 %", "99.5"),
        ],
    )
    def test_names_codes_and_figures_are_names(self, text: str, name: str) -> None:
        assert name in names_in(text)

    def test_words_of_a_language_are_none(self) -> None:
        assert names_in("The sink wrote small blocks, and merges fell behind.") == []

    def test_parts_of_names_are_words_too(self) -> None:
        assert plain("max_parts_per_partition") == "max parts per partition"
        assert indexed("NotEnoughReplicas") == "NotEnoughReplicas Not Enough Replicas"

    def test_words_that_only_ask_count_little(self) -> None:
        asked = inquiry("What fixed the ClickHouse outage?")
        assert asked.words["clickhouse"] == FULL
        assert asked.words["fixed"] == asked.words["outage"] == FAINT

    def test_words_of_the_same_meaning_are_looked_for_too(self) -> None:
        assert "keeper" in inquiry("Did ZooKeeper lose quorum?").words

    @given(st.text(max_size=3000))
    def test_any_question_is_read(self, question: str) -> None:
        asked = inquiry(question)
        assert all(weight > 0 for weight in asked.words.values())
        assert all(name and len(name) <= 100 for name in asked.names)
