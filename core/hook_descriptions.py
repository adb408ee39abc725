"""Every hook described, for those who print or render it: the reference in the docs, and ``promptdock hooks``.

The text of each is its spec's docstring, taken apart into the sections that all of them have.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .hook_table import Hook, HookKind, HookTable, read_hooks
from .hook_versions import DeprecatedArgument, Deprecation
from .jsontext import JsonObject

__all__ = ["ArgumentDescription", "HookDescription", "describe_hooks"]

_FACT = re.compile(r"(Since|Deprecated): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentDescription:
    """One argument of a hook.

    Attributes:
        name: Its name.
        type: Its annotation, as the spec has it.
        text: What the spec says of it.
    """

    name: str
    type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDescription:
    """One hook. Texts are as in docstrings: one paragraph a string, on one line, with ``code`` in two backticks.

    Attributes:
        name: Its name.
        kind: What it is for.
        since: Version of the hooks that brought it.
        deprecated: Set when another hook is to be written instead.
        deprecated_arguments: Arguments that are called differently now, by their older names.
        arguments: Its arguments, in order.
        returns_type: What an implementation gives, as the spec's annotation has it.
        summary: What it is for, in a sentence.
        contract: The further paragraphs: kind, when it is called, how often, in which order.
        returns: What an answer, None and a failure mean.
        deprecation: What is said of its deprecation; empty when it is not deprecated.
    """

    name: str
    kind: HookKind
    since: str
    deprecated: Deprecation | None
    deprecated_arguments: Mapping[str, DeprecatedArgument]
    arguments: tuple[ArgumentDescription, ...]
    returns_type: str
    summary: str
    contract: tuple[str, ...]
    returns: str
    deprecation: str

    @property
    def signature(self) -> str:
        """The hook as a plugin writes it, without types: ``name(first, second)``."""
        return f"{self.name}({', '.join(argument.name for argument in self.arguments)})"

    def as_json(self) -> JsonObject:
        """The description as ``promptdock hooks --json`` prints it."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "since": self.since,
            "arguments": [{"name": one.name, "type": one.type, "text": one.text} for one in self.arguments],
            "returns_type": self.returns_type,
            "summary": self.summary,
            "contract": list(self.contract),
            "returns": self.returns,
            "deprecated": None if self.deprecated is None else _as_json(self.deprecated),
            "deprecated_arguments": {name: _as_json(old) for name, old in self.deprecated_arguments.items()},
        }


def describe_hooks(table: HookTable | None = None) -> tuple[HookDescription, ...]:
    """Describe every hook, in the order of the kinds, deprecated ones last.

    Args:
        table: The hooks; None means those of this promptdock.
    """
    hooks = table if table is not None else read_hooks()
    return tuple(_describe(hook, getattr(hooks.specs, name)) for name, hook in hooks.hooks.items())


def _describe(hook: Hook, function: object) -> HookDescription:
    from docstring_parser import DocstringStyle, parse

    assert callable(function)
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    facts = {found[1]: _line(found[2]) for text in paragraphs if (found := _FACT.fullmatch(text))}
    text = "\n\n".join(text for text in paragraphs if not _FACT.fullmatch(text))
    parsed = parse(text, style=DocstringStyle.GOOGLE)
    said = {one.arg_name: _line(one.description or "") for one in parsed.params}
    signature = inspect.signature(function)
    return HookDescription(
        name=hook.name,
        kind=hook.kind,
        since=hook.version.since,
        deprecated=hook.deprecated,
        deprecated_arguments=MappingProxyType(dict(hook.version.arguments)),
        arguments=tuple(
            ArgumentDescription(name=name, type=str(one.annotation), text=said.get(name, ""))
            for name, one in signature.parameters.items()
        ),
        returns_type=str(signature.return_annotation),
        summary=_line(parsed.short_description or ""),
        contract=tuple(_line(part) for part in (parsed.long_description or "").split("\n\n") if part.strip()),
        returns=_line(parsed.returns.description or "") if parsed.returns is not None else "",
        deprecation=facts.get("Deprecated", ""),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _as_json(old: Deprecation | DeprecatedArgument) -> JsonObject:
    return {"since": old.since, "removed_in": old.removed_in, "successor": old.successor}
