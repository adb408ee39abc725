"""``POST …/prompt/`` and ``…/config/``: prompting LLM clients by name, id or host."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from litestar import HttpMethod, Request, Response, post
from litestar.params import FromPath

from .auth import authenticate, key_required, principal_of
from .client_lookup import FoundClient, client_at_host, client_by_reference
from .config_reply import config_reply
from .handlers import guarded_route, running_route
from .limits import AT_HOST
from .operations import OurOperation, envelope_errors
from .prompt_reply import PromptReply
from .prompt_schemas import PromptEnvelope, PromptOperation
from .running_reply import RunningReply
from .state import dock_of

__all__ = ["config_at_host", "config_by_reference", "prompt_at_host", "prompt_by_reference"]

_ERRORS = (400, 401, 402, 403, 404, 409, 413, 415, 429, 502, 503, 504)
_TAGS = ["Prompts"]
_PROMPT = {"command": "prompt", "thing": "LLMClient"}
_CONFIG = {"command": "config", "thing": "ChatConfig"}


@running_route(
    "/llm-clients/{client:str}/prompt",
    http_method=HttpMethod.POST,
    status_code=200,
    operation_id="promptLLMClient",
    operation_class=PromptOperation,
    guards=[key_required],
    summary="Prompt an LLM client",
    description="By its id or its name. The session's thread is kept here: only what the user says now is taken from "
    "`messages`. With `stream` the turn comes as typed server-sent events, which can be read on with `Last-Event-ID`.",
    responses=envelope_errors(*_ERRORS),
    opt=_PROMPT,
    tags=_TAGS,
)
async def prompt_by_reference(request: Request[Any, Any, Any], client: FromPath[str]) -> Response[PromptEnvelope]:
    """Prompt an LLM client by its id or its name."""
    dock = dock_of(request.app)

    def find() -> Awaitable[FoundClient]:
        return client_by_reference(dock, principal_of(request), client)

    return RunningReply(PromptReply(dock, find))


@running_route(
    "/prompt",
    http_method=HttpMethod.POST,
    status_code=200,
    operation_id="promptAtHost",
    operation_class=PromptOperation,
    summary="Prompt the LLM client of this host",
    description="At the client's own host name; without a key when the client has none. Otherwise as by id or name.",
    responses=envelope_errors(*_ERRORS),
    opt={**_PROMPT, AT_HOST: True},
    tags=_TAGS,
)
async def prompt_at_host(request: Request[Any, Any, Any]) -> Response[PromptEnvelope]:
    """Prompt the LLM client that answers at the host that was asked."""
    dock = dock_of(request.app)

    async def find() -> FoundClient:
        return await client_at_host(dock, request, await authenticate(request))

    return RunningReply(PromptReply(dock, find))


@guarded_route(
    "/llm-clients/{client:str}/prompt/config",
    http_method=HttpMethod.POST,
    status_code=200,
    operation_id="configureLLMClient",
    operation_class=OurOperation,
    guards=[key_required],
    summary="What a chat page needs to prompt an LLM client",
    description="Issues a session key, or echoes the one that is sent in the body or as `X-Session-Key`.",
    responses=envelope_errors(*_ERRORS),
    opt=_CONFIG,
    tags=_TAGS,
)
async def config_by_reference(request: Request[Any, Any, Any], client: FromPath[str]) -> Response[Any]:
    """Issue or echo a session key, and tell what a chat page needs."""
    dock = dock_of(request.app)
    found = await client_by_reference(dock, principal_of(request), client)
    return await config_reply(dock, request, found, principal_of(request))


@post(
    ["/config", "/prompt/config"],
    status_code=200,
    operation_class=OurOperation,
    summary="What a chat page at this host needs",
    responses=envelope_errors(*_ERRORS),
    opt={**_CONFIG, AT_HOST: True},
    tags=_TAGS,
)
async def config_at_host(request: Request[Any, Any, Any]) -> Response[Any]:
    """Issue or echo a session key, and tell what a chat page needs."""
    dock = dock_of(request.app)
    principal = await authenticate(request)
    return await config_reply(dock, request, await client_at_host(dock, request, principal), principal)
