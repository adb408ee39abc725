"""Estimates of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock import CompletionCall
from promptdock.turn.tokens import (
    CharacterCounter,
    ThreadCounter,
    estimate_body,
    estimate_call,
    estimate_completion,
    estimate_message,
    estimate_messages,
)

COUNTER = CharacterCounter()


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        # from about a token a word (a character, in scripts without spaces) to a few times that
        ("The quick brown fox jumps over the lazy dog.", 10, 14),
        ("Der schnelle braune Fuchs springt über den faulen Hund.", 12, 20),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", 17, 40),
        ("Γαζέες καὶ μυρτιὲς δὲν θὰ βρῶ πιὰ στὸ χρυσαφὶ ξέφωτο", 25, 70),
        ("敏捷的棕色狐狸跳过了懒狗", 12, 24),
        ("いろはにほへとちりぬるを", 10, 24),
        ("नमस्ते दुनिया, आप कैसे हैं?", 12, 48),
        ("สวัสดีชาวโลก", 8, 24),
        ("🎉🎊🥳", 6, 12),
    ],
)
def test_every_script_is_counted_near_the_truth(text: str, least: int, most: int) -> None:
    """Never much below it."""
    assert least <= COUNTER.count(text) <= most


def test_nothing_counts_nothing_and_a_character_counts_one() -> None:
    """Estimates are rounded up; broken text does not break them."""
    assert [COUNTER.count(text) for text in ("", "a", "abcd", "abcde")] == [0, 1, 1, 2]
    assert COUNTER.count("\ud800") > 0
    assert COUNTER.count("é" * 4) == 2


def test_a_message_counts_its_text_its_parts_and_its_calls() -> None:
    """With something for the frame around them."""
    plain = estimate_message({"role": "user", "content": "x" * 40})
    assert plain == 14
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    parts = {"role": "user", "content": [{"type": "text", "text": "x" * 40}, image]}
    assert estimate_message(parts) - plain == 1_200
    call = {"id": "1", "type": "function", "function": {"name": "dice", "arguments": "x" * 400}}
    assert estimate_message({"role": "assistant", "content": None, "tool_calls": [call]}) == 4 + 8 + 1 + 100
    assert estimate_message({"role": "user", "name": "Ann", "content": "x" * 40}) == plain + 1


def test_private_roles_count_nothing() -> None:
    """They are never sent."""
    assert estimate_message({"role": "promptdock", "content": "x" * 4_000}) == 0
    assert estimate_message({"role": "promptdock_error", "content": "x" * 4_000}) == 0


def test_a_call_counts_messages_and_tools() -> None:
    """The same whether as a call or as a body."""
    messages = ({"role": "user", "content": "x" * 40},)
    definition = {"type": "function", "function": {"name": "dice", "description": "y" * 400, "parameters": {}}}
    bare = CompletionCall(model="m", messages=messages)
    tooled = CompletionCall(model="m", messages=messages, tools=(definition,), tool_choice="auto")
    shaped = CompletionCall(model="m", messages=messages, options={"response_format": {"type": "z" * 400}, "seed": 1})
    assert estimate_call(bare) == 3 + 14
    assert estimate_call(tooled) > estimate_call(bare) + 100
    assert estimate_call(shaped) > estimate_call(bare) + 100
    for call in (bare, tooled, shaped):
        assert estimate_body(call.body()) == estimate_call(call)


def test_a_thread_that_grows_is_counted_once_and_another_one_anew() -> None:
    """The sums are the same as without a memory."""
    texts: list[str] = []

    class Listening(CharacterCounter):
        def count(self, text: str) -> int:
            texts.append(text)
            return super().count(text)

    counter = ThreadCounter(Listening())
    thread = [{"role": "user", "content": f"text {number}"} for number in range(5)]
    for asked in (thread[:3], thread, thread, thread[1:], [dict(message) for message in thread], ()):
        assert estimate_messages(asked, counter) == estimate_messages(asked)
    assert texts[:5] == [message["content"] for message in thread]
    assert len(texts) == 5 + 4 + 5
    assert estimate_messages([{"role": "user", "content": "changed"}, *thread[1:]], counter) == 5 * 4 + 2 * 5
    assert counter.count("abcd") == 1


def test_a_completion_counts_all_that_was_said() -> None:
    """Of every choice, thoughts included."""
    one = {"message": {"role": "assistant", "content": "x" * 40}}
    other = {"message": {"role": "assistant", "content": None, "reasoning_content": "x" * 80}}
    assert estimate_completion({"choices": [one, other]}) == 30
    assert estimate_completion({}) == 0


@given(st.lists(st.text(max_size=30), max_size=6), st.integers(0, 6), st.booleans())
def test_a_thread_counter_believes_what_it_is_told_of_a_thread_only_where_it_begins_so(
    texts: list[str], size: int, has_system: bool
) -> None:
    thread = tuple({"role": "user", "content": text} for text in texts)
    system = ({"role": "system", "content": "Be brief."},) if has_system else ()
    known = thread[:size]
    counter = ThreadCounter(known=known, tokens=estimate_messages(known))
    assert counter.count_messages((*system, *thread)) == estimate_messages((*system, *thread))
    assert counter.count_messages((*system, *thread, *thread)) == estimate_messages((*system, *thread, *thread))

    other = ({"role": "user", "content": "something else altogether"},)
    liar = ThreadCounter(known=other, tokens=1_000_000)
    assert liar.count_messages((*system, *thread)) == estimate_messages((*system, *thread))
