"""When the calculator is presented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptdock import SearchTerms, SelectionRequest, SelectionRule, Tool, Verdict

__all__ = ["ArithmeticRule", "selection_rules"]

_TERMS = (
    "calculate", "calculates", "calculated", "calculating", "calculation", "calculations", "calculator", "compute",
    "arithmetic", "math", "maths", "mathematics", "equation",
    "plus", "minus", "multiply", "multiplied", "divide", "divided", "modulo", "remainder",
    "sum of", "product of", "difference of", "quotient", "average of", "mean of", "percent of", "percentage",
    "square root", "cube root", "sqrt", "factorial", "logarithm", "sine", "cosine", "tangent", "hypotenuse",
    "power of", "to the power", "squared", "cubed", "how much is", "compound interest",
)  # fmt: skip

# Each pattern is linear in the text: every repetition in it stands between two things that cannot be part of it, so
# where it fails once it is not tried again in another way.
_GAP = r"[ \t]*"
_NUMBER = r"\d+(?:\.\d+)?"
_ARITHMETIC = re.compile(
    rf"""
    \d {_GAP} (?:\*\*?|[\^×÷·]) {_GAP} (?:[-(]{_GAP})? [\d.]      # 2*3, 2 ^ -1, 4 × (…
    | \d (?<!:\d\d) \+ (?=[\d(])                                    # 2+3, not the zone of 10:00+02:00
    | \d (?<!:\d\d) [ \t]+ (?:\+|//?|−|%|mod) [ \t]+ [(\d]          # 2 + 3, 10 / 4, 7 % 3
    | (?<![\d:.-]) \d+ (?:\.\d+)? [ \t]+ - [ \t]+ [(\d] (?!\d?:)    # 17 - 4, not 10:00 - 11:00
    | \) {_GAP} [*×÷·/^+] {_GAP} [\d(]                              # (…) * 2
    | \d {_GAP} \([ \t]* {_NUMBER} {_GAP} [-+*/^]                   # 2 (3 + 4)
    | \d {_GAP} [*×÷/] {_GAP} \(                                    # 2 * (…
    | \d [ \t]+ (?:plus|minus|times|over|modulo|divided[ \t]by|multiplied[ \t]by) [ \t]+ \d
    | \d {_GAP} (?:%|percent) [ \t]+ of [ \t] | \d [ \t]? !(?=[\s?]|$)
    | \b(?:sqrt|cbrt|sin|cos|tan|asin|acos|atan|log|log2|log10|ln|exp|factorial|gcd|lcm|abs|floor|ceil|round|hypot)
      {_GAP} \( {_GAP} [-(]? [\w.]
    | \b(?:what(?:'s|’s|[ \t]+is)|how[ \t]+much[ \t]+is|compute|solve|evaluate) [ \t]+
      {_NUMBER} [-/%] {_NUMBER} (?![-/%.\d][-/.\d])                 # what is 17-4: only when asked
    """,
    re.VERBOSE | re.IGNORECASE,
)

_MAY_HOLD = re.compile(r"[\d()]")
"""What every arithmetic holds one of, and most texts do not: far cheaper to look for."""

_SCANNED = 5_000
"""Characters read at the start and at the end of a text: a question stands before or after what was pasted."""


_EXPRESSION = frozenset("0123456789 .()+-−*/×÷^%")
_SHOWN = 60
"""The most characters of an expression that a reason shows."""


class ArithmeticRule(SelectionRule):
    """Selects when the newest user text holds arithmetic, such as ``(17 + 4) * 2``.

    A hyphen or a slash between two numbers is arithmetic only with spaces around it, or right after "what is" and the
    like: dates (2024-02-28, 12/25/2024), telephone numbers, ranges (3-5) and "24/7" are not.
    """

    nonblocking = True
    otherwise: str = "the input holds no arithmetic"

    def decide(self, request: SelectionRequest) -> Verdict:
        """Select when the pattern is found."""
        text = _ends(request.text)
        found = _ARITHMETIC.search(text) if _MAY_HOLD.search(text) else None
        if found is None:
            return Verdict(selected=False, reason=self.otherwise)
        shown = _widened(text, *found.span())
        return Verdict(selected=True, reason=f"the input holds arithmetic: {shown!r}", terms=(shown,))

    @property
    def description(self) -> str:
        """``arithmetic (input)``."""
        return "arithmetic (input)"


def _widened(text: str, start: int, end: int) -> str:
    """What was found with the rest of its expression, for people to read."""
    while start > 0 and text[start - 1] in _EXPRESSION and end - start < _SHOWN:
        start -= 1
    while end < len(text) and text[end] in _EXPRESSION and end - start < _SHOWN:
        end += 1
    return text[start:end].strip(" ,.")


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _SCANNED else f"{text[:_SCANNED]}\n{text[-_SCANNED:]}"


def selection_rules(calculator: Tool) -> Sequence[SelectionRule]:
    """The rules of this plugin: words for calculating, and arithmetic itself."""
    words = SearchTerms(
        *_TERMS,
        tools=[calculator],
        selects=["Calculate the area of a circle of radius 3", "what is the square root of two?"],
        ignores=["What is the weather in Paris?", "Write a poem about the sea"],
    )
    arithmetic = ArithmeticRule(
        tools=[calculator],
        selects=["What is (17 + 4) * 2", "15% of 80", "what is 17-4"],
        ignores=["how many days from 2024-02-28 to 2024-03-01", "see pages 3-5", "call 555-1234"],
    )
    return [words, arithmetic]
