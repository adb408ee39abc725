"""The HTTP client that tools get: one connection pool, with bounds, whose failures are words that a model may read."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import __version__
from .jsontext import JsonError, dumps
from .tools.context import HttpClient, HttpResponse
from .tools.errors import ToolError

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from yarl import URL

__all__ = ["SharedHttpClient"]

_CONNECT_TIMEOUT = 5.0
_LEAST_TIMEOUT = 0.001
"""Seconds; to aiohttp a timeout of 0 is none at all."""
_MAX_REDIRECTS = 5
_SIZE_LIMIT = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class SharedHttpClient(HttpClient):
    """One aiohttp session for all tools of a host, opened by the first request, on the loop of that request.

    Proxies are taken from ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``NO_PROXY``. Cookies are not kept, at most five
    redirects are followed, and connecting takes at most five seconds of a request's time.

    Args:
        size_limit: The most bytes of a reply's decoded body.
    """

    def __init__(self, *, size_limit: int = _SIZE_LIMIT) -> None:
        self._size_limit = size_limit
        self._session: ClientSession | None = None
        self._closed = False

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
        """Send one request and read the whole reply; see :meth:`HttpClient.request`.

        Raises:
            ToolError: The URL or the request cannot be used, the host is unreachable or too slow, or the reply is
                broken or too large. The text names the host and the reason, never the path or the query.
        """
        from aiohttp import ClientError, ClientTimeout

        from .effect_watch import host_doing

        target = _target(url)
        body, all_headers = _body(json, headers or {})
        session = self._open_session()
        bounds = ClientTimeout(total=max(timeout, _LEAST_TIMEOUT), connect=_CONNECT_TIMEOUT)
        try:
            with host_doing():
                # a connection that is open already tells nobody that it is used
                sys.audit("promptdock.http.request", target.host, target.port)
                async with session.request(
                    method,
                    target,
                    params=params,
                    headers=all_headers,
                    data=body,
                    timeout=bounds,
                    max_redirects=_MAX_REDIRECTS + 1,  # aiohttp counts the redirect that it refuses
                ) as reply:
                    content = await self._read(reply)
                    return HttpResponse(status=reply.status, headers=_headers(reply), content=content)
        except (ClientError, OSError, ValueError, TypeError) as error:
            # `from None`: texts of aiohttp's errors hold whole URLs, and those hold keys
            raise ToolError(_explain(error, _host(target), timeout)) from None

    async def aclose(self) -> None:
        """Close all connections; requests from now on fail. Calling it again does no harm."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> ClientSession:
        if self._closed:
            raise ToolError("No request can be sent: the host is shutting down.")
        if self._session is None:
            from aiohttp import ClientSession, DummyCookieJar, TCPConnector

            from .resolver import DaemonResolver

            self._session = ClientSession(
                connector=TCPConnector(resolver=DaemonResolver()),
                trust_env=True,
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": f"promptdock/{__version__}"},
            )
        return self._session

    async def _read(self, reply: ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in reply.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > self._size_limit:
                reply.close()  # the rest is not wanted, so the connection cannot be used again
                raise ToolError(f"{_host(reply.url)} sent more than {self._size_limit:,} bytes; that is too large.")
        return bytes(content)


def _target(url: str) -> URL:
    """Check a URL before anything is sent, so that its text never gets into an error."""
    from yarl import URL

    try:
        target = URL(url)
    except (ValueError, TypeError):
        raise ToolError("The request's URL cannot be read; give an absolute http:// or https:// URL.") from None
    if target.scheme not in {"http", "https"}:
        shown = f"the scheme '{target.scheme}'" if target.scheme else "no scheme"
        raise ToolError(f"The request's URL has {shown}; only http:// and https:// are spoken.")
    if not target.host:
        raise ToolError("The request's URL names no host.")
    return target


def _host(url: URL) -> str:
    """The host, with its port when that is not the scheme's own."""
    host = url.host_subcomponent or "the server"
    return host if url.is_default_port() else f"{host}:{url.port}"


def _body(value: object, headers: Mapping[str, str]) -> tuple[bytes | None, dict[str, str]]:
    if value is None:
        return None, dict(headers)
    try:
        return dumps(value), {"Content-Type": "application/json", **headers}
    except JsonError as error:
        raise ToolError(f"The request's body cannot be written as JSON: {error}.") from None


def _headers(reply: ClientResponse) -> dict[str, str]:
    """Headers by lower-case name; several of one name are joined as RFC 9110 joins them."""
    joined: dict[str, str] = {}
    for name, value in reply.headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _explain(error: Exception, host: str, timeout: float) -> str:
    """One sentence on a failed request, made of our own words only."""
    import aiohttp

    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"{host} cannot be reached: no connection within {_CONNECT_TIMEOUT:g} s."
        case TimeoutError():
            return f"{host} did not answer within {round(timeout, 2):g} s."
        case aiohttp.TooManyRedirects():
            return f"{host} redirects more than {_MAX_REDIRECTS} times."
        case aiohttp.RedirectClientError():
            return f"{host} redirects to an address that cannot be used."
        case aiohttp.ClientHttpProxyError() | aiohttp.InvalidURL() | aiohttp.ClientConnectorError():
            return _explain_connection(error, host)
        case aiohttp.ClientPayloadError():
            return f"{host} broke off its reply, or sent one that cannot be decoded."
        case aiohttp.ClientConnectionError() | OSError():
            return f"{host} closed the connection before its reply was complete."
        case aiohttp.ClientError():
            return f"{host} sent a reply that is not HTTP as it should be ({type(error).__name__})."
        case _:
            return f"The request to {host} cannot be sent: its method, parameters or headers are not valid."


def _explain_connection(error: Exception, host: str) -> str:
    import aiohttp

    match error:
        case aiohttp.InvalidURL():  # the request's own URL was checked before
            return f"{host} cannot be reached: HTTP_PROXY or HTTPS_PROXY is not a URL like http://proxy:3128."
        case aiohttp.ClientHttpProxyError():
            return f"{host} cannot be reached: the proxy answered {error.status}."
        case aiohttp.ClientProxyConnectionError():
            return f"{host} cannot be reached: the proxy {error.host}:{error.port} takes no connection."
        case aiohttp.ClientConnectorDNSError():
            return f"{error.host} cannot be reached: its name is not known to the name service."
        case aiohttp.ClientConnectorCertificateError():
            return f"{error.host} cannot be trusted: its TLS certificate is not valid."
        case aiohttp.ClientSSLError():
            return f"{error.host} cannot be reached: there is no TLS connection with it."
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return f"{error.host}:{error.port} cannot be reached: it refuses connections."
        case aiohttp.ClientConnectorError():
            reason = error.os_error.strerror or type(error.os_error).__name__
            return f"{error.host}:{error.port} cannot be reached: {reason}."
        case _:
            return f"{host} cannot be reached."
