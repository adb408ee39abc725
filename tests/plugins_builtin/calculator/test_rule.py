"""When the calculator is presented."""

from __future__ import annotations

import time

import pytest

from promptdock import SelectionRequest
from promptdock.testing import Host
from promptdock_builtin.calculator.rule import ArithmeticRule


def _request(text: str) -> SelectionRequest:
    return SelectionRequest(text=text, user_texts=(text,), messages=(), provider="p", model="m", caller="c")


@pytest.mark.parametrize(
    "text",
    [
        "What is (17 + 4) * 2",
        "2*3",
        "2^10?",
        "17 - 4",
        "what is 17-4",
        "What's 10/4?",
        "10 / 4",
        "(3-5)*2",
        "2*(3-1)",
        "15% of 80",
        "sqrt(2) please",
        "5!",
        "3 times 4",
        "7 × 6",
        "7 mod 3",
        "Calculate the area",
        "the square root of two",
        "What is (17 + 4) * 2, and how many days from 2024-02-28 to 2024-03-01?",
    ],
)
def test_selects(calculating: Host, text: str) -> None:
    calculating.assert_selected("calculator", prompt=text)


@pytest.mark.parametrize(
    "text",
    [
        "how many days from 2024-02-28 to 2024-03-01",
        "what is 2024-02-28",
        "due on 12/25/2024 or 28/02/2024",
        "call 555-1234 or +49 30 1234567 or (555) 123-4567",
        "upgrade to version 1.2.3-4",
        "Python 3.11+ 64-bit",
        "see pages 3-5",
        "24/7 support",
        "open 10:00 - 11:00",
        "at 2024-01-01T10:00:00+02:00",
        "* 5 apples\n* 6 pears",
        "What is the weather in Paris?",
        "",
    ],
)
def test_does_not_select(calculating: Host, text: str) -> None:
    calculating.assert_not_selected("calculator", prompt=text, because="no arithmetic")
    calculating.assert_not_selected("calculator", prompt=text, because="search_terms")


def test_says_what_it_found(calculating: Host) -> None:
    kept = [decision for decision in calculating.select("so 2 * 3 is").decisions if decision.kept]
    assert [(decision.rule, decision.reason) for decision in kept] == [
        ("arithmetic (input)", "the input holds arithmetic: '2 * 3'")
    ]


def test_question_after_a_long_text_is_found() -> None:
    assert ArithmeticRule().decide(_request("word " * 100_000 + "17 + 4")).selected


@pytest.mark.parametrize("unit", ["1", " ", "1 ", "1.", "(", "2 ( ", "what is 1-", "what is "])
def test_long_text_is_read_in_linear_time(unit: str) -> None:
    started = time.perf_counter()
    ArithmeticRule().decide(_request(unit * 200_000))
    assert time.perf_counter() - started < 2
