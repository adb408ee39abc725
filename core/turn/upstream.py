"""Asking a provider: whole or streamed, the answer comes as checked chunks."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType, NoneType

from ..errors import PromptdockError
from ..jsontext import JsonObject, well_formed
from ..providers.base import CompletionCall, Provider
from ..providers.call_ids import CallIds
from ..providers.chunks import completion_as_chunk

__all__ = ["ChunkReader", "UnusableAnswer", "ask", "end"]


_ENDS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""The reasons to finish that the protocol has; clients refuse others."""
_TEXT = (str, NoneType)
_FRAME: Mapping[str, type] = MappingProxyType(
    {"id": str, "model": str, "created": int, "system_fingerprint": str, "service_tier": str, "usage": dict}
)


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
    checked = _object(answer, provider)
    for name, kind in _FRAME.items():
        if name in checked and not isinstance(checked[name], kind):
            checked = {key: value for key, value in checked.items() if key != name}
    choices = checked.get("choices")
    if not isinstance(choices, (list, NoneType)):
        raise _unusable(provider, "'choices' is no list")
    if choices is None:
        return {**checked, "choices": []}
    read = [_choice(_object(choice, provider), place, content, provider) for place, choice in enumerate(choices)]
    return checked if all(map(operator.is_, read, choices)) else {**checked, "choices": read}


def _choice(choice: JsonObject, place: int, content: str, provider: Provider) -> JsonObject:
    """A choice; the same object when nothing about it has to be put right."""
    mended: JsonObject = {}
    message = _object(choice.get(content) or {}, provider)
    if content not in choice or choice[content] is None:
        mended[content] = message
    if not isinstance(choice.get("index"), int):
        mended["index"] = place
    if not isinstance(choice.get("logprobs"), (dict, NoneType)):
        mended["logprobs"] = None
    end = choice.get("finish_reason")
    if end is not None and end not in _ENDS:
        mended["finish_reason"] = "stop"
    said = message.get("content")
    if isinstance(said, str):
        if not said.isascii():
            mended[content] = {**message, "content": well_formed(said)}
    elif isinstance(said, list):  # some vendors answer in parts; what is not text has no place in the protocol
        mended[content] = {**message, "content": "".join(_part_text(part) for part in said)}
    elif said is not None:
        raise _unusable(provider, "the 'content' of a message is no text")
    calls = message.get("tool_calls")
    if calls and not (isinstance(calls, list) and all(map(_is_call, calls))):
        raise _unusable(provider, "'tool_calls' is no list of calls")
    return {**choice, **mended} if mended else choice


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


def _object(value: object, provider: Provider) -> JsonObject:
    if not isinstance(value, dict):
        raise _unusable(provider, f"it holds {type(value).__name__} where an object belongs")
    return value


def _unusable(provider: Provider, why: str) -> UnusableAnswer:
    return UnusableAnswer(f"The provider {provider.name} gave an answer that is no chat completion: {why}.")
