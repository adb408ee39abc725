"""From items of a script to what a provider gives: a completion, or an exception."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Final

from ..jsontext import JsonError, JsonObject, dumps_text
from ..providers.base import CompletionCall
from ..recording.failures import replayed_failure
from .script import Failure, ScriptError, ScriptItem, ToolUse

__all__ = ["arguments_text", "exception_of", "scripted_completion"]

_KINDS: Final = {"timeout": "openai.APITimeoutError", "unreachable": "openai.APIConnectionError"}


async def exception_of(failure: Failure) -> Exception:
    """The exception of the openai package that a vendor's failure comes as."""
    if isinstance(failure.how, str):
        return await replayed_failure({"type": _KINDS[failure.how]})
    body = {"message": failure.message, "code": failure.code}
    told: JsonObject = {"type": "openai.APIStatusError", "status": failure.how, "body": body}
    if failure.retry_after is not None:
        told["retry_after"] = failure.retry_after
    return await replayed_failure(told)


def scripted_completion(item: ScriptItem, call: CompletionCall, wire_name: Callable[[str], str]) -> JsonObject:
    """Make the completion that an item of a script stands for; one that is a completion stays as it is.

    Args:
        item: The item; no failure.
        call: What the model was asked.
        wire_name: Gives a tool's wire name for its id.

    Raises:
        ScriptError: The item is nothing that a model can answer.
    """
    if isinstance(item, dict) and "choices" in item:
        return item
    message: JsonObject = {"role": "assistant", "content": item if isinstance(item, str) else None}
    if not isinstance(item, str):
        uses = item if isinstance(item, (list, tuple)) else [item]
        numbers = itertools.count(1)
        message["tool_calls"] = [_tool_call(_use(use), call, wire_name, next(numbers)) for use in uses]
    return {
        "id": f"chatcmpl-scripted-{call.round}",
        "object": "chat.completion",
        "created": 0,
        "model": call.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "tool_calls" if "tool_calls" in message else "stop",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def arguments_text(tool: str, arguments: Mapping[str, object] | str) -> str:
    """Write a call's arguments as a model does.

    Raises:
        TypeError: They are no JSON.
    """
    if isinstance(arguments, str):
        return arguments
    try:
        return dumps_text(dict(arguments))
    except JsonError as error:
        raise TypeError(f"No model can write these arguments of {tool}, they are no JSON: {error}.") from None


def _use(given: object) -> ToolUse:
    if isinstance(given, ToolUse):
        return given
    if isinstance(given, Mapping):
        named = given.get("function") if isinstance(given.get("function"), Mapping) else given
        tool = named.get("tool") or named.get("name") if isinstance(named, Mapping) else None
        if isinstance(named, Mapping) and isinstance(tool, str):
            return ToolUse(tool, named.get("arguments") or {})
    raise ScriptError(
        f'A script holds {given!r}, which is no answer of a model: give a text, calls("tool", …), '
        "several of these in a list, fails(429), an exception, or a completion object."
    )


def _tool_call(use: ToolUse, call: CompletionCall, wire_name: Callable[[str], str], number: int) -> JsonObject:
    return {
        "id": f"call_{call.round}_{number}",
        "type": "function",
        "function": {"name": wire_name(use.tool), "arguments": arguments_text(use.tool, use.arguments)},
    }
