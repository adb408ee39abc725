"""The SDK transport: the openai package's own client, whose retries and streams are the measure of the wire's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from ...jsontext import JsonObject, loads
from ..relay import RelayReply, RelayRequest
from . import Endpoint, Transport
from .failures import Failures, unwritable
from .relaying import RelayHeaders, reply_headers

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai import RequestOptions

__all__ = ["SdkTransport"]

_COMPLETIONS = "/chat/completions"
_NO_KEY = "none"


class SdkTransport(Transport):
    """Sends calls through ``AsyncOpenAI``.

    Answers are asked for as plain JSON, not as the package's models, so that nothing a vendor adds is lost.

    Args:
        endpoint: Where the calls go.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._relay_headers = RelayHeaders(endpoint)
        self._client: openai.AsyncOpenAI | None = None
        self._http: httpx2.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def complete(self, body: JsonObject) -> JsonObject:
        """Send a chat completion; see :meth:`Transport.complete`."""
        client = await self._opened()
        failures = self._failures("POST", _COMPLETIONS)
        async with _translated(failures, client):
            answer = _json(await client.post(_COMPLETIONS, cast_to=object, body=body, options=self._options()))
            return await failures.check_completion(answer)

    async def stream(self, body: JsonObject) -> AsyncGenerator[JsonObject, None]:
        """Send a chat completion; see :meth:`Transport.stream`."""
        client = await self._opened()
        from openai import AsyncStream

        failures = self._failures("POST", _COMPLETIONS)
        async with _translated(failures, client):
            stream = await client.post(
                _COMPLETIONS,
                cast_to=object,
                body=body,
                options=self._options(),
                stream=True,
                stream_cls=AsyncStream[object],
            )
            empty = True
            try:
                async for chunk in stream:
                    yield await failures.check_chunk(chunk)
                    empty = False
            finally:
                await stream.close()
            if empty:
                raise await failures.unreadable()

    @asynccontextmanager
    async def relay(self, request: RelayRequest) -> AsyncIterator[RelayReply]:
        """Send a request as it is, over the connections of the package's client; see :meth:`Transport.relay`."""
        client = await self._opened()
        failures = self._failures(request.method, request.path)
        response = await self._sent(request, failures, client)
        try:
            async with aclosing(_pieces(response, failures, client)) as body:
                yield RelayReply(status=response.status_code, headers=reply_headers(response.headers.raw), body=body)
        finally:
            await response.aclose()

    async def models(self) -> Any:
        """Ask for the list of models, once: a list can wait for the next time somebody asks."""
        client = await self._opened()
        failures = self._failures("GET", "/models")
        async with _translated(failures, client):
            options = self._options() | {"max_retries": 0}
            return _json(await client.get("/models", cast_to=object, options=options))

    async def aclose(self) -> None:
        """Close the connections; calling it again does no harm."""
        async with self._opening:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _sent(self, request: RelayRequest, failures: Failures, client: openai.AsyncOpenAI) -> httpx2.Response:
        import httpx2

        assert self._http is not None
        async with _translated(failures, client):
            # made by hand: the HTTP client would add headers of its own
            made = httpx2.Request(
                request.method,
                self._endpoint.url(request.target),
                headers=self._relay_headers.of(request),
                content=request.body,
            )
            return await self._http.send(made, stream=True, follow_redirects=False)

    def _options(self) -> RequestOptions:
        """Leave the key out where there is none: the client insists on having one, and on hearing so each time."""
        from openai import Omit

        given = {name.lower() for name in self._endpoint.headers}
        if self._endpoint.api_key is not None or "authorization" in given:
            return {}
        return {"headers": {"Authorization": Omit()}}

    def _failures(self, method: str, path: str) -> Failures:
        return Failures(method, self._endpoint.url(path), self._endpoint.api_key)

    async def _opened(self) -> openai.AsyncOpenAI:
        async with self._opening:
            if self._client is None:
                # importing the package and making its client take most of a second
                self._client = await asyncio.to_thread(self._build)
            return self._client

    def _build(self) -> openai.AsyncOpenAI:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx2
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit

        endpoint = self._endpoint
        # the client would take these from OpenAI's environment variables, whoever the vendor is
        headers: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit(), **endpoint.headers}
        key = endpoint.api_key.get_secret_value() if endpoint.api_key is not None else _NO_KEY
        timeout = httpx2.Timeout(endpoint.timeout, connect=endpoint.connect_timeout)
        # our own, so that a passthrough can share its connections; callers share it, so it keeps no cookies
        self._http = DefaultAsyncHttpxClient(
            timeout=timeout, cookies=CookieJar(DefaultCookiePolicy(allowed_domains=()))
        )
        return AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=key,
            max_retries=endpoint.max_retries,
            timeout=timeout,
            default_headers=headers,
            http_client=self._http,
        )


async def _pieces(
    response: httpx2.Response, failures: Failures, client: openai.AsyncOpenAI
) -> AsyncGenerator[bytes, None]:
    """The body in the pieces in which it comes."""
    async with _translated(failures, client), aclosing(response.aiter_raw()) as raw:
        async for piece in raw:
            yield piece


def _json(answer: object) -> Any:
    """The answer decoded: asked for plain JSON, the package leaves it as text where its content type is another."""
    return loads(answer) if isinstance(answer, str) else answer


@asynccontextmanager
async def _translated(failures: Failures, client: openai.AsyncOpenAI) -> AsyncIterator[None]:
    """Let only exceptions of the openai package out, and none that holds the key.

    The package lets through what its JSON and HTTP libraries raise while a body is read.
    """
    import httpx2
    import openai

    try:
        yield
    except openai.APIResponseValidationError:
        raise await failures.unreadable() from None
    except (openai.APITimeoutError, httpx2.TimeoutException) as error:
        raise await failures.timed_out() from _cause(error, failures)
    except (openai.APIConnectionError, httpx2.RequestError) as error:
        raise await failures.unreachable() from _cause(error, failures)
    except openai.APIError as error:
        raise await _without_key(error, failures) from None
    except RuntimeError:
        if not client.is_closed():
            raise
        raise await failures.unreachable() from None  # closed while this call waited to be sent
    except UnicodeEncodeError as error:
        raise unwritable(error) from None
    except ValueError:
        raise await failures.unreadable() from None


async def _without_key(error: openai.APIError, failures: Failures) -> openai.APIError:
    """The error itself, or one like it when upstream repeats the key."""
    import openai

    if isinstance(error, openai.APIStatusError):
        text = error.response.text
        if failures.hide(text) == text and failures.hide_in(error.body) == error.body:
            return error
        return await failures.status(error.status_code, error.response.headers, error.response.content)
    if failures.hide(error.message) == error.message and failures.hide_in(error.body) == error.body:
        return error
    return await failures.reported({"error": error.body})


def _cause(error: Exception, failures: Failures) -> Exception:
    """What the package's HTTP library said, as far as it can be told."""
    import httpx2

    source = error.__cause__ or error
    return failures.scrubbed(source, tellable=isinstance(source, (httpx2.ConnectError, OSError)))
