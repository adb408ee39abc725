"""A tool's context without a host."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promptdock import HttpClient, HttpResponse, ToolContext
from promptdock.testing import tool_context
from tests.core.testing.plugins import wait


def test_a_tool_is_called_with_one() -> None:
    said: list[tuple[str, float]] = []
    context = tool_context(progress=lambda text, share: said.append((text, share)))
    assert asyncio.run(wait(0, context=context)) == "waited"
    assert said == [("waiting", 0.5)]


def test_its_members_are_what_the_test_says() -> None:
    context = tool_context(timeout=1.5, caller="ann")
    assert isinstance(context, ToolContext)
    assert (context.timeout, context.caller, context.settings, dict(context.secrets)) == (1.5, "ann", None, {})
    with pytest.raises(TypeError, match="patience"):
        tool_context(patience=3)


def test_it_reaches_nobody_unless_the_test_gives_a_client() -> None:
    class Fake:
        async def request(self, method: str, url: str, **_: Any) -> HttpResponse:
            return HttpResponse(status=200, headers={}, content=b'{"from": "nobody"}')

    fake: HttpClient = Fake()
    reply = asyncio.run(tool_context(http=fake).http.request("GET", "http://192.0.2.1/"))
    assert reply.json() == {"from": "nobody"}
    with pytest.raises(AssertionError, match=r"GET http://192\.0\.2\.1/ was asked for"):
        asyncio.run(tool_context().http.request("GET", "http://192.0.2.1/"))
