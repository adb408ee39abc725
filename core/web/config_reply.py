"""What a chat page needs before its first prompt: a session key, the client as it may be seen, what was said so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litestar import Request, Response
from msgspec.structs import asdict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..jsontext import JsonObject
from ..service_events import PromptConfigured, SessionOpened
from ..store.sessions import Conversation, new_session, new_session_key, session_of
from ..store.short import SessionTransaction
from ..store.tables import MessageRow, SessionRow
from .body import read_json_body
from .client_lookup import FoundClient
from .envelope import reply
from .journal import journal_key
from .json_object import json_object
from .paths import path_of
from .prompt_request import session_key_of
from .request_id import request_id

if TYPE_CHECKING:
    from ..identity import Principal
    from ..prompts.dock import Dock
    from ..store.tables import LLMClient

__all__ = ["config_reply"]

_HISTORY: Final = 25
_PLUGINS: Final = 10
_OPEN_FIELDS: Final = ("name", "description", "version", "provider", "model", "page")
_MEMBERS_FIELDS: Final = (
    *_OPEN_FIELDS,
    "tags",
    "system_role",
    "temperature",
    "max_completion_tokens",
    "plugins",
    "tools",
    "rules",
    "is_deployed",
    "errors_as_replies",
)


@dataclass(frozen=True, slots=True)
class _Conversation:
    row: Conversation
    issued: bool
    messages: tuple[JsonObject, ...] = ()


async def config_reply(
    dock: Dock, request: Request[Any, Any, Any], found: FoundClient, principal: Principal
) -> Response[Any]:
    """Answer a request for a client's configuration.

    Raises:
        BadRequest: The session key is none.
        NotFound: The session is somebody else's.
    """
    key = await _asked_key(dock, request)
    talk = await dock.database.write(lambda session: _conversation(session, found.client, principal, key))
    _tell(dock, request, found, principal, talk)
    data = {
        "session_key": talk.row.key,
        "sandbox": found.host is None,
        "llm_client": _client(found.client, principal),
        "history": {"messages": list(talk.messages), "total": talk.row.messages, "turns": talk.row.turns},
        "plugins": _plugins(dock, found.client),
        "tools": _tools(dock, found.client),
        "urls": _urls(request),
    }
    return reply(
        data,
        command="config",
        thing="ChatConfig",
        key=journal_key(request.scope),
        headers={"x-session-key": talk.row.key, "cache-control": "no-store"},
    )


async def _asked_key(dock: Dock, request: Request[Any, Any, Any]) -> str | None:
    """The body may be missing altogether."""
    body = await read_json_body(request.scope, request.receive, dock.settings.max_body_bytes)
    asked = json_object(body) if body else {}
    return session_key_of(asked, request.headers.get("x-session-key"))


async def _conversation(
    session: AsyncSession, client: LLMClient, principal: Principal, key: str | None
) -> _Conversation:
    transaction = SessionTransaction(session)
    row = None if key is None else await session_of(transaction, key, client, principal)
    if row is None:
        made = new_session(key or new_session_key(), client, principal)
        await transaction.insert(SessionRow, [asdict(made)], unless_there=True)
        row = await session_of(transaction, made.key, client, principal) or made
        if row.id == made.id:
            return _Conversation(row, issued=True)  # else another request with this key was quicker
    newest = (
        select(MessageRow)
        .where(MessageRow.session_id == row.id)
        .order_by(col(MessageRow.position).desc())
        .limit(_HISTORY)
    )
    found = (await session.exec(newest)).all()
    return _Conversation(row, issued=False, messages=tuple(_message(one) for one in reversed(found)))


def _message(row: MessageRow) -> JsonObject:
    return {**row.body, "created_at": row.created_at, "turn": str(row.turn_id)}


def _client(client: LLMClient, principal: Principal) -> JsonObject:
    """What the caller may see of the client: strangers see no system text."""
    member = principal.is_superuser or principal.account_id == client.account_id
    fields = _MEMBERS_FIELDS if member else _OPEN_FIELDS
    return {"id": str(client.id), **{name: getattr(client, name) for name in fields}}


def _plugins(dock: Dock, client: LLMClient) -> JsonObject:
    names = sorted({tool["plugin"] for tool in _tools(dock, client)})
    return {"total": len(names), "returned": min(len(names), _PLUGINS), "plugins": names[:_PLUGINS]}


def _tools(dock: Dock, client: LLMClient) -> list[JsonObject]:
    return [
        {"id": tool.id, "name": tool.name, "plugin": tool.plugin.name, "description": tool.tool.description}
        for tool in dock.service.catalog.tools.values()
        if (client.plugins is None or tool.plugin.name in client.plugins)
        and (client.tools is None or tool.id in client.tools)
    ]


def _urls(request: Request[Any, Any, Any]) -> JsonObject:
    """Where to go on, as the caller came here."""
    origin = f"{request.scope['scheme']}://{request.headers.get('host', '')}{request.scope.get('root_path', '')}"
    here = path_of(request.scope).rstrip("/").removesuffix("/config")
    prompt = here if here.endswith("/prompt") else f"{here}/prompt"
    return {"prompt": f"{origin}{prompt}/", "config": f"{origin}{prompt}/config/"}


def _tell(
    dock: Dock, request: Request[Any, Any, Any], found: FoundClient, principal: Principal, talk: _Conversation
) -> None:
    about: dict[str, Any] = {
        "request_id": request_id(request.scope),
        "caller": principal.name,
        "account": principal.account_number,
        "llm_client": found.client.name,
        "llm_client_id": str(found.client.id),
        "session_id": str(talk.row.id),
    }
    if talk.issued:
        dock.host.tell(SessionOpened(**about))
    dock.host.tell(PromptConfigured(**about, issued=talk.issued))
