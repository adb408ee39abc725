"""What the journal shows of requests: the same of the first one as of the thousandth."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock.jsontext import dumps
from promptdock.redaction import redact_json
from promptdock.web import journal_view
from promptdock.web.journal_view import View

KEY = f"pd_{'k' * 43}"
NAMES = st.sampled_from(["model", "messages", "tools", "name", "api_key", "max_completion_tokens", KEY]) | st.text()
TEXTS = st.sampled_from(["gpt-4o", f"Bearer {KEY}", KEY, "https://me:secret@host", "sk-0123456789abcdef"]) | st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
ALLOWED = journal_view.MEMBERS


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_body_is_shown_as_it_is_redacted_however_often_it_comes(body: dict[str, Any]) -> None:
    view, sent = View(), dumps(body)

    for _ in range(3):
        assert view.body(sent) == redact_json(body, ALLOWED)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[1]", b'{"model": nonsense}', b'{"model": "a"'])
def test_what_is_no_object_is_not_shown(body: bytes) -> None:
    assert View().body(body) is None


def test_nothing_secret_is_remembered() -> None:
    view = View()
    headers = [(b"Authorization", f"Bearer {KEY}".encode()), (b"X-Key", KEY.encode()), (b"User-Agent", KEY.encode())]
    for _ in range(2):
        shown = view.headers(headers)
        assert shown == {"authorization": "[hidden]", "x-key": "[hidden]", "user-agent": "****kkkk"}
        assert view.body(dumps({"model": KEY, KEY: 1})) == {"model": "****kkkk", "****kkkk": "[hidden]"}
        assert view.text(f"/sessions/{KEY}") == "/sessions/****kkkk"
        assert view.text("/sessions") == "/sessions"
    assert KEY not in str(vars(view))
    assert (len(view.text), "/sessions" in view.text) == (1, True)


def test_headers_may_come_as_lists() -> None:
    """ASGI says nothing of which sequences they are."""
    assert View().headers([[b"Accept", b"*/*"]]) == {"accept": "*/*"}  # type: ignore[list-item]


def test_what_is_remembered_is_bounded() -> None:
    view = View()
    for number in range(3_000):
        view.body(dumps({f"member {number}": number, "model": f"model {number}"}))
        view.headers([(f"x-{number}".encode(), b"")])
    view.body(dumps({"m" * 1_000: 1}))
    assert len(view.text) <= 1_000
    assert len(view._hidden) <= 1_000
    assert "m" * 1_000 not in view.text
