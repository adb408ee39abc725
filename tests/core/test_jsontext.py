"""Strict JSON."""

from __future__ import annotations

import msgspec
import pytest

from promptdock.jsontext import JsonError, dumps, dumps_text, loads, loads_members, loads_some


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"a": ',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'{"t": 1e999}',
        b'{"a": 1} x',
        b'"\xff\xfe"',
        rb'"\ud800"',
        rb'"\udc00\ud800"',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"9" * 5_000,
        b"{'a': 1}",
        b"[1,]",
        b"// no\n1",
    ],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    """Also what Python's own reader takes: NaN, infinities, lone surrogates, endless nesting."""
    with pytest.raises(JsonError):
        loads(text)


def test_json_is_read() -> None:
    """Text or bytes; a surrogate pair is a character."""
    assert loads(rb'{"a": [1, 2.5, true, null, "\ud83d\ude42"]}') == {"a": [1, 2.5, True, None, "🙂"]}
    assert loads('"grüße"') == "grüße"


def test_json_is_written_compactly() -> None:
    """As UTF-8, not as escapes."""
    assert dumps({"a": [1, "你好"]}) == '{"a":[1,"你好"]}'.encode()
    assert dumps_text(None) == "null"


@pytest.mark.parametrize("value", [object(), {1j: 1}, "\ud800"])
def test_what_json_has_no_form_for_is_refused(value: object) -> None:
    """With the same error."""
    with pytest.raises(JsonError):
        dumps(value)


def test_a_value_nested_without_end_is_refused() -> None:
    """Instead of a RecursionError somewhere deep."""
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(JsonError, match="nested too deeply"):
        dumps(loop)


def test_members_are_read_one_by_one() -> None:
    members = loads_members(rb'{"a": [1, {"b": 2}], "c": "x", "a": {"d": null}}')

    assert {name: loads(value) for name, value in members.items()} == {"a": {"d": None}, "c": "x"}


@pytest.mark.parametrize("text", [b"", b"[]", b'"a"', b'{"a": ', b'{"a": 1} x', b'{"a": NaN}', b'{"a": ' * 100_000])
def test_members_of_what_is_no_object_are_refused(text: bytes) -> None:
    with pytest.raises(JsonError):
        loads_members(text)


class Some(msgspec.Struct):
    """Two members, of any value."""

    a: object = None
    b: object = None


def test_some_members_are_read_and_the_others_are_not_looked_into() -> None:
    """Also under names with escapes in them; of two of a name the last one counts."""
    assert loads_some(b'{"a": 1, "c": "\xff", "\\u0061": [2]}', Some) == Some(a=[2])


@pytest.mark.parametrize("text", [b"", b"[]", b'{"a": ', b'{"a": 1} x', rb'{"a": "\ud800"}', b'{"c": ' * 100_000])
def test_some_members_of_what_is_no_object_are_refused(text: bytes) -> None:
    with pytest.raises(JsonError):
        loads_some(text, Some)
