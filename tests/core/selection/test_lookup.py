"""Rules that are looked up, and those that have ways of their own."""

from __future__ import annotations

from typing import Any

from promptdock import SearchTerms
from promptdock.selection.lookup import TermLookup, is_looked_up
from promptdock.selection.rules import SelectionRequest, Verdict
from promptdock.selection.terms import Term


def asked(text: str) -> SelectionRequest:
    return SelectionRequest(text=text, user_texts=(text,), messages=(), provider="p", model="m", caller="c")


def selecting(lookup: TermLookup, text: str) -> list[tuple[int, Verdict]]:
    return list(lookup.selecting(asked(text), {}))


class InItsWay(SearchTerms):
    """Has something to say about the verdict."""

    def verdict(self, hits: tuple[str, ...], loudness: int = 1) -> Verdict:
        return Verdict(selected=loudness > 1, reason="in its way")


def test_only_rules_that_decide_as_we_do_are_looked_up() -> None:
    recorded, troubled = SearchTerms("dice"), SearchTerms("dice")
    recorded.decide = lambda request: Verdict(selected=True, reason="mine")  # type: ignore[method-assign]
    vars(troubled)["verdict"] = None
    assert is_looked_up(SearchTerms("dice"))
    assert not is_looked_up(InItsWay("dice"))
    assert not is_looked_up(recorded)
    assert not is_looked_up(troubled)


def test_terms_are_read_once() -> None:
    """Whoever changes them later is not heard, and does no harm."""
    rule = SearchTerms("dice", "die")
    lookup = TermLookup([rule], kept=100)
    rule.terms = (Term.parse("cards"),)
    assert [verdict.terms for _, verdict in selecting(lookup, "roll a die")] == [("die",)]
    assert selecting(lookup, "play cards") == []


def test_a_term_that_is_no_text_is_shown_as_one() -> None:
    odd: Any = "caf\udce9 dice"
    lookup = TermLookup([SearchTerms(odd)], kept=100)
    for _, verdict in selecting(lookup, odd):
        assert "".join(verdict.terms).encode()
