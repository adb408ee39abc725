"""What turns look like in replies: their messages, tool calls and selections."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ...store.tables import MessageRow
from ..envelope import Envelope

__all__ = [
    "MessageList",
    "MessageView",
    "SelectionView",
    "ToolCallList",
    "ToolCallReply",
    "ToolCallView",
    "TurnDetailView",
    "TurnList",
    "TurnReply",
    "TurnView",
    "message_view",
]


class MessageView(msgspec.Struct, frozen=True):
    """A message of a thread; narration has the role ``promptdock`` or ``promptdock_error``."""

    id: UUID
    turn_id: UUID
    position: int
    message: dict[str, Any]
    created_at: datetime


class MessageList(Envelope, frozen=True, kw_only=True):
    """Messages, oldest first."""

    data: list[MessageView]


class ToolCallView(msgspec.Struct, frozen=True):
    """A call that a model made of a tool: ``arguments`` as the model wrote them, ``result`` as the model read it."""

    id: UUID
    turn_id: UUID
    round: int
    call_id: str
    name: str
    tool: str | None
    plugin: str | None
    arguments: str
    result: str
    error: str | None
    ms: float
    created_at: datetime


class ToolCallReply(Envelope, frozen=True, kw_only=True):
    """One tool call."""

    data: ToolCallView


class ToolCallList(Envelope, frozen=True, kw_only=True):
    """Tool calls, newest first."""

    data: list[ToolCallView]


class SelectionView(msgspec.Struct, frozen=True):
    """A rule that selected its plugin in a turn."""

    plugin: str
    rule: str
    reason: str
    terms: list[str]
    tools: list[str]


class TurnView(msgspec.Struct, frozen=True):
    """One prompt up to its final answer."""

    id: UUID
    session_id: UUID | None
    llm_client_id: UUID | None
    account_id: UUID | None
    profile_id: UUID | None
    api_key_id: UUID | None
    number: int
    request_id: str
    state: str
    is_streamed: bool
    text: str
    provider: str
    model: str
    temperature: float | None
    max_completion_tokens: int | None
    rounds: int
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    dropped: int
    error: dict[str, Any] | None
    created_at: datetime
    ended_at: datetime | None


class TurnDetailView(TurnView, frozen=True, kw_only=True):
    """A turn with all that happened in it."""

    decisions: list[dict[str, Any]]
    messages: list[MessageView]
    tool_calls: list[ToolCallView]
    selections: list[SelectionView]


class TurnReply(Envelope, frozen=True, kw_only=True):
    """One turn."""

    data: TurnDetailView


class TurnList(Envelope, frozen=True, kw_only=True):
    """Turns, newest first."""

    data: list[TurnView]


def message_view(row: MessageRow) -> MessageView:
    """What is shown of a message."""
    return MessageView(
        id=row.id, turn_id=row.turn_id, position=row.position, message=row.body, created_at=row.created_at
    )
