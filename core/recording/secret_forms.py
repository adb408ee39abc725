"""Where a host's secrets are, and every form in which one may turn up in what is written down."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from ..known_secrets import known_secrets
from ..records import is_record, record_fields
from ..redaction import is_secret_name

if TYPE_CHECKING:
    from ..plugins.catalog import Catalog
    from ..settings import Settings

__all__ = ["forms_of", "secrets_of_host"]

_DEEPEST: Final = 6
_SHORTEST_CODED: Final = 6
"""Letters of a code that tell something: fewer are found in any text."""


def secrets_of_host(settings: Settings, catalog: Catalog) -> frozenset[str]:
    """Every secret that is known to a host.

    Args:
        settings: The host's settings; with them goes what the environment calls a key, a secret or a token.
        catalog: The loaded plugins: what their settings, and their providers' attributes, hold as a secret by type
            (``SecretStr``) or by name.
    """
    found = {
        *known_secrets(settings),
        *(secret for record in catalog.plugins for secret in _inside(record.settings)),
        *(secret for registered in catalog.providers.values() for secret in _inside(registered.provider)),
    }
    return frozenset(secret.strip() for secret in found if secret.strip())


def _inside(value: Any, name: str = "", depth: int = 0) -> Iterator[str]:
    """What is secret inside a value: by its type, by its name, and passwords in URLs."""
    if depth > _DEEPEST:
        return
    if isinstance(value, (SecretStr, SecretBytes)):
        plain = value.get_secret_value()
        text = plain.decode("utf-8", "replace") if isinstance(plain, bytes) else plain
        yield text
        yield from _password(text)
    elif isinstance(value, str):
        if is_secret_name(name):
            yield value
            yield value.rpartition(" ")[2]  # without "Bearer"
        yield from _password(value)
    else:
        for key, member in _members(value, depth):
            yield from _inside(member, key or name, depth + 1)


def _members(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), member) for key, member in value.items())
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from (("", member) for member in value)
    elif isinstance(value, BaseModel):
        yield from ((field, getattr(value, field)) for field in type(value).model_fields)
    elif is_record(value):
        yield from ((name, getattr(value, name, None)) for name in record_fields(value))
    elif depth == 0 and hasattr(value, "__dict__"):  # the provider itself; not whatever it holds on to
        yield from vars(value).items()


def _password(text: str) -> Iterator[str]:
    if "://" not in text:
        return
    try:
        parts = urlsplit(text)
    except ValueError:
        return
    if parts.password and parts.password != parts.username:
        yield parts.password
        yield unquote(parts.password)


def forms_of(secret: str) -> frozenset[str]:
    """How a secret may stand in a text: plain, escaped, in a URL, in hexadecimal, and inside of something in base64."""
    escaped = {form for value in (secret, json.dumps(secret)[1:-1]) for form in _escaped(value)}
    data = secret.encode("utf-8", "surrogatepass")
    coded = {data.hex(), data.hex().upper(), *_base64(data)}
    return frozenset({secret, *escaped, *(code for code in coded if len(code) >= _SHORTEST_CODED)})


def _escaped(secret: str) -> Iterator[str]:
    yield from (repr(secret)[1:-1], ascii(secret)[1:-1], secret.replace("\\", "\\\\").replace("'", "\\'"))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    try:
        yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))
    except UnicodeEncodeError:
        return  # half a character, which no URL can carry


def _base64(data: bytes) -> Iterator[str]:
    """The letters that stand for these bytes whatever stands around them, by their place in groups of three."""
    for before in range(3):
        letters = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        first = -(-before * 8 // 6)  # the first letter that holds bits of the secret only
        last = (before + len(data)) * 8 // 6
        core = letters[first:last]
        yield core
        yield core.translate(str.maketrans("+/", "-_"))
