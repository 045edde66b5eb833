"""The documents of the project: what the program can do is in the reference, and what they name is there."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from docs.build import DOCS, ROOT, commands, doors, index, main, reference, routes, scope_of
from monitoring.settings import SETTINGS

BUILD = "run `python -m docs.build` and commit what it writes"


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "reference.md").read_text("utf-8")


def test_the_reference_is_what_the_program_can_do_today(page: str) -> None:
    assert page == reference(), f"docs/reference.md is out of date: {BUILD}"


def test_every_page_is_in_the_index() -> None:
    assert (DOCS / "README.md").read_text("utf-8") == index(), f"docs/README.md is out of date: {BUILD}"


def test_every_setting_is_told_with_its_default_and_no_secret_has_one(page: str) -> None:
    for setting in SETTINGS:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{setting.name}` |"))
        assert ("(secret)" if setting.secret else setting.default) in row


def test_every_script_that_takes_arguments_is_told_with_its_commands(page: str) -> None:
    taking = {path.name for path in ROOT.glob("*.py") if "argparse.ArgumentParser(" in path.read_text("utf-8")}
    known = dict(doors())
    assert set(known) == taking
    for script, parser in known.items():
        for called, below, _ in commands(f"python {script}", parser):
            assert f"### `{called}" in page
            assert all(f"`{action.option_strings[0]}" in page for action in below._actions[1:] if action.option_strings)


def test_every_endpoint_is_told_with_the_scope_it_needs(page: str) -> None:
    found = list(routes())
    assert len(found) > 20
    scopes = {f"{method} {route.path_format}": scope_of(route) for route in found for method in route.methods or ()}
    for called, scope in scopes.items():
        assert f"| `{called}` | {scope} |" in page
    assert scopes["POST /silences"] == "manage"
    assert scopes["POST /metrics/ingest"] == "ingest"
    assert scopes["GET /health/live"] == "–"


def test_a_new_command_and_a_new_argument_would_show() -> None:
    parser = argparse.ArgumentParser(prog="x.py", description="A door")
    below = parser.add_subparsers().add_parser("notify", help="tell people")
    below.add_subparsers().add_parser("test", help="tell them for practice")
    told = [(called, about) for called, _, about in commands("x.py", parser)]
    assert told == [("x.py", "A door"), ("x.py notify", "tell people"), ("x.py notify test", "tell them for practice")]


def test_the_build_writes_both_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to", str(tmp_path / "new")]) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["README.md", "reference.md"]
    assert "reference.md" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    assert main(["--to", str(tmp_path / "file")]) == 1


@pytest.mark.parametrize("name", ["docs/operating.md", "docs/developing.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_files_that_the_documents_name_are_there(name: str) -> None:
    file = r"(?:monitoring|tests|benchmarks|sample_library|\.ci)/[\w./-]+|\w+\.py|\.env\.example"
    named = re.findall(rf"`(?:python |bash )?({file})", (ROOT / name).read_text("utf-8"))
    assert not [path for path in named if not (ROOT / path).exists()]
    assert named or name == "CHANGELOG.md"


@pytest.mark.parametrize("name", ["docs/operating.md", "docs/developing.md", "docs/README.md"])
def test_settings_that_the_documents_name_are_there(name: str) -> None:
    known = {setting.name for setting in SETTINGS} | {"TEST_DATABASE_URL", "SETTINGS", "LAYERS", "GROUPS", "READABLE"}
    known |= {"SELECT", "COPY", "ILIKE", "LICENSE"}
    assert set(re.findall(r"`([A-Z][A-Z_]{3,})`", (ROOT / name).read_text("utf-8"))) <= known


PAGES = sorted(str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *DOCS.glob("*.md")))


@pytest.mark.parametrize("name", PAGES)
def test_links_between_the_documents_lead_somewhere(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_tells_of_every_endpoint() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    told = set(re.findall(r"^\| `((?:GET|POST|DELETE) [^`]+)` \|", readme, re.M))
    assert told == {f"{method} {route.path_format}" for route in routes() for method in route.methods or ()}
