"""The one layout of every reply under ``/api``: ``data`` or ``error``, then ``api`` and ``metadata``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from msgspec import UNSET, UnsetType

from ..errors import ErrorInfo
from ..jsontext import JsonObject
from .paths import path_of
from .request_id import request_id
from .subject import subject_of

__all__ = [
    "API",
    "Envelope",
    "ErrorEnvelope",
    "Metadata",
    "created",
    "error_class",
    "error_envelope",
    "path_below",
    "reply",
]

API: Final = "promptdock/v1"
"""What every reply under ``/api`` says it speaks."""

_CLASSES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "BadRequest",
        401: "Unauthorized",
        402: "BudgetExceeded",
        403: "Forbidden",
        404: "NotFound",
        405: "MethodNotAllowed",
        409: "Conflict",
        413: "PayloadTooLarge",
        415: "UnsupportedMediaType",
        422: "Unprocessable",
        429: "TooManyRequests",
        500: "InternalError",
        502: "UpstreamError",
        503: "ServiceUnavailable",
        504: "UpstreamTimeout",
    }
)


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, to what."""

    command: str
    thing: str
    key: str | UnsetType = UNSET
    next: str | UnsetType | None = UNSET


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A reply under ``/api``; for the OpenAPI document, subclasses say what ``data`` is."""

    data: Any
    api: Literal["promptdock/v1"] = API
    metadata: Metadata


class EnvelopedError(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong."""

    class_: str = msgspec.field(name="class")
    code: str
    description: str
    status: int
    request_id: str
    param: str | None


class ErrorMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be done, to what, and where."""

    command: str
    thing: str | None
    path: str


class ErrorEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """An error under ``/api``."""

    error: EnvelopedError
    api: Literal["promptdock/v1"] = API
    metadata: ErrorMetadata


def error_class(status: int) -> str:
    """The name of a kind of error, which never changes: of the status, else of the whole family."""
    return _CLASSES.get(status) or ("InternalError" if status >= 500 else "BadRequest")


def error_envelope(info: ErrorInfo, scope: Mapping[str, Any]) -> JsonObject:
    """The body of an error.

    Args:
        info: What the caller is told.
        scope: The request's ASGI scope.
    """
    subject = subject_of(scope)
    return {
        "error": {
            "class": error_class(info.status),
            "code": info.code,
            "description": info.message,
            "status": info.status,
            "request_id": request_id(scope),
            "param": info.param,
        },
        "api": API,
        "metadata": {"command": subject.command, "thing": subject.thing, "path": path_of(scope)},
    }


def reply(
    data: object,
    *,
    command: str,
    thing: str,
    key: str | None = None,
    next: str | UnsetType | None = UNSET,  # noqa: A002  (the member's own name)
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    """Make a reply.

    Args:
        data: What was asked for: anything that JSON has a form for, or a model.
        command: What was done, e.g. ``get``.
        thing: To what, e.g. ``LLMClient``.
        key: The session key, in replies to prompts; None leaves the member out.
        next: The cursor of the next page, None at the end of a list; left out of what is no list.
        status: The HTTP status.
        headers: Further headers.
    """
    metadata = Metadata(command=command, thing=thing, key=UNSET if key is None else key, next=next)
    return Response(
        Envelope(data=data, metadata=metadata),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )


def created(
    location: str, data: object, *, thing: str, command: str = "create", key: str | None = None
) -> Response[Any]:
    """Make the reply to a request that made something.

    Args:
        location: The path of what was made, as :func:`path_below` gives it.
        data: What was made.
        thing: What kind of thing it is.
        command: What was done.
        key: As of :func:`reply`.
    """
    return reply(data, command=command, thing=thing, key=key, status=201, headers={"location": location})


def path_below(request: Request[Any, Any, Any], *parts: object) -> str:
    """A path below the one that was asked for, as the caller would have to send it.

    Args:
        request: E.g. a ``POST`` to a collection.
        *parts: What comes below it, e.g. the id of what was made; quoted where a path needs it.
    """
    here = quote(path_of(request.scope).rstrip("/"))
    below = "".join(f"/{quote(str(part), safe='')}" for part in parts)
    return f"{request.scope.get('root_path', '').rstrip('/')}{here}{below}"
