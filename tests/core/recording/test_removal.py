"""Secrets leave what is recorded: by value in every form, by name, and by look."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from promptdock import OpenAICompatibleProvider, Settings
from promptdock.plugins.catalog import Catalog, PluginRecord, PluginState, RegisteredProvider
from promptdock.providers.chunks import ChunkFold
from promptdock.recording.removal import SecretRemover
from promptdock.recording.secret_forms import forms_of, secrets_of_host

_SECRET = 'Zx/9+q"\\ü?7 kW'


def _forms(secret: str) -> dict[str, str]:
    data = secret.encode()
    return {
        "plain": f"it is {secret}!",
        "json": json.dumps({"said": secret}),
        "json without ascii": json.dumps({"said": secret}, ensure_ascii=False),
        "json in json": json.dumps({"said": json.dumps({"inner": secret})}),
        "repr": repr(secret),
        "url": f"https://example.test/?q={quote(secret, safe='')}",
        "base64": base64.b64encode(data).decode(),
        "base64 for urls": base64.urlsafe_b64encode(data).decode(),
        "hexadecimal": data.hex(),
        "escaped letters": '{"said": "' + "".join(f"\\u{ord(letter):04x}" for letter in secret) + '"}',
    }


@pytest.mark.parametrize("form", _forms(_SECRET))
def test_a_known_secret_is_hidden_in_every_form(form: str) -> None:
    """Wherever it stands, and however it is written."""
    written = _forms(_SECRET)[form]
    cleaned = SecretRemover([_SECRET]).clean({"content": written, "list": [written]})
    assert "[hidden]" in cleaned["content"]
    assert cleaned["list"] == [cleaned["content"]]
    assert not any(known in json.dumps(cleaned) for known in forms_of(_SECRET))


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), secret=st.text("abcXYZ019-_/+", min_size=8))
def test_a_secret_inside_of_something_in_base64_is_hidden(before: bytes, after: bytes, secret: str) -> None:
    """As in ``Basic`` credentials: the letters differ with what stands in front."""
    written = base64.b64encode(before + secret.encode() + after).decode()
    left = SecretRemover([secret]).text(written)
    assert "[hidden]" in left
    assert len(left.replace("[hidden]", "")) <= len(written) - (len(secret) * 8 // 6 - 2)


@pytest.mark.parametrize(
    ("given_value", "cleaned"),
    [
        ({"api_key": "abc", "city": "Paris"}, {"api_key": "[hidden]", "city": "Paris"}),
        ({"headers": {"Authorization": "Token abc"}}, {"headers": {"Authorization": "[hidden]"}}),
        ({"password": {"is": ["nested"]}}, {"password": "[hidden]"}),
        ({"password": None, "max_tokens": 5}, {"password": None, "max_tokens": 5}),
        ({"Customer": 7}, {"Customer": "[hidden]"}),
        ({"currency_token": "BTC"}, {"currency_token": "BTC"}),
        ('{"token": "abc", "n": 1}', '{"token":"[hidden]","n":1}'),
        ('{"n":  1}', '{"n":  1}'),
        ("Bearer abcdef", "[hidden]"),
        ({"logprobs": {"content": [{"token": "He"}]}}, {"logprobs": {"content": [{"token": "He"}]}}),
    ],
)
def test_members_are_hidden_by_their_names(given_value: object, cleaned: object) -> None:
    """What is called like a secret, what the caller names, and nothing that the caller says is none."""
    assert SecretRemover([], hide=["customer"], keep=["currency_token"]).clean(given_value) == cleaned


def test_schemas_may_speak_of_secrets() -> None:
    """A parameter that is called ``token`` is described, not given; values are hidden there, too."""
    schema = {"properties": {"token": {"type": "string", "default": "hunter-two"}}}
    tool = {"type": "function", "function": {"name": "pay", "parameters": schema}}
    cleaned = SecretRemover(["hunter-two"]).clean(tool)
    assert cleaned["function"]["parameters"]["properties"] == {"token": {"type": "string", "default": "[hidden]"}}


def test_numbers_can_be_secrets() -> None:
    """A PIN that a model repeats as a number."""
    assert SecretRemover(["48213377"]).clean({"pin": 48213377, "n": 1, "yes": True}) == {
        "pin": "[hidden]",
        "n": 1,
        "yes": True,
    }


def test_short_secrets_are_hidden_as_words() -> None:
    """Inside of other words they are no secret, and would make everything unreadable."""
    assert SecretRemover(["abcd"]).text("abcd, xabcdx") == "[hidden], xabcdx"
    assert SecretRemover(["abc"]).text("abc") == "abc"


def _piece(text: str) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]}


def test_a_secret_that_a_stream_cuts_in_two_is_hidden() -> None:
    """The pieces are harmless, the answer is not: then it is kept in one piece."""
    chunks = SecretRemover(["correct-horse"]).stream([_piece("It is correct-"), _piece("horse, sir.")])
    fold = ChunkFold()
    for chunk in chunks:
        fold.add(chunk)
    assert fold.completion()["choices"][0]["message"]["content"] == "It is [hidden], sir."
    assert "horse" not in json.dumps(chunks)


def test_a_stream_without_secrets_keeps_its_pieces() -> None:
    """So that a replay streams as the vendor did."""
    given_chunks = [_piece("It is "), _piece("fine.")]
    assert SecretRemover(["correct-horse"]).stream(given_chunks) == given_chunks


def _logprobs(*tokens: str, top: bool = False, as_bytes: bool = False) -> dict[str, Any]:
    """What a vendor says of the tokens of an answer."""

    def one(token: str) -> dict[str, Any]:
        return {
            "token": "·" if as_bytes else token,
            "logprob": -0.1,
            "bytes": list(token.encode()) if as_bytes else None,
        }

    shown = [{"token": "?", "logprob": -1.0, "bytes": None, "top_logprobs": [one(token)]} for token in tokens]
    return {"content": shown if top else [{**one(token), "top_logprobs": []} for token in tokens], "refusal": None}


def _answer(text: str, logprobs: dict[str, Any] | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}]}


@pytest.mark.parametrize("text", ["It is correct-horse.", "It is fine."])
@pytest.mark.parametrize("how", [{}, {"top": True}, {"as_bytes": True}, {"top": True, "as_bytes": True}])
def test_tokens_do_not_spell_a_secret(text: str, how: dict[str, bool]) -> None:
    """Each token is harmless; together they are the secret, whatever the answer says."""
    remover = SecretRemover(["correct-horse"])
    given_answer = _answer(text, _logprobs("It is ", "correct", "-", "horse", **how))
    assert remover.left_in(json.dumps(given_answer))
    cleaned = remover.clean(given_answer)
    assert cleaned["choices"][0]["logprobs"] is None
    assert not remover.left_in(json.dumps(cleaned))


def test_tokens_of_an_answer_that_was_changed_go() -> None:
    """What looks like a secret is hidden in the answer, so its tokens must not tell."""
    cleaned = SecretRemover([]).clean(_answer("Bearer abcdef", _logprobs("Be", "arer", " abc", "def")))
    assert cleaned["choices"][0]["logprobs"] is None


def test_other_tokens_stay() -> None:
    """They are part of the answer; so is the wish for them part of the request."""
    remover = SecretRemover(["correct-horse"])
    given_answer = _answer("It is fine.", _logprobs("It is", " fine."))
    assert remover.clean(given_answer) == given_answer
    assert remover.clean({"logprobs": True, "user": "correct-horse"}) == {"logprobs": True, "user": "[hidden]"}


@pytest.mark.parametrize(
    "pieces", [("It is correct-horse", " indeed."), ("It is correct-", "horse indeed."), ("It", " is")]
)
def test_tokens_of_a_stream_go_from_all_of_its_chunks(pieces: tuple[str, str]) -> None:
    """A secret is cut in two, in the text as among the tokens."""
    chunks = [_piece(text) for text in pieces]
    for chunk, tokens in zip(chunks, [("It is ", "correct"), ("-hor", "se")], strict=True):
        chunk["choices"][0]["logprobs"] = _logprobs(*tokens)
    other: dict[str, Any] = {"object": "chat.completion.chunk", "choices": [{"index": 1, "delta": {"content": "x"}}]}
    other["choices"][0]["logprobs"] = _logprobs("x")
    remover = SecretRemover(["correct-horse"])
    assert remover.left_in(json.dumps({"chunks": chunks}))
    cleaned = remover.stream([*chunks, other])
    assert not remover.left_in(json.dumps({"chunks": cleaned}))
    told = {
        choice["index"]: choice.get("logprobs") for chunk in cleaned for choice in chunk["choices"] if choice["delta"]
    }
    assert told == {0: None, 1: _logprobs("x")}


class _Own(BaseModel):
    account_key: SecretStr
    region: str = "eu"


def test_secrets_of_a_host_are_found_by_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the settings, in plugins' settings, in what providers hold, in URLs, and in the environment."""
    monkeypatch.setenv("ACME_CREDENTIAL", "from-an-odd-variable")
    monkeypatch.setenv("OTHER_API_KEY", "from-the-environment")
    record = PluginRecord(
        name="acme",
        distribution="acme",
        version="1",
        state=PluginState.LOADED,
        settings=_Own(account_key=SecretStr("of-the-plugin")),
    )
    provider = OpenAICompatibleProvider(
        name="acme",
        base_url="https://user:in-the-url@acme.test/v1",
        key_variables=["ACME_CREDENTIAL"],
        headers={"X-Api-Key": "in-a-header"},
    )
    catalog = Catalog(plugins=(record,), providers={"acme": RegisteredProvider(provider=provider, plugin=record)})
    found = secrets_of_host(Settings(api_key=SecretStr("of-the-operator")), catalog)
    assert {
        "of-the-operator",
        "of-the-plugin",
        "from-an-odd-variable",
        "from-the-environment",
        "in-the-url",
        "in-a-header",
    } <= found
    assert "eu" not in found
