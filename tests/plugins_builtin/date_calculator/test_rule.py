"""When the date calculator is presented."""

from __future__ import annotations

import time

import pytest

from promptdock import SelectionRequest, Verdict
from promptdock_builtin.date_calculator.rule import DateRule, selection_rules
from promptdock_builtin.date_calculator.tool import calculate_dates


def _request(text: str) -> SelectionRequest:
    return SelectionRequest(text=text, user_texts=(text,), messages=(), provider="p", model="m", caller="c")


def _selects(text: str) -> bool:
    verdicts = [rule.decide(_request(text)) for rule in selection_rules(calculate_dates)]
    return any(isinstance(verdict, Verdict) and verdict.selected for verdict in verdicts)


@pytest.mark.parametrize(
    "text",
    [
        "how many days from 2024-02-28 to 2024-03-01?",
        "from 2024-02-28 to 2024-03-01",
        "2024-02-28T10:00:00Z plus 3",
        "2024/02/28",
        "12/25/2024 in EU format",
        "is 31.12.2024 before it",
        "what is March 1st plus 30",
        "1st of march",
        "How long until Christmas?",
        "which weekday is it",
        "what date is it",
    ],
)
def test_selects(text: str) -> None:
    assert _selects(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is (17 + 4) * 2",
        "have a nice day",
        "call 555-1234",
        "version 1.2.3",
        "I may go in march",
        "1234-5678",
        "",
    ],
)
def test_does_not_select(text: str) -> None:
    assert not _selects(text)


def test_says_what_it_found() -> None:
    rule = DateRule()
    assert rule.decide(_request("on 2024-02-28, then")).reason == "the input holds a date: '2024-02-28'"
    assert rule.description == "dates (input)"


@pytest.mark.parametrize("unit", ["1", "1-", "2024-", "mar ", "1 ", "1/"])
def test_long_text_is_read_in_linear_time(unit: str) -> None:
    started = time.perf_counter()
    DateRule().decide(_request(unit * 200_000))
    assert time.perf_counter() - started < 2
