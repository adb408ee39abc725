"""What the OpenAPI document says beyond what Litestar reads off a handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

from .schemas import CHAT_REQUEST, CHUNK, ErrorResponse, Problem

if TYPE_CHECKING:
    from ..jsontext import JsonObject

__all__ = ["ChatOperation", "OpenOperation", "OurOperation", "openai_errors", "problems"]

_WHY: Final = {
    400: "The request is not valid.",
    401: "The key is missing or wrong.",
    404: "There is no such thing.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "The provider's rate limit is reached; Retry-After says how long.",
    502: "The provider failed.",
    503: "The server cannot answer now.",
    504: "The provider did not answer in time.",
}


def openai_errors(*statuses: int) -> dict[int, ResponseSpec]:
    """Document error replies in OpenAI's shape."""
    return {
        status: ResponseSpec(ErrorResponse, description=_WHY[status], generate_examples=False) for status in statuses
    }


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Document error replies as problem details."""
    return {
        status: ResponseSpec(
            Problem, description=_WHY[status], media_type="application/problem+json", generate_examples=False
        )
        for status in statuses
    }


@dataclass
class OpenOperation(Operation):
    """An operation whose every reply carries the request id; it needs no key."""

    def __post_init__(self) -> None:
        for response in (self.responses or {}).values():
            if isinstance(response, OpenAPIResponse):
                response.headers = {**(response.headers or {}), "X-Request-ID": _request_id_header()}


@dataclass
class OurOperation(OpenOperation):
    """An operation that needs the key."""


@dataclass
class ChatOperation(OurOperation):
    """The chat completion: its body is read by our own parser, and it answers in two media types."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.request_body = RequestBody(required=True, content={"application/json": _media(CHAT_REQUEST)})
        answered = (self.responses or {}).get("200")
        if isinstance(answered, OpenAPIResponse):
            answered.content = {**(answered.content or {}), "text/event-stream": _media(CHUNK)}


def _media(schema: JsonObject) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=cast("Any", schema))


def _request_id_header() -> OpenAPIHeader:
    return OpenAPIHeader(
        schema=Schema(type=OpenAPIType.STRING),
        description="Names the request: the caller's own X-Request-ID when it is legal, else a new one",
    )
