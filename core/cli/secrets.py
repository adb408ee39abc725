"""Which settings may be shown: those whose model says what they are, and that they are no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

__all__ = ["is_open"]

_SECRETS: Final = (SecretStr, SecretBytes, Secret)
# authors forget SecretStr
_TELLING: Final = re.compile(r"(?:^|_)(?:api_?key|password|passwd|secret|token)$")


def is_open(model: type[BaseModel], path: Sequence[str]) -> bool:
    """Whether the value of a field may be shown.

    Args:
        model: The settings model.
        path: The field's name, after those of the models that it stands in.

    Returns:
        False for secrets, and for what the model does not know, e.g. the members of a free-form object.
    """
    name, *rest = path
    info = model.model_fields.get(name)
    if info is None or _TELLING.search(name):
        return False
    kinds = list(_classes(info.annotation))
    inner = [kind for kind in kinds if issubclass(kind, BaseModel)]
    if rest or inner:
        return bool(rest) and bool(inner) and all(is_open(kind, rest) for kind in inner)
    return not any(issubclass(kind, _SECRETS) for kind in kinds)


def _classes(annotation: Any) -> Iterator[type]:
    """Every class that an annotation mentions."""
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type):
        yield kind
    for part in get_args(annotation):
        yield from _classes(part)
