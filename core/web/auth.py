"""The key that callers have to send, when the operator set one."""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard
from pydantic import SecretStr

from ..errors import ConfigurationError, Unauthorized
from ..turn.request import ANONYMOUS, Caller

__all__ = ["caller_for", "key_guard"]

_SCHEMES: Final = frozenset({"bearer", "token"})
# ASCII only: str.strip() also takes A0 and 85 for blanks, which end characters of UTF-8 that a header brings as Latin-1
_BLANKS: Final = " \t\n\r\f\v"
_BLANK_RUN: Final = re.compile(rf"[{_BLANKS}]+")
_UNSENDABLE: Final = frozenset({"Cc", "Cs"})
"""Unicode categories of control characters, and of halves of characters, which have no UTF-8."""


def caller_for(key: SecretStr | None) -> Caller:
    """Who asks, once the guard let a request through."""
    return ANONYMOUS if key is None else Caller("api-key")


def key_guard(key: SecretStr) -> Guard:
    """Make the guard of the routes that need the key.

    Args:
        key: What callers must send as ``Authorization: Bearer <key>`` or ``Token <key>``, in UTF-8 where it goes beyond
            ASCII. Blanks around it do not count: a key that was read from a file often ends in a newline.

    Raises:
        ConfigurationError: The key is empty, so that it would open to everybody, or holds what no header can carry.
    """
    expected = _expected(key.get_secret_value().strip(_BLANKS))

    def require_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        sent = connection.headers.get("authorization")
        if sent is None:
            raise Unauthorized(
                "This server needs a key: send it as 'Authorization: Bearer <key>'.", code="missing_api_key"
            )
        scheme, *rest = _BLANK_RUN.split(sent.strip(_BLANKS), maxsplit=1)
        if scheme.lower() not in _SCHEMES:
            raise Unauthorized("The Authorization header must be 'Bearer <key>' or 'Token <key>'.")
        # compared as bytes: compare_digest refuses text beyond ASCII
        if not hmac.compare_digest("".join(rest).encode("latin-1", "replace"), expected):
            raise Unauthorized("The key in the Authorization header is not this server's.")

    return require_key


def _expected(key: str) -> bytes:
    """The configured key as callers send it."""
    if not key:
        raise ConfigurationError("PROMPTDOCK_API_KEY is set to nothing.", hint="Give it a value, or unset it.")
    if any(unicodedata.category(one) in _UNSENDABLE for one in key):
        raise ConfigurationError(
            "PROMPTDOCK_API_KEY holds control characters, which no caller could send.",
            hint="Give it a value of letters, figures and marks.",
        )
    return key.encode()
