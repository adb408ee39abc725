"""A service with the plugin under check and a model that calls each of its tools: whole turns, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..hookmarkers import hookimpl
from ..jsontext import JsonObject, dumps_text
from ..plugins.loader import LoadedPlugins
from ..providers.base import CompletionCall, Provider
from ..service import PromptService, open_service
from ..settings import Settings
from ..tools.tool import Tool
from .instrumenting import instrumented
from .subject import Subject

__all__ = ["MODEL", "open_stage", "prompts_of"]

MODEL = "promptdock_check/any"
"""The model that calls tools; it is what prompts on a stage name."""
_PLUGIN = MODEL.partition("/")[0]
_TOOL = "promptdock_check_ok"


@asynccontextmanager
async def open_stage(
    subject: Subject,
    settings: Settings | None = None,
    *,
    around: Callable[[], AbstractContextManager[object]] | None = None,
) -> AsyncIterator[PromptService]:
    """Open a service with the plugin, and with a model that calls every presented tool by its first example.

    Args:
        subject: The plugin.
        settings: What to open it with; None for the subject's own.
        around: Makes what is around each run of a tool.

    Yields:
        The service.
    """

    def adapt(loaded: LoadedPlugins) -> LoadedPlugins:
        tools = {name: instrumented(tool, around=around) for name, tool in loaded.catalog.tools.items()}
        return replace(loaded, catalog=replace(loaded.catalog, tools=MappingProxyType(tools)))

    own = settings if settings is not None else subject.settings
    staged = own.model_copy(update={"plugins_allow": (*(own.plugins_allow or ()), _PLUGIN)})
    examples: dict[str, JsonObject] = {_TOOL: {}} | {
        tool.name: tool.tool.examples[0] for tool in subject.tools if tool.tool.examples
    }
    async with open_service(staged, extra={**subject.extra, _PLUGIN: _ModelPlugin(examples)}, adapt=adapt) as service:
        yield service


def prompts_of(subject: Subject) -> Sequence[str]:
    """Give prompts that make the plugin do something: the examples of its rules, and one that is about nothing.

    Args:
        subject: The plugin.

    Returns:
        The prompts, each once.
    """
    examples = (prompt for rule in subject.rules for prompt in (*rule.rule.selects, *rule.rule.ignores))
    return list(dict.fromkeys([*examples, "Hello"]))


class _Model(Provider):
    """Calls every tool that it is offered and has an example for; then it answers."""

    name = _PLUGIN
    default_model = "any"

    def __init__(self, examples: Mapping[str, JsonObject]) -> None:
        self._examples = examples

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Call tools in the first round, answer in the second."""
        await asyncio.sleep(0)
        offered = [tool["function"]["name"] for tool in call.tools] if call.round == 1 else []
        calls = list(self._calls(offered))
        message: JsonObject = {"role": "assistant", "content": None if calls else "Done."}
        return {
            "id": "chatcmpl-check",
            "object": "chat.completion",
            "created": 0,
            "model": call.model,
            "choices": [
                {
                    "index": 0,
                    "message": message | ({"tool_calls": calls} if calls else {}),
                    "finish_reason": "tool_calls" if calls else "stop",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }

    def _calls(self, offered: Sequence[str]) -> Iterator[JsonObject]:
        for place, name in enumerate(offered):
            if name in self._examples:
                arguments = dumps_text(self._examples[name])
                yield {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": arguments}}


class _ModelPlugin:
    def __init__(self, examples: Mapping[str, JsonObject]) -> None:
        self._examples = examples

    @hookimpl
    def register_providers(self) -> list[Any]:
        """The model."""
        return [_Model(self._examples)]

    @hookimpl
    def register_tools(self) -> list[Tool]:
        """A tool that is always there: hooks about tool calls have something to hear, whatever the plugin brings."""
        parameters = {"type": "object", "properties": {}, "additionalProperties": False}
        return [Tool(name=_TOOL, description="Say OK.", parameters=parameters, function=_ok, nonblocking=True)]


def _ok() -> str:
    return "OK"
