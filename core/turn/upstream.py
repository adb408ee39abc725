"""Asking a provider: whole or streamed, the answer comes as checked chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import NoneType

from ..errors import PromptdockError
from ..jsontext import JsonObject, well_formed
from ..providers.base import CompletionCall, Provider
from ..providers.call_ids import CallIds
from ..providers.chunks import completion_as_chunk

__all__ = ["ChunkReader", "UnusableAnswer", "ask", "end"]


_ENDS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""The reasons to finish that the protocol has; clients refuse others."""
_TEXT = (str, NoneType)
_FRAME: tuple[tuple[str, type], ...] = (
    ("id", str),
    ("model", str),
    ("created", int),
    ("system_fingerprint", str),
    ("service_tier", str),
    ("usage", dict),
)
"""Members that choices are framed in. Those of wrong kinds become null, which nobody reads."""


class UnusableAnswer(PromptdockError):
    """A provider gave something that is no chat completion."""

    status = 502
    code = "upstream_invalid_response"
    type = "upstream_error"


async def ask(provider: Provider, call: CompletionCall) -> JsonObject:
    """Ask a provider for an answer in one piece.

    Args:
        provider: Whom to ask.
        call: What.

    Returns:
        The answer as one ``chat.completion.chunk``, so that from here on it is all the same whether it is streamed.
        Its choices have an index and its tool calls an id.

    Raises:
        UnusableAnswer: What the provider gives is not of the protocol's form.
        Exception: Whatever the provider raises.
    """
    return CallIds().fill(completion_as_chunk(_read(await provider.complete(call), "message", provider)))


class ChunkReader:
    """Checks the pieces of one streamed answer.

    Args:
        provider: Who was asked.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._ids = CallIds()

    def read(self, chunk: object) -> JsonObject:
        """Give a piece whose choices have an index and whose tool calls have an id.

        Raises:
            UnusableAnswer: It is not of the protocol's form.
        """
        return self._ids.fill(_read(chunk, "delta", self._provider))


async def end(chunks: AsyncIterator[JsonObject]) -> None:
    """End a streamed answer, and with it the upstream call, where it can be ended."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


def _read(answer: object, content: str, provider: Provider) -> JsonObject:
    """An answer, or a piece of one, with its form checked and what clients cannot take put right."""
    if not isinstance(answer, dict):
        raise _no_object(answer, provider)
    checked: JsonObject = answer
    for name, kind in _FRAME:
        value = checked.get(name)
        if value is not None and not isinstance(value, kind):
            checked = {**checked, name: None}
    choices = checked.get("choices")
    if choices is None:
        return {**checked, "choices": []}
    if not isinstance(choices, list):
        raise _unusable(provider, "'choices' is no list")
    read = choices
    for place, choice in enumerate(choices):
        mended = _choice(choice, place, content, provider)
        if mended is not choice:
            read = [*choices] if read is choices else read
            read[place] = mended
    return checked if read is choices else {**checked, "choices": read}


def _choice(choice: object, place: int, content: str, provider: Provider) -> JsonObject:
    """A choice; the same object when nothing about it has to be put right."""
    if not isinstance(choice, dict):
        raise _no_object(choice, provider)
    mended: JsonObject = {}
    message = choice.get(content)
    if not isinstance(message, dict):
        if message:
            raise _no_object(message, provider)
        mended[content] = message = {}  # some vendors leave it out, or write something else that is empty
    if not isinstance(choice.get("index"), int):
        mended["index"] = place
    logprobs = choice.get("logprobs")
    if logprobs is not None and not isinstance(logprobs, dict):
        mended["logprobs"] = None
    end = choice.get("finish_reason")
    if end is not None and end not in _ENDS:
        mended["finish_reason"] = "stop"
    said = message.get("content")
    if said is not None and not (isinstance(said, str) and said.isascii()):
        mended[content] = {**message, "content": _text(said, provider)}
    calls = message.get("tool_calls")
    if calls and not (isinstance(calls, list) and all(map(_is_call, calls))):
        raise _unusable(provider, "'tool_calls' is no list of calls")
    return {**choice, **mended} if mended else choice


def _text(said: object, provider: Provider) -> str:
    """The text of a message that is not plain ASCII."""
    if isinstance(said, str):
        return well_formed(said)
    if isinstance(said, list):  # some vendors answer in parts; what is not text has no place in the protocol
        return "".join(_part_text(part) for part in said)
    raise _unusable(provider, "the 'content' of a message is no text")


def _part_text(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else part
    return text if isinstance(text, str) else ""


def _is_call(call: object) -> bool:
    if not isinstance(call, dict):
        return False
    inner = call.get("function") or call.get("custom") or {}
    if not isinstance(inner, dict) or not isinstance(call.get("index"), (int, NoneType)):
        return False
    return (
        isinstance(call.get("id"), _TEXT)
        and isinstance(inner.get("name"), _TEXT)
        and isinstance(inner.get("input"), _TEXT)
        and isinstance(inner.get("arguments"), (str, dict, NoneType))
    )


def _no_object(value: object, provider: Provider) -> UnusableAnswer:
    return _unusable(provider, f"it holds {type(value).__name__} where an object belongs")


def _unusable(provider: Provider, why: str) -> UnusableAnswer:
    return UnusableAnswer(f"The provider {provider.name} gave an answer that is no chat completion: {why}.")
