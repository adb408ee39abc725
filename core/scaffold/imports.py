"""From the modules that a plugin imports to the distributions that it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from typing import Final

from ..plugins.selectors import normalise_distribution
from .names import PREFIX
from .package import requirement

__all__ = ["Needs", "find_needs"]

_OURS: Final = frozenset({PREFIX, f"{PREFIX}_builtin"})


@dataclass(frozen=True, slots=True)
class Needs:
    """What a plugin needs beside promptdock.

    Attributes:
        dependencies: Requirements, from what is installed here.
        unknown: Modules that it imports and that no single distribution here brings.
    """

    dependencies: tuple[str, ...]
    unknown: tuple[str, ...]


def find_needs(modules: Iterable[str]) -> Needs:
    """Guess what to install for a plugin.

    Args:
        modules: Top-level names of the modules that it imports.
    """
    brought_by = packages_distributions()
    wanted: dict[str, str] = {}
    unknown: list[str] = []
    for module in modules:
        if module in sys.stdlib_module_names or module in _OURS:
            continue
        owners = {normalise_distribution(owner) for owner in brought_by.get(module, ()) if owner}
        if len(owners) != 1:
            unknown.append(module)
            continue
        (owner,) = owners
        wanted[owner] = requirement(owner, version(owner))
    return Needs(tuple(sorted(wanted.values())), tuple(unknown))
