"""Filling a plugin's own settings model from what the operator wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..jsontext import JsonError, loads
from .quarantine import Quarantine

__all__ = ["fill_settings"]

_WANTS_LIST: Final = frozenset(
    {"list_type", "tuple_type", "set_type", "frozen_set_type", "deque_type", "sequence_str", "iterable_type"}
)
_WANTS_OBJECT: Final = frozenset({"dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"})


def fill_settings(name: str, model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """Make an instance of a plugin's settings model.

    The environment has only text, so text that a field does not take as it is gets read as JSON: ``{"a": 1}`` for an
    object, say. For a list it may also be ``a, b``, or a single value. A whole number where text is wanted, e.g. a
    PIN, is taken as text.

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
        changed = _decode_at(result, path, as_list=item["type"] in _WANTS_LIST) or changed
    return result if changed else None


def _decode_at(values: dict[str, Any], path: list[str], *, as_list: bool) -> bool:
    """Decode the text that stands somewhere on a path, in copies of the objects on the way."""
    here = values
    for part in path:
        value = here.get(part)
        if as_list and (items := _as_list(value)) is not None:
            here[part] = items
            return True
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


def _as_list(value: object) -> list[Any] | None:
    """The items that a text or number from the environment stands for; None when it is, or should be, JSON."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [str(value)]
    if not isinstance(value, str) or value.strip() == "null":
        return None
    # brackets that are no JSON are a slip, and a comma between some, as in a regular expression, separates nothing
    if value.lstrip()[:1] in {"[", "{"} or ("," in value and any(sign in value for sign in '{[("')):
        return None
    return [part.strip() for part in value.split(",") if part.strip()]


def _refusal(name: str, error: ValidationError) -> Quarantine:
    places = "; ".join(
        f"{'.'.join(['plugins', name, *map(str, item['loc'])])}: {_message(item)}"
        for item in error.errors(include_url=False, include_context=False)
    )
    return Quarantine(
        f"wrong settings: {places}",
        f"Correct [plugins.{name}] in promptdock.toml, or PROMPTDOCK_PLUGINS__{name.upper()}__… in the environment.",
    )


def _message(item: Any) -> str:
    """Give pydantic's text, save for a validator's own words: these may quote the value."""
    if item["type"] in {"value_error", "assertion_error"}:
        return "not valid"
    if isinstance(item["input"], str) and item["type"] in _WANTS_OBJECT:
        return 'it must be an object; as text that is JSON such as {"name": "value"}'
    if isinstance(item["input"], str) and item["type"] in _WANTS_LIST:
        return 'it must be a list; as text that is JSON such as ["a", "b"], or plain a,b'
    return str(item["msg"])
