"""T-56: an LLM client that answers upstream failures like successes; off unless it says so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from promptdock.store.tables import JournalRow, LLMClient, MessageRow, TurnRow
from tests.scenarios.stage import PROVIDER_KEY, Scene, said
from tests.support.upstream import Reply, drop, error, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-errors")

FAILURES: list[tuple[str, str, Reply]] = [
    ("rate limit", "fake", error(429, "Slow down.", headers={"retry-after": "7"})),
    ("refused key", "fake", error(401, f"Incorrect API key provided: {PROVIDER_KEY}.")),
    ("unknown model", "fake", error(404, "No such model.", code="model_not_found")),
    ("no answer", "fake", drop()),
    ("silence", "hasty", text("Late", delay=5.0)),
    ("nobody there", "nowhere", text("Never")),
    ("breakdown", "fake", error(500, {"error": 'Traceback (most recent call last): File "x.py"'})),
    ("filter", "fake", error(400, "Filtered.", code="content_filter")),
]


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the prompt asks for a stream: the answer is the same."""
    return bool(request.param)


def ask(scene: Scene, client: LLMClient, *, stream: bool, **members: Any) -> tuple[str, dict[str, Any]]:
    """Prompt, and give the request's id with the reply's data."""
    if not stream:
        reply = scene.prompt("Hello word", client=client, **members)
        assert reply.status_code == 200, reply.text
        return reply.headers["x-request-id"], reply.json()["data"]
    frames = scene.stream("Hello word", client=client, **members)
    assert frames[-1].event == "turn.finished"
    assert [frame for frame in frames if frame.event == "turn.failed"] == []
    data: dict[str, Any] = frames[-1].data["data"]
    return data["promptdock"]["turn"]["request_id"], data


def check_error_reply(scene: Scene, request_id: str, data: dict[str, Any]) -> None:
    """It is what callers of the reference system know, without the traceback."""
    assert data["id"] == "error_response"
    assert data["object"] == "chat.completion"
    assert data["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    content = data["choices"][0]["message"]["content"]
    assert content
    narration = [message for message in data["promptdock"]["messages"] if message["role"] == "promptdock_error"]
    assert [message["content"] for message in narration] == [content]
    for leak in ("Traceback", ".py", PROVIDER_KEY[:-4]):
        assert leak not in str(data)
    [turn] = scene.rows(TurnRow, TurnRow.request_id == request_id)
    assert turn.state == "failed"
    stored = [row.role for row in scene.rows(MessageRow, MessageRow.turn_id == turn.id)]
    assert stored.count("promptdock_error") == 1
    [row] = scene.rows(JournalRow, JournalRow.request_id == request_id)
    assert (row.status, row.turn_id) == (200, turn.id)


@pytest.mark.parametrize(("provider", "script"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES])
def test_t56_an_upstream_failure_is_answered_with_200(scene: Scene, provider: str, script: Reply, stream: bool) -> None:
    scene.upstream.script(script)
    client = scene.llm_client("soft", provider=provider, errors_as_replies=True)
    check_error_reply(scene, *ask(scene, client, stream=stream))


def test_t56_a_failure_in_a_later_round_is_answered_alike_and_the_thread_goes_on(scene: Scene, stream: bool) -> None:
    client = scene.llm_client("soft", errors_as_replies=True)
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})]), error(500, "No.")])
    request_id, data = ask(scene, client, stream=stream)
    check_error_reply(scene, request_id, data)
    assert [call["function_name"] for call in data["metadata"]["tool_calls"]] == ["look_up"]
    scene.upstream.script(text("Back again"))
    key = data["promptdock"]["session_key"]
    assert said(scene.prompt("And now?", client=client, session_key=key)) == "Back again"
    assert "error_response" not in str(scene.upstream.calls[-1].body)


def test_t56_it_is_off_unless_the_client_says_so(scene: Scene, stream: bool) -> None:
    scene.upstream.script(error(500, "No."))
    assert scene.helper.errors_as_replies is False
    assert scene.prompt("Hello", stream=stream).status_code == 502


def test_t56_what_is_no_failure_of_the_provider_keeps_its_status(scene: Scene, stream: bool) -> None:
    client = scene.llm_client("soft", errors_as_replies=True)
    refusals: list[httpx.Response] = [
        scene.prompt([], client=client, stream=stream),
        scene.prompt("Hello", client=client, stream=stream, session_key="abc"),
        scene.prompt("Hello", client=client, stream=stream, anonymous=True),
    ]
    scene.budget(1)
    refusals.append(scene.prompt("Hello", client=client, stream=stream))
    assert [reply.status_code for reply in refusals] == [400, 400, 401, 402]
    assert scene.upstream.calls == []


def test_t56_a_budget_that_is_used_up_within_the_turn_is_no_failure_of_the_provider(scene: Scene) -> None:
    client = scene.llm_client("soft", errors_as_replies=True)
    scene.budget(600)
    scene.upstream.script([tool_calls([("look_up", {"word": "dock"})], usage=(500, 60)), text("Done")])
    reply = scene.prompt("Which word?", client=client, max_completion_tokens=100)
    assert reply.status_code == 402
    assert reply.json()["error"]["code"] == "budget_exceeded"
    assert len(scene.upstream.calls) == 1
