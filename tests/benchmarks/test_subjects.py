"""promptdock as a subject: it answers through each of its ways, and with many plugins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.requests import CHAT, TOOL, Ask
from benchmarks.stage import Stage
from benchmarks.subjects import everybody
from benchmarks.subjects.subject import Subject
from benchmarks.subjects.with_plugins import WithPlugins
from benchmarks.works.memory import memory_of

CASES: dict[str, tuple[Subject, Ask, int]] = {
    "passthrough": (everybody.DOCK, CHAT, 1),
    "passthrough, streamed": (everybody.DOCK, CHAT.streamed(20), 1),
    "managed": (everybody.DOCK_MANAGED, CHAT, 1),
    "session and tool": (everybody.DOCK_SESSION, TOOL, 2),
    "plugins": (WithPlugins(everybody.DOCK_MANAGED, 3, 2), CHAT, 1),
    "relay": (everybody.RELAY, CHAT, 1),
    "relay, streamed": (everybody.RELAY, CHAT.streamed(20), 1),
    "openai, streamed": (everybody.OPENAI_SDK, CHAT.streamed(20), 1),
    "bytes": (everybody.BYTES, CHAT, 1),
}
"""Subject, what it is asked, and how many upstream calls that takes."""


@pytest.mark.slow
@pytest.mark.parametrize(("subject", "ask", "calls"), CASES.values(), ids=CASES)
def test_a_subject_answers_with_its_upstream_calls(subject: Subject, ask: Ask, calls: int) -> None:
    with Stage() as stage:
        target = subject.start(stage, stage.upstream(), ask)
        stage.upstream_stats()
        counted = stage.load(replace(target.plan, connections=2, requests=3, warm_up=0.0, seconds=30.0))
        assert (counted.errors, counted.error) == (0, "")
        assert stage.upstream_stats()["requests"] == counted.replies * calls == 6 * calls
        assert memory_of(target.pid)["rss_mb"] > 1
