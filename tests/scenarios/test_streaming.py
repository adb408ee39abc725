"""Prompts with a stream: typed, numbered events with an end in any case, which can be read on; see docs/prompts.md."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any
from uuid import uuid4

import httpx
import pytest

from promptdock.store.tables import MessageRow, TurnLog, TurnRow
from tests.scenarios.stage import Frame, Scene, frames_of
from tests.support.upstream import Reply, error, text, tool_calls

pytestmark = pytest.mark.xdist_group("scenarios-streaming")

NOBODY = "e812b61c-85cd-4dac-b72b-67aca81a23fa"
TERMINAL = {"turn.finished", "turn.failed", "turn.cancelled", "turn.interrupted"}
WITH_A_TOOL = [tool_calls([("look_up", {"word": "dock"})]), text("A fine one, and a long answer.")]


def check_frames(frames: list[Frame]) -> None:
    """One turn's, numbered from 1 without a gap, with one end."""
    assert len({frame.turn for frame in frames}) == 1
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame.event in TERMINAL for frame in frames] == [False] * (len(frames) - 1) + [True]


def resume(scene: Scene, last: str, *, client: Any = None, **members: Any) -> httpx.Response:
    """Read on after an event. The messages are sent again, as a browser does; they are not said again."""
    headers = {"last-event-id": last, **members.pop("headers", {})}
    return scene.prompt("Hello", stream=True, client=client, headers=headers, **members)


@contextmanager
def reading(scene: Scene, what: str, **members: Any) -> Iterator[Iterator[str]]:
    """The lines of a stream as they come; at the end of the block the caller hangs up."""
    body = {"messages": [{"role": "user", "content": what}], "stream": True, **members}
    with (
        httpx.Client(headers=scene.ada.headers, timeout=30) as http,
        http.stream("POST", scene.url + scene.path(), json=body) as reply,
    ):
        assert reply.status_code == 200
        yield reply.iter_lines()


def event_ids(lines: Iterator[str]) -> Iterator[str]:
    return (line.removeprefix("id: ") for line in lines if line.startswith("id: "))


def turn_row(scene: Scene, turn: str) -> TurnRow:
    [row] = [row for row in scene.rows(TurnRow, TurnRow.account_id == scene.account.id) if str(row.id) == turn]
    return row


def test_the_events_of_a_turn_in_order(scene: Scene) -> None:
    scene.upstream.script(WITH_A_TOOL)
    frames = scene.stream("Which word?")
    check_frames(frames)
    kinds = [frame.event for frame in frames if frame.event != "completion.delta"]
    assert kinds == [
        "turn.opened",
        "turn.started",
        "plugin.selected",
        "tool.presented",
        "tool.presented",
        "completion.requested",
        "completion.received",
        "tool.requested",
        "tool.responded",
        "completion.requested",
        "completion.received",
        "turn.finished",
    ]
    opened = frames[0].data
    assert opened["version"] == 1
    assert opened["turn"] == frames[0].turn
    assert len(opened["session_key"]) == 64
    pieces = [frame.data["choices"][0]["delta"].get("content") or "" for frame in frames if "delta" in frame.event]
    assert "".join(pieces) == "A fine one, and a long answer."


def test_the_end_has_the_form_of_the_whole_reply(scene: Scene) -> None:
    key = token_hex(32)
    whole = scene.prompt("Hello", session_key=key).json()
    end = scene.stream("Hello", session_key=key)[-1].data
    assert set(end) == set(whole)
    assert set(end["metadata"]) <= set(whole["metadata"])
    assert set(end["data"]) == set(whole["data"])
    assert set(end["data"]["promptdock"]) == set(whole["data"]["promptdock"])
    assert end["data"]["choices"][0]["message"] == whole["data"]["choices"][0]["message"]
    assert end["data"]["usage"] == whole["data"]["usage"]


