"""From what the journal's eye saw of a request to the row that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..store.tables import JournalRow
from ..turn.events import Event, TurnFailed
from ..turn.observe import CANCELLED
from .journal import JournalEntry, entry_of, journaled, row_id
from .paths import path_of

if TYPE_CHECKING:
    from uuid import UUID

    from ..prompts.dock import Dock
    from ..store.short import Transaction
    from .journal import Sink

__all__ = ["PromptDraft", "RelayDraft", "journal_sink", "row_of"]

_LONGEST: Final = 40


def journal_sink(dock: Dock) -> Sink:
    """What writes rows that no other transaction takes along."""

    async def write(entry: JournalEntry) -> None:
        row = row_of(entry)

        async def work(transaction: Transaction) -> None:
            await transaction.insert(JournalRow, [row])

        await dock.database.write_short(work)

    return write


class PromptDraft:
    """The row of a prompt, which is written together with its turn.

    Args:
        scope: The request's ASGI scope.
        llm_client_id: The LLM client that is prompted.
    """

    def __init__(self, scope: Mapping[str, Any], llm_client_id: UUID | None = None) -> None:
        self._scope = scope
        self._client_id = llm_client_id

    @property
    def key(self) -> UUID | None:
        """Id of the row; None when the request gets none."""
        return row_id(self._scope)

    @property
    def path(self) -> str:
        """What was asked for, without the query."""
        return path_of(self._scope)

    def row(self, last: Event, turn_id: UUID) -> dict[str, Any] | None:
        """Make the row, as values by column."""
        entry = entry_of(self._scope, _status_of(last))
        if entry is None:
            return None
        journaled(self._scope, written=True)
        return row_of(entry, llm_client_id=self._client_id, turn_id=turn_id)

    def give_back(self) -> None:
        """Leave the row to whoever sees the end of the reply."""
        journaled(self._scope, written=False)


class RelayDraft:
    """The row of a raw passthrough, which is written together with its charge.

    Args:
        scope: The request's ASGI scope.
    """

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope

    def row(self, status: int) -> dict[str, Any] | None:
        """Make the row, as values by column."""
        entry = entry_of(self._scope, status)
        if entry is None:
            return None
        journaled(self._scope, written=True)
        return row_of(entry)

    def give_back(self) -> None:
        """Leave the row to whoever sees the end of the reply."""
        journaled(self._scope, written=False)


def _status_of(last: Event) -> int:
    if not isinstance(last, TurnFailed):
        return 200
    return CANCELLED.status if last.error.code == CANCELLED.code else last.error.status


def row_of(entry: JournalEntry, *, llm_client_id: UUID | None = None, turn_id: UUID | None = None) -> dict[str, Any]:
    """The row of a request, as values by column."""
    principal = entry.principal
    return {
        "id": entry.key,
        "created_at": entry.started_at,
        "request_id": entry.request_id,
        "account_id": principal.account_id,
        "profile_id": principal.profile_id,
        "api_key_id": principal.api_key_id,
        "caller": principal.name[:100],
        "method": entry.method[:16],
        "path": entry.path,
        "command": entry.command[:_LONGEST],
        "thing": (entry.thing or "")[:_LONGEST],
        "llm_client_id": llm_client_id,
        "turn_id": turn_id,
        "status": entry.status,
        "ms": round(entry.ms, 3),
        "headers": entry.headers,
        "body": entry.body,
    }
