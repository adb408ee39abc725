"""The scopes that prompts come with, and what each of them comes to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from ..plugins.catalog import Catalog, RegisteredRule
from ..turn.request import ToolScope
from .candidates import Candidates
from .lookup import TermLookup, is_looked_up
from .scope import narrowed, not_offered

__all__ = ["Offers"]

_SCOPES: Final = 128
_KEPT_FOR_ALL: Final = 1_000_000
_KEPT_FOR_ONE: Final = 50_000
"""Characters of texts of threads whose hits are kept: those of the plugins' rules, and those of one scope's own."""


class Offers:
    """Gives what a scope of the catalog comes to, and keeps it for the scopes that were asked for last.

    Args:
        catalog: What the plugins registered; it never changes.
        limit: The most scopes to keep.
    """

    def __init__(self, catalog: Catalog, *, limit: int = _SCOPES) -> None:
        self._catalog = catalog
        self._limit = limit
        self._lookup = _lookup(catalog.rules, kept=_KEPT_FOR_ALL)
        self._left_out = {tool.id: not_offered(tool) for tool in catalog.tools.values()}
        self._whole = Candidates(catalog, lookups=(self._lookup,))
        self._narrow: OrderedDict[ToolScope, Candidates] = OrderedDict()

    def candidates(self, scope: ToolScope | None) -> Candidates:
        """What a scope comes to.

        Args:
            scope: What prompts may see; None for everything.

        Raises:
            ConfigurationError: A rule of the scope is not valid.
        """
        if scope is None:
            return self._whole
        known = self._narrow.get(scope)
        if known is None:
            known = self._narrow[scope] = self._made(scope)
            while len(self._narrow) > self._limit:
                self._narrow.popitem(last=False)
        else:
            self._narrow.move_to_end(scope)
        return known

    def _made(self, scope: ToolScope) -> Candidates:
        catalog = narrowed(self._catalog, scope)
        left_out = [decision for identity, decision in self._left_out.items() if identity not in catalog.tools]
        own = _lookup((item for item in catalog.rules if not self._lookup.knows(item.rule)), kept=_KEPT_FOR_ONE)
        return Candidates(catalog, left_out, (self._lookup, own) if own.rules else (self._lookup,))


def _lookup(rules: Iterable[RegisteredRule], *, kept: int) -> TermLookup:
    return TermLookup((rule for item in rules if is_looked_up(rule := item.rule)), kept=kept)
