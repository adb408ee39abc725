"""Errors and HTTP at the prompt routes: T-50 to T-61, save T-56, which has a module of its own."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import httpx
import pytest

from promptdock.store.tables import JournalRow, TurnRow
from tests.scenarios.stage import API_DOMAIN, ORIGIN, PROVIDER_KEY, Scene, frames_of, said
from tests.support.upstream import Reply, drop, error, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-errors")


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the prompt asks for a stream: what fails before anything came has the same status."""
    return bool(request.param)


def failure(scene: Scene, reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error in a reply: the whole envelope, and nothing in it that nobody should see."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/json"
    body: dict[str, Any] = reply.json()
    assert set(body) == {"error", "api", "metadata"}
    assert body["api"] == "promptdock/v1"
    problem: dict[str, Any] = body["error"]
    assert set(problem) == {"class", "code", "description", "status", "request_id", "param"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == reply.headers["x-request-id"]
    assert problem["description"]
    assert problem["class"]
    assert set(body["metadata"]) == {"command", "thing", "path"}
    for leak in ("Traceback", 'File "', ".py", PROVIDER_KEY, PROVIDER_KEY[:-4], scene.ada.key):
        assert leak not in reply.text
    return problem


def ended(scene: Scene) -> TurnRow:
    """The account's only turn."""
    [turn] = scene.rows(TurnRow, TurnRow.account_id == scene.account.id)
    return turn


def test_a_prompt_whose_first_turn_fails_still_tells_its_session(scene: Scene, stream: bool) -> None:
    scene.upstream.script([error(500, "No."), text("Now, then.")])
    failed = scene.prompt("Hello", stream=stream)
    assert failed.status_code == 502
    again = scene.prompt("And again?", session_key=failed.headers["x-session-key"])
    assert again.status_code == 200
    assert again.json()["data"]["promptdock"]["turn"]["number"] == 2
    assert [message["content"] for message in scene.upstream.calls[-1].body["messages"][1:]] == ["Hello", "And again?"]


def test_t50_a_rate_limit_keeps_its_status_and_when_to_try_again(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(429, "Slow down.", headers={"retry-after": "7"}))
    reply = scene.prompt("Hello", stream=stream)
    problem = failure(scene, reply, 429, "rate_limit_exceeded")
    assert reply.headers["retry-after"] == "7"
    assert problem["class"] == "TooManyRequests"
    request_id = reply.headers["x-request-id"]
    scene.drained(lambda: "turn_failed" in scene.stage.ear.names(request_id))
    turn = ended(scene)
    assert turn.state == "failed"
    assert turn.error is not None
    assert (turn.error["status"], turn.error["code"]) == (429, "rate_limit_exceeded")
    assert scene.charges() == []


def test_t51_a_refused_key_is_our_fault_and_not_shown(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(401, f"Incorrect API key provided: {PROVIDER_KEY}."))
    failure(scene, scene.prompt("Hello", stream=stream), 502, "upstream_auth")


def test_t52_an_unknown_model_comes_with_the_providers_words(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(404, "The model m9 does not exist.", code="model_not_found"))
    client = scene.llm_client("modern", model="m9")
    problem = failure(scene, scene.prompt("Hello", client=client, stream=stream), 404, "model_not_found")
    assert "m9" in problem["description"]


@pytest.mark.parametrize(
    ("provider", "script", "status", "code"),
    [
        ("hasty", text("Late", delay=5.0), 504, "upstream_timeout"),
        ("nowhere", text("Never"), 502, "upstream_unreachable"),
        ("fake", drop(), 502, "upstream_unreachable"),
    ],
)
def test_t53_a_provider_that_does_not_answer(
    scene: Scene, provider: str, script: Reply, status: int, code: str, stream: bool
) -> None:
    scene.upstream.script(script)
    failure(scene, scene.prompt(client=scene.llm_client("one", provider=provider), stream=stream), status, code)
    assert ended(scene).state == "failed"


def test_t54_a_filter_and_a_length_limit_are_never_500(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(400, "Filtered.", code="content_filter"))
    failure(scene, scene.prompt("Hello", stream=stream), 422, "content_filter")
    scene.upstream.script(error(413, "Too long."))
    failure(scene, scene.prompt("Hello", stream=stream), 413, "payload_too_large")


@pytest.mark.parametrize("reason", ["content_filter", "length"])
def test_t54_what_was_said_before_comes_with_its_finish_reason(scene: Scene, reason: str) -> None:
    scene.upstream.script(text("Once upon", finish_reason=reason))
    assert scene.prompt("Hello").json()["data"]["choices"][0]["finish_reason"] == reason
    last = scene.stream("Hello")[-1]
    assert last.event == "turn.finished"
    assert last.data["data"]["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(("status", "expected"), [(403, 502), (409, 409), (500, 502), (503, 502), (418, 502)])
def test_t55_every_status_of_a_provider_fares_as_its_kind(scene: Scene, status: int, expected: int) -> None:
    """The table goes by the classes of exceptions, and a subclass fares as its parent."""
    scene.upstream.script(error(status, "No."))
    assert scene.prompt("Hello").status_code == expected


def test_a_failure_in_a_later_round_has_its_status_and_leaves_a_thread_that_works(scene: Scene, stream: bool) -> None:
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})]), error(500, "No.")])
    key = token_hex(32)
    reply = scene.prompt("Which word?", session_key=key, stream=stream)
    if stream:  # something came before
        last = frames_of(reply.text)[-1]
        assert last.event == "turn.failed"
        assert last.data["error"]["status"] == 502
        assert last.data["error"]["request_id"] == reply.headers["x-request-id"]
    else:
        failure(scene, reply, 502, "upstream_error")
    [one, other] = scene.charges()
    assert {one.kind, other.kind} == {"completion", "tool"}
    scene.upstream.script(text("Back again"))
    assert said(scene.prompt("And now?", session_key=key)) == "Back again"
    sent = scene.upstream.calls[-1].body["messages"]
    for place, message in enumerate(sent):
        for call in message.get("tool_calls", ()):
            assert sent[place + 1]["tool_call_id"] == call["id"]


