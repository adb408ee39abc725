"""Planning a stored turn: the thread as it is sent, under the model's window, and the turn that comes of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from msgspec import structs

from ..errors import ServiceUnavailable
from ..turn.estimate import TurnEstimate, estimate_turn
from ..turn.messages import PRIVATE_ROLES, Message
from ..turn.repair import repaired
from ..turn.tokens import ThreadCounter, estimate_messages
from ..turn.window import FittedThread, fit_thread
from .incoming import said_messages
from .prompted import PromptedClient
from .task import PromptTask
from .threads import KeptThread

if TYPE_CHECKING:
    from ..service import PromptService
    from ..settings import Settings
    from ..turn.plan import TurnPlan
    from ..turn.request import PromptRequest

__all__ = ["PlannedTurn", "client_request", "estimate_planned", "plan_stored_turn"]

_log = logging.getLogger("promptdock.prompts")
_SMALLEST: Final = 64
"""Tokens of the thread that are tried to be sent even where tools and system text leave less."""


class PlannedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that is settled, and not opened yet.

    Attributes:
        plan: What the engine runs.
        said: What the caller says, as it joins the thread.
        estimate: What it may come to; None where nobody has asked for that yet.
        dropped: How many messages of the thread are not sent.
        thread: The thread before what the caller says; None when it is not kept here.
    """

    plan: TurnPlan
    said: tuple[Message, ...]
    estimate: TurnEstimate | None = None
    dropped: int = 0
    thread: KeptThread | None = None


async def plan_stored_turn(
    service: PromptService, task: PromptTask, thread: KeptThread | None, *, turn_id: UUID
) -> PlannedTurn:
    """Plan a turn.

    Args:
        service: The prompt service.
        task: What is asked.
        thread: The session as it stands; None for a new one, or a prompt without.
        turn_id: Id of its row, which also names it, and the completion that comes of it.

    Raises:
        PromptdockError: The prompt cannot be answered.
    """
    name = f"chatcmpl-{turn_id.hex}"
    if task.client is None:
        return await _planned_whole(service, task.request, name)
    client = PromptedClient.of(task.client, service.settings)
    if not task.keeps_thread:
        return await _planned_whole(service, client_request(task.request, client), name)
    said = said_messages(task.request.messages, has_history=thread is not None and thread.count > 0)
    return await _planned(service, task, client, thread, said, name)


async def _planned_whole(service: PromptService, request: PromptRequest, turn_id: str) -> PlannedTurn:
    """A turn whose thread the caller keeps."""
    plan = await service.plan(request, turn_id=turn_id)
    return PlannedTurn(plan=plan, said=_newest(request.messages))


async def _planned(
    service: PromptService,
    task: PromptTask,
    client: PromptedClient,
    thread: KeptThread | None,
    said: tuple[Message, ...],
    turn_id: str,
) -> PlannedTurn:
    settings = service.settings
    window = client.context_tokens or settings.context_tokens
    kept, older, count = ((), 0, 0) if thread is None else (thread.messages, thread.older, thread.count)
    whole = kept + repaired(said)
    tokens = (0 if thread is None else thread.tokens) + estimate_messages(whole[len(kept) :])
    fitted = FittedThread(messages=whole, dropped=0, tokens=tokens) if tokens <= window else fit_thread(whole, window)
    request = client_request(task.request, client, messages=fitted.messages)
    plan = _counted(await service.plan(request, turn_id=turn_id), thread)
    _check_configured(plan, client)
    estimate = estimate_planned(plan, settings)
    # a client's answers have a limit, so its rounds are alike, whoever asks for the most of them
    over = (estimate.prompt_tokens + estimate.completion_tokens) // estimate.rounds - window
    if over > 0:
        # system text, tools and the answer want room in the window, too
        fitted = fit_thread(whole, max(_SMALLEST, fitted.tokens - over))
        request = structs.replace(request, messages=fitted.messages)
        plan = _counted(await service.plan(request, turn_id=turn_id), thread)
        estimate = estimate_planned(plan, settings)
    dropped = older + count + len(said) - len(fitted.messages)
    return PlannedTurn(plan=plan, estimate=estimate, said=said, dropped=dropped, thread=thread)


def _counted(plan: TurnPlan, thread: KeptThread | None) -> TurnPlan:
    """The plan, with what its thread came to before."""
    if thread is None:
        return plan
    return structs.replace(plan, counter=ThreadCounter(known=thread.messages, tokens=thread.tokens))


def estimate_planned(plan: TurnPlan, settings: Settings) -> TurnEstimate:
    """What a turn may come to: asked before the transaction that opens it, which should not last any longer for it."""
    return estimate_turn(plan, answer_tokens=settings.budget_answer_tokens, max_rounds=settings.max_rounds)


def _check_configured(plan: TurnPlan, client: PromptedClient) -> None:
    """Whoever prompts an LLM client can do nothing about its provider's key, and need not hear how to set it."""
    provider = plan.provider.provider
    if not provider.configured:
        _log.error("The provider %s of the LLM client %s has no API key: it is not set up", provider.name, client.name)
        raise ServiceUnavailable(
            f"The provider of the LLM client {client.name!r} is not set up; its operator has to see to that.",
            code="provider_not_configured",
        )


def client_request(
    asked: PromptRequest,
    client: PromptedClient,
    *,
    messages: tuple[Message, ...] | None = None,
) -> PromptRequest:
    """Make what is asked of an LLM client into what its turn is planned from.

    Args:
        asked: What the caller says.
        client: The client, whose own settings and tools count.
        messages: The thread that is sent; None for what the caller says.
    """
    most = asked.max_completion_tokens
    if most is not None and client.max_completion_tokens is not None:
        most = min(most, client.max_completion_tokens)
    return structs.replace(
        asked,
        messages=asked.messages if messages is None else messages,
        model=None,
        system_role=client.system_role,
        max_completion_tokens=most,
        defaults=client.defaults,
        scope=client.scope,
    )


def _newest(messages: Sequence[Message]) -> tuple[Message, ...]:
    """What is new in a thread that the caller keeps: everything after the newest answer."""
    public = [message for message in messages if message["role"] not in PRIVATE_ROLES]
    answers = [place for place, message in enumerate(public) if message["role"] == "assistant"]
    return tuple(public[answers[-1] + 1 :] if answers else public)
