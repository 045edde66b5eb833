"""The rules of the house, checked from the source: who imports whom, what stands where, nothing runs at import."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "monitoring"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "setting_values"),
    (
        "settings",
        "metrics",
        "anomalies",
        "blocks",
        "flow",
        "moments",
        "notices",
        "cancellation",
        "contract",
        "document_types",
        "operations",
        "sparkline",
        "surveys",
        "toml_tables",
        "waking",
        "wording",
    ),
    ("detection", "incidents", "simulation", "csv_columns"),
    ("watch",),
    ("store", "collectors", "notifications", "documents"),
    ("document_search",),
    ("meanings",),
    ("tools", "library", "judgement", "feeds", "ingest", "scoring", "analysis"),
    ("batches", "librarian", "reports"),
    ("agent", "alerting", "channels", "monitor", "notifying", "operating", "sourcing"),
    ("replay", "platform", "assistants"),
)
"""Parts of the package, lowest first. A part imports what lies below it, itself, and what `ALSO` allows."""

ALSO: dict[str, frozenset[str]] = {
    # Values build on values: findings name series, blocks hold samples, the contract replies with all of them.
    "anomalies": frozenset({"metrics"}),
    "blocks": frozenset({"metrics"}),
    "flow": frozenset({"metrics"}),
    "contract": frozenset({"metrics", "anomalies", "cancellation"}),
    "document_types": frozenset({"contract"}),
    "operations": frozenset({"metrics", "anomalies", "contract", "document_types"}),
    "notices": frozenset({"contract"}),
    "surveys": frozenset({"contract", "operations"}),
    "wording": frozenset({"metrics", "anomalies"}),
}
FRONT_ENDS = ("api", "ui")
SEEN_BY_FRONT_ENDS = frozenset(
    [
        "errors",
        "metrics",
        "anomalies",
        "cancellation",
        "contract",
        "document_types",
        "notices",
        "operations",
        "sparkline",
        "surveys",
        "wording",
    ]
)

NO_IO = frozenset(
    [
        "asyncio",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "psycopg2",
        "random",
        "requests",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
    ]
)
LONG_DATA = frozenset({"platform_metrics_definition.py", "monitoring/collectors/mapping.py"})
LONGEST = 400

CONSTRUCTORS = re.compile(
    r"^(re\.compile|logging\.getLogger|(np|numpy)\.\w+|np\.random\.\w+|timedelta|datetime|date|time|ZoneInfo|Path|"
    r"frozenset|set|dict|list|tuple|range|len|sum|min|max|sorted|enumerate|reversed|zip|map|str|int|float|bytes|field|"
    r"itemgetter|attrgetter|partial|cache|lru_cache|TypeVar|NewType|MappingProxyType|namedtuple|defaultdict|Counter|"
    r"dataclass|runtime_checkable|to_micros|_?[A-Z]\w*(\.\w+)?|"
    # methods of values: "a b".split(), names.items(), table | other
    r".*\.(split|items|keys|values|join|format|replace|lower|upper|strip|union|fromkeys|from_iterable|maketrans|"
    r"resolve|with_name|encode|astype|sum|cumsum|reshape|index|max|min|mean|tolist))$"
)
"""What may be called while a module is imported: constructors of values, and methods that make values of values."""
READERS = frozenset({"monitoring.setting_values", "monitoring.toml_tables"})
"""Their functions make functions that read one value each."""


def part_of(module: str) -> str:
    """`monitoring.store.pool` → `store`; the empty text for the package itself."""
    return ([*module.split("."), ""])[1]


@cache
def files() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / PACKAGE).rglob("*.py")))


@cache
def doors() -> tuple[Path, ...]:
    return tuple(sorted(path for path in ROOT.glob("*.py") if not path.name.startswith("test_")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """All modules a file imports, wherever in it, and whether that happens while it is itself imported."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    lazy = {id(inner) for node in ast.walk(tree(path)) if isinstance(node, _FUNCTIONS) for inner in ast.walk(node)}
    lazy |= {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in _modules() else str(node.module)), id(node) not in lazy


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@cache
def _modules() -> frozenset[str]:
    return frozenset(map(name_of, files()))


def roots(path: Path) -> set[str]:
    return {module.split(".")[0] for module, _ in imports(path)}


def allowed(part: str) -> frozenset[str]:
    if part in FRONT_ENDS:
        return SEEN_BY_FRONT_ENDS | {part}
    for place, layer in enumerate(LAYERS):
        if part in layer:
            below = {name for lower in LAYERS[:place] for name in lower}
            return frozenset(below | {part}) | ALSO.get(part, frozenset())
    return frozenset()


def breaking(rule: Callable[[Path], object], paths: Iterable[Path]) -> dict[str, object]:
    """What a rule finds in each file; files in which it finds nothing are left out."""
    found = {str(path.relative_to(ROOT)): rule(path) for path in paths}
    return {name: what for name, what in found.items() if what}


