"""Tables of what was said: sessions, turns, messages, tool calls, selections."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint, text
from sqlmodel import Field

from ..types import JsonText, UtcDateTime, utc_now
from .base import Row, Table, json_field, moment, of_somebody, unique_where

__all__ = [
    "DecisionSet",
    "MessageRow",
    "PluginSelectionRow",
    "QueuedTurn",
    "SessionRow",
    "ToolCallRow",
    "TurnLog",
    "TurnRow",
]


class SessionRow(Row, table=True):
    """One conversation, of one LLM client and one caller.

    Attributes:
        key: 64 hex digits, by which the caller names it.
        llm_client_id: The client; the row may be gone, what was said stays.
        account_id: The client's account.
        owner: Whose it is: ``Principal.owner``.
        turns: How many turns were opened.
        messages: How many messages it has; the next one's position.
        edits: How many of its messages were deleted or changed; a trigger counts.
    """

    __tablename__ = "sessions"
    __table_args__ = (of_somebody("ix_sessions_profile_id", "profile_id"),)

    key: str = Field(max_length=64, unique=True)
    llm_client_id: UUID = Field(index=True)
    account_id: UUID = Field(index=True)
    profile_id: UUID | None = None
    owner: str = Field(max_length=64)
    turns: int = 0
    messages: int = 0
    edits: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    last_used_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class QueuedTurn(Row, table=True):
    """A prompt that waits for an earlier one of its session; the lowest id is next."""

    __tablename__ = "queued_turns"

    session_id: UUID = Field(foreign_key="sessions.id", ondelete="CASCADE", index=True)
    worker_id: UUID


class TurnRow(Row, table=True):
    """One prompt up to its final answer.

    Attributes:
        session_id: None for prompts of the OpenAI endpoint, whose callers keep the thread themselves.
        worker_id: The process that runs it.
        caller: ``Principal.name``.
        journal_id: Of the row that its request gets in the journal; None when it gets none.
        path: What its request asked for, for that row.
        number: Its number in the session, from 1; 0 without a session.
        state: ``running``, ``finished``, ``failed``, ``cancelled`` or ``interrupted``.
        text: The newest user text.
        error: ``status``, ``code`` and ``message`` of a turn without an answer.
        dropped: How many stored messages were left out to fit the window.
        decisions: For each candidate tool, whether it was presented, and why; with a set, where they differ from it.
        decision_set_id: The set of decisions that these are the differences from; None for none.
        watched_at: When somebody last waited for it by way of another process than the one that runs it.
    """

    __tablename__ = "turns"
    __table_args__ = (
        unique_where("state = 'running'", "uq_turns_running", "session_id"),
        of_somebody("ix_turns_session_id_number", "session_id", "number"),
        of_somebody("ix_turns_account_id_id", "account_id", "id"),
        of_somebody("ix_turns_profile_id_id", "profile_id", "id"),
        of_somebody("ix_turns_llm_client_id_id", "llm_client_id", "id"),
    )

    session_id: UUID | None = Field(default=None, foreign_key="sessions.id", ondelete="CASCADE")
    llm_client_id: UUID | None = None
    account_id: UUID | None = None
    profile_id: UUID | None = None
    api_key_id: UUID | None = None
    worker_id: UUID
    number: int = 0
    request_id: str = Field(max_length=64, index=True)
    caller: str = Field(default="", max_length=100)
    journal_id: UUID | None = None
    path: str | None = Field(default=None, sa_type=JsonText)
    state: str = Field(max_length=12)
    is_streamed: bool = False
    text: str = Field(default="", sa_type=JsonText)
    provider: str = Field(max_length=64)
    model: str = Field(sa_type=JsonText)
    temperature: float | None = None
    max_completion_tokens: int | None = None
    rounds: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    dropped: int = 0
    decisions: list[dict[str, Any]] = json_field([])
    decision_set_id: UUID | None = None
    error: dict[str, Any] | None = json_field()
    watched_at: datetime | None = moment()
    ended_at: datetime | None = moment()


class DecisionSet(Row, table=True):
    """What is decided of every candidate tool when nothing speaks for it: the same for most turns, and stored once.

    Attributes:
        id: Comes of what is decided.
        decisions: As ``TurnRow.decisions`` holds them.
    """

    __tablename__ = "decision_sets"

    decisions: list[dict[str, Any]] = json_field([])


class MessageRow(Row, table=True):
    """One message of a thread, narration included.

    Attributes:
        position: Its place in the session, from 0; in the turn when there is no session.
        role: As in the body.
        body: The whole message, OpenAI-shaped.
    """

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("session_id", "position"), UniqueConstraint("turn_id", "position"))

    turn_id: UUID = Field(foreign_key="turns.id", ondelete="CASCADE")
    session_id: UUID | None = Field(default=None, foreign_key="sessions.id", ondelete="CASCADE")
    position: int
    role: str = Field(max_length=20)
    body: dict[str, Any] = json_field({})


class ToolCallRow(Row, table=True):
    """One call that a model made of a tool, and its answer.

    Attributes:
        arguments: The text as the model wrote it, however long.
        result: The text that the model read.
        error: The code of what went wrong.
    """

    __tablename__ = "tool_calls"

    turn_id: UUID = Field(foreign_key="turns.id", ondelete="CASCADE", index=True)
    round: int
    call_id: str = Field(sa_type=JsonText)
    name: str = Field(sa_type=JsonText)
    tool: str | None = Field(default=None, max_length=200)
    plugin: str | None = Field(default=None, max_length=100, index=True)
    arguments: str = Field(sa_type=JsonText)
    result: str = Field(sa_type=JsonText)
    error: str | None = Field(default=None, max_length=64)
    ms: float


class PluginSelectionRow(Row, table=True):
    """A rule that selected its plugin in a turn."""

    __tablename__ = "plugin_selections"

    turn_id: UUID = Field(foreign_key="turns.id", ondelete="CASCADE", index=True)
    plugin: str = Field(max_length=100)
    rule: str = Field(sa_type=JsonText)
    reason: str = Field(sa_type=JsonText)
    terms: list[str] = json_field([])
    tools: list[str] = json_field([])


class TurnLog(Table, table=True):
    """The events of a streamed turn as they were sent, so that a caller who lost the connection can read on."""

    __tablename__ = "turn_logs"

    turn_id: UUID = Field(foreign_key="turns.id", ondelete="CASCADE", primary_key=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    events: list[dict[str, Any]] = json_field([])
