"""When the date calculator is presented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptdock import SearchTerms, SelectionRequest, SelectionRule, Tool, Verdict

__all__ = ["DateRule", "selection_rules"]

_TERMS = (
    "date", "dates", "days", "weeks", "months", "weekday", "calendar", "deadline", "leap year", "today", "tomorrow",
    "yesterday", "how long until", "how long till", "how long since", "how long ago", "how old", "birthday",
    "anniversary", "day between", "day after", "day before", "oldest", "newest", "earliest", "latest",
)  # fmt: skip

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
# The longest run that a pattern can read is some thirty characters, so the time is linear in the text.
_DATE = re.compile(
    rf"""
    (?<![\d.-]) \d{{4}} (?: - \d\d - \d\d | / \d\d / \d\d ) (?![\d-]) | (?<![\d-]) \d{{4}} -W \d\d \b
    | (?<![\d./-]) \d{{1,2}} (?: / \d{{1,2}} / | \. \d{{1,2}} \. ) (?:19|20|21)\d\d (?![\d./-])
    | \b {_MONTH} \.?\ \d{{1,2}} (?:st|nd|rd|th)? \b | \b \d{{1,2}} (?:st|nd|rd|th)? \ (?:of\ )? {_MONTH} \b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
"""What every date holds, and most texts do not: far cheaper to look for."""
_SCANNED = 5_000
"""Characters read at the start and at the end of a text: a question stands before or after what was pasted."""


class DateRule(SelectionRule):
    """Selects when the newest user text holds a date, such as 2024-02-28, 12/25/2024, 31.12.2024 or March 1."""

    nonblocking = True
    otherwise: str = "the input holds no date"

    def decide(self, request: SelectionRequest) -> Verdict:
        """Select when the pattern is found."""
        text = _ends(request.text)
        found = _DATE.search(text) if _DIGIT.search(text) else None
        if found is None:
            return Verdict(selected=False, reason=self.otherwise)
        return Verdict(selected=True, reason=f"the input holds a date: {found[0]!r}", terms=(found[0],))

    @property
    def description(self) -> str:
        """``dates (input)``."""
        return "dates (input)"


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _SCANNED else f"{text[:_SCANNED]}\n{text[-_SCANNED:]}"


def selection_rules(date_calculator: Tool) -> Sequence[SelectionRule]:
    """The rules of this plugin: words for dates, and dates themselves."""
    words = SearchTerms(
        *_TERMS,
        tools=[date_calculator],
        selects=["How many days are there until the deadline?", "what weekday is it tomorrow"],
        ignores=["What is (17 + 4) * 2", "Write a poem about the sea"],
    )
    dates = DateRule(
        tools=[date_calculator],
        selects=["from 2024-02-28 to 2024-03-01", "is 12/25/2024 a holiday?", "on the 1st of March"],
        ignores=["24/7 support", "see pages 3-5", "upgrade to version 1.2.3-4"],
    )
    return [words, dates]
