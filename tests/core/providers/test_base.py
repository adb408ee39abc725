"""Calls in the protocol's form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptdock import CompletionCall
from promptdock.providers.base import prune

NAMES = st.sampled_from(["a", "content", "parameters", "schema"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=20,
)


def pruned(value: Any) -> Any:
    """A pruned copy of everything."""
    if isinstance(value, dict):
        return {
            key: item if key in {"parameters", "schema"} and isinstance(item, dict) else pruned(item)
            for key, item in value.items()
            if item is not None
        }
    return [pruned(item) for item in value] if isinstance(value, (list, tuple)) else value


@given(VALUES)
def test_nulls_are_dropped_and_nothing_is_changed_in_place(value: Any) -> None:
    """At any depth, save in schemas."""
    before = repr(value)
    assert prune(value) == pruned(value)
    assert repr(value) == before


def test_what_holds_no_null_is_not_copied() -> None:
    """Threads are long."""
    whole = {"role": "user", "content": [{"type": "text", "text": "x"}]}
    assert prune(whole) is whole
    assert prune([whole, {"role": "user", "content": "x", "name": None}])[0] is whole


def test_each_body_is_an_object_of_its_own() -> None:
    """Vendors' quirks change it; a changed call has another one."""
    call = CompletionCall(model="m", messages=({"role": "user", "content": "hi", "name": None},), temperature=0.0)
    body = call.body()
    body.pop("model")
    assert call.body() == {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.0}
    assert replace(call, temperature=None).body() == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
