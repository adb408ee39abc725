"""Events of requests: to the API, and of those that are relayed to a provider as they are."""

from __future__ import annotations

from typing import ClassVar

from ..turn.events import Usage
from .base import ServiceEvent

__all__ = [
    "APIRequestCompleted",
    "APIRequestFailed",
    "APIRequestStarted",
    "RelayFailed",
    "RelayReceived",
    "RelayRequested",
]


class APIRequestStarted(ServiceEvent, frozen=True, kw_only=True):
    """A request to the API has arrived; once a request. ``caller`` is who sent it, as far as that is known by then.

    Attributes:
        method: ``GET``, ``POST`` and so on.
        path: The path, without the query.
    """

    hook: ClassVar[str] = "api_request_started"
    method: str
    path: str


class APIRequestCompleted(ServiceEvent, frozen=True, kw_only=True):
    """A request to the API was answered, well or with an error of the caller's; the last event of such a request.

    Attributes:
        method: ``GET``, ``POST`` and so on.
        path: The path, without the query.
        status: The HTTP status, below 500.
        ms: Milliseconds from the request to the last byte of the answer.
    """

    hook: ClassVar[str] = "api_request_completed"
    method: str
    path: str
    status: int
    ms: float


class APIRequestFailed(ServiceEvent, frozen=True, kw_only=True):
    """A request to the API was answered with 500 or above; in place of :class:`APIRequestCompleted`.

    Attributes:
        method: ``GET``, ``POST`` and so on.
        path: The path, without the query.
        status: The HTTP status, 500 or above.
        code: The code of the error, as the caller got it.
        ms: Milliseconds from the request to the last byte of the answer.
    """

    hook: ClassVar[str] = "api_request_failed"
    method: str
    path: str
    status: int
    code: str
    ms: float


class RelayRequested(ServiceEvent, frozen=True, kw_only=True):
    """A request is about to go to a provider as it is; once a request that is relayed.

    Attributes:
        provider: Name of the provider.
        method: ``GET``, ``POST`` and so on.
        path: Path below the provider's base URL, without the query.
    """

    hook: ClassVar[str] = "relay_requested"
    provider: str
    method: str
    path: str


class RelayReceived(ServiceEvent, frozen=True, kw_only=True):
    """The provider's answer to a relayed request was passed on to its last byte, whatever its status.

    Attributes:
        provider: Name of the provider.
        method: ``GET``, ``POST`` and so on.
        path: Path below the provider's base URL, without the query.
        status: The provider's HTTP status.
        ms: Milliseconds from the request to the last byte.
        usage: Tokens as the provider reported them, or None when it reported none.
    """

    hook: ClassVar[str] = "relay_received"
    provider: str
    method: str
    path: str
    status: int
    ms: float
    usage: Usage | None


class RelayFailed(ServiceEvent, frozen=True, kw_only=True):
    """A relayed request got no answer, or one that broke off; in place of :class:`RelayReceived`.

    Attributes:
        provider: Name of the provider.
        method: ``GET``, ``POST`` and so on.
        path: Path below the provider's base URL, without the query.
        status: The HTTP status that the caller got.
        code: The code of what went wrong.
        ms: Milliseconds from the request to the failure.
    """

    hook: ClassVar[str] = "relay_failed"
    provider: str
    method: str
    path: str
    status: int
    code: str
    ms: float
