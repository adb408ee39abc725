"""One call through both transports, and all that can be told of it: the openai package's client is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import openai

from promptdock import CompletionCall, OpenAICompatibleProvider, ProviderSettings
from promptdock.error_table import describe
from promptdock.errors import ErrorInfo
from tests.support.upstream import (
    Received,
    Reply,
    Upstream,
)

KEY = "sk-parity-0123456789"
CALL = CompletionCall(
    model="fake-model", messages=({"role": "user", "content": "Hi", "name": None},), max_completion_tokens=9
)


@dataclass
class Outcome:
    """What a caller sees of one call, and what upstream saw."""

    answer: Any = None
    chunks: list[Any] = field(default_factory=list)
    kind: type[BaseException] | None = None
    message: str = ""
    status: int | None = None
    body: object = None
    code: str | None = None
    param: str | None = None
    info: ErrorInfo | None = None
    leaks: bool = False
    sent: list[Any] = field(default_factory=list)


def provider(
    transport: str, base_url: str, *, retries: int, timeout: float, connect: float = 5
) -> OpenAICompatibleProvider:
    settings = ProviderSettings.model_validate(
        {"transport": transport, "max_retries": retries, "timeout": timeout, "connect_timeout": connect}
    )
    return OpenAICompatibleProvider(name="fake", base_url=base_url, api_key=KEY, settings=settings)


async def outcome(asked: OpenAICompatibleProvider, *, stream: bool) -> Outcome:
    seen = Outcome()
    try:
        if stream:
            async with aclosing(asked.stream(CALL)) as chunks:
                async for chunk in chunks:
                    seen.chunks.append(chunk)
        else:
            seen.answer = await asked.complete(CALL)
    except openai.OpenAIError as failure:
        seen.kind, seen.message, seen.info = type(failure), str(failure), describe(failure)
        for name in ("body", "code", "param"):
            setattr(seen, name, getattr(failure, name, None))
        seen.status = getattr(failure, "status_code", None)
        seen.leaks = KEY in f"{failure!r} {failure.__dict__}"
    finally:
        await asked.aclose()
    return seen


async def both(
    upstream: Upstream,
    script: Reply | list[Reply] | Callable[[Received], Reply],
    *,
    stream: bool,
    retries: int = 1,
    timeout: float = 20.0,
) -> Outcome:
    """Ask through both transports, require the same, and give it."""
    seen = []
    for transport in ("sdk", "wire"):
        before = len(upstream.calls)
        upstream.script(script)
        result = await outcome(provider(transport, upstream.base_url, retries=retries, timeout=timeout), stream=stream)
        result.sent = [call.body for call in upstream.calls[before:]]
        assert {call.key for call in upstream.calls[before:]} == {KEY}
        seen.append(result)
    oracle, wire = seen
    assert wire == oracle
    assert not wire.leaks
    return oracle
