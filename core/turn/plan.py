"""Planning a turn: the tool set, the settings and the thread, all settled before the first event."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec import structs

from ..ids import new_hex
from ..plugins.catalog import RegisteredProvider
from ..selection.candidates import Candidates
from ..selection.judge import judge
from ..selection.offers import Offers
from ..selection.rules import PromptSettings, SelectionRequest
from ..selection.tool_sets import ToolSet
from ..selection.toolset import make_tool_set
from ..threads import WorkerThreads
from .handoff import HeldRounds
from .messages import Message, newest_text, public_thread, user_texts, with_system
from .request import EffectiveSettings, PromptRequest
from .tokens import ThreadCounter
from .tool_choice import check_tool_choice, forces_one_of, tool_name

__all__ = ["TurnPlan", "date_line", "effective_settings", "plan_turn"]

_T = TypeVar("_T")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class TurnPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a turn before it starts.

    Attributes:
        turn_id: The turn's id, and the id of the completion that the caller gets.
        request: The prompt.
        provider: The provider to ask.
        settings: What the turn uses.
        tool_set: The tools to present.
        sent: The thread as the caller sent it, without private roles.
        thread: The same with the rounds put back that were half answered here.
        messages: The thread as the provider gets it in the first round: system message first.
        text: The newest user text.
        handed_back: Wire names of the caller's own tools.
        attached: Ids of the plugins whose tools the request's scope offers.
        selection_ms: Milliseconds that it took to select the tools.
        counter: Estimates tokens from characters, and those of the thread once.
    """

    turn_id: str
    request: PromptRequest
    provider: RegisteredProvider
    settings: EffectiveSettings
    tool_set: ToolSet
    sent: tuple[Message, ...]
    thread: tuple[Message, ...]
    messages: tuple[Message, ...]
    text: str
    handed_back: frozenset[str]
    attached: frozenset[str] = frozenset()
    selection_ms: float = 0.0
    counter: ThreadCounter = msgspec.field(default_factory=ThreadCounter)


async def plan_turn(
    request: PromptRequest,
    provider: RegisteredProvider,
    model: str,
    *,
    turn_id: str | None,
    system_role: str | None,
    offers: Offers,
    threads: WorkerThreads,
    rule_timeout: float,
    held: HeldRounds,
) -> TurnPlan:
    """Select the tools and settle the settings of one prompt.

    Args:
        request: The prompt.
        provider: The provider that its ``model`` names.
        model: The model, as that provider knows it.
        turn_id: Names the turn; None makes a new id.
        system_role: The operator's system text.
        offers: What the plugins registered, by scope.
        threads: Where synchronous rules run.
        rule_timeout: Seconds that one rule may take.
        held: Half-answered rounds of earlier turns.

    Raises:
        BadRequest: The caller's tool choice names a tool that is not presented, or asks for one when there is none.
        ConfigurationError: A rule of the request's scope is not valid.
    """
    sent = public_thread(request.messages)
    thread = held.restore(request.caller.name, sent)
    began = time.perf_counter()
    candidates = offers.candidates(request.scope)
    tool_set = await _select(request, provider, model, thread, candidates, threads, rule_timeout)
    selection_ms = (time.perf_counter() - began) * 1000
    settings = effective_settings(request, provider, model, tool_set.settings)
    handed_back = frozenset([tool_name(tool) for tool in request.tools])
    if request.tool_choice is not None:
        check_tool_choice(request.tool_choice, handed_back.union(tool.name for tool in tool_set.tools))
    opening = "\n".join([part for part in (date_line(datetime.now(UTC)), system_role) if part])
    return TurnPlan(
        turn_id=turn_id or f"chatcmpl-{new_hex()}",
        request=request,
        provider=provider,
        settings=settings,
        tool_set=tool_set,
        sent=sent,
        thread=thread,
        messages=with_system(thread, [opening, *tool_set.additions]),
        text=newest_text(thread),
        handed_back=handed_back,
        attached=candidates.plugins,
        selection_ms=selection_ms,
    )


async def _select(
    request: PromptRequest,
    provider: RegisteredProvider,
    model: str,
    thread: tuple[Message, ...],
    candidates: Candidates,
    threads: WorkerThreads,
    rule_timeout: float,
) -> ToolSet:
    texts = user_texts(thread)
    seen = SelectionRequest(
        text=texts[-1] if texts else "",
        user_texts=texts,
        messages=thread,
        provider=provider.provider.name,
        model=model,
        caller=request.caller.name,
    )
    judgements = await judge(candidates, seen, threads=threads, timeout=rule_timeout)
    taken = [tool_name(tool) for tool in request.tools]
    name = provider.provider.name
    tool_set = make_tool_set(
        candidates, judgements, provider=name, taken=taken, withheld=_reason_to_withhold(request, provider, model)
    )
    asked = _model(request, model, tool_set.settings)
    if asked == model:
        return tool_set
    # a rule changed the model, and the new one may take no tools
    withheld = _reason_to_withhold(request, provider, asked)
    without = make_tool_set(candidates, judgements, provider=name, taken=taken, withheld=withheld)
    return structs.replace(without, settings=tool_set.settings, conflicts=tool_set.conflicts)


def _reason_to_withhold(request: PromptRequest, provider: RegisteredProvider, model: str) -> str | None:
    if request.tool_choice == "none":
        return "the caller's tool_choice is none"
    if forces_one_of(request.tool_choice, request.tools):
        return "the caller's tool_choice asks for one of the caller's own tools"
    if request.options.get("n", 1) not in (1, None):
        return "the caller asks for several answers (n), and tools are run for one answer only"
    if request.options.get("functions"):
        return "the caller uses the older 'functions', which do not go together with tools"
    if not provider.provider.capabilities(model).tools:
        return f"the model {model} takes no tools"
    return None


def effective_settings(
    request: PromptRequest, provider: RegisteredProvider, model: str, wanted: PromptSettings
) -> EffectiveSettings:
    """Settle what a turn uses: what the caller says, then what selected rules want, then the defaults.

    Zero is a value; only None is "not said".
    """
    asked, given = provider.provider, request.defaults
    return EffectiveSettings(
        provider=asked.name,
        model=_model(request, model, wanted),
        temperature=_first(
            request.temperature,
            wanted.temperature,
            given.temperature,
            asked.default_temperature,
            given.fallback_temperature,
        ),
        max_completion_tokens=_first(
            request.max_completion_tokens,
            wanted.max_completion_tokens,
            given.max_completion_tokens,
            asked.default_max_completion_tokens,
            given.fallback_max_completion_tokens,
        ),
    )


def _model(request: PromptRequest, model: str, wanted: PromptSettings) -> str:
    return wanted.model if request.model is None and wanted.model is not None else model


def _first(*values: _T | None) -> _T | None:
    for value in values:
        if value is not None:
            return value
    return None


def date_line(now: datetime) -> str:
    """The line that tells the model what day it is; it changes once a day, so that vendors' prompt caches still hit."""
    day = now.date()
    return f"Today is {_WEEKDAYS[day.weekday()]}, {day.isoformat()} (UTC)."
