"""Telling plugins of requests to the API: that one came, whether its key is good, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ..identity import ANONYMOUS_PRINCIPAL, Principal
from ..service_events import (
    APIRequestCompleted,
    APIRequestFailed,
    APIRequestStarted,
    AuthenticationFailed,
    AuthenticationRequested,
    AuthenticationSucceeded,
)
from .request_id import request_id

if TYPE_CHECKING:
    from ..errors import ErrorInfo
    from ..plugins.host import PluginHost
    from ..service_events import ServiceEvent
    from ..telemetry.exchange import Exchange

__all__ = ["Announcement", "announce_key", "announce_principal", "announce_refusal"]

_HOST: Final = "promptdock_announced_to"
_PRINCIPAL: Final = "promptdock_announced_principal"
_ASKED: Final = "promptdock_announced_key"
_CODE: Final = "promptdock_error_code"
_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "expired_api_key": "expired",
        "inactive_api_key": "inactive",
        "invalid_api_key": "unknown",
        "missing_api_key": "missing",
    }
)


def announce_key(scope: Mapping[str, Any], scheme: str) -> None:
    """Tell that a key came, which is about to be checked; once a request.

    Args:
        scope: The request's ASGI scope.
        scheme: How the key came: ``bearer`` or ``token``.
    """
    host: PluginHost | None = scope["state"].get(_HOST)
    if host is not None and host.wants(AuthenticationRequested) and _first(scope, _ASKED):
        _tell(host, scope, AuthenticationRequested, ANONYMOUS_PRINCIPAL, scheme=scheme)


def announce_principal(scope: Mapping[str, Any], principal: Principal) -> None:
    """Tell that a request's key is good; nothing of callers who sent none."""
    scope["state"][_PRINCIPAL] = principal
    host: PluginHost | None = scope["state"].get(_HOST)
    if host is None or not host.wants(AuthenticationSucceeded) or principal.is_anonymous:
        return
    key_id = None if principal.api_key_id is None else str(principal.api_key_id)
    _tell(host, scope, AuthenticationSucceeded, principal, kind=principal.kind.value, key_id=key_id)


def announce_refusal(scope: Mapping[str, Any], info: ErrorInfo) -> None:
    """Tell of a request that is turned away because of its key, or for want of one; of other errors, note the code.

    Args:
        scope: The request's ASGI scope.
        info: What the caller is told.
    """
    scope["state"][_CODE] = info.code
    host: PluginHost | None = scope["state"].get(_HOST)
    if info.status == HTTPStatus.UNAUTHORIZED and host is not None and host.wants(AuthenticationFailed):
        reason = _REASONS.get(info.code, info.code)
        _tell(host, scope, AuthenticationFailed, ANONYMOUS_PRINCIPAL, reason=reason)


class Announcement:
    """Tells that a request came, and how it ended; to nobody while the app is not up, or goes down.

    Args:
        exchange: The request and its reply.
        path: What was asked for, without the query.
        host: The app's plugins; None while it is not up.
    """

    __slots__ = ("_exchange", "_host", "_path")

    def __init__(self, exchange: Exchange, path: str, host: PluginHost | None) -> None:
        scope = exchange.scope
        scope["state"][_HOST] = self._host = host
        self._exchange = exchange
        self._path = path
        if host is not None and host.wants(APIRequestStarted):
            _tell(host, scope, APIRequestStarted, ANONYMOUS_PRINCIPAL, method=exchange.method, path=path)

    def end(self, status: int) -> None:
        """Tell of the end."""
        exchange, host = self._exchange, self._host
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if host is None or not host.wants(APIRequestFailed if failed else APIRequestCompleted):
            return
        scope, ms = exchange.scope, (time.perf_counter() - exchange.started) * 1000
        about = {"status": status, "ms": ms, "method": exchange.method, "path": self._path}
        principal = scope["state"].get(_PRINCIPAL, ANONYMOUS_PRINCIPAL)
        if failed:
            code = scope["state"].get(_CODE, "internal_error")
            _tell(host, scope, APIRequestFailed, principal, code=code, **about)
        else:
            _tell(host, scope, APIRequestCompleted, principal, **about)


def _tell(
    host: PluginHost, scope: Mapping[str, Any], event: type[ServiceEvent], principal: Principal, /, **members: Any
) -> None:
    """Tell of something that somebody wants to hear of."""
    host.tell(event(request_id=request_id(scope), caller=principal.name, account=principal.account_number, **members))


def _first(scope: Mapping[str, Any], name: str) -> bool:
    """Whether this is the first time that something is told of a request."""
    state: dict[str, Any] = scope["state"]
    if name in state:
        return False
    state[name] = True
    return True
