"""Narration, and the messages that a turn adds to its thread, however it ends; streaming and not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptdock import (
    Always,
    CompletionDelta,
    CompletionRequested,
    Event,
    PluginCalled,
    PromptRequest,
    PromptSettings,
    SearchTerms,
    ToolResponded,
    TurnFailed,
    TurnFinished,
    tool,
)
from promptdock.turn.additions import new_messages
from promptdock.turn.messages import check_thread
from promptdock.turn.narration import narrate, narrated_messages
from tests.support.services import Plugin, service_at
from tests.support.upstream import Upstream, error, raw, text, tool_calls

pytestmark = pytest.mark.anyio

USER = {"role": "user", "content": "Roll the dice."}


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the turn streams: nothing here depends on it."""
    return bool(request.param)


@tool
def dice(sides: int) -> int:
    """Roll a die.

    It is fair.
    """
    return sides


def games() -> Plugin:
    """A plugin with a tool, and two rules that disagree."""
    return Plugin(
        dice,
        rules=[
            SearchTerms("dice", tools=[dice], settings=PromptSettings(temperature=0.25), priority=1),
            Always(settings=PromptSettings(temperature=0.75)),
        ],
    )


async def turn(upstream: Upstream, *, stream: bool, until: type[Event] | None = None, **members: Any) -> list[Event]:
    """The events of one turn; until the first of a kind, when the caller goes away there."""
    request = PromptRequest(messages=(USER,), stream=stream, **members)
    heard: list[Event] = []
    async with service_at(upstream, plugins={"games": games()}) as service:
        events = service.run(request)
        async for event in events:
            heard.append(event)
            if until is not None and isinstance(event, until):
                await events.aclose()
    return heard


def told(events: list[Event]) -> list[str]:
    """The narrated messages in short: role and event, or role and text."""
    return [
        f"{message['role']}: {message.get('promptdock_event') or message['content'] or 'calls'}"
        for message in narrated_messages(events, [USER])
    ]


OPENING = [
    "user: Roll the dice.",
    "promptdock: plugin_selected",
    "promptdock: plugin_selected",
    "promptdock: settings_conflicted",
]
FIRST_ROUND = [
    "promptdock: completion_requested",
    "promptdock: tool_presented",
    "promptdock: completion_received",
    "assistant: calls",
    "promptdock: tool_requested",
    "tool: 6",
    "promptdock: tool_requested",
    "tool: 8",
]
TWO_CALLS = tool_calls([("dice", {"sides": 6}), ("dice", {"sides": 8})])


async def test_w27_every_round_is_narrated_in_one_order(upstream: Upstream, stream: bool) -> None:
    """Settings, tools once, tokens, the model's message, and each call before its answer."""
    upstream.script([TWO_CALLS, text("A six and an eight.")])
    events = await turn(upstream, stream=stream)
    assert told(events) == [
        *OPENING,
        *FIRST_ROUND,
        "promptdock: completion_requested",
        "promptdock: completion_received",
        "assistant: A six and an eight.",
    ]


async def test_without_the_narration_it_is_what_the_turn_adds(upstream: Upstream, stream: bool) -> None:
    """And as the check of threads has it."""
    upstream.script([TWO_CALLS, text("A six and an eight.")])
    events = await turn(upstream, stream=stream)
    assert isinstance(events[-1], TurnFinished)
    narrated = narrated_messages(events, [USER])
    public = [message for message in narrated if not message["role"].startswith("promptdock")]
    assert public == [USER, *events[-1].messages]
    assert new_messages(events) == events[-1].messages
    check_thread(list(narrated), limit=100)


async def test_a_turn_that_fails_in_its_second_round_keeps_the_first(upstream: Upstream, stream: bool) -> None:
    """The failure comes last, with the public text alone."""
    upstream.script([TWO_CALLS, error(500, "it broke")])
    events = await turn(upstream, stream=stream)
    assert told(events) == [
        *OPENING,
        *FIRST_ROUND,
        "promptdock: completion_requested",
        "promptdock_error: turn_failed",
    ]
    failed = events[-1]
    assert isinstance(failed, TurnFailed)
    assert narrated_messages(events, [])[-1]["content"] == failed.error.message
    assert [message["role"] for message in new_messages(events)] == ["assistant", "tool", "tool"]
    check_thread([USER, *new_messages(events)], limit=100)


async def test_a_turn_that_fails_at_once_has_no_new_message(upstream: Upstream, stream: bool) -> None:
    """Only the narration of what was tried."""
    upstream.script(error(401, "no such key"))
    events = await turn(upstream, stream=stream)
    assert told(events) == [*OPENING, *FIRST_ROUND[:2], "promptdock_error: turn_failed"]
    assert new_messages(events) == ()


