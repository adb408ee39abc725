"""What LLM clients look like: in replies, and in the bodies that make and change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field

from ..bodies import Asked
from ..envelope import Envelope
from .rows import Text

__all__ = ["LLMClientAsked", "LLMClientList", "LLMClientPatch", "LLMClientReply", "LLMClientView", "columns_of"]

_Name = Annotated[Text, Field(min_length=1, max_length=200)]
_Names = Annotated[list[_Name], Field(max_length=512)]


class LLMClientView(msgspec.Struct, frozen=True):
    """An LLM client. ``is_private`` says whether it has keys; ``host`` is where it answers, if it does."""

    id: UUID
    name: str
    account_id: UUID
    account_number: str
    profile_id: UUID | None
    description: str
    version: str
    tags: list[str]
    provider: str | None
    model: str | None
    system_role: str | None
    temperature: float | None
    max_completion_tokens: int | None
    context_tokens: int | None
    plugins: list[str] | None
    tools: list[str] | None
    rules: list[dict[str, Any]]
    page: dict[str, Any]
    is_active: bool
    is_deployed: bool
    is_private: bool
    errors_as_replies: bool
    host: str | None
    created_at: datetime
    updated_at: datetime


class LLMClientReply(Envelope, frozen=True, kw_only=True):
    """One LLM client."""

    data: LLMClientView


class LLMClientList(Envelope, frozen=True, kw_only=True):
    """LLM clients, newest first."""

    data: list[LLMClientView]


class RuleAsked(Asked):
    """A selection rule of the client's own; its tools follow it instead of the rules of their plugins."""

    directive: Literal["always", "search_terms"] = "always"
    tools: Annotated[list[_Name], Field(max_length=128)] = Field(default_factory=list)
    terms: Annotated[list[_Name], Field(max_length=256)] = Field(default_factory=list)
    scope: Literal["input", "thread"] = "input"
    system: str | None = Field(default=None, max_length=32_768)
    priority: int = Field(default=0, ge=-1000, le=1000)


class PageAsked(Asked):
    """What a chat page shows."""

    name: str | None = Field(default=None, max_length=200)
    assistant: str | None = Field(default=None, max_length=200)
    welcome: str | None = Field(default=None, max_length=4000)
    placeholder: str | None = Field(default=None, max_length=200)
    examples: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=32)] = Field(
        default_factory=list
    )
    logo_url: str | None = Field(default=None, max_length=2000, pattern="^https?://")
    info_url: str | None = Field(default=None, max_length=2000, pattern="^https?://")


class LLMClientPatch(Asked):
    """What of an LLM client may change."""

    name: Text = Field(default="", max_length=63)
    description: Text = Field(default="", max_length=2000)
    version: str = Field(default="1.0.0", max_length=32, pattern=r"^[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.+-]*$")
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=64)] = Field(
        default_factory=list
    )
    provider: _Name | None = Field(default=None, max_length=64)
    model: _Name | None = None
    system_role: str | None = Field(default=None, max_length=262_144)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=2**31 - 1)
    context_tokens: int | None = Field(default=None, ge=1, le=2**31 - 1)
    plugins: _Names | None = None
    tools: _Names | None = None
    rules: Annotated[list[RuleAsked], Field(max_length=64)] = Field(default_factory=list)
    page: PageAsked = Field(default_factory=PageAsked)
    is_active: bool = True
    is_deployed: bool = True
    errors_as_replies: bool = False


class LLMClientAsked(LLMClientPatch):
    """What an LLM client is made from; ``api_key_ids`` are the keys that it is private to."""

    name: Text = Field(max_length=63)
    account_id: UUID | None = None
    api_key_ids: Annotated[list[UUID], Field(max_length=64)] = Field(default_factory=list)


def columns_of(asked: LLMClientPatch) -> dict[str, Any]:
    """The columns that a body sets, whether or not it names them."""
    dumped = asked.model_dump(exclude={"account_id", "api_key_ids"})
    return {**dumped, "page": asked.page.model_dump(exclude_none=True)}
