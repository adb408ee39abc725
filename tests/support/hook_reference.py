"""Writes docs/hooks.md from the hook specs: ``make docs-reference``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Final

from promptdock import hookspecs
from promptdock.hook_descriptions import HookDescription, describe_hooks

__all__ = ["PAGE", "hook_reference", "users_of"]

_ROOT = Path(__file__).resolve().parents[2]
PAGE: Final = _ROOT / "docs" / "hooks.md"

_INTRO = """\
# Every hook

<!-- written by `make docs-reference` from core/hookspecs.py: change it there -->

A hook is a function of a plugin, marked `@hookimpl`, that promptdock calls by its name. [Writing a plugin](plugins.md)
has a table of what each is for, [Events](events.md) of what the events hold. This page has the whole contract of each.
These are the hooks of version {version}.
"""
_KINDS = """\
| kind | what it is | a failure, or a time-out |
|---|---|---|
| register | called once, at start | that plugin is put into quarantine |
| decide | may this happen? | counts as a denial |
| transform | may return a changed copy | the previous value stands |
| observe | told of an event | logged and counted |"""
_GROUPS = (
    ("Registering", hookspecs.REGISTER),
    ("Deciding", hookspecs.DECIDE),
    ("Changing", hookspecs.TRANSFORM),
    ("Observing turns", hookspecs.OBSERVE_TURNS),
    ("Observing what is around turns", hookspecs.OBSERVE_SERVICE),
    ("Deprecated", hookspecs.DEPRECATED),
)


def hook_reference() -> str:
    """The whole page."""
    described = {hook.name: hook for hook in describe_hooks()}
    parts = [_INTRO.format(version=hookspecs.VERSION), "## Rules for all hooks", _rules(), _KINDS]
    for title, names in _GROUPS:
        parts.append(f"## {title}")
        parts += [part for name in names if name in described for part in _section(described[name])]
    parts += ["## Shipped plugins that use them", *_plugins()]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def users_of(hook: str) -> list[str]:
    """Ids of the plugins shipped with promptdock that implement a hook."""
    used = re.compile(rf"^(?:    )?(?:async )?def {hook}\(", re.MULTILINE)
    return [
        folder.name
        for folder in _shipped()
        if any(used.search(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py"))
    ]


def _shipped() -> list[Path]:
    return sorted(path.parent for path in (_ROOT / "plugins_builtin").glob("*/__init__.py"))


def _rules() -> str:
    text = inspect.getdoc(hookspecs) or ""
    items = re.split(r"^- ", text.partition("Rules for all hooks:")[2], flags=re.MULTILINE)[1:]
    return "\n".join(_wrapped(item, "- ", "  ") for item in items)


def _section(hook: HookDescription) -> Iterator[str]:
    yield f"### {hook.name}"
    yield f"```python\n{_signature(hook)}\n```"
    yield _wrapped(hook.summary)
    yield from (_wrapped(paragraph) for paragraph in hook.contract)
    yield "\n".join(_wrapped(line, "- ", "  ") for line in _facts(hook))


def _facts(hook: HookDescription) -> Iterator[str]:
    for one in hook.arguments:
        yield f"`{one.name}`: `{one.type}`. {one.text}"
    for name, old in hook.deprecated_arguments.items():
        yield f"`{name}`: deprecated since {old.since}, removed in {old.removed_in}; take `{old.successor}` instead."
    yield f"Returns: {hook.returns}"
    yield f"Since: {hook.since}."
    if hook.deprecated is not None:
        yield f"Deprecated: {hook.deprecation}"
    else:
        yield f"Used by {', '.join(f'[{name}](#{name})' for name in users_of(hook.name))}."


def _plugins() -> Iterator[str]:
    for folder in _shipped():
        text = (folder / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
        hooks = [hook.name for hook in describe_hooks() if folder.name in users_of(hook.name)]
        yield f"### {folder.name}"
        yield from (_wrapped(paragraph) for paragraph in text.split("\n\n"))
        yield _wrapped(f"Module `promptdock_builtin.{folder.name}`, with {', '.join(f'[`{h}`](#{h})' for h in hooks)}.")


def _signature(hook: HookDescription) -> str:
    arguments = [f"{one.name}: {one.type}" for one in hook.arguments]
    line = f"def {hook.name}({', '.join(arguments)}) -> {hook.returns_type}: ..."
    if len(line) <= 100:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"def {hook.name}(\n{inner}) -> {hook.returns_type}: ..."


def _markdown(text: str) -> str:
    """From the markup of docstrings, on one line."""
    text = re.sub(r":class:`~promptdock\.(\w+)`", r"[`\1`](events.md)", " ".join(text.split()))
    text = re.sub(r":(?:func|meth|class):`~?([\w.]+)`", r"`\1`", text).replace("``", "`")
    return re.sub(r"(?<![*\w])\*(\w+)\*(?![*\w])", r"**\1**", text)


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    return fill(
        _markdown(text),
        120,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    PAGE.write_text(hook_reference(), encoding="utf-8")
