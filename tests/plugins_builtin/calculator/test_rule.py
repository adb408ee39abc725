"""When the calculator is presented."""

from __future__ import annotations

import time

import pytest

from promptdock import SelectionRequest, Verdict
from promptdock_builtin.calculator.rule import ArithmeticRule, selection_rules
from promptdock_builtin.calculator.tool import calculate


def _request(text: str) -> SelectionRequest:
    return SelectionRequest(text=text, user_texts=(text,), messages=(), provider="p", model="m", caller="c")


def _selects(text: str) -> bool:
    verdicts = [rule.decide(_request(text)) for rule in selection_rules(calculate)]
    return any(isinstance(verdict, Verdict) and verdict.selected for verdict in verdicts)


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
def test_selects(text: str) -> None:
    assert _selects(text)


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
def test_does_not_select(text: str) -> None:
    assert not _selects(text)


def test_says_what_it_found() -> None:
    rule = ArithmeticRule()
    verdict = rule.decide(_request("so 2 * 3 is"))
    assert verdict.reason == "the input holds arithmetic: '2 * 3'"
    assert rule.description == "arithmetic (input)"


def test_question_after_a_long_text_is_found() -> None:
    assert ArithmeticRule().decide(_request("word " * 100_000 + "17 + 4")).selected


@pytest.mark.parametrize("unit", ["1", " ", "1 ", "1.", "(", "2 ( ", "what is 1-", "what is "])
def test_long_text_is_read_in_linear_time(unit: str) -> None:
    started = time.perf_counter()
    ArithmeticRule().decide(_request(unit * 200_000))
    assert time.perf_counter() - started < 2
