"""Servers that are stopped and started: T-70, and what of T-67 and of streams needs settings of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from promptdock.store.tables import SessionRow
from tests.scenarios.stage import Scene, Stage, frames_of, fresh, said, staged
from tests.support.upstream import text

pytestmark = pytest.mark.xdist_group("scenarios-restart")


@pytest.fixture(scope="module")
def stage(stage_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server whose prompts wait for each other only shortly."""
    home: Path = tmp_path_factory.mktemp("home")
    with staged(stage_url, home, session_wait=0.2) as running:
        yield running


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return fresh(stage)


def test_t70_history_outlives_two_restarts(scene: Scene) -> None:
    scene.upstream.script(lambda received: text(f"You said {received.body['messages'][-1]['content']}."))
    key = token_hex(32)
    assert said(scene.prompt("One", session_key=key)) == "You said One."
    frames = scene.stream("Two", session_key=key)
    for word in ("Three", "Four"):
        scene.stage.restart()
        assert said(scene.prompt(word, session_key=key)) == f"You said {word}."
    sent = [one["content"] for one in scene.upstream.calls[-1].body["messages"] if one["role"] == "user"]
    assert sent == ["One", "Two", "Three", "Four"]
    history = scene.post(scene.path() + "config/", {"session_key": key}).json()["data"]["history"]
    spoken = [one["content"] for one in history["messages"] if one["role"] == "assistant"]
    assert spoken == ["You said One.", "You said Two.", "You said Three.", "You said Four."]
    # a stream of before is read on from every event as well
    for place, frame in enumerate(frames):
        reply = scene.prompt("Two", stream=True, session_key=key, headers={"last-event-id": frame.id})
        assert frames_of(reply.text) == frames[place + 1 :]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_t67_who_has_waited_long_enough_gets_409(scene: Scene, stream: bool) -> None:
    gate = threading.Event()
    scene.upstream.script(text("At last", gate=gate))
    key = token_hex(32)
    replies = []

    def ask() -> None:
        replies.append(scene.prompt("One", session_key=key))

    first = threading.Thread(target=ask)
    first.start()
    try:
        scene.upstream.wait(lambda: len(scene.upstream.calls) == 1)
        busy = scene.prompt("Two", session_key=key, stream=stream)
    finally:
        gate.set()
        first.join(10)
    assert busy.status_code == 409, busy.text
    assert busy.json()["error"]["code"] == "session_busy"
    assert busy.headers["retry-after"] == "1"
    assert said(replies[0]) == "At last"
    assert said(scene.prompt("Two", session_key=key)) == "At last"
    [session] = scene.rows(SessionRow, SessionRow.key == key)
    assert session.turns == 2