def test_what_is_streamed_is_stored_once(scene: Scene) -> None:
    scene.upstream.script(WITH_A_TOOL)
    frames = scene.stream("Which word?")
    row = turn_row(scene, frames[0].turn)
    assert (row.state, row.is_streamed, row.rounds, row.total_tokens) == ("finished", True, 2, 27)
    stored = scene.rows(MessageRow, MessageRow.turn_id == row.id)
    told = frames[-1].data["data"]["promptdock"]["messages"]
    assert [one.body for one in sorted(stored, key=lambda one: one.position)] == told
    assert [charge.kind for charge in scene.charges()].count("completion") == 2


@pytest.mark.parametrize(
    "cut", [Reply(abort="mid_body"), Reply(abort="mid_body", abort_after=3)], ids=["first", "later"]
)
def test_a_failure_after_something_came_is_the_last_event(scene: Scene, cut: Reply) -> None:
    scene.upstream.script(text("A long answer that breaks off").but(abort=cut.abort, abort_after=cut.abort_after))
    reply = scene.prompt("Hello", stream=True)
    if reply.status_code != 200:
        assert cut.abort_after == 1  # nothing of the answer had come
        assert (reply.status_code, reply.json()["error"]["status"]) == (502, 502)
        return
    frames = frames_of(reply.text)
    check_frames(frames)
    assert frames[-1].event == "turn.failed"
    assert frames[-1].data["error"]["status"] == 502
    assert set(frames[-1].data) == {"error", "api", "metadata"}
    assert turn_row(scene, frames[0].turn).state == "failed"
    [charge] = scene.charges()
    assert charge.is_estimated


@pytest.mark.parametrize(("status", "expected"), [(429, 429), (401, 502), (404, 404), (500, 502)])
def test_a_failure_before_anything_came_has_its_own_status(scene: Scene, status: int, expected: int) -> None:
    scene.upstream.script(error(status, "No."))
    reply = scene.prompt("Hello", stream=True)
    assert reply.status_code == expected
    assert reply.json()["error"]["status"] == expected


def test_a_stream_can_be_read_on_from_every_event(scene: Scene) -> None:
    scene.upstream.script(WITH_A_TOOL)
    key = token_hex(32)
    frames = scene.stream("Which word?", session_key=key)
    for place, frame in enumerate(frames):
        members = {"session_key": key} if place % 2 else {}  # who has a key need not name the session
        reply = resume(scene, frame.id, **members)
        assert reply.status_code == 200
        assert frames_of(reply.text) == frames[place + 1 :]
    assert frames_of(resume(scene, f"{frames[0].turn}:0").text) == frames
    assert len(scene.upstream.calls) == 2
    assert turn_row(scene, frames[0].turn).number == 1


def test_a_turn_that_failed_can_be_read_on_too(scene: Scene) -> None:
    scene.upstream.script([WITH_A_TOOL[0], error(500, "No.")])
    frames = scene.stream("Which word?")
    assert frames[-1].event == "turn.failed"
    for place, frame in enumerate(frames):
        again = frames_of(resume(scene, frame.id).text)
        assert [one.event for one in again] == [one.event for one in frames[place + 1 :]]
        assert [one.id for one in again] == [one.id for one in frames[place + 1 :]]


def test_a_turn_goes_on_while_its_caller_is_away_and_is_read_on_live(scene: Scene) -> None:
    gate = threading.Event()
    scene.upstream.script([WITH_A_TOOL[0], WITH_A_TOOL[1].but(gate=gate)])
    with reading(scene, "Which word?") as lines:
        seen = [one_id for one_id, _ in zip(event_ids(lines), range(7), strict=False)]
    scene.upstream.wait(lambda: len(scene.upstream.calls) == 2)
    found: list[Frame] = []
    reader = threading.Thread(target=lambda: found.extend(frames_of(resume(scene, seen[-1]).text)))
    reader.start()
    gate.set()
    reader.join(10)
    assert [frame.number for frame in found] == list(range(8, 8 + len(found)))
    assert found[-1].event == "turn.finished"
    whole = frames_of(resume(scene, f"{found[0].turn}:0").text)
    check_frames(whole)
    assert whole[7:] == found
    assert [call.disconnected for call in scene.upstream.calls] == [False, False]


