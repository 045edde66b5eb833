"""The tool beside the four: what post-mortems and runbooks say, found as the role that may only SELECT."""

from __future__ import annotations

from langchain_core.tools import BaseTool

from monitoring.agent.toolkit import DocumentQuestion, as_tool
from monitoring.tools.documents import search_documents


def document_tool() -> BaseTool:
    """What the agent can read up."""
    return as_tool(
        search_documents,
        DocumentQuestion,
        "What post-mortems and runbooks say, as passages with file and page. Use it for past incidents: 'has this "
        "happened before', 'what fixed it last time', 'is there a runbook', lessons and action items.",
    )
