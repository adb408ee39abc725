"""``/api/v1/prompts/passthrough/…`` and ``/api/v1/passthrough/…``: a provider's own API, byte for byte."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar import HttpMethod, Request, Response
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, RequestBody, Schema
from litestar.params import FromPath

from ..errors import Forbidden
from .auth import key_required, principal_of
from .handlers import running_route
from .operations import OurOperation, envelope_errors
from .relay_reply import RelayedReply
from .relay_request import CHAT, path_below_provider
from .running_reply import RunningReply
from .schemas import CHAT_REQUEST
from .state import dock_of

__all__ = ["RELAY_ROUTES", "look_up_through", "pass_chat_through", "pass_chat_to_default", "pass_through"]

_ERRORS: Final = (400, 401, 402, 404, 413, 415, 429, 502, 503, 504)
_TAGS: Final = ["Passthrough"]


class RelayOperation(OurOperation):
    """An operation whose reply is the provider's own, whatever that is."""

    def __post_init__(self) -> None:
        super().__post_init__()
        answered = (self.responses or {}).get("200")
        if isinstance(answered, OpenAPIResponse):
            answered.description = "The provider's reply, with its own status: this one, or any other"
            answered.content = {"*/*": OpenAPIMediaType(schema=Schema())}


class RelayChatOperation(RelayOperation):
    """The same with a chat completion's body."""

    def __post_init__(self) -> None:
        super().__post_init__()
        schema: Any = CHAT_REQUEST
        self.request_body = RequestBody(
            required=True, content={"application/json": OpenAPIMediaType(schema=cast("Schema", schema))}
        )


class RelayBodyOperation(RelayOperation):
    """The same with any body."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.request_body = RequestBody(content={"*/*": OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))})


def _operation_id(_: object, method: str, __: object) -> str:
    return f"passThrough{method.capitalize()}"


@running_route(
    "/prompts/passthrough",
    http_method=HttpMethod.POST,
    status_code=200,
    operation_id="passChatThroughToDefault",
    operation_class=RelayChatOperation,
    guards=[key_required],
    summary="Pass a chat completion through to the default provider",
    responses=envelope_errors(*_ERRORS),
    opt={"command": "prompt", "thing": "Provider"},
    tags=_TAGS,
)
async def pass_chat_to_default(request: Request[Any, Any, Any]) -> Response[None]:
    """Pass a chat completion through to the default provider."""
    return RunningReply(RelayedReply(dock_of(request.app), None, CHAT))


@running_route(
    "/prompts/passthrough/{provider_name:str}",
    http_method=HttpMethod.POST,
    status_code=200,
    operation_id="passChatThrough",
    operation_class=RelayChatOperation,
    guards=[key_required],
    summary="Pass a chat completion through to a provider",
    description="The body goes to the provider's `/chat/completions` unchanged, with the server's own key, and the "
    "reply comes back unchanged, streamed or not: no tools, no history, no rules. Errors of the provider keep their "
    "status and body. The call is charged; a budget must have room for the prompt and for the longest answer that the "
    "body allows.",
    responses=envelope_errors(*_ERRORS),
    opt={"command": "prompt", "thing": "Provider"},
    tags=_TAGS,
)
async def pass_chat_through(request: Request[Any, Any, Any], provider_name: FromPath[str]) -> Response[None]:
    """Pass a chat completion through to a provider."""
    return RunningReply(RelayedReply(dock_of(request.app), provider_name, CHAT))


@running_route(
    "/passthrough/{provider_name:str}/{provider_path:path}",
    http_method=[HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH],
    status_code=200,
    operation_id=_operation_id,
    operation_class=RelayBodyOperation,
    guards=[key_required],
    summary="Pass a request through to a provider",
    description="Any path below the provider's base URL, e.g. `/embeddings` or `/responses`, save those of files. What "
    "goes up and what comes back is unchanged, as in passing a chat completion through.",
    responses=envelope_errors(*_ERRORS),
    opt={"command": "relay", "thing": "Provider"},
    tags=_TAGS,
)
async def pass_through(
    request: Request[Any, Any, Any], provider_name: FromPath[str], provider_path: FromPath[str]
) -> Response[None]:
    """Pass a request with a body through to a provider."""
    return _relayed(request, provider_name, provider_path)


@running_route(
    "/passthrough/{provider_name:str}/{provider_path:path}",
    http_method=[HttpMethod.GET, HttpMethod.DELETE, HttpMethod.HEAD],
    status_code=200,
    operation_id=_operation_id,
    operation_class=RelayOperation,
    guards=[key_required],
    summary="Look something up at a provider, or delete it",
    description="As passing a request through; it takes no tokens and is not charged. Only staff may delete: what is "
    "stored at a provider belongs to all who use its key here.",
    responses=envelope_errors(403, *(status for status in _ERRORS if status != 402)),
    opt={"command": "relay", "thing": "Provider"},
    tags=_TAGS,
)
async def look_up_through(
    request: Request[Any, Any, Any], provider_name: FromPath[str], provider_path: FromPath[str]
) -> Response[None]:
    """Pass a request through to a provider that asks for nothing to be made."""
    if request.method == HttpMethod.DELETE:
        _check_may_delete(request)
    return _relayed(request, provider_name, provider_path)


def _check_may_delete(request: Request[Any, Any, Any]) -> None:
    """What is stored at the provider is everybody's who uses its key here, and a deletion cannot be taken back."""
    principal = principal_of(request)
    if not (principal.is_staff or principal.is_superuser):
        raise Forbidden("Only staff may delete what is stored at a provider.")


def _relayed(request: Request[Any, Any, Any], provider: str, path: str) -> Response[None]:
    return RunningReply(RelayedReply(dock_of(request.app), provider, path_below_provider(request.scope, path)))


RELAY_ROUTES: Final = (pass_chat_to_default, pass_chat_through, pass_through, look_up_through)
"""Every route of this module."""
