"""The JSON schema of a pydantic model, in one piece: what it refers to stands where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..jsontext import JsonObject

__all__ = ["model_schema"]

_PREFIX: Final = "#/$defs/"


def model_schema(model: type[BaseModel]) -> JsonObject:
    """Describe what a request body has to be.

    References into the schema itself would be lost in the OpenAPI document, whose root is another one.

    Raises:
        ConfigurationError: The model refers to itself, so that it has no such schema.
    """
    schema = model.model_json_schema(mode="validation")
    definitions = schema.pop("$defs", {})
    inlined: JsonObject = _inlined(schema, definitions, ())
    return inlined


def _inlined(value: Any, definitions: JsonObject, inside: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_inlined(item, definitions, inside) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if not isinstance(reference, str) or not reference.startswith(_PREFIX):
        return {key: _inlined(item, definitions, inside) for key, item in value.items()}
    name = reference.removeprefix(_PREFIX)
    if name in inside:
        raise ConfigurationError(f"The model {name} refers to itself; a request body cannot.")
    beside = {key: item for key, item in value.items() if key != "$ref"}
    found: JsonObject = _inlined({**definitions[name], **beside}, definitions, (*inside, name))
    return found
