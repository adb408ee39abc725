"""Texts that have nothing to hide, remembered."""

from __future__ import annotations

from promptdock.plain_texts import PlainTexts
from promptdock.redaction import redact_text

KEY = f"sk-{'a1b2' * 12}"


def test_only_what_hides_nothing_is_remembered_and_looked_at_once() -> None:
    """A key that came in a path is gone with its request."""
    looked_at: list[str] = []

    def shown(text: str) -> str:
        looked_at.append(text)
        return redact_text(text)

    show = PlainTexts(shown)
    path = f"/sessions/{KEY}"
    for _ in range(2):
        assert show("/sessions") == "/sessions"
        assert KEY not in show(path)
    assert looked_at == ["/sessions", path, path]
    assert ("/sessions" in show, path in show) == (True, False)


def test_long_texts_are_not_remembered_and_never_too_many() -> None:
    show = PlainTexts(str)
    show("x" * 201)
    assert len(show) == 0
    for number in range(5_000):
        show(f"model {number}")
    assert 0 < len(show) <= 1_000
