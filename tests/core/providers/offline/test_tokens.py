"""The offline provider's own tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptdock.providers.offline.tokens import count, count_messages, pieces


@given(st.text(max_size=200))
def test_pieces_joined_are_the_text_again(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_words_marks_and_single_characters_of_unspaced_scripts_are_tokens() -> None:
    assert pieces("Hello, 你好 grüße!") == ["Hello", ",", " 你", "好", " grüße", "!"]
    assert count("Hello, 你好 grüße!") == 6


def test_texts_of_messages_are_counted_and_bytes_of_pictures_are_not() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA BBBB"}}
    text = {"type": "text", "text": "two words"}
    assert count_messages([{"role": "user", "content": [text, picture]}, None]) == 3
