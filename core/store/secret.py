"""The server's secret, with which stored API keys are hashed: from the settings, or from a file that is made once."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConfigurationError
from .tables import Fact
from .uniqueness import insert_unless_there

if TYPE_CHECKING:
    from ..settings import Settings
    from .database import Database

__all__ = ["KeyedDigest", "fits", "keyed_digest", "secret_file", "server_secret"]

_FILE: Final = "secret.key"
_FACT: Final = "secret_fingerprint"
_BLOCK: Final = 64
"""Bytes of a block of SHA-256."""


class KeyedDigest:
    """Hashes texts so that only who knows the secret can: HMAC-SHA256 (RFC 2104).

    What every digest begins with is hashed once, and OpenSSL is asked for the algorithm once: to do so again would take
    several times as long as the rest, and each request has a key to be hashed.

    Args:
        secret: The server's secret.
    """

    def __init__(self, secret: SecretStr) -> None:
        key = secret.get_secret_value().encode()
        padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def of(self, text: str) -> str:
        """The digest of a text: 64 hex digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.hexdigest()


def keyed_digest(secret: SecretStr, text: str) -> str:
    """Hash one text; see :class:`KeyedDigest`."""
    return KeyedDigest(secret).of(text)


async def server_secret(settings: Settings, database: Database) -> SecretStr:
    """Give the secret, and make sure that it is the one that the database's keys were hashed with.

    Args:
        settings: Its ``secret_key``, else the file ``secret.key`` in its home, which is made when missing.
        database: Up to date.

    Raises:
        ConfigurationError: The database knows another secret, or the file cannot be read or made.
    """
    path = secret_file(settings)
    # asked before the file is looked for: whoever makes it does so before the database knows of it
    known = await database.read(_known)
    if settings.secret_key is None and known is not None and not path.exists():
        raise _other_secret()  # a new file would look as if it were the one
    secret = settings.secret_key or _from_file(path)
    fingerprint = _fingerprint_of(secret)
    if known is None:
        known = await database.write(partial(_fingerprint, fingerprint=fingerprint))
    if not hmac.compare_digest(known, fingerprint):
        raise _other_secret()
    return secret


def _other_secret() -> ConfigurationError:
    return ConfigurationError(
        "The server's secret is not the one that the API keys in the database were hashed with.",
        hint=f"Set PROMPTDOCK_SECRET_KEY to it, or bring back the file {_FILE} of the promptdock home.",
    )


async def _known(session: AsyncSession) -> str | None:
    return (await session.exec(select(Fact.value).where(Fact.name == _FACT))).first()


def secret_file(settings: Settings) -> Path:
    """The file that holds the secret when the settings do not."""
    return settings.home.expanduser() / _FILE


async def fits(session: AsyncSession, secret: SecretStr) -> bool | None:
    """Whether a secret is the one that the database's keys were hashed with; None when it knows of none yet."""
    known = await session.get(Fact, _FACT)
    return None if known is None else hmac.compare_digest(known.value, _fingerprint_of(secret))


def _fingerprint_of(secret: SecretStr) -> str:
    return keyed_digest(secret, _FACT)[:32]


async def _fingerprint(session: AsyncSession, fingerprint: str) -> str:
    """The fingerprint that the database knows; of processes that start together on a new one, one writes it."""
    await insert_unless_there(session, Fact, [{"name": _FACT, "value": fingerprint}])
    return (await session.exec(select(Fact.value).where(Fact.name == _FACT))).one()


def _from_file(path: Path) -> SecretStr:
    try:
        if not path.exists():
            _make(path)
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The server's secret in {path} cannot be read or made: {error}.") from None
    if len(found) < 32:
        raise ConfigurationError(f"The file {path} holds no secret of promptdock's.", hint="Remove it.")
    return SecretStr(found)


def _make(path: Path) -> None:
    """Make the file whole or not at all; of processes that start together one wins, and all read what it wrote."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{_FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_hex(32)}\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
