"""A JSON schema, and the pydantic model that reads arguments, from the signature of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind
from pydantic_core import core_schema

from ..errors import ConfigurationError
from ..jsontext import JsonObject
from .arguments import shortened
from .signature import FunctionSignature, function_label, require_named_and_typed

__all__ = ["arguments_model", "arguments_schema"]


_DECIMAL: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"


class _SchemaWriter(GenerateJsonSchema):
    """A default that JSON has no form for is left out of the schema; the function still has it."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Say which texts are decimals: pydantic's own schema has any text pass, which it then refuses."""
        found = super().decimal_schema(schema)
        number: JsonSchemaValue = next((part for part in found.get("anyOf", ()) if part.get("type") == "number"), {})
        if not number:
            return found
        if len(number) > 1:  # bounds hold for numbers only: a schema cannot bound a text
            return number
        return {"anyOf": [number, {"type": "string", "pattern": _DECIMAL}]}


def arguments_model(function: Callable[..., Any], signature: FunctionSignature) -> type[BaseModel]:
    """Make the model that reads a function's arguments.

    Fields are named by their place, since pydantic keeps many names (``json``, ``_x``, ``model_config``) to itself;
    the parameter's name is the alias.

    Raises:
        ConfigurationError: A parameter has no type, cannot be given by name, or has a type that JSON cannot carry;
            the text names the parameter.
    """
    require_named_and_typed(signature, function)
    try:
        return _model(signature.parameters, signature.hints)
    except Exception as error:  # noqa: BLE001  (pydantic lets through whatever a type's own schema hook raises)
        culprit = _first_bad(signature.parameters, signature.hints)
        raise _unusable(culprit, function, error) from None


def arguments_schema(model: type[BaseModel], descriptions: Mapping[str, str]) -> JsonObject:
    """Write the model as the JSON schema that is shown to language models.

    Args:
        model: What :func:`arguments_model` made.
        descriptions: Texts for parameters that have none of their own.

    Returns:
        A schema without ``title`` and with ``additionalProperties: false``.
    """
    schema: JsonObject = _without_titles(model.model_json_schema(schema_generator=_SchemaWriter))
    properties = schema.setdefault("properties", {})
    for name, text in descriptions.items():
        if name in properties:
            properties[name].setdefault("description", text)
    ordered: JsonObject = {key: schema.pop(key) for key in ("type", "properties", "required") if key in schema}
    return ordered | schema


def _model(parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        f"argument_{place}": _field(parameter, hints[parameter.name]) for place, parameter in enumerate(parameters)
    }
    config = ConfigDict(extra="forbid", serialize_by_alias=True)
    return create_model("Arguments", __config__=config, **fields)


def _field(parameter: inspect.Parameter, hint: Any) -> tuple[Any, Any]:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return hint, Field(alias=parameter.name)
    if isinstance(default, FieldInfo):  # `sides: int = Field(6, ge=1)`, as pydantic's users write it
        return Annotated[hint, default], Field(alias=parameter.name)
    return hint, Field(default, alias=parameter.name)


def _first_bad(parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any]) -> inspect.Parameter | None:
    for parameter in parameters:
        try:
            _model([parameter], hints)
        except Exception:  # noqa: BLE001
            return parameter
    return None


def _unusable(
    parameter: inspect.Parameter | None, function: Callable[..., Any], error: Exception
) -> ConfigurationError:
    what = f"Parameter '{parameter.name}'" if parameter is not None else "A parameter"
    reason = shortened(" ".join(str(error).partition("For further information")[0].split()).rstrip("."), 300)
    return ConfigurationError(
        f"{what} of {function_label(function)} has a type that JSON cannot carry: {reason}.",
        hint="Use plain types, pydantic models, dataclasses or TypedDicts, or build the tool with Tool(...) and an "
        "explicit schema.",
    )


_MAPS_OF_SCHEMAS = frozenset({"properties", "$defs", "patternProperties", "dependentSchemas"})
_LITERALS = frozenset({"default", "const", "enum", "examples"})


def _without_titles(schema: Any) -> Any:
    """Drop pydantic's titles, which only repeat the names; a property that is called ``title`` stays."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: JsonObject = {}
    for key, value in schema.items():
        if key == "title":
            continue
        if key in _LITERALS:
            kept[key] = value
        elif key in _MAPS_OF_SCHEMAS:
            kept[key] = {name: _without_titles(item) for name, item in value.items()}
        else:
            kept[key] = _without_titles(value)
    return kept
