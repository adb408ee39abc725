"""Tables of LLM clients, the keys that make them private, and custom domains."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from ..types import UtcDateTime, utc_now
from .base import Row, Table, json_field, moment, unique_where

__all__ = ["CustomDomain", "LLMClient", "LLMClientKey"]


class LLMClient(Row, table=True):
    """A stored configuration that callers prompt by name, id or host.

    Attributes:
        account_id: The account that it belongs to.
        profile_id: Who made it; None when the operator did.
        name: A DNS label, unique in the account.
        provider: Name of the provider; None takes the default one.
        model: The model as the provider names it; None takes the provider's default.
        temperature: 0 to 2; None takes the provider's default, then the setting's.
        max_completion_tokens: Likewise; it also bounds what callers may ask for.
        context_tokens: The most tokens of the stored thread that are sent; None takes the setting's.
        plugins: Ids of the plugins whose tools and rules count; None for all.
        tools: Stable ids of the tools that count; None for all of those plugins.
        rules: The client's own selection rules, see ``promptdock.turn.request.SelectionRuleSpec``.
        page: What a chat page shows: name, assistant, welcome, placeholder, examples, URLs.
        is_deployed: Whether it answers at its host names.
        errors_as_replies: Whether an upstream failure is answered with 200 and a reply that tells of it.
    """

    __tablename__ = "llm_clients"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    account_id: UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    profile_id: UUID | None = Field(default=None, foreign_key="profiles.id", ondelete="SET NULL")
    name: str = Field(max_length=63)
    description: str = Field(default="", max_length=2000)
    version: str = Field(default="1.0.0", max_length=32)
    tags: list[str] = json_field([])
    provider: str | None = Field(default=None, max_length=64)
    model: str | None = Field(default=None, max_length=200)
    system_role: str | None = json_field()
    temperature: float | None = None
    max_completion_tokens: int | None = None
    context_tokens: int | None = None
    plugins: list[str] | None = json_field()
    tools: list[str] | None = json_field()
    rules: list[dict[str, Any]] = json_field([])
    page: dict[str, Any] = json_field({})
    is_active: bool = True
    is_deployed: bool = True
    errors_as_replies: bool = False
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class LLMClientKey(Table, table=True):
    """A key that opens an LLM client; one that is attached makes the client private."""

    __tablename__ = "llm_client_keys"

    llm_client_id: UUID = Field(foreign_key="llm_clients.id", ondelete="CASCADE", primary_key=True)
    api_key_id: UUID = Field(foreign_key="api_keys.id", ondelete="CASCADE", primary_key=True, index=True)


class CustomDomain(Row, table=True):
    """A domain of an account's own. Verified, it leads to LLM clients; unverified, nowhere.

    Attributes:
        name: Lower case, without a trailing dot.
        llm_client_id: What the domain itself leads to; names below it lead to clients of the account by name.
        token: What proves the domain, in a TXT record or at a well-known path.
        method: How it was proved: ``dns``, ``http`` or ``https``.
    """

    __tablename__ = "custom_domains"
    __table_args__ = (
        UniqueConstraint("account_id", "name"),
        # two accounts may claim a domain, and one may have it
        unique_where("is_verified", "uq_custom_domains_verified_name", "name"),
    )

    account_id: UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    profile_id: UUID | None = Field(default=None, foreign_key="profiles.id", ondelete="SET NULL")
    llm_client_id: UUID | None = Field(default=None, foreign_key="llm_clients.id", ondelete="SET NULL")
    name: str = Field(max_length=253)
    token: str = Field(max_length=64)
    is_verified: bool = False
    verified_at: datetime | None = moment()
    method: str | None = Field(default=None, max_length=8)
