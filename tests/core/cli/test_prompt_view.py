"""Rendering of a turn from its events, made up here: what a real turn seldom shows."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest

from promptdock.cli.console import Output
from promptdock.cli.phrases import result_phrase, time_phrase
from promptdock.cli.prompt_view import PromptView
from promptdock.cli.waiting import Waiting
from promptdock.errors import ErrorInfo
from promptdock.selection.decisions import Decision
from promptdock.turn.events import (
    CompletionDelta,
    CompletionRequested,
    Event,
    SettingsConflicted,
    ToolPresented,
    ToolProgressed,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    Usage,
)
from promptdock.turn.request import EffectiveSettings

_AT: dict[str, Any] = {"request_id": "req_1", "turn_id": "chatcmpl-1", "at": 0.0}


def _render(events: Iterable[Event], **switches: bool) -> str:
    out = StringIO()
    output = Output(out, StringIO())
    view = PromptView(output, Waiting(output), **{"verbose": False, "quiet": False, "stream": False} | switches)
    for event in events:
        view.show(event)
    return out.getvalue()


def _started(*decisions: Decision) -> TurnStarted:
    settings = EffectiveSettings(provider="acme", model="m1")
    return TurnStarted(**_AT, caller="anonymous", text="hi", messages=(), settings=settings, decisions=decisions)


def _asked(number: int) -> CompletionRequested:
    return CompletionRequested(**_AT, round=number, provider="acme", request={}, last=False)


def _delta(content: str | None, *, index: int = 0) -> CompletionDelta:
    choice = {"index": index, "delta": {"content": content}, "finish_reason": None}
    return CompletionDelta(**_AT, round=1, choices=(choice,), model="m1")


def _answered(**members: Any) -> ToolResponded:
    usual: dict[str, Any] = {
        "round": 1,
        "call_id": "c1",
        "name": "dice",
        "tool": "dice.roll",
        "plugin": "dice",
        "arguments": {},
        "content": "4",
        "error": None,
        "ms": 1500.0,
    }
    return ToolResponded(**_AT, **usual | members)


def _finished(text: str, *, cut_off: bool = False, usage: Usage | None = None) -> TurnFinished:
    completion = {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}
    return TurnFinished(
        **_AT, completion=completion, messages=(), rounds=2, max_rounds_reached=cut_off, usage=usage, ms=20.4
    )


def test_a_turn_without_tools() -> None:
    """The answer stands alone; what is not known is said to be unknown."""
    assert _render([_started(), _asked(1), _finished("Hello.")]) == (
        "tools    none\n\nHello.\n\nacme/m1, 2 rounds, tokens unknown, 20 ms\n"
    )


def test_presented_tools_are_aligned_and_the_others_counted_once() -> None:
    """A tool that several rules left out is one tool; one that any rule kept is none."""
    decisions = [
        Decision(tool="dice.roll", plugin="dice", rule="a", kept=False, reason="no hit"),
        Decision(tool="dice.roll", plugin="dice", rule="b", kept=True, reason="hit"),
        Decision(tool="clock.now", plugin="clock", rule="a", kept=False, reason="no hit"),
        Decision(tool="clock.now", plugin="clock", rule="b", kept=False, reason="no hit either"),
        Decision(tool=None, plugin="clock", rule="c", kept=False, reason="no text"),
    ]
    presented = [
        ToolPresented(**_AT, tool="dice.roll", name="dice", plugin="dice", reason="hit", definition={}),
        ToolPresented(**_AT, tool="sum.add", name="addition", plugin="sum", reason="no rule", definition={}),
    ]
    shown = _render([_started(*decisions), *presented, _asked(1), _asked(2)]).splitlines()
    assert shown == [
        "tools    dice      hit  [dice]",
        "         addition  no rule  [sum]",
        "         1 tool left out (-v shows which, and why)",
    ]


def test_a_call_that_failed_shows_code_and_message() -> None:
    """Arguments that nobody could read are shown as the model wrote them."""
    requested = ToolRequested(
        **_AT, round=1, call_id="c1", name="dice", arguments='{"sides": ', tool="dice.roll", plugin="dice"
    )
    content = '{"error": {"code": "malformed_arguments", "message": "Not\\nJSON."}}'
    shown = _render([_started(), requested, _answered(arguments=None, content=content, error="malformed_arguments")])
    assert shown == 'call     dice({"sides":)\n         ! malformed_arguments: Not JSON.  (1.5 s)\n'


def test_long_arguments_and_results_are_shortened() -> None:
    """A page of text would bury the answer."""
    shown = _render([_started(), _answered(arguments={"text": "x" * 500}, content="y" * 500)])
    assert "… (+382 characters)" in shown
    assert "… (+200 characters)" in shown


def test_progress_is_not_for_pipes() -> None:
    """It belongs to the spinner, which only a terminal has."""
    progress = ToolProgressed(**_AT, round=1, call_id="c1", tool="dice.roll", message="rolling", fraction=0.5)
    assert _render([progress]) == ""


def test_streamed_pieces_are_the_answer() -> None:
    """It is not written again at the end; choices but the first, and empty pieces, are passed over."""
    pieces = [_delta("Hel"), _delta(None), _delta("other", index=1), _delta("lo\x1b[31m.")]
    shown = _render([_started(), _asked(1), *pieces, _finished("Hello.")], stream=True, quiet=True)
    assert shown == "Hello\\x1b[31m.\n"


def test_words_before_a_call_end_their_line_before_it() -> None:
    """Some models talk before they ask for a tool."""
    shown = _render(
        [_started(), _asked(1), _delta("Let me see"), _answered(), _asked(2), _delta("4"), _finished("4")], stream=True
    )
    assert "\nLet me see\ncall     dice()\n" in shown
    assert "\n4\n" in shown
    assert shown.count("4\n") == 1


def test_conflicts_are_shown_when_asked_for() -> None:
    """Which setting of which rule won."""
    conflict = SettingsConflicted(**_AT, setting="model", kept="a: r = m1", dropped="b: r = m2")
    assert _render([conflict]) == ""
    assert _render([conflict], verbose=True) == "conflict model: kept a: r = m1; dropped b: r = m2\n"


def test_a_turn_that_was_cut_off_says_so() -> None:
    """And which setting did it."""
    usage = Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)
    shown = _render([_started(), _asked(1), _finished("", cut_off=True, usage=usage)])
    assert "(the answer has no text)" in shown
    assert "acme/m1, 2 rounds, 7 tokens, 20 ms, cut off from further tools (see PROMPTDOCK_MAX_ROUNDS)" in shown


def test_a_failed_turn_ends_the_line_that_was_begun() -> None:
    """The error itself is the command's to tell, on stderr."""
    info = ErrorInfo(status=502, code="upstream_error", type="server_error", message="No.")
    failed = TurnFailed(**_AT, error=info, round=1, ms=1.0)
    assert _render([_started(), _asked(1), _delta("half a"), failed], stream=True, quiet=True) == "half a\n"


@pytest.mark.parametrize(("ms", "shown"), [(0.04, "0.0 ms"), (9.94, "9.9 ms"), (12.6, "13 ms"), (1234, "1.2 s")])
def test_times(ms: float, shown: str) -> None:
    """Two digits or so."""
    assert time_phrase(ms) == shown


@pytest.mark.parametrize(
    ("content", "error", "shown"),
    [('"plain"', None, "plain"), ("not json\nat all", None, "not json at all"), ("[1]", "denied", "[1]")],
)
def test_results(content: str, error: str | None, shown: str) -> None:
    """Text without its quotes, anything else as it is."""
    assert result_phrase(content, error) == shown
