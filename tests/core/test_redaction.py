"""Secrets never show: neither known ones nor what looks like one."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from promptdock.jsontext import dumps_text
from promptdock.known_secrets import known_secrets
from promptdock.redaction import is_secret_name, mask, redact_headers, redact_json, redact_text
from promptdock.redactor import Redactor
from promptdock.settings import Settings

OURS = f"pd_{'Ab3-_' * 8}xyz"
SESSION = "0123456789abcdef" * 4
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{'MIIEowIBAAKCAQEA/+x0' * 3}\nq83v/w==\n-----END RSA PRIVATE KEY-----"


def test_a_mask_shows_the_end_of_a_long_secret_only() -> None:
    assert mask(OURS) == "****_xyz"
    assert mask("hunter2") == "****"
    assert mask("") == "****"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key {OURS} is old", "key ****_xyz is old"),
        (f"session {SESSION}: turn 3", "session ****cdef: turn 3"),
        (f"/config/?session_key={SESSION}&x=1", "/config/?session_key=[hidden]&x=1"),
        ("GET /v1/models?api_key=abc&limit=3", "GET /v1/models?api_key=[hidden]&limit=3"),
        ("Authorization: Bearer abc.def", "Authorization: [hidden]"),
        ("authorization: Token abc def\nhost: x", "authorization: [hidden]\nhost: x"),
        ("{'Authorization': 'Token abc', 'Host': 'x'}", "{'Authorization': '[hidden]', 'Host': 'x'}"),
        ("[(b'authorization', b'Token abc'), (b'host', b'x')]", "[(b'authorization', b'[hidden]'), (b'host', b'x')]"),
        ('{"Set-Cookie": "a=b; c=d"}', '{"Set-Cookie": "[hidden]"}'),
        ("Cookie: a=b; c=d", "Cookie: [hidden]"),
        ("X-API-Key: abc", "X-API-Key: [hidden]"),
        ("sk-abcdef1234567890 refused", "[hidden] refused"),
        ("postgresql://me:hunter2@db/x is down", "postgresql://[hidden]@db/x is down"),
        (f"{PEM}\nbob", "[hidden]\nbob"),
        (dumps_text({"file": f"a {PEM} b", "c": PEM}), '{"file":"a [hidden] b","c":"[hidden]"}'),
        (dumps_text(dumps_text([PEM, "x"])), r'"[\"[hidden]\",\"x\"]"'),
        (PEM.replace("RSA ", "")[:90], "[hidden]"),
        (dumps_text({"a": PEM[:90], "b": 1}), '{"a":"[hidden]","b":1}'),
        (dumps_text(dumps_text({"a": PEM[:90], "b": 1})), r'"{\"a\":\"[hidden]\",\"b\":1}"'),
        (PEM.replace("PRIVATE", "PUBLIC"), PEM.replace("PRIVATE", "PUBLIC")),
        ("see https://example.org/a:b@c", "see https://example.org/a:b@c"),
        ("a skill-based task-runner counted 12 tokens", "a skill-based task-runner counted 12 tokens"),
        (f"id {SESSION}0 is no key", f"id {SESSION}0 is no key"),
        ("AIza0123456789", "[hidden]"),
        ("AIza012345678", "AIza012345678"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize("name", ["api_key", "Authorization", "set-cookie", "X-API-Key", "openai_api_key", "password",
                                  "client_secret", "access-token", "secret_key"])  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["key", "model", "prompt_tokens", "max_completion_tokens", "author", "tokenizer"])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


def test_of_json_only_members_that_are_allowed_are_shown() -> None:
    """At every depth; the caller's own words are not, unless somebody says so."""
    body = {
        "model": "gpt",
        "messages": [{"role": "user", "content": "private"}],
        "api_key": "abc",
        "session_key": SESSION,
        "stream": True,
        "private": {"model": "x"},
    }
    assert redact_json(body, {"model", "messages", "role", "api_key", "session_key", "stream"}) == {
        "model": "gpt",
        "messages": [{"role": "user", "content": "[hidden]"}],
        "api_key": "[hidden]",
        "session_key": "****cdef",
        "stream": True,
        "private": "[hidden]",
    }
    assert redact_json([1, None, "Bearer abc"], ()) == [1, None, "[hidden]"]


