"""T-99: what plugins hear of a prompt, in order and each once, with what happens around the turn."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock.service_events import ServiceEvent
from tests.scenarios.stage import Scene
from tests.support.upstream import error, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-journal")

THE_TURN = [
    "turn_started",
    "provider_initialized",
    "plugin_selected",
    "tool_presented",
    "tool_presented",
    "completion_requested",
    "completion_received",
    "tool_requested",
    "plugin_called",
    "plugin_responded",
    "tool_responded",
    "completion_requested",
    "completion_received",
    "turn_finished",
]
ENDS = {"api_request_completed", "api_request_failed"}
ENDS_OF_TURNS = {"turn_finished", "turn_failed"}


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the prompt asks for a stream: plugins hear the same."""
    return bool(request.param)


def heard(scene: Scene, request_id: str, *, has_turn: bool = True) -> list[Any]:
    """The events of a request, once its last one is there, and that of its turn: between the two there is no order."""
    ear, awaited = scene.stage.ear, [ENDS, ENDS_OF_TURNS] if has_turn else [ENDS]
    scene.drained(lambda: all(ends & set(ear.names(request_id)) for ends in awaited))
    return ear.of(request_id)


def around(events: list[Any]) -> list[str]:
    """The hooks of what happens around turns."""
    return [event.hook for event in events if isinstance(event, ServiceEvent)]


def test_t99_the_events_of_a_prompt_with_a_tool(scene: Scene, stream: bool) -> None:
    scene.budget(1_000_000)
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})]), text("A fine one.")])
    reply = scene.prompt("Which word?", stream=stream)
    events = heard(scene, reply.headers["x-request-id"])
    assert [event.hook for event in events if not isinstance(event, ServiceEvent)] == THE_TURN
    assert around(events) == [
        "api_request_started",
        "authentication_requested",
        "authentication_succeeded",
        "llm_client_called",
        "session_opened",
        "charge_authorized",
        "charge_recorded",
        "charge_recorded",
        "charge_recorded",
        "api_request_completed",
    ]
    turns = {event.turn_id for event in events if event.hook in {*THE_TURN, "charge_authorized", "charge_recorded"}}
    assert len(turns) == 1
    for event in events[3:]:
        if isinstance(event, ServiceEvent):
            assert (event.caller, event.account) == (scene.ada.principal.name, scene.account.number)


def test_t99_the_second_prompt_opens_no_session(scene: Scene, stream: bool) -> None:
    key = scene.prompt("Hello").headers["x-session-key"]
    reply = scene.prompt("Hello", session_key=key, stream=stream)
    names = around(heard(scene, reply.headers["x-request-id"]))
    assert "session_opened" not in names
    assert names.count("llm_client_called") == 1


def test_t99_a_prompt_that_fails_is_told_as_that(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(500, "No."))
    events = heard(scene, scene.prompt("Hello", stream=stream).headers["x-request-id"])
    names = [event.hook for event in events]
    assert names.count("turn_failed") == 1
    assert "turn_finished" not in names
    [failed] = [event for event in events if event.hook == "api_request_failed"]
    assert (failed.status, failed.code) == (502, "upstream_error")


def test_t99_a_declined_prompt_has_no_turn(scene: Scene, stream: bool) -> None:
    scene.budget(0)
    events = heard(scene, scene.prompt("Hello", stream=stream).headers["x-request-id"], has_turn=False)
    assert [event.hook for event in events] == [
        "api_request_started",
        "authentication_requested",
        "authentication_succeeded",
        "llm_client_called",
        "charge_declined",
        "api_request_completed",
    ]
    assert events[-1].status == 402


def test_t99_a_bad_key_is_told_without_it(scene: Scene) -> None:
    nobodys = "pd_nobodys_key_0123456789"
    reply = scene.prompt("Hello", anonymous=True, headers={"Authorization": f"Token {nobodys}"})
    events = heard(scene, reply.headers["x-request-id"], has_turn=False)
    assert [event.hook for event in events] == [
        "api_request_started",
        "authentication_requested",
        "authentication_failed",
        "api_request_completed",
    ]
    assert events[1].scheme == "token"
    assert nobodys not in str(events)


def test_t99_a_chat_page_that_asks_is_told_of(scene: Scene) -> None:
    first = scene.post(scene.path() + "config/")
    key = first.json()["data"]["session_key"]
    again = scene.post(scene.path() + "config/", {"session_key": key})
    for reply, issued in ((first, True), (again, False)):
        events = heard(scene, reply.headers["x-request-id"], has_turn=False)
        [configured] = [event for event in events if event.hook == "prompt_configured"]
        assert configured.issued is issued
        assert [event.hook for event in events].count("session_opened") == int(issued)
        assert key not in str(events)
