"""The bodies of resource routes: bounded, strict JSON, and what a pydantic model says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from litestar import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import BadRequest, PromptdockError, Unprocessable
from ..jsontext import JsonObject, dumps
from .body import read_json_body
from .json_object import json_object
from .state import service_of

__all__ = ["Asked", "changes", "check_model", "read_model"]

M = TypeVar("M", bound=BaseModel)

_SHOWN: Final = 64
"""The most characters of a member's name in a message."""

_MUST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bool_type": "must be true or false",
        "bytes_type": "must be text",
        "date_from_datetime_parsing": "must be a date such as 2026-01-31",
        "datetime_from_date_parsing": "must be a time such as 2026-01-31T12:00:00Z",
        "datetime_parsing": "must be a time such as 2026-01-31T12:00:00Z",
        "datetime_type": "must be a time such as 2026-01-31T12:00:00Z",
        "decimal_parsing": "must be a decimal number",
        "decimal_type": "must be a decimal number",
        "decimal_max_digits": "must have at most {max_digits} digits",
        "decimal_max_places": "must have at most {decimal_places} digits after the point",
        "decimal_whole_digits": "must have at most {whole_digits} digits before the point",
        "dict_type": "must be an object",
        "enum": "must be one of {expected}",
        "finite_number": "must be a finite number",
        "float_type": "must be a number",
        "greater_than": "must be more than {gt}",
        "greater_than_equal": "must be {ge} or more",
        "int_from_float": "must be a whole number",
        "int_type": "must be a whole number",
        "less_than": "must be less than {lt}",
        "less_than_equal": "must be {le} or less",
        "list_type": "must be a list",
        "literal_error": "must be one of {expected}",
        "missing": "must be given",
        "model_type": "must be an object",
        "none_required": "must be null",
        "string_pattern_mismatch": "must match {pattern}",
        "string_too_long": "must have at most {max_length} characters",
        "string_too_short": "must have at least {min_length} characters",
        "string_type": "must be text",
        "timezone_aware": "must name its offset from UTC, e.g. 2026-01-31T12:00:00Z",
        "too_long": "must have at most {max_length} items",
        "too_short": "must have at least {min_length} items",
        "tuple_type": "must be a list",
        "uuid_parsing": "must be an id",
        "uuid_type": "must be an id",
        "uuid_version": "must be an id",
    }
)
"""What is said of a value, by pydantic's name for what is wrong with it."""


class Asked(BaseModel):
    """Base of the models of request bodies: strict types, no members that the model does not name."""

    # built when a body of the kind comes for the first time: a start needs none of them
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


async def read_model(request: Request[Any, Any, Any], model: type[M]) -> M:
    """Read the body of a request.

    Args:
        request: The request; nobody has read its body.
        model: What the body has to be.

    Raises:
        UnsupportedMediaType: It is declared as something else than JSON.
        PayloadTooLarge: It is larger than the settings allow.
        BadRequest: It is not strict JSON, or no object.
        Unprocessable: It is not what the model says; names the member.
    """
    limit = service_of(request.app).settings.max_body_bytes
    return check_model(json_object(await read_json_body(request.scope, request.receive, limit)), model)


def check_model(asked: JsonObject, model: type[M]) -> M:
    """Check an object against a model.

    Raises:
        Unprocessable: It is not what the model says: the text is ours, names the member, and holds no value.
    """
    try:
        # as JSON: strict models take times, ids and decimals as text there, which they refuse in Python's objects
        return model.model_validate_json(dumps(asked))
    except ValidationError as error:
        raise _refusal(error) from None


def changes(asked: BaseModel) -> dict[str, Any]:
    """What a ``PATCH`` changes: the members that were sent, null included where the model takes it.

    Raises:
        BadRequest: Nothing was sent.
    """
    if not asked.model_fields_set:
        raise BadRequest("The body changes nothing; send the members to change.")
    return {name: getattr(asked, name) for name in type(asked).model_fields if name in asked.model_fields_set}


def _refusal(error: ValidationError) -> PromptdockError:
    first = error.errors(include_url=False, include_input=False)[0]
    param = _dotted(first["loc"])
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        return Unprocessable(f"There is no member {param!r} here.", param=param)
    if kind == "value_error":
        # raised by a validator of ours: its words are meant to be read
        return Unprocessable(f"{param!r}: {context['error']}." if param else f"{context['error']}.", param=param)
    must = _MUST.get(kind, "is not valid").format(**context)
    return Unprocessable(f"{param!r} {must}." if param else f"The body {must}.", param=param)


def _dotted(place: tuple[int | str, ...]) -> str | None:
    """A place as callers write it: ``tools[0].name``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part[:_SHOWN]}"
    return text.removeprefix(".") or None
