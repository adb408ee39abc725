"""Tokens, read and summed."""

from __future__ import annotations

import pytest

from promptdock.turn.events import Usage
from promptdock.turn.usage import read_usage, sum_usage, usage_object


def usage(prompt: int, answer: int, **details: object) -> Usage:
    """Usage as a provider reports it."""
    return Usage(
        prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer, details=dict(details) or None
    )


def test_t13_no_usage_is_none() -> None:
    """Neither a missing member nor a null is a zero."""
    assert read_usage({}) is None
    assert read_usage({"usage": None}) is None
    assert sum_usage([None, None]) is None


def test_a_missing_total_is_added_up() -> None:
    """Some vendors leave it out."""
    read = read_usage({"usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    assert read == usage(3, 4)


def test_sums_go_into_the_details() -> None:
    """Members of the details are summed by name, at any depth."""
    first = usage(10, 5, prompt_tokens_details={"cached_tokens": 4}, service="a")
    second = usage(20, 5, prompt_tokens_details={"cached_tokens": 1, "audio_tokens": 2})
    total = sum_usage([first, None, second])
    assert total is not None
    assert usage_object(total) == {
        "prompt_tokens": 30,
        "completion_tokens": 10,
        "total_tokens": 40,
        "prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": 2},
        "service": "a",
    }


@pytest.mark.parametrize(
    "reported",
    [{}, {"prompt_tokens": None}, {"prompt_tokens": "7"}, {"prompt_tokens": -5, "total_tokens": -5}, {"cost": 0.1}],
)
def test_a_report_without_a_number_that_can_be_true_is_none(reported: dict[str, object]) -> None:
    assert read_usage({"usage": reported}) is None


def test_a_number_that_cannot_be_true_counts_as_not_reported() -> None:
    assert read_usage({"usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": -1}}) == usage(3, 4)