def test_json_that_never_ends_is_cut() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    assert "[hidden]" in dumps_text(redact_json(deep, ()))


def test_of_headers_only_values_that_are_allowed_are_shown() -> None:
    """Keys and cookies never, even when somebody allows them."""
    headers = [
        ("Content-Type", "application/json"),
        ("Accept", "a"),
        ("accept", "b"),
        ("Authorization", "Bearer x"),
        ("Cookie", "c=d"),
        ("X-Other", "y"),
        ("X-Session-Key", SESSION),
    ]
    allowed = {"content-type", "accept", "authorization", "cookie", "x-session-key"}
    assert redact_headers(headers, allowed) == {
        "content-type": "application/json",
        "accept": "a, b",
        "authorization": "[hidden]",
        "cookie": "[hidden]",
        "x-other": "[hidden]",
        "x-session-key": "****cdef",
    }
    assert redact_headers({"Host": "x"}, {"host"}) == {"host": "x"}


def test_known_secrets_are_hidden_in_every_form() -> None:
    """As they are, quoted for a URL, escaped in JSON or in a repr, and without a newline at their end."""
    redactor = Redactor(['it\'s a "secret"/with+signs\n', "short"])
    assert redactor.text('it\'s a "secret"/with+signs') == "****igns"
    assert redactor.text("?k=it%27s%20a%20%22secret%22%2Fwith%2Bsigns&b") == "?k=****igns&b"
    assert redactor.text(repr({"k": 'it\'s a "secret"/with+signs'})) == "{'k': '****igns'}"
    assert redactor.text(dumps_text({"k": 'it\'s a "secret"/with+signs'})) == '{"k":"****igns"}'
    assert redactor.text("a short word") == "a short word"
    assert pickle.loads(pickle.dumps(redactor)).text('it\'s a "secret"/with+signs') == "****igns"


def test_any_value_becomes_json_without_secrets() -> None:
    """Objects that hide what they hold go on doing so; members with the name of a secret are hidden."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    redactor = Redactor(["12345678", "a-known-value"])
    value = {
        "n": 12345678,
        "f": float("nan"),
        "secret": SecretStr("anything"),
        "held": SecretStr("anything"),
        "nested": [{"a-known-value": b"a-known-value"}, {"password": "x"}],
        "broken": Broken(),
        "ok": (1, 2.5, None, True),
    }
    assert redactor.value(value) == {
        "n": "****",
        "f": "nan",
        "secret": "[hidden]",
        "held": "**********",
        "nested": [{"****": "****"}, {"password": "[hidden]"}],
        "broken": "<Broken>",
        "ok": [1, 2.5, None, True],
    }


@given(st.text(min_size=6, max_size=60).filter(lambda secret: len(secret.strip()) >= 6), st.text(), st.text())
def test_no_text_shows_a_known_secret(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    shown = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in shown or secret in f"{before}****" or secret in f"****{after}" or secret in "[hidden]"


def test_all_secrets_of_the_settings_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, passwords in URLs, what plugins call a key, and vendors' variables."""
    monkeypatch.setenv("SOME_VENDOR_API_KEY", "vendor-variable")
    monkeypatch.setenv("SOME_TOKEN", "1")
    settings = Settings(
        api_key=SecretStr("operators-key"),
        secret_key=SecretStr("hash-secret-of-16"),
        database_url=SecretStr("postgresql://me:p%40ss-word@db/promptdock"),
        redis_url=SecretStr("redis://:redis-password@cache:6379/0"),
        plugins={"weather": {"api_key": "plugins-key", "units": "metric", "deep": [{"token": "plugins-token"}]}},
        providers={"local": {"api_key": "providers-key"}},  # type: ignore[dict-item]
    )
    found = known_secrets(settings)
    assert {
        "operators-key", "hash-secret-of-16", "p%40ss-word", "p@ss-word", "redis-password", "plugins-key",
        "plugins-token", "providers-key", "vendor-variable", "redis://:redis-password@cache:6379/0",
    } <= found  # fmt: skip
    assert not {"1", "metric", "me", "db", "promptdock"} & found


def test_a_password_that_is_the_users_name_hides_nothing_else() -> None:
    """It is none, and the name may be a word that every line has."""
    settings = Settings(database_url=SecretStr("postgresql://promptdock:promptdock@db/x"))
    assert "promptdock" not in known_secrets(settings)
