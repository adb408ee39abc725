"""The scripted model of a test host, as a plugin that brings a provider."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from ..hookmarkers import hookimpl
from ..jsontext import JsonObject
from ..providers.base import CompletionCall, Provider
from ..providers.chunks import completion_as_chunks
from ..providers.offline import OfflineProvider
from ..recording.playing import Playback
from .said import exception_of, scripted_completion
from .script import Failure, Script, ScriptError, ScriptItem, tools_shown

__all__ = ["MODEL", "PLUGIN", "ScriptedModel", "ScriptedPlugin"]

_log = logging.getLogger("promptdock.testing")

PLUGIN: Final = "scripted"
"""Id of the plugin, and name of its provider."""
MODEL: Final = f"{PLUGIN}/model"
"""The default model of every test host."""


class ScriptedModel(Provider):
    """Answers by its script; without one as the offline provider does, which picks tools by the words of the prompt.

    Args:
        script: The script.
        wire_name: Gives a tool's wire name for its id.
    """

    name = PLUGIN
    default_model = "model"

    def __init__(self, script: Script, wire_name: Callable[[str], str]) -> None:
        self._script = script
        self._wire_name = wire_name
        self._offline = OfflineProvider()

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Answer in one piece."""
        said = await self._said(call)
        return await said.completion() if isinstance(said, Playback) else said

    async def stream(self, call: CompletionCall) -> AsyncGenerator[JsonObject, None]:
        """Answer word by word; what was recorded as a stream, piece by piece."""
        said = await self._said(call)
        if isinstance(said, Playback):
            async for recorded in said.chunks():
                yield recorded
            return
        for chunk in completion_as_chunks(said):
            for piece in _word_by_word(chunk):
                yield piece

    async def _said(self, call: CompletionCall) -> JsonObject | Playback:
        """What the model says; raises what it is told to fail with."""
        try:
            item = await self._script.answer(call)
            said = await self._as_data(item, call)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:
            if _is_a_vendors(error):
                raise
            # the test's own mistake, or what pytest.fail() raises: the test hears of it, whatever the turn makes of it
            self._script.note(call.request_id, error)
            raise ScriptError(f"The script failed: {error!r}.") from error
        if said is None:
            offline = replace(call, model=self._offline.default_model or "offline")
            return {**await self._offline.complete(offline), "model": call.model}
        if isinstance(said, BaseException):
            raise said
        return said

    async def _as_data(
        self, item: ScriptItem | None, call: CompletionCall
    ) -> JsonObject | Playback | BaseException | None:
        if item is None or isinstance(item, (Playback, BaseException)):
            return item
        if isinstance(item, Failure):
            return await exception_of(item)
        said = scripted_completion(item, call, self._wire_name)
        if said is not item:
            _warn(said, call)
        return said


class ScriptedPlugin:
    """Brings the model."""

    def __init__(self, model: ScriptedModel) -> None:
        self._model = model

    @hookimpl
    def register_providers(self) -> list[Any]:
        """The model."""
        return [self._model]


def _is_a_vendors(error: BaseException) -> bool:
    """Whether it is of the openai package, which is slow to import, and so is not imported to find out."""
    return any(cls.__module__.partition(".")[0] == "openai" for cls in type(error).__mro__)


def _warn(said: JsonObject, call: CompletionCall) -> None:
    """Say so when a script calls a tool that no model could have called here."""
    shown = tools_shown(call)
    for choice in said["choices"]:
        for use in choice["message"].get("tool_calls", ()):
            if (name := use["function"]["name"]) not in shown:
                _log.warning(
                    "The script calls %s, which the model is not shown (it is shown: %s), so the answer is "
                    "unknown_tool. host.assert_selected(%r, prompt=…) says why.",
                    name,
                    ", ".join(shown) or "no tools",
                    name,
                )


def _word_by_word(chunk: JsonObject) -> Iterator[JsonObject]:
    choices = chunk.get("choices") or []
    text = choices[0].get("delta", {}).get("content") if len(choices) == 1 else None
    if not isinstance(text, str) or " " not in text:
        yield chunk
        return
    choice = choices[0]
    *words, last = text.split(" ")
    for word in words:
        yield {
            **chunk,
            "choices": [{**choice, "delta": {"role": "assistant", "content": f"{word} "}, "finish_reason": None}],
        }
    yield {**chunk, "choices": [{**choice, "delta": {**choice["delta"], "content": last}}]}
