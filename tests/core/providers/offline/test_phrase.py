"""Results of tools, in words."""

from __future__ import annotations

import pytest

from promptdock.providers.offline.phrase import facts, phrase_results
from promptdock.providers.offline.thread import Answered


def test_arithmetic_equals_its_result_and_two_days_span_theirs() -> None:
    calls = [
        Answered("calculator", {"expression": "(17 + 4) * 2"}, '[{"result": 42}]'),
        Answered("days", {"dates": ["2024-02-28", "2024-03-01"], "operation": "x"}, '[{"days": 2, "weeks": 0.29}]'),
        Answered("calculator", {"expression": "5 ** 80"}, '[{"result": 8.2e55, "exact": "82"}]'),
    ]
    told = "(17 + 4) * 2 is 42. From 2024-02-28 to 2024-03-01: days 2, weeks 0.29. 5 ** 80: result 8.2e+55, exact 82."
    assert phrase_results(calls) == told


def test_each_call_gets_a_sentence() -> None:
    calls = [
        Answered("calculator", {"expression": "(17 + 4) * 2"}, '[{"result": 42}]'),
        Answered("day_count", {"dates": ["a", "b"]}, '[{"difference_days": 2, "difference_weeks": 0.29}]'),
    ]
    told = "(17 + 4) * 2 is 42. Day count for a and b: difference days 2, difference weeks 0.29."
    assert phrase_results(calls) == told


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("18 C, sunny", "Weather: 18 C, sunny."),
        ("It's sunny.", "Weather: It's sunny."),
        ("", "Weather: nothing."),
        ("null", "Weather: null."),
        ("{broken", "Weather: {broken."),
        ('{"ok": true, "none": null, "x": 2.0}', "Weather: ok yes, x 2."),
        ('{"now": {"wind": 3}, "hours": [{"t": 1}, {"t": 2}]}', "Weather: now (wind 3), hours 2 entries."),
        ("[1, 2, 3]", "Weather: 1, 2 and 3."),
        ("[1, 2, 3, 4, 5, 6, 7]", "Weather: 1, 2 and 3 and 4 more."),
        ("[]", "Weather: nothing."),
        ('{"error": {"code": "timeout", "message": "No answer"}}', "The tool weather failed: No answer."),
        ('[{"error": "No such place"}]', "The tool weather failed: No such place."),
        ("Error: Missing 'b'.", "The tool weather failed: Missing 'b'."),
    ],
)
def test_results_of_all_shapes(result: str, said: str) -> None:
    assert phrase_results([Answered("get_weather", None, result)]) == said


def test_long_results_are_shortened() -> None:
    assert len(phrase_results([Answered("x", None, "word " * 10_000)])) < 700


def test_facts_are_names_and_values() -> None:
    assert facts([Answered("x", None, '{"a": 1, "b": [2]}'), Answered("y", None, "plain")]) == ["a: 1", "plain"]
