"""Where a URL points: the server, what is asked of it, and the name it asks to be greeted with."""

from __future__ import annotations

from base64 import b64encode
from typing import Self
from urllib.parse import SplitResult, quote, unquote, urlsplit

import msgspec

__all__ = ["Address", "Origin", "basic"]

_PORTS = {"http": 80, "https": 443}
# what is left as it is: every character that a target may hold, and the sign of what is encoded already
_TARGET = "/?%:@!$&'()*+,;=~[]"


class Origin(msgspec.Struct, frozen=True):
    """One server.

    Attributes:
        scheme: ``http`` or ``https``.
        host: Name in ASCII, or an address without brackets; lower case.
        port: Its port.
    """

    scheme: str
    host: str
    port: int

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port as a proxy is asked for them."""
        return f"{self._host}:{self.port}"

    @property
    def greeting(self) -> str:
        """Host as the ``Host`` header has it: with the port, where that is not the usual one."""
        return self._host if self.port == _PORTS[self.scheme] else self.authority

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host.rstrip(".")


class Address(msgspec.Struct, frozen=True):
    """A URL, taken apart.

    Attributes:
        origin: The server.
        target: Path and query, percent-encoded.
        authorization: What a user in the URL is sent as; None without one.
    """

    origin: Origin
    target: str
    authorization: str | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Take a URL apart.

        Raises:
            ValueError: It is none of the web.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("no URL of a web server")
        port = parts.port if parts.port is not None else _PORTS[parts.scheme]
        target = quote(parts.path or "/", safe=_TARGET) + (
            f"?{quote(parts.query, safe=_TARGET)}" if parts.query else ""
        )
        return cls(Origin(parts.scheme, _ascii(parts.hostname), port), target, _authorization(parts))


def basic(user: str, password: str) -> str:
    """User and password, as ``Authorization`` and ``Proxy-Authorization`` have them."""
    text = f"{user}:{password}"
    try:
        pair = text.encode("latin-1")
    except UnicodeEncodeError:
        pair = text.encode()
    return f"Basic {b64encode(pair).decode()}"


def _authorization(parts: SplitResult) -> str | None:
    if not parts.username and not parts.password:
        return None
    return basic(unquote(parts.username or ""), unquote(parts.password or ""))


def _ascii(host: str) -> str:
    if host.isascii():
        if not all(char.isalnum() or char in "-._~:%" for char in host):
            raise ValueError("no name of a host")
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError("no name of a host") from None