def test_t57_getting_a_prompt_route_is_not_allowed(scene: Scene) -> None:
    at_host = {"host": scene.host()}
    for path, headers in (
        (scene.path(), scene.ada.headers),
        (scene.path() + "config/", scene.ada.headers),
        ("/prompt/", at_host),
        ("/config/", at_host),
        ("/prompt/config/", at_host),
    ):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            reply = scene.stage.http.request(method, scene.url + path, headers=headers)
            failure(scene, reply, 405, "method_not_allowed")
            assert {one.strip() for one in reply.headers["allow"].split(",")} == {"POST", "OPTIONS"}


def test_t58_pages_of_known_origins_may_prompt_and_others_may_not(scene: Scene) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    known = scene.stage.http.options(scene.url + scene.path(), headers={"origin": ORIGIN, **asked})
    assert known.status_code == 204
    assert known.headers["access-control-allow-origin"] == ORIGIN
    allowed = {one.strip() for one in known.headers["access-control-allow-methods"].split(",")}
    assert allowed == {"POST", "OPTIONS"}
    other = scene.stage.http.options(scene.url + scene.path(), headers={"origin": "https://evil.example", **asked})
    assert not [name for name in other.headers if name.startswith("access-control-")]
    real = scene.prompt("Hello", headers={"origin": ORIGIN})
    assert real.headers["access-control-allow-origin"] == ORIGIN
    assert "x-session-key" in real.headers["access-control-expose-headers"].lower()
    refused = scene.prompt([], headers={"origin": ORIGIN})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, ORIGIN)


def test_t59_an_unknown_client_or_host_is_404(scene: Scene) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    for name in ("nobody", "018f0000-0000-7000-8000-000000000000", "No%20Name", "%00", "a" * 64):
        problem = failure(scene, scene.post(f"/api/v1/llm-clients/{name}/prompt/", body), 404, "not_found")
        assert problem["class"] == "NotFound"
    for host in (f"nobody.{scene.account.number}.{API_DOMAIN}", f"helper.{API_DOMAIN}", API_DOMAIN, "127.0.0.1"):
        failure(scene, scene.post("/prompt/", body, headers={"host": host}), 404, "llm_client_not_found")


def test_t60_every_refusal_has_the_one_envelope(scene: Scene) -> None:
    helper, private = scene.helper, scene.llm_client("off", is_active=False)
    cases = [
        (scene.prompt([]), 400, "invalid_request"),
        (scene.prompt("Hello", session_key="abc"), 400, "invalid_session_key"),
        (scene.prompt("Hello", anonymous=True), 401, "missing_api_key"),
        (scene.prompt("Hello", anonymous=True, headers={"authorization": "Bearer nobodys"}), 401, "invalid_api_key"),
        (scene.prompt("Hello", client=helper, by=scene.eve), 404, "not_found"),
        (scene.prompt("Hello", client=private), 409, "llm_client_inactive"),
        (scene.prompt("x" * 2_000_000), 413, "payload_too_large"),
        (scene.prompt("Hello", headers={"content-type": "text/plain"}), 415, "unsupported_media_type"),
        (scene.post("/api/v1/nothing/", {}), 404, "not_found"),
    ]
    for reply, status, code in cases:
        failure(scene, reply, status, code)
    journaled = scene.rows(JournalRow, JournalRow.request_id == cases[5][0].headers["x-request-id"])
    assert [row.status for row in journaled] == [409]


def test_t61_plugins_that_raise_are_not_felt(scene: Scene, stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    reply = scene.prompt("grumble", stream=stream)
    assert reply.status_code == 200
    assert (
        "Hello from the fake upstream."
        in (frames_of(reply.text)[-1].data if stream else reply.json())["data"]["choices"][0]["message"]["content"]
    )
    scene.drained(lambda: "turn_finished" in scene.stage.ear.names(reply.headers["x-request-id"]))
    assert any("moods" in record.getMessage() or record.name.endswith(".moods") for record in caplog.records)
    assert "sk-of-an-observer" not in reply.text


def test_t61_a_denied_call_is_told_to_the_model_and_the_caller(scene: Scene) -> None:
    """Tool calls are what plugins have a veto on; the turn goes on without the call."""
    scene.upstream.script([tool_calls([("look_up", {"word": "secret"})]), text("I may not say.")])
    reply = scene.prompt("Which word?")
    assert said(reply) == "I may not say."
    [call] = reply.json()["data"]["metadata"]["tool_calls"]
    assert call["error"] == "denied"
    assert "that is a secret word" in scene.upstream.calls[1].body["messages"][-1]["content"]
    assert [charge.kind for charge in scene.charges()] == ["completion", "completion"]
