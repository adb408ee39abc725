"""Filling a plugin's own settings model from what the operator wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..jsontext import JsonError, loads
from .quarantine import Quarantine

__all__ = ["fill_settings"]


def fill_settings(name: str, model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """Make an instance of a plugin's settings model.

    The environment has only text, so text that a field does not take as it is gets read as JSON: ``["a", "b"]`` for a
    list, say. A whole number where text is wanted, e.g. a PIN, is taken as text.

    Args:
        name: The plugin's id.
        model: The model class.
        values: The plugin's section of the settings, file and environment merged.

    Returns:
        The validated settings.

    Raises:
        Quarantine: A key is unknown or a value is not valid; the reason names fields, never values.
    """
    _refuse_unknown(name, model, values)
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        decoded = _decode_texts(values, error)
        if decoded is None:
            raise _refusal(name, error) from None
    try:
        return model.model_validate(decoded)
    except ValidationError as error:
        raise _refusal(name, error) from None


def _refuse_unknown(name: str, model: type[BaseModel], values: Mapping[str, Any]) -> None:
    if "extra" in model.model_config:
        return
    known = {key for field, info in model.model_fields.items() for key in _keys(field, info)}
    unknown = sorted(str(key) for key in values if key not in known)
    if unknown:
        raise Quarantine(
            f"wrong settings: {', '.join(f'plugins.{name}.{key}' for key in unknown)}: unknown",
            f"Known are: {', '.join(sorted(model.model_fields)) or 'none'}.",
        )


def _keys(field: str, info: FieldInfo) -> set[str]:
    """Every key under which a field may be given."""
    keys = {field}
    aliases = info.validation_alias
    for alias in aliases.choices if isinstance(aliases, AliasChoices) else [aliases]:
        first = alias.path[0] if isinstance(alias, AliasPath) else alias
        if isinstance(first, str):
            keys.add(first)
    return keys


def _decode_texts(values: Mapping[str, Any], error: ValidationError) -> dict[str, Any] | None:
    """The values with those that were refused read the other way; None when that changes nothing."""
    result: dict[str, Any] = dict(values)
    changed = False
    for item in error.errors(include_url=False, include_context=False):
        path = [part for part in item["loc"] if isinstance(part, str)]
        changed = _decode_at(result, path) or changed
    return result if changed else None


def _decode_at(values: dict[str, Any], path: list[str]) -> bool:
    """Decode the text that stands somewhere on a path, in copies of the objects on the way."""
    here = values
    for part in path:
        value = here.get(part)
        if isinstance(value, str):
            try:
                here[part] = loads(value)
            except JsonError:
                return False
            return True
        if type(value) is int:
            here[part] = str(value)
            return True
        if not isinstance(value, dict):
            return False
        here[part] = dict(value)
        here = here[part]
    return False


def _refusal(name: str, error: ValidationError) -> Quarantine:
    places = "; ".join(
        f"{'.'.join(['plugins', name, *map(str, item['loc'])])}: {_message(item)}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return Quarantine(
        f"wrong settings: {places}",
        f"Correct [plugins.{name}] in promptdock.toml, or PROMPTDOCK_PLUGINS__{name.upper()}__… in the environment.",
    )


def _message(item: Any) -> str:
    """Give pydantic's text, save for a validator's own words: these may quote the value."""
    return "not valid" if item["type"] in {"value_error", "assertion_error"} else str(item["msg"])
