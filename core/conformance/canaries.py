"""Canaries: made-up secrets for a plugin's settings, which must not turn up anywhere."""

from __future__ import annotations

import base64
import hashlib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr

from ..redaction import is_secret_name

__all__ = ["Canary", "inner_models", "planted", "secret_fields", "sightings"]


_DEEPEST = 5
"""Models inside models: one that may hold itself has no end."""


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
        model: The model; models inside it are looked into, too.
        path: The way to it.

    Yields:
        The way to each field, by the names under which it is filled.
    """
    for name, field in model.model_fields.items():
        key = field.validation_alias if isinstance(field.validation_alias, str) else field.alias or name
        kinds = set(_kinds(field.annotation))
        if kinds & {SecretStr, SecretBytes} or (str in kinds and is_secret_name(name)):
            yield (*path, key)
        for kind in kinds:
            if _is_model(kind) and len(path) < _DEEPEST:
                yield from secret_fields(kind, (*path, key))


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
        first, *rest = path
        if rest:
            inner = filled.get(first)
            filled[first] = planted(inner if isinstance(inner, Mapping) else {}, {tuple(rest): value})
        else:
            filled[first] = value
    return filled


def sightings(canaries: Mapping[str, str], text: str) -> Iterator[str]:
    """Find canaries in a text, as they are or in base64.

    Args:
        canaries: The secrets, by what they are called.
        text: Where to look.

    Yields:
        What the secrets are called that stand there.
    """
    for name, secret in canaries.items():
        if secret in text or base64.b64encode(secret.encode()).decode().rstrip("=") in text:
            yield name


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _kinds(annotation: Any, *, into_containers: bool = False) -> Iterator[Any]:
    """The types that a field may have; those of a container's items, too, where asked for."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0], into_containers=into_containers)
    elif origin in {Union, types.UnionType} or (into_containers and origin is not None):
        for part in get_args(annotation):
            yield from _kinds(part, into_containers=into_containers)
    else:
        yield annotation
