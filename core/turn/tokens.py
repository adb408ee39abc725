"""How many tokens a text, a message or a call comes to, estimated without a model's own tokenizer.

Vendors count differently and keep some tokenizers to themselves, so an estimate has to do where the provider's report
is not there yet (before a call) or will never come (a call that broke off). It is meant to lie above the truth more
often than below, the more so for scripts that tokenizers treat badly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..jsontext import dumps_text
from ..providers.base import CompletionCall
from .messages import PRIVATE_ROLES, Message

__all__ = [
    "CharacterCounter",
    "ThreadCounter",
    "TokenCounter",
    "estimate_body",
    "estimate_call",
    "estimate_completion",
    "estimate_message",
    "estimate_messages",
]

_PER_MESSAGE = 4
"""Role and separators of a message."""
_PER_CALL = 8
"""Id, type and separators of a tool call, or of a tool's definition."""
_PER_REQUEST = 3
"""What opens the answer."""
_PER_ATTACHMENT = 1_200
"""An image (OpenAI takes 85 to about 1,100 for one), a piece of audio or a file: its bytes say little about tokens."""


class TokenCounter(Protocol):
    """Tells how many tokens a text comes to."""

    def count(self, text: str) -> int:
        """The number of tokens, exact or estimated; 0 for an empty text."""
        ...


class CharacterCounter:
    """Estimates from characters alone, by the share that tokenizers in use spend on each script.

    About 4 characters of ASCII a token, 2 of Cyrillic and of Latin letters with accents, 1 of Greek, Hebrew, Arabic and
    their neighbours; 1.5 tokens a character of the scripts beyond (Chinese, Japanese, Korean, Hindi, Thai, …), and 3
    for an emoji.
    """

    def count(self, text: str) -> int:
        """The number of tokens, rounded up."""
        if text.isascii():
            return -(-len(text) // 4)
        encoded = text.encode("utf-8", "surrogatepass")
        # in UTF-8 the first byte of a character tells its script near enough; quarters of a token keep this exact
        quarters = sum(share * (len(encoded) - len(encoded.translate(None, first))) for first, share in _SHARES)
        return -(-quarters // 4)


class ThreadCounter:
    """Counts as another counter does, and knows what the thread came to that it counted last.

    What is asked in the rounds of a turn begins with the same messages: only what is new of it is counted.

    Args:
        counter: Counts texts; None estimates them from characters.
        known: Messages that were counted before, and that threads begin with, save for a system message.
        tokens: What these come to.
    """

    def __init__(
        self, counter: TokenCounter | None = None, *, known: tuple[Message, ...] = (), tokens: int = 0
    ) -> None:
        self._counter = counter or CharacterCounter()
        self._known = known
        self._known_tokens = tokens
        self._thread: tuple[Message, ...] = ()
        self._tokens = 0

    def count(self, text: str) -> int:
        """The number of tokens of a text."""
        return self._counter.count(text)

    def count_messages(self, messages: Sequence[Message]) -> int:
        """The number of tokens of a thread."""
        thread, known = tuple(messages), len(self._thread)
        # the same objects are told to be equal at once
        if not known or thread[:known] != self._thread:
            known, self._tokens = self._begun(thread)
        self._tokens += estimate_messages(thread[known:], self._counter)
        self._thread = thread
        return self._tokens

    def _begun(self, thread: tuple[Message, ...]) -> tuple[int, int]:
        """How many messages at the beginning of a thread are known, and what these come to."""
        size = len(self._known)
        for start in (0, 1) if size else ():
            if thread[start : start + size] == self._known:
                return start + size, self._known_tokens + estimate_messages(thread[:start], self._counter)
        return 0, 0


_SHARES: tuple[tuple[bytes, int], ...] = (
    (bytes(range(0x80)), 1),
    (bytes((*range(0xC2, 0xCA), *range(0xD0, 0xD5))), 2),
    (bytes((*range(0xCA, 0xD0), *range(0xD5, 0xE0))), 4),
    (bytes(range(0xE0, 0xF0)), 6),
    (bytes(range(0xF0, 0xF5)), 12),
)
"""First bytes of characters, and the quarters of a token that one such character counts."""
_CHARACTERS = CharacterCounter()
_ROLE_AND_CONTENT = 2
_SAID = ("content", "refusal", "reasoning_content", "reasoning")
_ASKED = ("functions", "response_format")
"""Members of a request, beside messages and tools, that the model gets to read."""


def estimate_message(message: Message, counter: TokenCounter = _CHARACTERS) -> int:
    """Tokens of one message of a thread: text, parts, calls and overhead; 0 for a private role, which is never sent."""
    if message["role"] in PRIVATE_ROLES:
        return 0
    content = message.get("content")
    if len(message) == _ROLE_AND_CONTENT and isinstance(content, str):
        return _PER_MESSAGE + counter.count(content)
    name = message.get("name")
    return _PER_MESSAGE + _said(message, counter) + (counter.count(name) if isinstance(name, str) else 0)


def estimate_messages(messages: Sequence[Message], counter: TokenCounter = _CHARACTERS) -> int:
    """Tokens of a thread."""
    if isinstance(counter, ThreadCounter):
        return counter.count_messages(messages)
    return sum([estimate_message(message, counter) for message in messages])


def estimate_call(call: CompletionCall, counter: TokenCounter = _CHARACTERS) -> int:
    """Tokens that a call's prompt comes to: messages, definitions of tools, and what else the model reads."""
    return estimate_body({**call.options, "messages": call.messages, "tools": call.tools}, counter)


def estimate_body(body: Mapping[str, Any], counter: TokenCounter = _CHARACTERS) -> int:
    """The same for a request's body in the OpenAI protocol's form."""
    tokens = _PER_REQUEST + estimate_messages(body.get("messages") or (), counter)
    for tool in body.get("tools") or ():
        tokens += _PER_CALL + counter.count(dumps_text(tool))
    for name in _ASKED:
        if body.get(name):
            tokens += counter.count(dumps_text(body[name]))
    return tokens


def estimate_completion(completion: Mapping[str, Any], counter: TokenCounter = _CHARACTERS) -> int:
    """Tokens that a provider's answer comes to, over all its choices; also for one that is not complete."""
    return sum(_said(choice.get("message") or {}, counter) for choice in completion.get("choices") or ())


def _said(message: Mapping[str, Any], counter: TokenCounter) -> int:
    said = 0
    for name in _SAID:
        content = message.get(name)
        if isinstance(content, str):
            said += counter.count(content)
        elif isinstance(content, list):
            said += sum(_part(part, counter) for part in content)
    for call in message.get("tool_calls") or ():
        said += _call(call, counter)
    return said


def _part(part: Mapping[str, Any], counter: TokenCounter) -> int:
    texts = [text for name in ("text", "refusal") if isinstance(text := part.get(name), str)]
    return sum(counter.count(text) for text in texts) if texts else _PER_ATTACHMENT


def _call(call: Mapping[str, Any], counter: TokenCounter) -> int:
    inner = call.get("function") or call.get("custom") or {}
    texts = (inner.get("name"), inner.get("arguments"), inner.get("input"))
    return _PER_CALL + sum([counter.count(text) for text in texts if isinstance(text, str)])
