"""How the bytes of a provider travel: what a transport is told, and what it does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from pydantic import SecretStr

from ...jsontext import JsonObject
from ..relay import RelayReply, RelayRequest

__all__ = ["Endpoint", "Transport"]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a transport sends its calls, and how patient it is.

    Attributes:
        base_url: Root of the API, without a slash at its end.
        api_key: Sent as bearer token; None sends none.
        headers: Further headers of every request.
        timeout: Seconds without a byte until a call is given up.
        connect_timeout: Seconds to reach the server.
        max_retries: Retries of a call that failed before its first byte.
    """

    base_url: str
    api_key: SecretStr | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    timeout: float = 600.0
    connect_timeout: float = 5.0
    max_retries: int = 2

    @property
    def has_user(self) -> bool:
        """Whether the base URL names a user or a password, which are sent in the key's place."""
        parts = urlsplit(self.base_url)
        return bool(parts.username or parts.password)

    def url(self, path: str) -> str:
        """The address of one resource, e.g. of ``/models``."""
        return self.base_url + path


class Transport(Protocol):
    """Carries calls to one endpoint over one connection pool, which opens with the first call.

    Failures are exceptions of the openai package; the key is in none of them.
    """

    async def complete(self, body: JsonObject) -> JsonObject:
        """Send a chat completion and give the answer as it came."""
        ...

    def stream(self, body: JsonObject) -> AsyncGenerator[JsonObject, None]:
        """Send a chat completion and give its chunks as they come; closing the generator ends the call."""
        ...

    def relay(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Send a request as it is, once, and give the reply whatever its status; see :meth:`Provider.relay`."""
        ...

    async def models(self) -> Any:
        """What the list of models answers, decoded."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
