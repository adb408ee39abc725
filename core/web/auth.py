"""Who asks: from the ``Authorization`` header to a :class:`Principal`, and the guards of the routes."""

from __future__ import annotations

import hmac
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from ..errors import ConfigurationError, Unauthorized
from ..identity import ANONYMOUS_PRINCIPAL, OPERATOR, Principal
from ..rights import require_key
from ..turn.request import Caller
from .announce import announce_key, announce_principal
from .request_headers import header_bytes
from .state import access_of, app_parts

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ..settings import Settings

__all__ = [
    "Access",
    "Authenticator",
    "asked_at",
    "asks_for_methods",
    "authenticate",
    "caller_of",
    "key_required",
    "openai_access",
    "principal_in",
    "principal_of",
]

_STATE: Final = "promptdock_principal"
_ASKED_AT: Final = "promptdock_asked_at"
_SCHEMES: Final = frozenset({b"bearer", b"token"})
_BLANKS: Final = " \t\n\r\f\v"
"""What bytes take for blanks."""
_UNSENDABLE: Final = frozenset({"Cc", "Cs"})
"""Unicode categories of control characters, and of halves of characters, which have no UTF-8."""
_NO_KEY: Final = frozenset({b"none", b"unused"})
"""What stands for no key: OpenAI's clients do not start without one."""


class Authenticator(Protocol):
    """Knows the stored keys."""

    async def find(self, key: str) -> Principal:
        """Say whose key this is.

        Args:
            key: As the caller sent it.

        Raises:
            Unauthorized: Nobody's (``invalid_api_key``), one that is switched off (``inactive_api_key``), or one whose
                time is over (``expired_api_key``).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the settings say about who may come in.

    Attributes:
        operator_key: The operator's key as callers send it, or None.
        admits_anonymous: Whether the OpenAI endpoint answers callers without a key.
    """

    operator_key: bytes | None = field(default=None, repr=False)
    admits_anonymous: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """Read the settings.

        Raises:
            ConfigurationError: The operator's key is empty, so that it would open to everybody, or holds what no header
                can carry.
        """
        key = settings.api_key
        return cls(operator_key=None if key is None else _expected(key), admits_anonymous=settings.admits_anonymous)


async def authenticate(request: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Find out who asks: once per request, however often it is called.

    A key is sent as ``Authorization: Bearer <key>`` or ``Token <key>``, in UTF-8 where it goes beyond ASCII.

    Returns:
        Anonymous for a request without the header, the operator for ``PROMPTDOCK_API_KEY``, a user for a stored key.

    Raises:
        Unauthorized: The header is none of these, or the key is not valid, whoever else would be let in.
    """
    state: dict[str, Any] = request.scope["state"]
    if _STATE not in state:
        state[_ASKED_AT] = time.monotonic()
        state[_STATE] = found = await _found(request)
        announce_principal(request.scope, found)
        return found
    known: Principal = state[_STATE]
    return known


def principal_of(request: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Who asks, once a guard has let them through; anonymous on routes without a guard, whatever was sent."""
    return principal_in(request.scope)


def principal_in(scope: Mapping[str, Any]) -> Principal:
    """Like :func:`principal_of`, for those who have the request's ASGI scope only."""
    principal: Principal = scope["state"].get(_STATE, ANONYMOUS_PRINCIPAL)
    return principal


def asked_at(scope: Mapping[str, Any]) -> float | None:
    """When it was asked who sends a request, by ``time.monotonic``; None when nobody did.

    What was found out of the configuration since then is as new as the caller's rights are.
    """
    moment: float | None = scope["state"].get(_ASKED_AT)
    return moment


def caller_of(principal: Principal) -> Caller:
    """What turns are told about who asks."""
    return Caller(principal.name)


async def key_required(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of routes that need a key.

    Raises:
        Unauthorized: None was sent (``missing_api_key``), or it is not valid.
    """
    if not asks_for_methods(request):
        require_key(await authenticate(request))


async def openai_access(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of the OpenAI endpoint: like :func:`key_required`, unless the settings admit callers without a key.

    Raises:
        Unauthorized: No key was sent and one is needed (``missing_api_key``), or it is not valid.
    """
    if asks_for_methods(request):
        return
    principal = await authenticate(request)
    if not access_of(request.app).admits_anonymous:
        require_key(principal)


def asks_for_methods(request: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """``OPTIONS`` tells no more than any 405 does."""
    return request.scope.get("method") == "OPTIONS"


async def _found(request: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    header = header_bytes(request.scope, b"authorization")
    if header is None:
        return ANONYMOUS_PRINCIPAL
    scheme, sent = _sent_key(header)
    announce_key(request.scope, scheme.decode())
    parts = app_parts(request.scope["litestar_app"])
    expected = None if parts.access is None else parts.access.operator_key
    if expected is not None and hmac.compare_digest(sent, expected):
        return OPERATOR
    if sent in _NO_KEY:
        return ANONYMOUS_PRINCIPAL
    if parts.authenticator is None:
        raise _wrong()
    try:
        return await parts.authenticator.find(sent.decode())
    except UnicodeDecodeError:
        raise _wrong() from None


def _sent_key(header: bytes) -> tuple[bytes, bytes]:
    """The scheme and the key in a header.

    As bytes: text beyond ASCII has blanks, A0 and 85, that end characters of UTF-8 here, and compare_digest refuses it.
    """
    parts = header.split(maxsplit=1)
    if len(parts) == 2 and (scheme := parts[0].lower()) in _SCHEMES:
        return scheme, parts[1].rstrip()
    raise Unauthorized("The Authorization header must be 'Bearer <key>' or 'Token <key>'.")


def _wrong() -> Unauthorized:
    return Unauthorized("The key in the Authorization header is not one of this server's.")


def _expected(secret: SecretStr) -> bytes:
    """The configured key as callers send it; blanks around it do not count: files often end in a newline."""
    key = secret.get_secret_value().strip(_BLANKS)
    if not key:
        raise ConfigurationError("PROMPTDOCK_API_KEY is set to nothing.", hint="Give it a value, or unset it.")
    if any(unicodedata.category(one) in _UNSENDABLE for one in key):
        raise ConfigurationError(
            "PROMPTDOCK_API_KEY holds control characters, which no caller could send.",
            hint="Give it a value of letters, figures and marks.",
        )
    return key.encode()
