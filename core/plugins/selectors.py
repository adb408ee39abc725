"""Allow and deny lists: which plugins may be imported, decided from their metadata alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

__all__ = ["PluginSelector", "normalise_distribution", "refuse", "unmatched"]

_SEPARATORS = re.compile(r"[-_.]+")
_ANY_FILE = "file"


def normalise_distribution(name: str) -> str:
    """A distribution's name as package indexes compare it; the path of a one-file plugin stays as it is."""
    return name if name.startswith(("file:", "<")) else _SEPARATORS.sub("-", name).lower()


class PluginSelector(msgspec.Struct, frozen=True):
    """One entry of an allow or deny list.

    Attributes:
        text: As the operator wrote it.
        name: The plugin id that it names, or None for any.
        distribution: The distribution that it names, normalised, or None for any.
    """

    text: str
    name: str | None
    distribution: str | None

    @classmethod
    def parse(cls, text: str) -> tuple[PluginSelector, ...]:
        """Read ``id``, ``distribution`` or ``id@distribution``; the first two look alike, so they give one each.

        ``id@file`` is the one-file plugin of that id, wherever its file lies.
        """
        text = text.strip()
        if "@" in text and not text.startswith("file:"):
            name, _, distribution = text.partition("@")
            return (cls(text, name.strip(), normalise_distribution(distribution.strip())),)
        return cls(text, text, None), cls(text, None, normalise_distribution(text))

    def matches(self, name: str, distribution: str) -> bool:
        """Whether this entry speaks of a plugin.

        Args:
            name: The plugin's id.
            distribution: Its distribution, normalised.
        """
        if self.name is not None and self.distribution == _ANY_FILE and distribution.startswith("file:"):
            return self.name == name
        return self.name in {None, name} and self.distribution in {None, distribution}


def _hits(entries: Iterable[str], name: str, distribution: str) -> list[str]:
    wanted = normalise_distribution(distribution)
    return [text for text in entries if any(s.matches(name, wanted) for s in PluginSelector.parse(text))]


def refuse(name: str, distribution: str, *, allow: Sequence[str] | None, deny: Sequence[str]) -> str | None:
    """Say why a plugin must not be imported, or give None when it may; the deny list wins."""
    denied = _hits(deny, name, distribution)
    if denied:
        return f"denied by {denied[0]!r} in plugins_deny"
    if allow is not None and not _hits(allow, name, distribution):
        return "not in plugins_allow"
    return None


def unmatched(entries: Iterable[str], found: Sequence[tuple[str, str]]) -> list[str]:
    """The entries that speak of none of the plugins found.

    Args:
        entries: An allow or deny list.
        found: Id and distribution of every plugin.
    """
    return [text for text in entries if not any(_hits([text], name, distribution) for name, distribution in found)]
