"""The secrets of a host's settings, so that they can be kept out of its log."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from .redaction import is_secret_name

if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["known_secrets"]

_ENDINGS: Final = ("_API_KEY", "_SECRET", "_SECRET_KEY", "_TOKEN", "_PASSWORD")
"""How variables in the environment are called that hold keys of vendors."""
_SHORTEST: Final = 8
"""Of a variable's value; a shorter one is a switch or a number rather than a key."""


def known_secrets(settings: Settings) -> frozenset[str]:
    """Every secret that the settings and the environment hold.

    Args:
        settings: The settings: their keys, the passwords in their URLs, and what plugins' settings call a key, a token
            or a password.
    """
    found = {*_inside(settings), *_of_environment()}
    passwords = {password for secret in found for password in _password(secret)}
    return frozenset(found | passwords)


def _inside(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _inside(getattr(value, field))
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _inside(member, str(key))
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _inside(member, name)
    elif isinstance(value, str) and is_secret_name(name):
        yield value


def _of_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if name.endswith(_ENDINGS) and len(value) >= _SHORTEST:
            yield value


def _password(secret: str) -> Iterator[str]:
    """The password of a URL; not one that is the same as the user's name, which is none and hides other words."""
    if "://" not in secret:
        return
    try:
        parts = urlsplit(secret)
    except ValueError:
        return
    if parts.password and parts.password != parts.username:
        yield parts.password
        yield unquote(parts.password)
