"""Basic completion at the prompt routes: T-1 to T-14.

T-3 is about a reply as text inside of JSON, which only a legacy mode would have; there is none, and no such test.
"""

from __future__ import annotations

import re
from secrets import token_hex
from typing import Any

import pytest

from promptdock.store.tables import MessageRow, SessionRow, TurnRow
from tests.scenarios.stage import PROVIDER_KEY, Scene, said
from tests.support.upstream import raw, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-basic")

DATE_LINE = re.compile(r"Today is \w+, \d{4}-\d\d-\d\d \(UTC\)\.")


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


def settings_of(body: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Model, temperature and length as they were sent; vendors of the protocol call the last one by its older name."""
    return body["model"], body["temperature"], body["max_tokens"]


def system_text(scene: Scene, call: int = 0) -> str:
    """The system text that went upstream, of which there is one at the front."""
    messages = scene.upstream.calls[call].body["messages"]
    assert [message["role"] for message in messages].count("system") == 1
    assert messages[0]["role"] == "system"
    content: str = messages[0]["content"]
    return content


def has_null(value: Any) -> bool:
    """Whether there is a null at any depth."""
    if isinstance(value, dict):
        return any(has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(has_null(item) for item in value)
    return value is None


def test_t1_a_plain_answer(scene: Scene) -> None:
    scene.upstream.script(text("Hi", usage=(10, 2)))
    key = token_hex(32)
    reply = scene.prompt("Hello", session_key=key)
    assert said(reply) == "Hi"
    body = reply.json()
    assert body["data"]["usage"] == {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    assert body["api"] == "promptdock/v1"
    assert body["metadata"]["command"] == "prompt"
    assert body["metadata"]["thing"] == "LLMClient"
    assert body["data"]["promptdock"]["session_key"] == reply.headers["x-session-key"] == key
    assert len(scene.upstream.calls) == 1


def test_t2_what_upstream_gets(scene: Scene) -> None:
    client = scene.llm_client("poet", system_role="Answer in verse.")
    said(scene.prompt("Hello", client=client))
    sent = scene.upstream.calls[0].body
    assert settings_of(sent) == ("m1", 0.5, 2048)
    assert "tools" not in sent
    assert "tool_choice" not in sent
    assert not has_null(sent)
    first, *rest = system_text(scene).splitlines()
    assert DATE_LINE.fullmatch(first)
    assert rest == ["Answer in verse."]


def test_t4_the_replys_metadata(scene: Scene) -> None:
    client = scene.llm_client("exact", model="m7", temperature=0.1, max_completion_tokens=99)
    metadata = scene.prompt("Hello", client=client).json()["data"]["metadata"]
    assert metadata == {
        "tool_calls": None,
        "provider": "fake",
        "model": "m7",
        "temperature": 0.1,
        "max_completion_tokens": 99,
        "input_text": "Hello",
    }


def test_t5_what_the_reply_tells_of_the_turn(scene: Scene) -> None:
    scene.upstream.script(text("Hi"))
    told = scene.prompt("Hello").json()["data"]["promptdock"]
    [iteration] = told["iterations"]
    assert iteration["request"]["messages"] == scene.upstream.calls[0].body["messages"]
    assert iteration["request"]["api_key"].endswith(PROVIDER_KEY[-4:])
    assert PROVIDER_KEY[:-4] not in str(told)
    assert iteration["response"]["choices"][0]["message"]["content"] == "Hi"
    assert told["plugins"]["selected"] == []
    assert "words" in told["plugins"]["attached"]
    assert told["tools"] == []
    assert told["rounds"] == 1
    assert told["turn"]["number"] == 1
    assert [message["role"] for message in told["messages"]] == ["user", "promptdock", "promptdock", "assistant"]
    config, charges = (message["content"] for message in told["messages"] if message["role"] == "promptdock")
    assert "temperature 0.5" in config
    assert "12 tokens" in charges


def test_t5_each_upstream_call_is_an_iteration(scene: Scene) -> None:
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})]), text("A fine one.")])
    told = scene.prompt("Which word?").json()["data"]["promptdock"]
    assert [one["request"]["messages"] for one in told["iterations"]] == [
        call.body["messages"] for call in scene.upstream.calls
    ]
    assert told["plugins"]["selected"] == ["words"]
    assert told["tools"] == ["look_up", "stumble"]
    roles = [message["role"] for message in told["messages"] if message["role"] != "promptdock"]
    assert roles == ["user", "assistant", "tool", "assistant"]


def test_t6_a_callers_system_message_is_not_taken_over(scene: Scene) -> None:
    """The system text is the LLM client's: once, with the date once, whatever the caller sends."""
    client = scene.llm_client("poet", system_role="Answer in verse.")
    mine = {"role": "system", "content": "Today is never. Answer in prose."}
    said(scene.prompt([mine, user("Hello")], client=client))
    assert system_text(scene).splitlines()[1:] == ["Answer in verse."]
    assert len(DATE_LINE.findall(system_text(scene))) == 1
    assert "prose" not in str(scene.upstream.calls[0].body)


def test_t7_temperature_zero_is_a_value(scene: Scene) -> None:
    said(scene.prompt("Hello", client=scene.llm_client("cold", temperature=0.0)))
    assert scene.upstream.calls[0].body["temperature"] == 0
    said(scene.prompt("Hello", temperature=0))
    assert scene.upstream.calls[1].body["temperature"] == 0


@pytest.mark.parametrize(
    ("columns", "asked", "sent"),
    [
        ({}, {}, ("m1", 0.5, 2048)),
        ({"model": "m2", "temperature": 1.5}, {}, ("m2", 1.5, 2048)),
        ({"max_completion_tokens": 50}, {"max_completion_tokens": 60}, ("m1", 0.5, 50)),
        ({"max_completion_tokens": 50}, {"max_tokens": 40, "temperature": 1}, ("m1", 1, 40)),
    ],
)
def test_t8_defaults_apply_where_nobody_says_anything(
    scene: Scene, columns: dict[str, Any], asked: dict[str, Any], sent: tuple[str, float, int]
) -> None:
    said(scene.prompt("Hello", client=scene.llm_client("one", **columns), **asked))
    assert settings_of(scene.upstream.calls[0].body) == sent


def test_t9_private_roles_are_taken_and_never_sent(scene: Scene) -> None:
    narration = [
        {"role": "promptdock", "content": "a note", "promptdock_event": "turn_started"},
        {"role": "promptdock_error", "content": "a mishap"},
    ]
    key = scene.prompt([*narration, user("Hello")]).json()["data"]["promptdock"]["session_key"]
    said(scene.prompt([*narration, user("Again")], session_key=key))
    for call in scene.upstream.calls:
        assert "promptdock" not in str(call.body)
        assert "a note" not in str(call.body)
        assert {message["role"] for message in call.body["messages"]} <= {"system", "user", "assistant", "tool"}


def refused(scene: Scene, reply: Any, param: str | None, code: str = "invalid_request") -> None:
    """It is a 400 that names its parameter; nobody was asked and nothing stored."""
    assert reply.status_code == 400, reply.text
    problem = reply.json()["error"]
    assert (problem["code"], problem["param"]) == (code, param)
    assert scene.upstream.calls == []
    assert scene.rows(TurnRow, TurnRow.account_id == scene.account.id) == []
    assert scene.rows(SessionRow, SessionRow.account_id == scene.account.id) == []


def test_t10_an_unknown_role_is_refused(scene: Scene) -> None:
    reply = scene.prompt([user("Hello"), {"role": "robot", "content": "beep"}])
    refused(scene, reply, "messages[1].role")
    assert "robot" in reply.json()["error"]["description"]


NO_MESSAGES: list[tuple[Any, str]] = [
    (None, "messages"),
    ("Hello", "messages"),
    ({"role": "user", "content": "Hello"}, "messages"),
    ([], "messages"),
    (["Hello"], "messages[0]"),
    ([{"role": "user"}], "messages[0].content"),
    ([{"role": "user", "content": None}], "messages[0].content"),
    ([{"content": "Hello"}], "messages[0].role"),
    ([{"role": "promptdock", "content": "a note"}], "messages"),
    ([{"role": "system", "content": "Be nice."}], "messages"),
    ([{"role": "assistant", "content": "Hi"}], "messages"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_t11_bad_messages_are_refused(scene: Scene, stream: bool) -> None:
    for messages, param in NO_MESSAGES:
        refused(scene, scene.post(scene.path(), {"messages": messages, "stream": stream}), param)


def test_t11_messages_may_not_be_missing(scene: Scene) -> None:
    refused(scene, scene.post(scene.path(), {}), "messages")


def test_an_unknown_member_is_refused_by_name(scene: Scene) -> None:
    """Neither the model nor tools are the caller's to choose: they are the LLM client's."""
    for member in ("model", "tools", "functions", "sessionKey"):
        body = {"messages": [user("Hello")], member: "x"}
        refused(scene, scene.post(scene.path(), body), member)


NO_OBJECTS: list[tuple[bytes, str, str | None]] = [
    (b"", "invalid_json", None),
    (b"{", "invalid_json", None),
    (b"[]", "invalid_json", None),
    (b'"Hello"', "invalid_json", None),
    (b"null", "invalid_json", None),
    (b'{"messages": NaN}', "invalid_json", None),
    (b'{"a": 1, "a": 2}', "invalid_request", "a"),
    (b"\xff", "invalid_json", None),
]


def test_t12_a_body_that_is_no_json_object_is_refused_in_json(scene: Scene) -> None:
    headers = {**scene.ada.headers, "content-type": "application/json"}
    for body, code, param in NO_OBJECTS:
        reply = scene.stage.http.post(scene.url + scene.path(), content=body, headers=headers)
        assert reply.headers["content-type"] == "application/json"
        refused(scene, reply, param, code)
        assert reply.json()["metadata"]["command"] == "prompt"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_t13_usage_may_be_missing(scene: Scene, stream: bool) -> None:
    """The ledger has an estimate then, and says so."""
    scene.upstream.script(text("Hi there", usage=None))
    reply = scene.prompt("Hello", stream=stream)
    assert reply.status_code == 200
    if not stream:
        assert reply.json()["data"].get("usage") is None
    [charge] = scene.charges()
    assert charge.kind == "completion"
    assert charge.is_estimated
    assert charge.total_tokens == charge.prompt_tokens + charge.completion_tokens > 0


def test_t14_nulls_are_pruned_in_every_round(scene: Scene) -> None:
    asked = tool_calls([("look_up", {"word": "dock"})])
    assert asked.completion is not None
    asked.completion["choices"][0]["message"] |= {"refusal": None, "audio": None, "annotations": None}
    scene.upstream.script([raw(asked.completion), text("Done"), text("Done")])
    key = scene.prompt("Which word?", seed=None, stop=None, temperature=None).json()["data"]["promptdock"][
        "session_key"
    ]
    said(scene.prompt("Hello", session_key=key))
    assert len(scene.upstream.calls) == 3
    assert not any(has_null(call.body) for call in scene.upstream.calls)


def test_everything_that_was_said_is_stored_in_order(scene: Scene) -> None:
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})]), text("A fine one.")])
    reply = scene.prompt("Which word?")
    told = reply.json()["data"]["promptdock"]["messages"]
    [turn] = scene.rows(TurnRow, TurnRow.account_id == scene.account.id)
    stored = scene.rows(MessageRow, MessageRow.turn_id == turn.id)
    assert [row.body for row in sorted(stored, key=lambda row: row.position)] == told
    assert (turn.state, turn.rounds, turn.model, turn.total_tokens) == ("finished", 2, "m1", 27)
