"""Which LLM client a request is for: the one that its path names, or the one that answers at its host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar.connection import ASGIConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFound
from ..hosts import HostForms, is_client_name, parse_host
from ..prompts.prompted import PromptedClient
from ..store.attachments import access_to
from ..store.client_hosts import find_at_host
from ..store.clients import find_client

if TYPE_CHECKING:
    from ..identity import Principal
    from ..prompts.dock import Dock
    from ..store.tables import LLMClient

__all__ = ["FoundClient", "client_as_model", "client_at_host", "client_by_reference"]


class FoundClient(msgspec.Struct, frozen=True):
    """An LLM client that the caller may prompt.

    Attributes:
        client: Its row.
        prompted: What its turns need of that.
        host: The host that it was found by; None when it was named.
    """

    client: LLMClient
    prompted: PromptedClient
    host: str | None = None


async def client_by_reference(dock: Dock, principal: Principal, id_or_name: str) -> FoundClient:
    """Find the client that a path names.

    Raises:
        Unauthorized: The caller sent no key.
        NotFound: There is none that the caller gets to see.
        Forbidden: It answers to other keys.
    """

    async def work(session: AsyncSession) -> FoundClient:
        client = await find_client(session, principal, id_or_name)
        await access_to(session, client, principal, by_host=False)
        return FoundClient(client, PromptedClient.of(client, dock.settings))

    return await dock.database.configuration.get(("client", principal, id_or_name), work)


async def client_as_model(
    dock: Dock, principal: Principal, model: str | None, *, since: float | None = None
) -> FoundClient | None:
    """The client that a ``model`` of the OpenAI endpoint names; None when it names a model.

    Args:
        dock: Knows the clients.
        principal: Who asks.
        model: As the request has it.
        since: When it was found out who asks; see ``Configuration.current``.

    Raises:
        Forbidden: It names a client that answers to other keys.
    """
    if principal.is_anonymous or model is None or not is_client_name(model):
        return None

    async def work(session: AsyncSession) -> FoundClient | None:
        try:
            client = await find_client(session, principal, model)
        except NotFound:
            return None
        await access_to(session, client, principal, by_host=False)
        return FoundClient(client, PromptedClient.of(client, dock.settings))

    return await dock.database.configuration.get(("client as model", principal, model), work, since=since)


async def client_at_host(dock: Dock, request: ASGIConnection[Any, Any, Any, Any], principal: Principal) -> FoundClient:
    """Find the client that answers at the host that was asked.

    Raises:
        NotFound: Nobody answers there.
        Unauthorized: It needs a key.
        Forbidden: It answers to other keys.
        BadRequest: The ``Host`` header is no host.
    """
    host = parse_host(request.headers.get("host", ""))
    forms = HostForms.of(dock.settings.api_domain)

    async def work(session: AsyncSession) -> FoundClient:
        client = await find_at_host(session, host, forms)
        if client is None:
            raise NotFound(f"No LLM client answers at {host[:253]!r}.", code="llm_client_not_found")
        opens = dock.settings.inactive_keys_open_clients
        await access_to(session, client, principal, by_host=True, active_only=opens)
        return FoundClient(client, PromptedClient.of(client, dock.settings), host)

    if dock.settings.inactive_keys_open_clients:  # then it also depends on the time, as keys expire
        return await dock.database.read(work)
    return await dock.database.configuration.get(("client at host", principal, host), work)
