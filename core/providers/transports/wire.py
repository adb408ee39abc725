"""The wire transport: bytes in, bytes out, over one aiohttp session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ... import __version__
from ...jsontext import JsonError, JsonObject, dumps, loads
from ..relay import RelayReply, RelayRequest
from . import Endpoint, Transport
from .failures import Failures, unwritable
from .relaying import PiecewiseReply, RelayHeaders
from .retries import backoff, pause, should_retry
from .sse import SseDecoder

if TYPE_CHECKING:
    import ssl

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ClientSession

__all__ = ["WireTransport"]

_COMPLETIONS = "/chat/completions"
_CONNECTIONS = 1000
_KEEP_ALIVE = 30.0
_DRAIN = 0.1
_LARGE = 1_000_000
_SENT_AGAIN = frozenset({"DELETE", "GET", "HEAD", "PUT"})
"""Methods of requests that the library sends again by itself when a connection that it kept turns out to be closed."""


class WireTransport(Transport):
    """Speaks the OpenAI protocol itself, with the openai package's retries and exceptions.

    Args:
        endpoint: Where the calls go.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers = _request_headers(endpoint)
        self._relay_headers = RelayHeaders(endpoint)
        self._session: ClientSession | None = None
        self._opening = asyncio.Lock()

    async def complete(self, body: JsonObject) -> JsonObject:
        """Send a chat completion; see :meth:`Transport.complete`."""
        failures = self._failures("POST", _COMPLETIONS)
        _, content = await self._exchange(failures, _written(body))
        return await failures.check_completion(await _decoded(content, failures))

    async def stream(self, body: JsonObject) -> AsyncGenerator[JsonObject, None]:
        """Send a chat completion; see :meth:`Transport.stream`."""
        failures = self._failures("POST", _COMPLETIONS)
        response, _ = await self._exchange(failures, _written(body), stream=True)
        from aiohttp import ClientError

        empty = True
        try:
            async with aclosing(_events(response)) as events:
                async for data in events:
                    yield await failures.check_chunk(await _decoded(data, failures))
                    empty = False
        except (ClientError, OSError) as error:
            raise await _broken(error, failures) from _cause(error, failures)
        finally:
            # closes the connection, unless the body was read to its end and the pool has it back
            response.close()
        if empty:
            raise await failures.unreadable()

    def relay(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Send a request as it is; see :meth:`Transport.relay`."""
        failures = self._failures(request.method, request.path)
        return PiecewiseReply(lambda: self._sent(request, failures), lambda response: _pieces(response, failures))

    async def models(self) -> Any:
        """Ask for the list of models, once: a list can wait for the next time somebody asks."""
        failures = self._failures("GET", "/models")
        _, content = await self._exchange(failures, retries=0)
        return await _decoded(content, failures)

    async def aclose(self) -> None:
        """Close the connections; calling it again does no harm."""
        async with self._opening:
            session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _exchange(
        self, failures: Failures, data: bytes | None = None, *, stream: bool = False, retries: int | None = None
    ) -> tuple[ClientResponse, bytes]:
        """Send a request until it succeeds or trying again makes no sense; read the answer unless it is a stream."""
        session = await self._opened()
        from aiohttp import ClientError

        most = self._endpoint.max_retries if retries is None else retries
        for attempt in range(most + 1):
            last = attempt == most
            if session.closed:  # while this call waited for its next attempt
                raise await failures.unreachable()
            try:
                response = await session.request(
                    failures.method, failures.url, data=_payload(data), headers=self._headers
                )
                if 200 <= response.status < 300:
                    return response, b"" if stream else await response.read()
                if last or not should_retry(response.status, response.headers):
                    content = await response.read()
                    raise await failures.status(response.status, response.headers, content)
                response.release()
                wait = pause(response.headers, attempt)
            except (ClientError, OSError) as error:
                if last:
                    raise await _broken(error, failures) from _cause(error, failures)
                wait = backoff(attempt)
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _sent(self, request: RelayRequest, failures: Failures) -> ClientResponse:
        session = await self._opened()
        from aiohttp import ClientError
        from yarl import URL

        if session.closed:
            raise await failures.unreachable()
        headers = self._relay_headers.of(request)
        try:
            return await session.request(
                request.method,
                URL(self._endpoint.url(request.target), encoded=True),
                data=_payload(request.body),
                headers=headers,
                skip_auto_headers=None if any(name == "content-type" for name, _ in headers) else ("Content-Type",),
                allow_redirects=False,
                auto_decompress=False,
                middlewares=(_once,) if request.method in _SENT_AGAIN else (),
            )
        except (ClientError, OSError) as error:
            raise await _broken(error, failures) from _cause(error.__cause__ or error, failures)

    def _failures(self, method: str, path: str) -> Failures:
        return Failures(method, self._endpoint.url(path), self._endpoint.api_key)

    async def _opened(self) -> ClientSession:
        if self._session is not None:
            return self._session
        async with self._opening:
            if self._session is None:
                self._session = await self._open()
            return self._session

    async def _open(self) -> ClientSession:
        # imports and certificates take up to half a second, which the loop need not feel
        await asyncio.to_thread(import_module, "aiohttp")
        trust = await asyncio.to_thread(_trust) if self._endpoint.base_url.startswith("https:") else True
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

        from ...resolver import DaemonResolver

        endpoint = self._endpoint
        return ClientSession(
            connector=TCPConnector(
                limit=_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE, ssl=trust, resolver=DaemonResolver()
            ),
            timeout=ClientTimeout(total=None, sock_connect=endpoint.connect_timeout, sock_read=endpoint.timeout),
            cookie_jar=DummyCookieJar(),
            trust_env=_has_proxy(),
        )


def _request_headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"promptdock/{__version__}",
    }
    # a user in the URL is sent as Basic, and there is one Authorization header only
    if endpoint.api_key is not None and not urlsplit(endpoint.base_url).username:
        headers["Authorization"] = f"Bearer {endpoint.api_key.get_secret_value()}"
    return {**headers, **endpoint.headers}


def _trust() -> ssl.SSLContext:
    """The certificates that the openai package trusts, which are the operating system's."""
    import httpx2

    return httpx2.create_ssl_context()


def _has_proxy() -> bool:
    """Whether the environment names a proxy: asking aiohttp to look costs time in every request."""
    from urllib.request import getproxies

    return any(scheme in getproxies() for scheme in ("http", "https", "all"))


def _payload(data: bytes | None) -> bytes | BytesIO | None:
    """Aiohttp warns of large bodies that are sent in one piece; a file is sent in several."""
    return BytesIO(data) if data is not None and len(data) > _LARGE else data


def _written(body: JsonObject) -> bytes:
    try:
        return dumps(body)
    except JsonError as error:
        raise unwritable(error) from None


async def _decoded(data: bytes, failures: Failures) -> Any:
    try:
        return loads(data)
    except JsonError:
        raise await failures.unreadable() from None


async def _broken(error: BaseException, failures: Failures) -> Exception:
    return await (failures.timed_out() if isinstance(error, TimeoutError) else failures.unreachable())


def _cause(error: BaseException, failures: Failures) -> Exception:
    return failures.scrubbed(error, tellable=isinstance(error, OSError))


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Keep the library from sending a request again by itself, as it does with a GET whose connection breaks."""
    from aiohttp import ClientConnectionError, ClientConnectorError, ClientOSError, ServerDisconnectedError

    try:
        return await send(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise ClientConnectionError("the connection broke") from error


async def _pieces(response: ClientResponse, failures: Failures) -> AsyncGenerator[bytes, None]:
    """The body in the pieces in which it comes."""
    from aiohttp import ClientError

    try:
        while piece := await response.content.readany():
            yield piece
    except (ClientError, OSError, RuntimeError) as error:
        told = _closed(error, response)
        raise await _broken(told, failures) from _cause(told, failures)


def _closed(error: Exception, response: ClientResponse) -> Exception:
    """What broke the reading of a body."""
    from aiohttp import ClientConnectionError

    if not isinstance(error, RuntimeError):
        return error
    # said of a connection that this side has closed, and of bugs
    if response.connection is not None and response.connection.transport is not None:
        raise error
    return ClientConnectionError("the provider was closed")


async def _events(response: ClientResponse) -> AsyncGenerator[bytes, None]:
    """The data of each event up to ``[DONE]`` or the end of the body."""
    decoder = SseDecoder()
    try:
        while piece := await response.content.readany():
            for data in decoder.feed(piece):
                if data.startswith(b"[DONE]"):
                    await _drain(response)
                    return
                yield data
    except RuntimeError as error:
        raise _closed(error, response) from None


async def _drain(response: ClientResponse) -> None:
    """Read what follows the end of a stream, so that the connection can be used again; not for long."""
    from aiohttp import ClientError

    try:
        async with asyncio.timeout(_DRAIN):
            await response.content.read()
    except (ClientError, OSError):
        pass
