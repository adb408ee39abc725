"""Looking up the terms of many ``SearchTerms`` rules at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeGuard

from ..jsontext import well_formed
from .rules import SearchTerms, SelectionRequest, SelectionRule, Verdict
from .term_index import Hit, TermIndex, ThreadIndex

__all__ = ["TermLookup", "is_looked_up"]


def is_looked_up(rule: SelectionRule) -> TypeGuard[SearchTerms]:
    """Whether a rule decides by its terms alone: not one that decides in a way of its own about them."""
    # an attribute of the object's own stands for the method, e.g. one that records or troubles it
    return type(rule) is SearchTerms and vars(rule).keys().isdisjoint(_DECIDING)


_DECIDING: Final = frozenset({"decide", "verdict"})


class TermLookup:
    """Decides for many rules in one pass over the text, exactly as each by itself would with the terms that it has now.

    Args:
        rules: The rules; each counts once.
        kept: The most characters of texts of threads whose hits are kept.

    Attributes:
        rules: As given.
        reads_thread: Whether any of them looks at the texts of threads.
    """

    def __init__(self, rules: Iterable[SearchTerms], *, kept: int) -> None:
        self.rules = tuple({id(rule): rule for rule in rules}.values())
        self._numbers = {id(rule): number for number, rule in enumerate(self.rules)}
        self._input = TermIndex([rule.terms if rule.scope == "input" else () for rule in self.rules])
        self._reads_input = bool(self._input)
        self._texts = tuple(tuple(well_formed(term.text) for term in rule.terms) for rule in self.rules)
        thread = TermIndex([rule.terms if rule.scope == "thread" else () for rule in self.rules])
        self._thread = ThreadIndex(thread, limit=kept)
        self.reads_thread = bool(thread)

    def knows(self, rule: SelectionRule) -> bool:
        """Whether it is one of the rules."""
        return id(rule) in self._numbers

    def unread(self, request: SelectionRequest) -> Sequence[str]:
        """The texts of the thread whose hits are not known."""
        return self._thread.unknown(request.user_texts) if self.reads_thread else ()

    def read(self, texts: Sequence[str]) -> Mapping[str, tuple[Hit, ...]]:
        """Read texts of a thread; this may run in any thread."""
        return self._thread.read(texts)

    def selecting(self, request: SelectionRequest, read: Mapping[str, tuple[Hit, ...]]) -> list[tuple[int, Verdict]]:
        """The rules that select, by their numbers, with their verdicts.

        Args:
            request: The prompt.
            read: What :meth:`read` gave for what was unread of it.
        """
        hits = set(self._input.hits(request.input_words)) if self._reads_input else set[Hit]()
        if self.reads_thread:
            hits |= self._thread.hits(request.user_texts, read)
        if not hits:
            return []
        found: dict[int, list[str]] = {}
        for number, place in sorted(hits):
            found.setdefault(number, []).append(self._texts[number][place])
        return [(number, self.rules[number].verdict(tuple(texts))) for number, texts in found.items()]
