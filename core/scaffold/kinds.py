"""What a new plugin can be: the module, its test, and the prompt to try it with, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ..selection.terms import Term
from .names import PluginNames

__all__ = ["SUMMARIES", "Kind", "has_provider", "module_values", "try_it"]


class Kind(StrEnum):
    """What a new plugin brings."""

    TOOL = "tool"
    PROVIDER = "provider"
    RULE = "rule"
    ALL = "all"


_UNRELATED: Final = (
    "What is the capital of France?",
    "Translate good morning into Spanish.",
    "Who wrote Hamlet?",
    "Explain photosynthesis briefly.",
)
"""Prompts that share no word, so that a name hits one of them at most."""

_COUNTED: Final = 'Count the words of "to be or not to be".'


def has_provider(kind: Kind) -> bool:
    """Whether a plugin of this kind brings a provider."""
    return kind in {Kind.PROVIDER, Kind.ALL}


def module_values(names: PluginNames) -> dict[str, str]:
    """What the templates of modules and tests are filled in with."""
    term = Term.parse(names.words)
    ignored = [prompt for prompt in _UNRELATED if not term.is_in(prompt)]
    return {
        "id": names.id,
        "id_capitals": names.id.upper(),
        "distribution": names.distribution,
        "module": names.module,
        "words": names.words,
        "roll": names.tool("roll"),
        "count": names.tool("count"),
        "ignored": ignored[0],
        "ignored_too": ignored[1],
    }


SUMMARIES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.TOOL: "Rolls dice",
        Kind.PROVIDER: "Says what it hears",
        Kind.RULE: "Counts the words of quotations",
        Kind.ALL: "Rolls dice, counts the words of quotations, and says what it hears",
    }
)
"""What a new plugin does, in a few words."""


def try_it(names: PluginNames, kind: Kind) -> str:
    """The command that shows the plugin at work."""
    if kind is Kind.PROVIDER:
        return f'promptdock prompt "Hello, who is there?" --model {names.id}/parrot'
    if kind is Kind.RULE:
        return f"promptdock prompt '{_COUNTED}'"
    return f'promptdock prompt "Roll the {names.words}."'
