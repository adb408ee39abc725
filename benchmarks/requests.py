"""The requests that are sent, and what a good reply to them holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .upstream import MARK, TEXT

__all__ = ["CHAT", "STREAM", "TOOL", "Ask", "http_request"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of every subject of a work.

    Attributes:
        body: The chat completion, as the OpenAI protocol has it.
        expected: What a good reply holds.
        expected_count: How often; 0 for at least once.
    """

    body: Mapping[str, Any] = field(default_factory=dict)
    expected: str = TEXT
    expected_count: int = 0

    def encoded(self, **changes: Any) -> bytes:
        """The body as JSON; members that are None are left out."""
        given = {name: value for name, value in {**self.body, **changes}.items() if value is not None}
        return json.dumps(given, separators=(",", ":")).encode()

    def streamed(self, tokens: int) -> Ask:
        """The same, as a stream of so many tokens."""
        return Ask({**self.body, "stream": True}, MARK, tokens)


def _said(text: str) -> dict[str, Any]:
    return {"model": "bench", "messages": [{"role": "user", "content": text}]}


CHAT: Final = Ask(_said("Tell me something about the harbour."))
STREAM: Final = CHAT.streamed(20)
TOOL: Final = Ask(_said("What is 17 + 4?"))


def http_request(port: int, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a POST request.

    Args:
        port: Of the server.
        path: Of the route.
        body: JSON.
        headers: Beyond those that every request has.
    """
    lines = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines |= {"Accept": "*/*", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