async def test_a_turn_that_is_cut_off_keeps_its_last_word(upstream: Upstream, stream: bool) -> None:
    """Without the calls that nobody answered."""
    upstream.script([TWO_CALLS] * 2)
    async with service_at(upstream, plugins={"games": games()}, max_rounds=2) as service:
        result = await service.prompt("Roll the dice.", stream=stream)
    assert [message["role"] for message in new_messages(result.events)] == ["assistant", "tool", "tool", "assistant"]
    assert told(list(result.events))[-1].startswith("assistant: Stopped after 2 rounds")


@pytest.mark.parametrize("until", [PluginCalled, ToolResponded])
async def test_a_call_without_all_its_answers_is_left_out(upstream: Upstream, stream: bool, until: type[Event]) -> None:
    """The caller went away while tools ran, or when one of two answers was there."""
    upstream.script([TWO_CALLS, text("A six and an eight.")])
    events = await turn(upstream, stream=stream, until=until)
    assert new_messages(events) == ()
    assert [kind for kind in told(events) if not kind.startswith("promptdock")] == ["user: Roll the dice."]


async def test_a_call_with_all_its_answers_is_kept_when_the_caller_goes_away(upstream: Upstream, stream: bool) -> None:
    """In the second round."""
    upstream.script([TWO_CALLS, text("A six and an eight.")])
    request = PromptRequest(messages=(USER,), stream=stream)
    heard: list[Event] = []
    async with service_at(upstream, plugins={"games": games()}) as service:
        events = service.run(request)
        async for event in events:
            heard.append(event)
            if isinstance(event, CompletionRequested) and event.round == 2:
                await events.aclose()
    assert [message["role"] for message in new_messages(heard)] == ["assistant", "tool", "tool"]


async def test_a_narration_is_one_line_of_text(upstream: Upstream, stream: bool) -> None:
    """With a private role and the name of the event's hook, and nothing else."""
    upstream.script([tool_calls([("dice", '{\n"sides": 6}')], usage=(10, 5)), raw_without_usage()])
    events = await turn(upstream, stream=stream, max_completion_tokens=100)
    lines = [message for message in narrated_messages(events, [USER]) if message["role"] == "promptdock"]
    assert all(set(line) == {"role", "content", "promptdock_event"} for line in lines)
    assert [line["content"] for line in lines] == [
        "Selected games: the input refers to 'dice'.",
        "Selected games: always selected.",
        "Rules disagree on temperature: games: search_terms (input) = 0.25 was taken, games: always = 0.75 was left.",
        "Round 1: asked fake for m1 with temperature 0.25, at most 100 tokens, 1 tool.",
        "Presented dice: Roll a die. It is fair.",
        "Round 1 took 15 tokens: 10 of the prompt, 5 of the answer.",
        'The model calls dice with { "sides": 6}',
        "Round 2: asked fake for m1 with temperature 0.25, at most 100 tokens, 1 tool.",
        "Round 2 took an unknown number of tokens: the provider reports none.",
    ]


def raw_without_usage() -> Any:
    """An answer of a provider that reports no tokens, in either form."""
    reply = text("A six.")
    whole = {key: value for key, value in (reply.completion or {}).items() if key != "usage"}
    return reply.but(completion=whole)


async def test_settings_that_nobody_says_are_told_as_such(upstream: Upstream, stream: bool) -> None:
    """And no tools as none."""
    request = PromptRequest(messages=({"role": "user", "content": "hi"},), stream=stream)
    async with service_at(upstream) as service:
        events = [event async for event in service.run(request)]
    (asked,) = [narrate(event) for event in events if isinstance(event, CompletionRequested)]
    assert asked is not None
    assert asked["content"] == (
        "Round 1: asked fake for m1 with the vendor's temperature, an answer of any length, no tools."
    )


async def test_what_people_need_not_read_has_no_narration(upstream: Upstream) -> None:
    """Pieces of a stream, the start and the end."""
    events = await turn(upstream, stream=True)
    assert isinstance(events[-1], TurnFinished)
    silent = [event for event in events if narrate(event) is None]
    assert {type(event).__name__ for event in silent} == {
        "TurnStarted",
        "ProviderInitialized",
        "CompletionDelta",
        "TurnFinished",
    }
    assert any(isinstance(event, CompletionDelta) for event in silent)


async def test_narration_can_be_stored(upstream: Upstream, stream: bool) -> None:
    """As JSON, like any message."""
    upstream.script([TWO_CALLS, raw("no completion")])
    narrated = narrated_messages(await turn(upstream, stream=stream), [USER])
    assert json.loads(json.dumps(narrated)) == [dict(message) for message in narrated]
