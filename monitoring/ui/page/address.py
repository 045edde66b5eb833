"""What a panel shows stands in its address: widgets are set by it and write to it, so that a link shows the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

Value = str | Sequence[str]


def read(name: str, usual: str = "") -> str:
    """A parameter of the address."""
    return str(st.query_params.get(name, usual))


def read_all(name: str) -> list[str]:
    """Every value of a parameter that may stand there several times."""
    return st.query_params.get_all(name)


def write(values: Mapping[str, Value | None]) -> None:
    """Set parameters; those without a value are taken out."""
    for name, value in values.items():
        if value:
            st.query_params[name] = value if isinstance(value, str) else list(value)
        else:
            st.query_params.pop(name, None)


def bound(key: str, value: Any, note: Callable[[Any], Mapping[str, Value | None]]) -> dict[str, Any]:
    """What a widget is given so that it shows `value`, and so that a change goes into the address as `note` says."""
    st.session_state[key] = value

    def changed() -> None:
        write(note(st.session_state[key]))

    return {"key": key, "on_change": changed}
