"""A raw passthrough with its store: budgets are asked before it, and it is charged before its last byte is given."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from ..identity import Principal
from ..ids import new_request_id
from ..provider_names import find_provider
from ..providers.relay import RelayReply, RelayRequest
from ..store.charges import Spender
from .relay_ask import RelayAsk, read_ask
from .relay_run import OpenRelay

if TYPE_CHECKING:
    from .dock import Dock

__all__ = ["DockedRelay", "RelayJournalDraft", "RelayTask"]

_LARGE: Final = 262_144
"""Bodies beyond are read in a thread, and so are compressed ones, as a few bytes may hold megabytes."""
_WITHOUT_BODY: Final = frozenset({204, 205, 304})


class RelayJournalDraft(Protocol):
    """The row that a passthrough gets in the journal, which is written together with its charge."""

    def row(self, status: int) -> dict[str, Any] | None:
        """Make the row, as values by column, of a passthrough that has ended; from now on nobody else makes it.

        Args:
            status: The reply's.

        Returns:
            The row; None when the request gets none.
        """
        ...

    def give_back(self) -> None:
        """Say that the row could not be written with the charge."""
        ...


class RelayTask(msgspec.Struct, frozen=True, kw_only=True):
    """One raw passthrough on its way through the dock.

    Attributes:
        principal: Who asks.
        provider: The provider's name as it was given; None or blank for the default provider.
        request: What goes to the provider as it is.
        journal: Makes the journal's row, which is written with the charge.
        known_since: A moment, by ``time.monotonic``: what is known of budgets and prices since then is new enough, for
            a second. None asks the store for what is new.
    """

    principal: Principal
    provider: str | None
    request: RelayRequest
    journal: RelayJournalDraft | None = None
    known_since: float | None = None

    @property
    def client(self) -> None:
        """No LLM client is prompted."""
        return

    @property
    def spender(self) -> Spender:
        """Who spends, for the ledger."""
        who = self.principal
        return Spender(account_id=who.account_id, profile_id=who.profile_id, api_key_id=who.api_key_id)


class DockedRelay(AbstractAsyncContextManager[RelayReply]):
    """Sends a request to a provider as it is, for the length of a block, which gets the provider's reply.

    Budgets are asked first. What a reply below 300 took is charged when it has ended, before its last byte is given:
    the provider's numbers, or an estimate where it reports none. A reply that is left early or breaks off is charged
    by an estimate of what had come; an error of the provider's is not charged.

    The reply's body can be read once, in the block, whatever its status.

    Args:
        dock: Where it runs.
        task: What is asked, by whom, of whom; rights and rate limits are checked already.
    """

    def __init__(self, dock: Dock, task: RelayTask) -> None:
        self._dock = dock
        self._task = task

    async def __aenter__(self) -> RelayReply:
        """Send it.

        Raises:
            NotFound: There is no such provider.
            BudgetExceeded: A budget has no room for it; the provider was not asked.
            BadRequest: The provider has no key, or no raw passthrough.
            openai.OpenAIError: There is no reply.
            StoreUnavailable: It could not be set aside, or not be charged.
        """
        service, task = self._dock.service, self._task
        provider = find_provider(task.provider, self._dock.host.catalog.providers, default=service.router.default)
        if not task.request.request_id:
            asked = replace(task.request, request_id=new_request_id())
            task = msgspec.structs.replace(task, request=asked)
        ask = await asyncio.to_thread(_read_whole, task.request) if _is_large(task.request) else read_ask(task.request)
        self._relay = relay = OpenRelay(self._dock, task, provider.name, ask)
        await relay.open()
        try:
            self._sending = sending = provider.relay(task.request)
            reply = await sending.__aenter__()
        except BaseException as error:
            await relay.break_off(error)
            raise
        pieces = relay.pieces(reply)
        if task.request.method == "HEAD" or reply.status in _WITHOUT_BODY or pieces.length == 0:
            try:
                await relay.end()  # the head is all of it
            except BaseException as error:
                await self.__aexit__(type(error), error, error.__traceback__)
                raise
        return RelayReply(status=reply.status, headers=reply.headers, body=pieces)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._sending.__aexit__(kind, error, trace)
        except BaseException as failure:
            await self._relay.break_off(failure)
            raise
        await self._relay.break_off(error)


def _read_whole(request: RelayRequest) -> RelayAsk:
    ask = read_ask(request)
    _ = ask.prompt_tokens  # whoever asks for it later asks on the event loop
    return ask


def _is_large(request: RelayRequest) -> bool:
    return "content-encoding" in dict(request.passed_headers) or len(request.body or b"") > _LARGE
