"""The plan of the house (docs/architecture.md), watched: floors, imports, module state, sizes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core"
BUILTIN = ROOT / "plugins_builtin"

FLOORS: list[set[str]] = [
    {
        "effects",
        "errors",
        "hook_versions",
        "identity",
        "ids",
        "jsontext",
        "plain_texts",
        "plaintext",
        "records",
        "redaction",
        "tasks",
    },
    {"effect_watch", "hookmarkers", "hosts", "log_levels", "rights", "rate_windows", "redactor", "threads"},
    {"lookups"},
    {"settings", "error_table", "public_addresses", "rate_limits", "request_lines", "resolver", "turn.messages"},
    {"turn.request", "domain_verification", "json_logs", "known_secrets", "stderr_handler"},
    {"tools", "providers"},
    {"http", "selection.decisions", "selection.terms"},
    {"selection.decision_sets", "selection.rules", "selection.term_index", "turn.events"},
    {"selection.lookup", "service_events"},
    {"hookspecs"},
    {"hook_table"},
    {"plugins", "hook_descriptions"},
    {"selection.scope", "selection.tool_sets"},
    {"selection.candidates"},
    {"selection.judge", "selection.offers", "selection.toolset"},
    {"turn"},
    {"store"},
    {"provider_names", "routing"},
    {"model_directory"},
    {"service"},
    {"explaining", "handlers", "prompts", "recording", "telemetry"},
    {"conformance", "listings", "logs"},
    {"web"},
    {"testing"},
    {"scaffold"},
    {"cli"},
]
"""From the ground up. A module imports from lower floors, and from its own room; never from a neighbour."""


def modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Dotted names and files."""
    for path in sorted(folder.rglob("*.py")):
        yield ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"), path


def room(name: str) -> tuple[int, str] | None:
    """The floor of a module, and the room on it: the longest name that fits."""
    fitting = [
        (number, entry)
        for number, floor in enumerate(FLOORS)
        for entry in floor
        if name == entry or name.startswith(f"{entry}.")
    ]
    return max(fitting, key=lambda item: len(item[1]), default=None)


def imports(name: str, path: Path) -> Iterator[str]:
    """The modules inside core that a module imports, wherever the import stands."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            target = [*base, *(node.module or "").split(".")] if node.module else base
            dotted = ".".join(part for part in target if part)
            yield from (
                f"{dotted}.{alias.name}".lstrip(".")
                if (CORE / Path(*dotted.split("."), f"{alias.name}.py")).exists()
                else dotted
                for alias in node.names
            )


CORE_MODULES = [(name, path) for name, path in modules(CORE) if name not in {"__init__", "__main__", ""}]


@pytest.mark.parametrize(("name", "path"), CORE_MODULES, ids=[name for name, _ in CORE_MODULES])
def test_imports_only_point_down(name: str, path: Path) -> None:
    """A module imports lower floors and its own room."""
    if name in {"turn", "selection"}:
        return  # packages whose modules live on several floors; their __init__ imports nothing
    here = room(name)
    assert here is not None, f"{name} stands on no floor: add it to FLOORS and to docs/architecture.md"
    for target in imports(name, path):
        there = room(target)
        if there is None:
            assert target in {"", "turn", "selection"}, f"{name} imports {target}, which stands on no floor"
            continue
        assert there[1] == here[1] or there[0] < here[0], f"{name} imports {target}, which is not below it"


def test_nobody_imports_the_folders_by_their_own_names() -> None:
    """`core` and `plugins_builtin` would be second module objects; core itself only imports relatively."""
    pattern = re.compile(r"^\s*(?:from|import)\s+(core|plugins_builtin)\b", re.MULTILINE)
    inside = re.compile(r"^\s*(?:from|import)\s+promptdock\b", re.MULTILINE)
    tree = [
        path for folder in ("core", "plugins_builtin", "tests", "examples") for path in (ROOT / folder).rglob("*.py")
    ]
    assert [path for path in tree if pattern.search(path.read_text())] == []
    assert [path for path in CORE.rglob("*.py") if inside.search(path.read_text())] == []


def test_built_ins_use_the_public_api_only() -> None:
    """What a third party cannot import, a built-in must not need."""
    public = re.compile(r"^\s*(?:from|import)\s+(promptdock[\w.]*)", re.MULTILINE)
    allowed = {"promptdock", "promptdock.providers.vendors"}
    used = {match for path in BUILTIN.rglob("*.py") for match in public.findall(path.read_text())}
    assert {name for name in used if not name.startswith("promptdock_builtin")} <= allowed


SUITES = {path.name: path for path in sorted((ROOT / "tests" / "plugins_builtin").iterdir()) if path.is_dir()}
AUTHORED = [*sorted((ROOT / "tests" / "plugins_builtin").rglob("*.py")), *sorted((ROOT / "examples").rglob("*.py"))]
"""The suites of the built-ins, and the examples with theirs: written as a third party would."""
OUTSIDE = {"tests.support.loopback", "tests.support.open_meteo", "tests.support.upstream"}
"""They stand for what is outside of this machine; a third party would write as much."""


def imported_names(path: Path) -> Iterator[tuple[str, str]]:
    """Each absolute import of a file, wherever it stands: the module, and the name that is taken from it, if one is."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)


