"""Reading a one-file plugin without running it: its hooks, its tools, what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..hookmarkers import PROJECT
from .refusal import ScaffoldRefused

__all__ = ["FoundTool", "PluginSource", "read_plugin"]

_MARKER: Final = "hookimpl"
_NO_NAMES: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A tool that a module defines with ``@tool``.

    Attributes:
        name: What models call it by.
        example: The arguments of its first example, when these are written out; else None.
    """

    name: str
    example: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSource:
    """What a module is seen to be from its text.

    Attributes:
        content: The file, byte for byte.
        summary: The first line of its docstring; empty without one.
        hooks: The hooks that it implements, in order.
        tools: The tools that it defines with ``@tool``.
        imports: The top-level modules that it imports when it runs, its own standard library's included.
    """

    content: bytes
    summary: str
    hooks: tuple[str, ...]
    tools: tuple[FoundTool, ...]
    imports: tuple[str, ...]


def read_plugin(file: Path) -> PluginSource:
    """Read a one-file plugin.

    Raises:
        ScaffoldRefused: It cannot be read, is not Python, or implements no hook.
    """
    content = _read(file)
    tree = _parse(file, content)
    statements = list(_at_top(tree.body))
    names = _Names.of(statements)
    hooks = tuple(dict.fromkeys(_hooks(statements, names)))
    if not hooks:
        raise ScaffoldRefused(
            f"{file} is no plugin: no function in it is marked with @hookimpl of promptdock.",
            hint="Mark its hooks, or start anew: promptdock plugin new NAME",
        )
    docstring = (ast.get_docstring(tree) or "").strip()
    return PluginSource(
        content=content,
        summary=docstring.partition("\n")[0].strip(),
        hooks=hooks,
        tools=tuple(_tools(statements, names)),
        imports=tuple(dict.fromkeys(_imports(tree))),
    )


def _read(file: Path) -> bytes:
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "does not exist"
        raise ScaffoldRefused(f"{file} {what}.", hint="Give the file of a one-file plugin, e.g. dice.py.")
    try:
        return file.read_bytes()
    except OSError as error:
        raise ScaffoldRefused(f"{file} cannot be read: {error.strerror}.", hint="Make it readable.") from error


def _parse(file: Path, content: bytes) -> ast.Module:
    try:
        return ast.parse(content, filename=str(file))
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise ScaffoldRefused(f"{file}{where}: {error.msg}.", hint="Correct that first.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ScaffoldRefused(f"{file} cannot be read as Python: {error}.", hint="Correct that first.") from error


def _at_top(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements whose names become attributes of the module, those under conditions included."""
    for statement in statements:
        yield statement
        if isinstance(statement, (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)):
            for part in ("body", "orelse", "finalbody"):
                yield from _at_top(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", []):
                yield from _at_top(handler.body)


@dataclass(frozen=True, slots=True)
class _Names:
    """What a module calls promptdock and the things it imports from there."""

    modules: frozenset[str] = _NO_NAMES
    things: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Iterable[ast.stmt]) -> _Names:
        modules: set[str] = set()
        things: dict[str, str] = {}
        for statement in statements:
            if isinstance(statement, ast.Import):
                modules |= {name.asname or name.name for name in statement.names if name.name == PROJECT}
            elif isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] == PROJECT:
                things |= {name.asname or name.name: name.name for name in statement.names}
        return cls(frozenset(modules), things)

    def meaning(self, node: ast.expr) -> str | None:
        """What of promptdock an expression names, called or not; None for anything else."""
        if isinstance(node, ast.Call):
            node = node.func
        if isinstance(node, ast.Name):
            return self.things.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.modules:
            return node.attr
        return None


def _hooks(statements: Iterable[ast.stmt], names: _Names) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in statement.decorator_list:
                if names.meaning(decorator) == _MARKER:
                    yield _constant(decorator, "specname") or statement.name
        elif isinstance(statement, ast.Assign) and names.meaning(_innermost(statement.value)) == _MARKER:
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _innermost(node: ast.expr) -> ast.expr:
    """The function that is called first in ``hookimpl(…)(function)``."""
    while isinstance(node, ast.Call):
        node = node.func
    return node


def _tools(statements: Iterable[ast.stmt], names: _Names) -> Iterator[FoundTool]:
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in statement.decorator_list:
                if names.meaning(decorator) == "tool":
                    yield FoundTool(_constant(decorator, "name") or statement.name, _example(decorator))


def _argument(node: ast.expr, name: str) -> Any:
    """The value of a keyword argument, when it is written out; else None."""
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if keyword.arg == name:
            try:
                return ast.literal_eval(keyword.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                return None
    return None


def _constant(node: ast.expr, name: str) -> str | None:
    value = _argument(node, name)
    return value if isinstance(value, str) else None


def _example(node: ast.expr) -> Mapping[str, Any] | None:
    examples = _argument(node, "examples")
    if isinstance(examples, (list, tuple)) and examples and isinstance(examples[0], dict):
        return examples[0] if all(isinstance(key, str) and key.isidentifier() for key in examples[0]) else None
    return None


def _imports(tree: ast.Module) -> Iterator[str]:
    """The modules that are imported anywhere, save where only type checkers look."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        waiting.extend(ast.iter_child_nodes(node))
