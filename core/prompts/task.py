"""What is asked of the dock: one prompt, who asks, and whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec

from ..identity import Principal
from ..store.charges import Spender
from ..turn.request import PromptRequest

if TYPE_CHECKING:
    from ..store.tables import LLMClient
    from ..turn.events import Event
    from .prompted import PromptedClient

__all__ = ["JournalDraft", "PromptTask"]


class JournalDraft(Protocol):
    """The row that a prompt gets in the journal, which is written together with its turn."""

    @property
    def key(self) -> UUID | None:
        """Id of the row; None when there will be none."""
        ...

    @property
    def path(self) -> str:
        """What was asked for, without the query."""
        ...

    def row(self, last: Event, turn_id: UUID) -> dict[str, Any] | None:
        """Make the row, as values by column, of a turn that has ended; from now on nobody else makes it.

        Args:
            last: The turn's last event.
            turn_id: The turn.
        """
        ...

    def give_back(self) -> None:
        """Say that the row could not be written with its turn."""
        ...


class PromptTask(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt on its way through the dock.

    Attributes:
        principal: Who asks.
        request: The prompt, with the caller's messages and what they ask for explicitly.
        client: The LLM client that is prompted, its row or what turns need of that; None for prompts of the OpenAI
            endpoint, whose thread is the caller's.
        session_key: The session; None for a new one.
        keeps_thread: Whether the thread is kept here, in a session; False where the protocol has callers send it whole.
        journal: Makes the journal's row, which is written with the turn.
        asked_at: When the caller's rights were looked at, by ``time.monotonic``; None for who has none to look at.
    """

    principal: Principal
    request: PromptRequest
    client: LLMClient | PromptedClient | None = None
    session_key: str | None = None
    keeps_thread: bool = True
    journal: JournalDraft | None = None
    asked_at: float | None = None

    @property
    def account_id(self) -> UUID | None:
        """Whose account pays: the LLM client's, else the caller's."""
        return self.client.account_id if self.client is not None else self.principal.account_id

    @property
    def known_since(self) -> float | None:
        """From when on what was looked up will do; None for a turn that may wait for others, and looks it up anew."""
        return self.asked_at if self.session_key is None else None

    @property
    def spender(self) -> Spender:
        """Who spends, for the ledger."""
        return Spender(
            account_id=self.account_id,
            profile_id=self.principal.profile_id,
            api_key_id=self.principal.api_key_id,
            llm_client_id=None if self.client is None else self.client.id,
        )
