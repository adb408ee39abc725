"""``promptdock hooks``: the hooks that plugins may implement, and the whole contract of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from .invocation import debug_option

if TYPE_CHECKING:
    from ..hook_descriptions import HookDescription
    from .console import Output

__all__ = ["hooks"]


@click.command(short_help="Show the hooks that plugins may implement.")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead, or the one hook as an object.")
@debug_option
def hooks(name: str | None, as_json: bool) -> None:
    """Show the hooks that plugins may implement; with NAME, the whole contract of one."""
    from ..hook_descriptions import describe_hooks
    from .console import open_output

    described = describe_hooks()
    wanted = None if name is None else _find(described, name)
    with open_output() as output:
        if wanted is not None:
            output.json(wanted.as_json()) if as_json else _show(wanted, output)
        elif as_json:
            output.json([hook.as_json() for hook in described])
        else:
            _list(described, output)


def _find(described: Sequence[HookDescription], name: str) -> HookDescription:
    import difflib

    from .. import hookspecs

    for hook in described:
        if hook.name == name:
            return hook
    near = difflib.get_close_matches(name, [hook.name for hook in described], n=1)
    guess = f"; did you mean {near[0]!r}?" if near else "."
    raise click.UsageError(f"The hooks of version {hookspecs.VERSION} have no {name[:100]!r}{guess}")


def _list(described: Iterable[HookDescription], output: Output) -> None:
    from .tables import show_table

    rows = [
        [
            hook.signature,
            hook.kind.value,
            hook.since,
            _plain(hook.summary) if hook.deprecated is None else f"deprecated: write {hook.deprecated.successor}",
        ]
        for hook in described
    ]
    show_table(output, ["hook", "kind", "since", "what it is for"], rows, below=["what it is for"])


def _show(hook: HookDescription, output: Output) -> None:
    from rich.text import Text

    arguments = ", ".join(f"{one.name}: {one.type}" for one in hook.arguments)
    output.line(Text(f"def {hook.name}({arguments}) -> {hook.returns_type}", "bold"))
    parts = [hook.summary, *hook.contract]
    if hook.deprecated is not None:
        parts.append(f"Deprecated: {hook.deprecation}")
    for part in parts:
        output.line()
        _wrap(output, part)
    output.line()
    for one in hook.arguments:
        _wrap(output, f"{one.name}: {one.text}", hanging=True)
    for old, new in hook.deprecated_arguments.items():
        told = f"deprecated since {new.since}, removed in {new.removed_in}; take {new.successor} instead."
        _wrap(output, f"{old}: {told}", hanging=True)
    _wrap(output, f"Returns: {hook.returns}", hanging=True)
    _wrap(output, f"Since: {hook.since}", hanging=True)


def _wrap(output: Output, text: str, *, hanging: bool = False) -> None:
    from textwrap import wrap

    width = min(output.out.width, 100) if output.out.is_terminal else 100
    indent = "  " if hanging else ""
    for line in wrap(_plain(text), width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False):
        output.line(line)


def _plain(text: str) -> str:
    """A text of a docstring without its markup."""
    import re

    text = re.sub(r":\w+:`~?(?:promptdock\.)?([\w.]+)`", r"\1", text)
    return re.sub(r"\*(\w+)\*", r"\1", text.replace("``", ""))
