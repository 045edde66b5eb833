"""A message as text, Markdown or HTML; whatever comes from outside means nothing in any of them. Pure."""

from __future__ import annotations

import re
from html import escape

from monitoring.notifications.message import Fact, Message

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&])")


def as_text(message: Message) -> str:
    """Plain lines, the link last."""
    lines: list[str] = []
    for fact in message.facts:
        lines.append(f"{fact.label}: {fact.text}".rstrip())
        lines += [f"  - {item}" for item in fact.items]
    return "\n".join([*lines, *([message.link] if message.link else [])])


def as_short_text(message: Message) -> str:
    """One line for services that take few characters: what matters beside the title."""
    told = [f"{fact.label}: {fact.text}" for fact in message.facts if fact.text and fact.label in ("Since", "Root")]
    return " · ".join([*told, *([message.link] if message.link else [])]) or as_text(message)


def as_markdown(message: Message) -> str:
    """Paragraphs and lists, as Teams and others show them."""
    blocks = [_markdown_fact(fact) for fact in message.facts]
    link = [f"[Open in the monitoring page]({_address(message.link)})"] if message.link else []
    return "\n\n".join([*blocks, *link])


def as_html(message: Message) -> str:
    """Bold labels and lines: the little that every service shows."""
    lines: list[str] = []
    for fact in message.facts:
        lines.append(f"<b>{escape(fact.label)}:</b> {escape(fact.text)}")
        lines += [f"• {escape(item)}" for item in fact.items]
    link = [f'<a href="{escape(message.link)}">Open in the monitoring page</a>'] if message.link else []
    return "<br/>\n".join([*lines, *link])


def details(message: Message) -> dict[str, str]:
    """The facts by name, for services that show a table."""
    told = {fact.label: "; ".join([*([fact.text] if fact.text else []), *fact.items]) for fact in message.facts}
    return {label: text[:1000] for label, text in told.items()}


def _markdown_fact(fact: Fact) -> str:
    head = f"**{_literal(fact.label)}:** {_literal(fact.text)}".rstrip()
    return "\n".join([head, *(["", *(f"- {_literal(item)}" for item in fact.items)] if fact.items else [])])


def _literal(text: str) -> str:
    """Text without meaning to Markdown: marks, links, HTML and mentions stay as they are written."""
    return _MARKDOWN.sub(r"\\\1", text)


def _address(link: str) -> str:
    return link.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
