"""The table of the journal: one row per API request."""

from typing import Any
from uuid import UUID

from sqlmodel import Field

from ..types import JsonText
from .base import Row, json_field, of_somebody

__all__ = ["JournalRow"]


class JournalRow(Row, table=True):
    """One request: who, what, how it ended. Rows outlive what they name.

    Attributes:
        caller: ``Principal.name``.
        command: What was asked for: ``prompt``, ``create``, ``list``, …
        thing: Of what: ``LLMClient``, ``Session``, …
        path: As asked for, without the query.
        ms: Milliseconds until the reply ended.
        headers: By allow-list.
        body: By allow-list; None when there was none, or none that could be read.
    """

    __tablename__ = "journal"
    __table_args__ = (
        of_somebody("ix_journal_account_id_id", "account_id", "id"),
        of_somebody("ix_journal_profile_id_id", "profile_id", "id"),
    )

    request_id: str = Field(max_length=64, index=True)
    account_id: UUID | None = None
    profile_id: UUID | None = None
    api_key_id: UUID | None = None
    caller: str = Field(max_length=100)
    method: str = Field(max_length=16)
    path: str = Field(sa_type=JsonText)
    command: str = Field(max_length=40)
    thing: str = Field(max_length=40)
    llm_client_id: UUID | None = None
    turn_id: UUID | None = None
    status: int
    ms: float
    headers: dict[str, str] = json_field({})
    body: Any = json_field()