def test_two_may_read_one_turn_at_once(scene: Scene) -> None:
    gate = threading.Event()
    scene.upstream.script([WITH_A_TOOL[0], WITH_A_TOOL[1].but(gate=gate)])
    with reading(scene, "Which word?") as lines:
        ids: list[str] = []
        first = threading.Thread(target=lambda: ids.extend(event_ids(lines)))
        first.start()
        scene.upstream.wait(lambda: len(scene.upstream.calls) == 2)
        rows = scene.rows(TurnRow, TurnRow.account_id == scene.account.id)
        found: list[Frame] = []
        second = threading.Thread(target=lambda: found.extend(frames_of(resume(scene, f"{rows[0].id}:0").text)))
        second.start()
        gate.set()
        first.join(10)
        second.join(10)
    check_frames(found)
    assert [frame.id for frame in found] == ids


@pytest.mark.parametrize("number", ["0", "1", "3"])
def test_nobody_elses_turn_can_be_read_on(scene: Scene, number: str) -> None:
    frames = scene.stream("Hello")
    key = frames[0].data["session_key"]
    last = f"{frames[0].turn}:{number}"
    at_host: dict[str, Any] = {"host": scene.host()}
    refusals = [
        resume(scene, last, by=scene.bob),
        resume(scene, last, by=scene.bob, session_key=key),
        resume(scene, last, client=scene.llm_client(f"other-{number}")),
        resume(scene, last, session_key=token_hex(32)),
        resume(scene, last, headers=at_host, at_host=True, anonymous=True),
        resume(scene, last, headers=at_host, at_host=True, anonymous=True, session_key=key),
        resume(scene, last, headers=at_host, at_host=True, by=scene.eve, session_key=key),
        resume(scene, f"{uuid4()}:{number}"),
    ]
    for reply in refusals:
        assert reply.status_code == 404, reply.text
        assert reply.json()["error"]["code"] == "turn_not_found"
        assert "Hello" not in reply.text
    assert len(scene.upstream.calls) == 1


def test_an_anonymous_caller_needs_the_session_to_read_on(scene: Scene) -> None:
    frames = scene.stream("Hello", at_host=True, anonymous=True)
    last = frames[0].id
    assert resume(scene, last, at_host=True, anonymous=True).status_code == 404
    key = frames[0].data["session_key"]
    reply = resume(scene, last, at_host=True, anonymous=True, session_key=key)
    assert frames_of(reply.text) == frames[1:]


def test_a_turn_that_was_not_streamed_cannot_be_read_on(scene: Scene) -> None:
    turn = scene.prompt("Hello").json()["data"]["promptdock"]["turn"]["id"]
    assert resume(scene, f"{turn}:0").status_code == 404


@pytest.mark.parametrize("last", ["nonsense", "1", ":", "a:b", "0" * 36 + ":1", f"{NOBODY}:", f"{NOBODY}:-1"])
def test_a_last_event_that_is_none_is_refused(scene: Scene, last: str) -> None:
    reply = resume(scene, last)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "Last-Event-ID")
    assert scene.upstream.calls == []


def test_without_a_stream_nothing_is_read_on_and_nothing_is_prompted(scene: Scene) -> None:
    last = scene.stream("Hello")[-1].id
    reply = scene.prompt("Hello", headers={"last-event-id": last})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "stream")
    assert len(scene.upstream.calls) == 1


def test_the_log_of_a_turn_is_what_was_sent(scene: Scene) -> None:
    frames = scene.stream("Hello")
    [log] = [row for row in scene.rows(TurnLog) if str(row.turn_id) == frames[0].turn]
    assert [(entry["id"], entry["event"]) for entry in log.events] == [(one.number, one.event) for one in frames]
