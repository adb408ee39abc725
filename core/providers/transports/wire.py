"""The wire transport: bytes in, bytes out, over our own HTTP client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...jsontext import JsonError, JsonObject, dumps, loads
from ..relay import RelayReply, RelayRequest
from . import Endpoint, Transport
from .failures import Failures, unwritable
from .http import (
    Address,
    Asked,
    Body,
    Client,
    ConnectionBroken,
    Destination,
    HttpError,
    InvalidRequest,
    Reply,
    follow,
    header_block,
)
from .relaying import RelayHeaders
from .retries import backoff, pause, should_retry
from .sse import SseDecoder
from .wire_relay import WireRelay, broken, cause

if TYPE_CHECKING:
    import ssl

__all__ = ["WireTransport"]

_COMPLETIONS = "/chat/completions"
_MODELS = "/models"
_DRAIN = 0.1
_LONGEST = 268_435_456
"""Bytes of the longest answer in one piece; pictures and sounds may be in it."""


class WireTransport(Transport):
    """Speaks the OpenAI protocol itself, with the openai package's retries and exceptions.

    Args:
        endpoint: Where the calls go.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._relay_headers = RelayHeaders(endpoint)
        self._client: Client | None = None
        self._opening = asyncio.Lock()

    async def complete(self, body: JsonObject) -> JsonObject:
        """Send a chat completion; see :meth:`Transport.complete`."""
        failures = self._failures("POST", _COMPLETIONS)
        _, content = await self._exchange(failures, _COMPLETIONS, _written(body))
        return await failures.check_completion(await _decoded(content, failures))

    async def stream(self, body: JsonObject) -> AsyncGenerator[JsonObject, None]:
        """Send a chat completion; see :meth:`Transport.stream`."""
        failures = self._failures("POST", _COMPLETIONS)
        reply, _ = await self._exchange(failures, _COMPLETIONS, _written(body), stream=True)
        decoder = SseDecoder()
        empty = True
        try:
            content = Body(reply)
            while piece := await content.piece():
                for data in decoder.feed(piece):
                    if data.startswith(b"[DONE]"):
                        await _drain(reply)
                        if empty:
                            raise await failures.unreadable()
                        return
                    try:
                        chunk = loads(data)
                    except JsonError:
                        raise await failures.unreadable() from None
                    if type(chunk) is not dict or "error" in chunk:  # most are as they should be, and there are many
                        chunk = await failures.check_chunk(chunk)
                    yield chunk
                    empty = False
        except HttpError as error:
            raise await broken(error, failures) from cause(error, failures)
        finally:
            # closes the connection, unless the body has come to its end and the pool has it back
            reply.close()
        if empty:
            raise await failures.unreadable()

    def relay(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Send a request as it is; see :meth:`Transport.relay`."""
        return WireRelay(partial(self._sent, request), partial(self._failures, request.method, request.path))

    async def models(self) -> Any:
        """Ask for the list of models, once: a list can wait for the next time somebody asks."""
        failures = self._failures("GET", _MODELS)
        _, content = await self._exchange(failures, _MODELS, None, retries=0)
        return await _decoded(content, failures)

    async def aclose(self) -> None:
        """Close the connections; calling it again does no harm."""
        async with self._opening:
            client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _exchange(
        self, failures: Failures, path: str, data: bytes | None, *, stream: bool = False, retries: int | None = None
    ) -> tuple[Reply, bytes]:
        """Send a request until it succeeds or trying again makes no sense; read the answer unless it is a stream."""
        client = self._client or await self._opened(failures)
        asked = self._asked(failures, path, data)
        most = self._endpoint.max_retries if retries is None else retries
        for attempt in range(most + 1):
            last = attempt == most
            try:
                reply = await follow(client, asked, await _answer(client, asked))
                if 200 <= reply.status < 300:
                    return reply, b"" if stream else await _content(reply)
                headers = _mapping(reply)
                if last or not should_retry(reply.status, headers):
                    raise await failures.status(reply.status, headers, await _content(reply))
                reply.close()
                wait = pause(headers, attempt)
            except (HttpError, OSError) as error:
                if last or client.closed:
                    raise await broken(error, failures) from cause(error, failures)
                wait = backoff(attempt)
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _sent(self, request: RelayRequest) -> Reply:
        client = self._client or await self._opened(self._failures(request.method, request.path))
        headers = self._relay_block + self._relay_headers.lines(request)
        return await client.send(self._to, request.method, self._root + request.target, headers, request.body)

    def _asked(self, failures: Failures, path: str, data: bytes | None) -> Asked:
        return Asked(
            url=failures.url,
            to=self._to,
            method=failures.method,
            target=self._root + path,
            headers=self._headers,
            public_headers=_PUBLIC,
            body=data,
        )

    def _failures(self, method: str, path: str) -> Failures:
        return Failures(method, self._endpoint.url(path), self._endpoint.api_key)

    async def _opened(self, failures: Failures) -> Client:
        try:
            async with self._opening:
                if self._client is None:
                    self._client = await self._open()
                return self._client
        except (HttpError, OSError) as error:  # certificates, or settings that no request can be made of
            raise await broken(error, failures) from cause(error, failures)

    async def _open(self) -> Client:
        endpoint = self._endpoint
        try:
            address = Address.of(endpoint.base_url)
        except ValueError as error:
            raise InvalidRequest(f"the base URL: {error}") from None
        client = Client(timeout=endpoint.timeout, connect_timeout=endpoint.connect_timeout, trust=_trust)
        if address.origin.tls:
            await client.load_trust()
        hosts = [value for name, value in endpoint.headers.items() if name.lower() == "host"]
        self._to: Destination = client.destination(address.origin, host=hosts[-1] if hosts else None)
        self._root = "" if address.target == "/" else address.target
        # a user in the URL is sent in the key's place, unless the operator says what to send
        told = {name.lower() for name in endpoint.headers}
        given = address.authorization if "authorization" not in told else None
        basic = b"" if given is None else header_block([("Authorization", given)])
        self._relay_block = header_block(_without_host(self._relay_headers.ours)) + basic
        self._headers = header_block(_without_host(_request_headers(endpoint, keyed=not endpoint.has_user)))
        self._headers += basic
        return client


_PLAIN_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": f"promptdock/{__version__}",
}
_PUBLIC = header_block(_PLAIN_HEADERS.items())


def _request_headers(endpoint: Endpoint, *, keyed: bool) -> list[tuple[str, str]]:
    headers = dict(_PLAIN_HEADERS)
    if endpoint.api_key is not None and keyed:
        headers["Authorization"] = f"Bearer {endpoint.api_key.get_secret_value()}"
    theirs = {name.lower() for name in endpoint.headers}
    return [
        *((name, value) for name, value in headers.items() if name.lower() not in theirs),
        *endpoint.headers.items(),
    ]


def _without_host(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The destination says it, and it is said once."""
    return [header for header in headers if header[0].lower() != "host"]


def _trust() -> ssl.SSLContext:
    """The certificates that the openai package trusts, which are the operating system's."""
    import httpx2

    return httpx2.create_ssl_context()


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


async def _answer(client: Client, asked: Asked) -> Reply:
    """Send a request; one without a body again, at once, where a kept connection turns out to be closed."""
    try:
        return await client.send(asked.to, asked.method, asked.target, asked.headers, asked.body)
    except ConnectionBroken as error:
        if not error.stale or asked.method != "GET":
            raise
    return await client.send(asked.to, asked.method, asked.target, asked.headers, asked.body)


async def _content(reply: Reply) -> bytes:
    try:
        return await Body(reply).read(_LONGEST)
    finally:
        reply.close()


def _mapping(reply: Reply) -> Mapping[str, str]:
    """The headers by name, repeated ones as one."""
    headers: dict[str, str] = {}
    for name, value in reply.headers:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _drain(reply: Reply) -> None:
    """Read what follows the end of a stream, so that the connection can be used again; not for long."""
    if reply.ended:
        return
    try:
        async with asyncio.timeout(_DRAIN):
            while await reply.piece():
                pass
    except (HttpError, TimeoutError):
        pass
