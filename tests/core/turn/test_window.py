"""Long threads under a budget of tokens."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptdock.turn.messages import PRIVATE_ROLES, check_thread
from promptdock.turn.tokens import estimate_messages
from promptdock.turn.window import fit_thread
from tests.support.threads import threads

LIMITS = st.integers(min_value=0, max_value=400)


def parts(thread: tuple[dict[str, Any], ...]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The system messages that open a thread, and the rest, both without private roles."""
    public = [message for message in thread if message["role"] not in PRIVATE_ROLES]
    start = next(place for place, message in enumerate(public) if message["role"] not in {"system", "developer"})
    return public[:start], public[start:]


def newest(thread: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """What must stay of a thread: its opening system messages, the newest user message and what follows."""
    opening, rest = parts(thread)
    return [*opening, *rest[max(place for place, message in enumerate(rest) if message["role"] == "user") :]]


class Words:
    """Counts words; made for tests that do sums."""

    def count(self, text: str) -> int:
        return len(text.split())


@given(threads(), LIMITS)
def test_t69_what_is_left_is_a_valid_thread(thread: tuple[dict[str, Any], ...], limit: int) -> None:
    """No tool pair is split: every call has its answer, every answer its call."""
    fitted = fit_thread(thread, limit)
    assert check_thread(list(fitted.messages), limit=1000) == fitted.messages


@given(threads(), LIMITS)
def test_t69_the_budget_holds_whenever_it_can(thread: tuple[dict[str, Any], ...], limit: int) -> None:
    """What must stay may exceed it; then nothing else stays."""
    fitted = fit_thread(thread, limit)
    assert fitted.tokens == estimate_messages(fitted.messages)
    needed = newest(thread)
    if fitted.tokens > limit:
        assert list(fitted.messages) == needed
    assert all(message in fitted.messages for message in needed)


@given(threads(), LIMITS)
def test_t69_the_system_message_stays_and_the_rest_is_the_end_of_the_thread(
    thread: tuple[dict[str, Any], ...], limit: int
) -> None:
    """Order is kept, nothing is missing in the middle, and what was dropped is counted."""
    fitted = fit_thread(thread, limit)
    opening, rest = parts(thread)
    assert list(fitted.messages) == [*opening, *rest[fitted.dropped :]]


@given(threads(), LIMITS)
def test_t69_no_more_is_dropped_than_has_to_be(thread: tuple[dict[str, Any], ...], limit: int) -> None:
    """With the next older exchange, it would not fit."""
    fitted = fit_thread(thread, limit)
    left_out = parts(thread)[1][: fitted.dropped]
    if left_out:
        users = [place for place, message in enumerate(left_out) if message["role"] == "user"]
        next_older = left_out[users[-1] if users else 0 :]
        assert estimate_messages([*fitted.messages, *next_older]) > limit


@given(threads(), LIMITS)
def test_t69_fitting_twice_changes_nothing(thread: tuple[dict[str, Any], ...], limit: int) -> None:
    """What fits stays."""
    once = fit_thread(thread, limit)
    twice = fit_thread(once.messages, limit)
    assert (twice.messages, twice.tokens, twice.dropped) == (once.messages, once.tokens, 0)


def test_t69_the_oldest_exchange_goes_first() -> None:
    """Whole, with all that answers it; each message here counts 4 tokens and its words."""
    thread = (
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "uno"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "due"},
        {"role": "user", "content": "three"},
    )
    assert fit_thread(thread, 31, Words()).dropped == 0
    fitted = fit_thread(thread, 30, Words())
    assert fitted.messages == (thread[0], *thread[3:])
    assert (fitted.dropped, fitted.tokens) == (2, 21)
    assert fit_thread(thread, 1, Words()).messages == (thread[0], thread[5])


def test_a_thread_without_a_user_message_stays() -> None:
    """There is nothing that could go without breaking what is left."""
    thread = ({"role": "system", "content": "be brief"}, {"role": "assistant", "content": "Hello!"})
    assert fit_thread(thread, 1).messages == thread
    assert fit_thread(thread[:1], 1).messages == thread[:1]
    assert fit_thread((), 1).messages == ()
