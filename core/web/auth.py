"""The key that callers have to send, when the operator set one."""

from __future__ import annotations

import hmac
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard
from pydantic import SecretStr

from ..errors import ConfigurationError, Unauthorized
from ..turn.request import ANONYMOUS, Caller

__all__ = ["caller_for", "key_guard"]

_SCHEMES: Final = frozenset({"bearer", "token"})


def caller_for(key: SecretStr | None) -> Caller:
    """Who asks, once the guard let a request through."""
    return ANONYMOUS if key is None else Caller("api-key")


def key_guard(key: SecretStr) -> Guard:
    """Make the guard of the routes that need the key.

    Args:
        key: What callers must send as ``Authorization: Bearer <key>`` or ``Token <key>``.

    Raises:
        ConfigurationError: The key is empty, so that it would open to everybody.
    """
    expected = key.get_secret_value().encode()
    if not expected.strip():
        raise ConfigurationError("PROMPTDOCK_API_KEY is set to nothing.", hint="Give it a value, or unset it.")

    def require_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        sent = connection.headers.get("authorization")
        if sent is None:
            raise Unauthorized(
                "This server needs a key: send it as 'Authorization: Bearer <key>'.", code="missing_api_key"
            )
        scheme, *rest = sent.split(maxsplit=1) or ("",)
        if scheme.lower() not in _SCHEMES:
            raise Unauthorized("The Authorization header must be 'Bearer <key>' or 'Token <key>'.")
        # compared as bytes: compare_digest refuses text beyond ASCII
        if not hmac.compare_digest("".join(rest).strip().encode("latin-1", "replace"), expected):
            raise Unauthorized("The key in the Authorization header is not this server's.")

    return require_key
