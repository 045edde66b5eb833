"""Reports as files: written once, never over another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from monitoring.errors import ConfigurationError, InvalidInput

ENDINGS = {"pdf": "pdf", "markdown": "md"}


def file_name(incident: Mapping[str, Any], form: str) -> str:
    """What the report of an incident is called as a file: "incident-7-2026-03-04.pdf"."""
    return f"incident-{incident['id']}-{str(incident['started_at'])[:10]}.{ENDINGS[form]}"


def shelved(folders: Sequence[Path], name: str, content: bytes) -> Path:
    """The same for a file among the documents; raises `ConfigurationError` where there is no folder for them."""
    if not folders:
        raise ConfigurationError("DOCUMENT_FOLDERS names no folder; set it to where documents lie, such as data.")
    with suppress(OSError):  # writing says it better
        folders[0].mkdir(parents=True, exist_ok=True)
    return written(folders[0] / name, content)


def written(path: Path, content: bytes) -> Path:
    """Write a new file; raises `InvalidInput` where there is one already or none can be made."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise InvalidInput(f"{path} exists already and may have been filled in; move it, or name another.") from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else problem
        raise InvalidInput(f"{path} cannot be written: {reason}.") from None
    return path