def everywhere() -> tuple[Path, ...]:
    return files() + doors()


def test_every_part_of_the_package_has_its_place() -> None:
    known = {name for layer in LAYERS for name in layer} | set(FRONT_ENDS) | {""}
    assert {part_of(name_of(path)) for path in files()} <= known


def test_imports_run_one_way_only() -> None:
    def too_high(path: Path) -> set[str]:
        part = part_of(name_of(path))
        return {part_of(module) for module, _ in imports(path) if module.split(".")[0] == PACKAGE} - allowed(part)

    assert breaking(too_high, files()) == {}


def test_no_file_of_the_package_imports_a_door() -> None:
    above = {door.stem for door in doors()} | {"tests", "benchmarks"}
    assert breaking(lambda path: roots(path) & above, files()) == {}


def test_there_are_no_import_cycles() -> None:
    graph = {
        name_of(path): {m for m, at_once in imports(path) if at_once and m in _modules() and m != name_of(path)}
        for path in files()
    }
    assert list(TopologicalSorter(graph).static_order())


def test_detection_and_incidents_do_no_io_and_read_no_clock() -> None:
    pure = [path for path in files() if part_of(name_of(path)) in ("detection", "incidents", "watch")]
    assert len(pure) > 20
    assert breaking(lambda path: roots(path) & NO_IO, pure) == {}
    assert breaking(clock_calls, pure) == {}


def clock_calls(path: Path) -> list[str]:
    """Calls that read a clock or touch the world outside."""
    forbidden = re.compile(
        r"(^|\.)(utcnow|today|utc_now|monotonic|perf_counter)$|^datetime\.now$|^time\.\w+$|^(open|print|input)$"
    )
    calls = (ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return [call for call in calls if forbidden.search(call)]


def test_the_database_driver_is_used_in_the_store_only() -> None:
    others = [path for path in everywhere() if part_of(name_of(path)) != "store"]
    assert breaking(lambda path: "psycopg2" in roots(path), others) == {}


def test_the_environment_is_read_in_the_settings_only() -> None:
    readers = {"os.environ", "os.getenv", "os.environb", "os.putenv"}

    def read(path: Path) -> set[str]:
        return readers & {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}

    assert breaking(read, (path for path in everywhere() if name_of(path) != "monitoring.settings")) == {}


def test_the_language_model_libraries_are_used_by_the_agent_only() -> None:
    def libraries(path: Path) -> set[str]:
        return {root for root in roots(path) if root.startswith(("langchain", "langgraph", "openai"))}

    others = [path for path in everywhere() if part_of(name_of(path)) != "agent"]
    assert set(breaking(libraries, others)) == {"platform_monitoring_agent.py"}


def test_a_file_can_be_read_in_one_sitting() -> None:
    def too_long(path: Path) -> int:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        return lines if lines > LONGEST else 0

    assert set(breaking(too_long, everywhere())) <= LONG_DATA


def test_nothing_runs_at_import() -> None:
    assert breaking(lambda path: list(_running(tree(path).body, local_constructors(path))), everywhere()) == {}


def local_constructors(path: Path) -> frozenset[str]:
    """Functions that make the tables of a file: those it defines above their use, and readers of values."""
    own = {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef) and node.returns}
    readers = (n for n in tree(path).body if isinstance(n, ast.ImportFrom) and n.module in READERS)
    return frozenset(own | {alias.asname or alias.name for node in readers for alias in node.names})


def _running(body: list[ast.stmt], own: frozenset[str]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef():
                continue
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                continue
            case ast.ClassDef():
                yield from _running(node.body, own)
            case ast.If() if ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
                continue
            case ast.Assign() | ast.AnnAssign():
                yield from (
                    f"line {call.lineno}: {ast.unparse(call.func)}(…)"
                    for call in _calls(node)
                    if not _harmless(call, own)
                )
            case _:
                yield f"line {node.lineno}: {ast.unparse(node)[:60]}"


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """Calls made now: not those inside a function that is only defined."""
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)


def _harmless(call: ast.Call, own: frozenset[str]) -> bool:
    called = ast.unparse(call.func)
    return called in own or bool(CONSTRUCTORS.match(called))


def test_the_rules_above_do_find_what_breaks_them(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import os\nprint('hello')\nx = open('file')\nos.makedirs('there')\ny = datetime.now()\n")
    found = list(_running(ast.parse(bad.read_text()).body, frozenset()))
    assert [line.split(":")[0] for line in found] == ["line 2", "line 3", "line 4", "line 5"]
    assert clock_calls(bad) == ["print", "open", "datetime.now"]
    assert "store" not in allowed("detection")
    assert "incidents" not in allowed("detection")
    assert "metrics" in allowed("ui")
    assert "settings" not in allowed("ui")
