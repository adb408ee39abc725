"""Canaries: made-up secrets for a plugin's settings, which must not turn up anywhere."""

from __future__ import annotations

import dataclasses
import hashlib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple, TypeGuard, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, BaseModel, RootModel, Secret, SecretBytes, SecretStr

from ..recording.secret_forms import forms_of
from ..redaction import is_secret_name

__all__ = ["ENTRY", "ITEM", "Canary", "inner_models", "planted", "secret_fields", "sightings"]

ITEM = "[]"
"""A step into each item of a list; ``[2]`` into those of a tuple of two."""
ENTRY = "{}"
"""A step to the values of a mapping."""
_DEEPEST = 5
"""Models inside models: one that may hold itself has no end."""
_KEY = "promptdock_check"


class Canary(str):
    """A made-up secret: text that stands nowhere else."""

    __slots__ = ()

    @classmethod
    def of(cls, name: str) -> Canary:
        """Make the canary for a field, always the same one."""
        return cls(f"cnry{hashlib.sha256(name.encode()).hexdigest()[:24]}")


def secret_fields(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Find the fields of a settings model that hold secrets: by their type, or texts by their name.

    Args:
        model: The model; models inside it, lists and mappings are looked into, too.
        path: The way to it.

    Yields:
        The way to each field, by the names under which it is filled, :data:`ITEM` and :data:`ENTRY`; each way once.
    """
    yield from dict.fromkeys(_secrets_of(model, path, ()))


def inner_models(
    model: type[BaseModel], path: str = "", above: frozenset[type[BaseModel]] = frozenset()
) -> Iterator[tuple[str, type[BaseModel]]]:
    """Find the models inside a settings model.

    Args:
        model: The model.
        path: The way to it.
        above: The models around it; a model may hold itself.

    Yields:
        The way to each, e.g. ``server.login``, and the model.
    """
    for name, field in model.model_fields.items():
        for kind in set(_kinds(field.annotation, into_containers=True)):
            if _is_model(kind) and kind not in {model, *above}:
                place = f"{path}.{name}".removeprefix(".")
                yield place, kind
                yield from inner_models(kind, place, above | {model})


def planted(given: Mapping[str, Any], fields: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Put values into settings.

    Args:
        given: What the operator says; it stays as it is.
        fields: The values, by the way to their field.

    Returns:
        The settings with the values.
    """
    filled = dict(given)
    for path, value in fields.items():
        filled = _put(filled, path, value)
    return filled


def _put(given: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if first.startswith("["):
        items = list(given) if isinstance(given, (list, tuple)) and given else [None] * int(first[1:-1] or 1)
        return [_put(item, rest, value) for item in items]
    known = dict(given) if isinstance(given, Mapping) else {}
    for key in (list(known) or [_KEY]) if first == ENTRY else [first]:
        known[key] = _put(known.get(key), rest, value)
    return known


def sightings(canaries: Mapping[str, str], text: str) -> Iterator[str]:
    """Find canaries in a text: as they are, escaped, in hexadecimal, and inside of something in base64.

    Args:
        canaries: The secrets, by what they are called.
        text: Where to look.

    Yields:
        What the secrets are called that stand there.
    """
    for name, secret in canaries.items():
        if any(form in text for form in forms_of(secret)):
            yield name


class _Member(NamedTuple):
    """A field of a model, a dataclass or a typed dictionary: its name, the name that fills it, what it may hold."""

    name: str
    key: str
    annotation: Any


def _secrets_of(kind: Any, path: tuple[str, ...], above: tuple[Any, ...]) -> Iterator[tuple[str, ...]]:
    for member in _members(kind):
        yield from _secrets_in(member.annotation, member.name, (*path, member.key), (*above, kind))


def _secrets_in(annotation: Any, name: str, path: tuple[str, ...], above: tuple[Any, ...]) -> Iterator[tuple[str, ...]]:
    """The secrets in what an annotation allows, for a field of some name."""
    for kind in _kinds(annotation):
        origin, parts = get_origin(kind), get_args(kind)
        if _is_secret(kind) or (kind is str and is_secret_name(name)):
            yield path
        elif isinstance(kind, type) and issubclass(kind, RootModel):
            if kind not in above:
                yield from _secrets_in(kind.model_fields["root"].annotation, name, path, (*above, kind))
        elif isinstance(origin, type) and parts:
            yield from _secrets_inside(origin, parts, name, path, above)
        elif above.count(kind) == 0 and len(above) <= _DEEPEST:
            yield from _secrets_of(kind, path, above)


def _secrets_inside(
    origin: type, parts: tuple[Any, ...], name: str, path: tuple[str, ...], above: tuple[Any, ...]
) -> Iterator[tuple[str, ...]]:
    """The secrets in a container."""
    if issubclass(origin, Mapping):
        yield from _secrets_in(parts[-1], name, (*path, ENTRY), above)
        return
    fixed = issubclass(origin, tuple) and parts[-1] is not Ellipsis
    step = f"[{len(parts)}]" if fixed and len(parts) > 1 else ITEM
    for part in parts:
        if part is not Ellipsis:
            yield from _secrets_in(part, name, (*path, step), above)


def _members(kind: Any) -> Iterator[_Member]:
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            alias = field.validation_alias
            choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
            key = next((choice for choice in choices if isinstance(choice, str)), field.alias or name)
            yield _Member(name, key, field.annotation)
    elif isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "__total__")):
        try:
            hints = get_type_hints(kind, include_extras=True)
        except NameError:
            hints = {}  # it names what only type checkers know
        yield from (_Member(name, name, hint) for name, hint in hints.items())


def _is_secret(kind: Any) -> bool:
    plain = get_origin(kind) or kind
    return isinstance(plain, type) and issubclass(plain, (Secret, SecretStr, SecretBytes))


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _kinds(annotation: Any, *, into_containers: bool = False) -> Iterator[Any]:
    """The types that a field may have; those of a container's items, too, where asked for."""
    origin = get_origin(annotation)
    named = getattr(annotation, "__value__", None) or getattr(annotation, "__supertype__", None)  # type aliases
    if isinstance(annotation, TypeVar):
        named = annotation.__bound__
    if named is not None:
        yield from _kinds(named, into_containers=into_containers)
    elif origin is Annotated or str(origin).rpartition(".")[2] in {"Required", "NotRequired", "ReadOnly"}:
        yield from _kinds(get_args(annotation)[0], into_containers=into_containers)
    elif origin in {Union, types.UnionType} or (into_containers and origin is not None):
        for part in get_args(annotation):
            yield from _kinds(part, into_containers=into_containers)
    else:
        yield annotation
