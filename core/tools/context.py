"""What a tool may know of the prompt it serves: its context, injected by annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel, SecretStr

__all__ = ["HttpClient", "HttpResponse", "ToolContext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """The whole reply of an HTTP request.

    Attributes:
        status: HTTP status.
        headers: Reply headers; names in lower case.
        content: The body, decoded from its transfer and content encodings.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            JsonError: It is not JSON.
        """
        from ..jsontext import loads

        return loads(self.content)


class HttpClient(Protocol):
    """The HTTP client that tools use, so that proxies, limits and tests apply to all of them alike."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int | float] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        timeout: float = 10.0,  # noqa: ASYNC109  (a bound on the exchange, part of the call)
    ) -> HttpResponse:
        """Send one request and read the whole reply.

        Args:
            method: HTTP method.
            url: Absolute URL.
            params: Query parameters, added to the URL's own.
            headers: Request headers.
            json: A value to send as a JSON body; None for no body.
            timeout: Seconds for the whole exchange.

        Returns:
            The reply, whatever its status.

        Raises:
            ToolError: Unreachable, timed out, or a reply over the size limit; the text says which host and why.
        """
        ...


def _no_progress(message: str, fraction: float | None = None) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """Injected into a tool's parameter that is annotated with this class; the model never sees that parameter.

    Attributes:
        request_id: Names the request in logs and errors.
        call_id: Id of this call, as the model gave it.
        tool: The tool's stable id, ``plugin.tool``.
        caller: Name of who sent the prompt.
        text: The newest user text of the prompt.
        round: Number of the round that asked for the call, from 1.
        timeout: Seconds that the call may take.
        settings: The plugin's own settings, an instance of the model that its ``register_settings`` gave, or None.
        http: An HTTP client shared by all tools.
        progress: Call it with a message, and a fraction from 0 to 1 when known, to tell the caller how far a long
            call is; safe from any thread.
    """

    request_id: str
    call_id: str
    tool: str
    caller: str
    text: str
    round: int
    timeout: float
    http: HttpClient
    settings: BaseModel | None = None
    progress: Callable[..., None] = field(default=_no_progress)

    @property
    def secrets(self) -> Mapping[str, SecretStr]:
        """The secret fields of the plugin's settings, by name."""
        from pydantic import SecretStr

        if self.settings is None:
            return MappingProxyType({})
        found = {name: getattr(self.settings, name) for name in type(self.settings).model_fields}
        return MappingProxyType({name: value for name, value in found.items() if isinstance(value, SecretStr)})
