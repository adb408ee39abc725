"""When the date calculator is presented."""

from __future__ import annotations

import time

import pytest

from promptdock import SelectionRequest
from promptdock.testing import Host
from promptdock_builtin.date_calculator.rule import DateRule


def _request(text: str) -> SelectionRequest:
    return SelectionRequest(text=text, user_texts=(text,), messages=(), provider="p", model="m", caller="c")


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
def test_selects(dating: Host, text: str) -> None:
    dating.assert_selected("date_calculator", prompt=text)


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
def test_does_not_select(dating: Host, text: str) -> None:
    dating.assert_not_selected("date_calculator", prompt=text, because="no date")
    dating.assert_not_selected("date_calculator", prompt=text, because="search_terms")


def test_says_what_it_found(dating: Host) -> None:
    kept = [decision for decision in dating.select("on 2024-02-28, then").decisions if decision.kept]
    assert [(decision.rule, decision.reason) for decision in kept] == [
        ("dates (input)", "the input holds a date: '2024-02-28'")
    ]


@pytest.mark.parametrize("unit", ["1", "1-", "2024-", "mar ", "1 ", "1/"])
def test_long_text_is_read_in_linear_time(unit: str) -> None:
    started = time.perf_counter()
    DateRule().decide(_request(unit * 200_000))
    assert time.perf_counter() - started < 2
