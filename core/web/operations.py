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
    Parameter,
    RequestBody,
    Schema,
)

from .envelope import ErrorEnvelope
from .model_schema import model_schema
from .paging import DEFAULT_LIMIT, MAX_LIMIT
from .schemas import CHAT_REQUEST, CHUNK, ErrorResponse, Problem

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..jsontext import JsonObject

__all__ = [
    "ChatOperation",
    "CreatingOperation",
    "ListOperation",
    "OpenOperation",
    "OurOperation",
    "envelope_errors",
    "openai_errors",
    "problems",
    "taking",
]

_WHY: Final = {
    400: "The request is not valid.",
    401: "The key is missing or wrong.",
    402: "A budget has no room for it.",
    403: "The key's owner may not do this.",
    404: "There is no such thing.",
    409: "It is at odds with what is there.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The body is JSON, and what it says cannot be used; `param` names the member.",
    429: "A rate limit is reached, of the provider or of this server; Retry-After says how long.",
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
    """Document error replies as problem details, for routes that belong to no API."""
    return {
        status: ResponseSpec(
            Problem, description=_WHY[status], media_type="application/problem+json", generate_examples=False
        )
        for status in statuses
    }


def envelope_errors(*statuses: int) -> dict[int, ResponseSpec]:
    """Document error replies under ``/api``."""
    return {
        status: ResponseSpec(ErrorEnvelope, description=_WHY[status], generate_examples=False) for status in statuses
    }


@dataclass
class OpenOperation(Operation):
    """An operation whose every reply carries the request id; it needs no key.

    Classes below it add no fields, so they are no dataclasses of their own: its ``__init__`` calls their
    ``__post_init__``.
    """

    def __post_init__(self) -> None:
        self.responses = {
            status: response for status, response in (self.responses or {}).items() if not _is_litestars(response)
        }
        for response in (self.responses or {}).values():
            if isinstance(response, OpenAPIResponse):
                response.headers = {**(response.headers or {}), "X-Request-ID": _request_id_header()}


class OurOperation(OpenOperation):
    """An operation that needs the key."""


class ChatOperation(OurOperation):
    """The chat completion: its body is read by our own parser, and it answers in two media types."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.request_body = RequestBody(required=True, content={"application/json": _media(CHAT_REQUEST)})
        answered = (self.responses or {}).get("200")
        if isinstance(answered, OpenAPIResponse):
            answered.content = {**(answered.content or {}), "text/event-stream": _media(CHUNK)}


class ListOperation(OurOperation):
    """An operation that gives a list by pages."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.parameters = [*(self.parameters or []), *_paging()]
        listed = (self.responses or {}).get("200")
        if isinstance(listed, OpenAPIResponse):
            link = _header("The next page, as rel=next; not at the end of the list")
            listed.headers = {**(listed.headers or {}), "Link": link}


class CreatingOperation(OurOperation):
    """An operation that makes something."""

    def __post_init__(self) -> None:
        super().__post_init__()
        made = (self.responses or {}).get("201")
        if isinstance(made, OpenAPIResponse):
            made.headers = {**(made.headers or {}), "Location": _header("The path of what was made")}


def taking(model: type[BaseModel], base: type[OurOperation] = OurOperation) -> type[OurOperation]:
    """Make the class of operations whose body :func:`~.bodies.read_model` reads.

    Args:
        model: What the body has to be.
        base: What else the operation is, e.g. :class:`CreatingOperation`.
    """

    class Taking(base):  # type: ignore[valid-type,misc]
        def __post_init__(self) -> None:
            super().__post_init__()
            self.request_body = RequestBody(required=True, content={"application/json": _media(model_schema(model))})

    return Taking


def _is_litestars(response: object) -> bool:
    """Whether a reply is the 400 that Litestar adds where a path has parameters: there, what is no id is a 404."""
    if not isinstance(response, OpenAPIResponse):
        return False
    schemas = [content.schema for content in (response.content or {}).values()]
    return any(isinstance(schema, Schema) and schema.description == "Validation Exception" for schema in schemas)


def _paging() -> list[Parameter]:
    limit = Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_LIMIT, default=DEFAULT_LIMIT)
    return [
        Parameter(name="limit", param_in="query", schema=limit, description="The most items"),
        Parameter(
            name="after",
            param_in="query",
            schema=Schema(type=OpenAPIType.STRING),
            description="Where the page begins: `metadata.next` of the page before",
        ),
    ]


def _media(schema: JsonObject) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=cast("Any", schema))


def _header(description: str) -> OpenAPIHeader:
    return OpenAPIHeader(schema=Schema(type=OpenAPIType.STRING), description=description)


def _request_id_header() -> OpenAPIHeader:
    return _header("Names the request: the caller's own X-Request-ID when it is legal, else a new one")