def is_public(module: str, name: str, *, plugin: str) -> bool:
    """Whether the author of a plugin may import something, as far as it is ours."""
    import promptdock
    import promptdock.testing

    if module.partition(".")[0] not in {"promptdock", "promptdock_builtin", "tests"}:
        return True
    if module == "promptdock":
        return name in {*promptdock.__all__, "", "hookspecs", "testing"}
    if module == "promptdock.testing":
        return name in {*promptdock.testing.__all__, ""}
    own = f"promptdock_builtin.{plugin}"
    return module in {"promptdock.hookspecs", *OUTSIDE} or f"{module}.{name}.".startswith(f"{own}.")


@pytest.mark.parametrize("path", AUTHORED, ids=lambda path: str(path.relative_to(ROOT)))
def test_suites_of_built_ins_and_examples_import_no_private_name(path: Path) -> None:
    """What a third party cannot import to test a plugin, ours must not need."""
    private = [
        f"{module}:{name}"
        for module, name in imported_names(path)
        if not is_public(module, name, plugin=path.parent.name)
    ]
    assert private == []


@pytest.mark.parametrize(
    ("line", "public"),
    [
        ("from promptdock import ToolError, hookspecs", True),
        ("from promptdock.testing import Host", True),
        ("import promptdock_builtin.dice.rule", True),
        ("from promptdock_builtin import dice", True),
        ("import httpx", True),
        ("from promptdock import http", False),
        ("from promptdock.testing import chaos", False),
        ("from promptdock.testing.chaos import Chaos", False),
        ("import promptdock.threads", False),
        ("from promptdock_builtin import dicey", False),
        ("from tests.support.hosts import bare_host", False),
    ],
)
def test_that_rule_can_tell(line: str, public: bool, tmp_path: Path) -> None:
    """Otherwise it would hold nothing."""
    (tmp_path / "test_it.py").write_text(f"{line}\n")
    assert all(is_public(*found, plugin="dice") for found in imported_names(tmp_path / "test_it.py")) is public


def uses_the_harness(folder: Path) -> bool:
    """Whether some test there asks for the fixture ``host``, or makes a ``Host``."""
    nodes = [node for path in folder.rglob("test_*.py") for node in ast.walk(ast.parse(path.read_text()))]
    asked = any(isinstance(node, ast.arg) and node.arg == "host" for node in nodes)
    return asked or any(isinstance(node, ast.Call) and ast.unparse(node.func) == "Host" for node in nodes)


def test_suites_of_built_ins_and_examples_use_the_harness() -> None:
    """Also those that come later: every built-in has a suite, every example has tests."""
    built_in = {path.parent.name for path in BUILTIN.glob("*/__init__.py")}
    assert SUITES.keys() - {"__pycache__"} == built_in
    examples = [path for path in sorted((ROOT / "examples").iterdir()) if path.is_dir()]
    folders = [*(SUITES[name] for name in sorted(built_in)), *examples]
    assert [folder.name for folder in folders if not uses_the_harness(folder)] == []


def test_modules_are_small() -> None:
    """One idea each: beyond 300 lines a module wants to be two. Records, hook contracts and migrations are lists."""
    lists = {CORE / "hookspecs.py", CORE / "turn" / "events.py", *(CORE / "store" / "migrations").rglob("*.py")}
    long = {
        str(path.relative_to(ROOT)): count
        for folder in (CORE, BUILTIN)
        for path in folder.rglob("*.py")
        if path not in lists and (count := len(path.read_text().splitlines())) > 300
    }
    assert long == {}


def test_no_module_state() -> None:
    """No `global`, and no module-level name bound to an empty container that something fills later."""
    found = []
    for folder in (CORE, BUILTIN):
        for _, path in modules(folder):
            tree = ast.parse(path.read_text())
            found += [str(path) for node in ast.walk(tree) if isinstance(node, ast.Global)]
            found += [
                f"{path}:{node.lineno}"
                for node in tree.body
                if isinstance(node, (ast.Assign, ast.AnnAssign))
                and isinstance(node.value, (ast.Dict, ast.List, ast.Set))
                and not ast.unparse(node.value).strip("{}[]")
            ]
    assert found == []


def test_importing_promptdock_is_light() -> None:
    """Every plugin and every pytest run imports it: nothing heavy may come along."""
    heavy = ("litestar", "openai", "sqlmodel", "sqlalchemy", "pydantic", "aiohttp", "rich", "uvicorn", "msgspec")
    script = f"import sys, promptdock; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_every_public_name_loads() -> None:
    """The table of lazy names has no typing mistake, and knows the same names as the type checker."""
    import promptdock

    for name in promptdock.__all__:
        assert getattr(promptdock, name) is not None
    typed = set(re.findall(r"import \w+ as (\w+)", (CORE / "__init__.py").read_text()))
    assert typed | {"__version__"} == set(promptdock.__all__)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    """As for any module."""
    import promptdock

    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        promptdock.nonsense  # noqa: B018
