"""The line to write in place of an older one: a plugin's own line, with the names of today."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["definition", "line_instead"]

_DEF = re.compile(r"\s*(?:async\s+)?def\s")
_DECORATED = 50
"""How many lines of decorators are looked through for the ``def`` of a function."""


def definition(function: Callable[..., Any]) -> tuple[str, int]:
    """File and line of the ``def`` of a function; ``<unknown>`` and 1 when it was not read from a file."""
    code = getattr(_plain(function), "__code__", None)
    if code is None:
        return "<unknown>", 1
    first: int = code.co_firstlineno
    for line in range(first, first + _DECORATED):
        if _DEF.match(linecache.getline(code.co_filename, line)):
            return code.co_filename, line
    return code.co_filename, first


def line_instead(function: Callable[..., Any], hook: str, successor: str, arguments: Mapping[str, str]) -> str:
    """Write the first line of a hook implementation as it should be, annotations and all.

    Args:
        function: The implementation as it is.
        hook: The hook that it implements.
        successor: The hook that it should implement.
        arguments: What its arguments should be called, by their names now; the others keep theirs.

    Returns:
        ``def successor(arguments):``. A function that implements the hook under a name of its own keeps that name, and
        the line says what its marker has to be.
    """
    plain = _plain(function)
    own = getattr(plain, "__name__", hook)
    name = successor if own == hook or not own.isidentifier() else own
    start = "async def" if inspect.iscoroutinefunction(plain) else "def"
    line = f"{start} {name}{_renamed(plain, arguments)}:"
    if name == successor or hook == successor:
        return line
    return f'{line}  (marked @hookimpl(specname="{successor}"))'


def _plain(function: Callable[..., Any]) -> Any:
    """The function itself, without what decorators and objects put around it."""
    plain: Any = inspect.unwrap(function)
    return getattr(plain, "__func__", plain)


def _renamed(function: Any, arguments: Mapping[str, str]) -> inspect.Signature:
    signature = inspect.signature(function)
    node = _syntax(function)
    annotations, defaults = ({}, {}) if node is None else _texts(node.args)
    returns = None if node is None else node.returns
    parameters = [
        one.replace(
            name=arguments.get(name, name),
            annotation=annotations.get(name, inspect.Parameter.empty),
            default=defaults.get(name, one.default),
        )
        for name, one in signature.parameters.items()
        # one that has the older and the newer argument needs the newer one only
        if arguments.get(name) not in signature.parameters
    ]
    said = inspect.Signature.empty if returns is None else _Text(returns)
    return signature.replace(parameters=parameters, return_annotation=said)


@dataclass(frozen=True, slots=True)
class _Text:
    """An expression that a signature shows as its author wrote it, and not as what it became."""

    node: ast.expr

    def __repr__(self) -> str:
        return ast.unparse(self.node)


def _syntax(function: Any) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The definition of a function; None when its text is not there, or is a lambda."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    node = tree.body[0] if tree.body else None
    return node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def _texts(args: ast.arguments) -> tuple[dict[str, _Text], dict[str, _Text]]:
    """Annotations and defaults by the name of the parameter."""
    positional = [*args.posonlyargs, *args.args]
    several = [one for one in (args.vararg, args.kwarg) if one is not None]
    annotated = ((one.arg, one.annotation) for one in (*positional, *args.kwonlyargs, *several))
    # defaults are those of the last parameters
    filled = [
        *zip(reversed(positional), reversed(args.defaults), strict=False),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    return (
        {name: _Text(annotation) for name, annotation in annotated if annotation is not None},
        {one.arg: _Text(default) for one, default in filled if default is not None},
    )
