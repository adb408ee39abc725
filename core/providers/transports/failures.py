"""Failures of a transport as exceptions of the openai package, built as the package builds them.

The package takes most of a second to import, so that waits for the first failure, and for a thread.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import SecretStr

from ...errors import BadRequest
from ...jsontext import JsonObject

if TYPE_CHECKING:
    import httpx2
    import openai

__all__ = ["Failures", "unwritable"]

_HIDDEN = "[hidden]"
_DEEPEST = 20
_UNREADABLE = "The provider's answer is not what its protocol says."
# facts about the body as it travelled, which the decoded one does not have any more
_TRAVEL_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Broken(Exception):
    """What broke a connection, in words that hold nothing upstream sent."""


class Failures(msgspec.Struct, frozen=True):
    """Makes the exceptions of one request; the request in them has no headers, hence no key.

    Attributes:
        method: Method of the request.
        url: Address of the request.
        api_key: Hidden wherever the other side repeats it.
    """

    method: str
    url: str
    api_key: SecretStr | None = None

    async def status(self, status: int, headers: Mapping[str, str], content: bytes) -> openai.APIStatusError:
        """The answer has a status that is no success."""
        await _loaded()
        kept = {name: value for name, value in headers.items() if name.lower() not in _TRAVEL_HEADERS}
        text = self.hide(content.decode("utf-8", "replace").strip())
        response = self._response(status, kept, text)
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = text
        else:
            body = self.hide_in(body)  # again: JSON may have written the key with escapes
        error = body.get("error", body) if isinstance(body, Mapping) else None
        words = error.get("message") if isinstance(error, Mapping) else None
        message = f"Error code: {status}" + (f" - {words}" if words and isinstance(words, str) else "")
        return _status_class(status)(message, response=response, body=error if error is not None else body)

    async def timed_out(self) -> openai.APITimeoutError:
        """No byte came for too long, or the connection took too long."""
        await _loaded()
        from openai import APITimeoutError

        return APITimeoutError(request=self._request())

    async def unreachable(self) -> openai.APIConnectionError:
        """There is no connection, or it broke."""
        await _loaded()
        from openai import APIConnectionError

        return APIConnectionError(request=self._request())

    async def reported(self, answer: JsonObject) -> openai.APIError:
        """The answer, or an event of the stream, has an ``error`` member instead of a completion."""
        await _loaded()
        from openai import APIError

        error = self.hide_in(answer["error"])
        words = error.get("message") if isinstance(error, Mapping) else None
        message = words if words and isinstance(words, str) else "An error occurred during streaming"
        return APIError(message, self._request(), body=error)

    async def unreadable(self) -> openai.APIResponseValidationError:
        """The answer is not JSON, not a completion, or a stream without a single chunk."""
        await _loaded()
        from openai import APIResponseValidationError

        return APIResponseValidationError(response=self._response(200, {}, ""), body=None, message=_UNREADABLE)

    async def check_completion(self, answer: object) -> JsonObject:
        """Give a decoded answer back, or raise what is wrong with it."""
        if not isinstance(answer, dict):
            raise await self.unreadable()
        if isinstance(answer.get("choices"), list):
            return answer
        # some routers answer 200 with an error in the body
        raise await (self.reported(answer) if answer.get("error") else self.unreadable())

    async def check_chunk(self, chunk: object) -> JsonObject:
        """Give a decoded event of a stream back, or raise what is wrong with it."""
        if not isinstance(chunk, dict):
            raise await self.unreadable()
        if chunk.get("error"):
            raise await self.reported(chunk)
        return chunk

    def hide(self, text: str) -> str:
        """The text without the key."""
        key = self.api_key.get_secret_value() if self.api_key is not None else ""
        return text.replace(key, _HIDDEN) if key else text

    def hide_in(self, value: Any, depth: int = _DEEPEST) -> Any:
        """A JSON value without the key in any of its texts; what lies too deep for an error is left out."""
        if isinstance(value, str):
            return self.hide(value)
        if not isinstance(value, (Mapping, list)):
            return value
        if depth == 0:
            return None
        if isinstance(value, Mapping):
            return {self.hide(name): self.hide_in(item, depth - 1) for name, item in value.items()}
        return [self.hide_in(item, depth - 1) for item in value]

    def _request(self) -> httpx2.Request:
        import httpx2

        return httpx2.Request(self.method, self.url)

    def _response(self, status: int, headers: Mapping[str, str], text: str) -> httpx2.Response:
        import httpx2

        # as bytes, which need not be ASCII; the surrogates stand for those that are not UTF-8 either
        raw = [
            (name.encode("utf-8", "surrogateescape"), self.hide(value).encode("utf-8", "surrogateescape"))
            for name, value in headers.items()
        ]
        return httpx2.Response(status, headers=raw, content=text.encode(), request=self._request())

    def scrubbed(self, error: BaseException, *, tellable: bool) -> Broken:
        """A cause that a log may show.

        Args:
            error: What an HTTP library raised. It quotes what it cannot read, and upstream may have sent our key back.
            tellable: Whether its text is of this machine's making: no address, connection refused.
        """
        kind = type(error).__name__
        return Broken(f"{kind}: {self.hide(str(error))}" if tellable else kind)


def unwritable(error: Exception) -> BadRequest:
    """The call itself is no JSON, so nothing was sent."""
    return BadRequest(f"The call to the provider cannot be written as JSON: {error}.")


async def _loaded() -> None:
    await asyncio.to_thread(import_module, "openai")


def _status_class(status: int) -> type[openai.APIStatusError]:
    import openai

    if status >= 500:
        return openai.InternalServerError
    classes: dict[int, type[openai.APIStatusError]] = {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        409: openai.ConflictError,
        422: openai.UnprocessableEntityError,
        429: openai.RateLimitError,
    }
    return classes.get(status, openai.APIStatusError)
