"""What a test tells the model to answer: item by item, by a function, or by the prompt itself."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..jsontext import JsonError, loads
from ..providers.base import CompletionCall
from ..recording.playing import Playback
from ..turn.messages import message_text

__all__ = ["Answer", "Failure", "Script", "ScriptError", "ScriptItem", "ToolUse", "calls", "fails", "tools_shown"]


class ScriptError(AssertionError):
    """A script does not fit what the model was asked."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The model calls a tool.

    Attributes:
        tool: Its wire name, or its id ``plugin.tool``.
        arguments: The arguments, as an object; or as the text that a model would write, for what is no JSON.
    """

    tool: str
    arguments: Mapping[str, Any] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The model's vendor fails.

    Attributes:
        how: The HTTP status, ``timeout`` or ``unreachable``.
        message: What the vendor says.
        code: The vendor's code for it.
        retry_after: Seconds after which the vendor wants to be asked again.
    """

    how: int | Literal["timeout", "unreachable"]
    message: str
    code: str | None = None
    retry_after: float | None = None


def calls(tool: str, arguments: Mapping[str, Any] | None = None, /, **named: Any) -> ToolUse:
    """Say in a script that the model calls a tool.

    Args:
        tool: Its wire name, or its id ``plugin.tool``.
        arguments: The arguments as an object, for names that Python does not take.
        **named: The arguments by name.
    """
    return ToolUse(tool, {**(arguments or {}), **named})


def fails(
    how: int | Literal["timeout", "unreachable"] = 500,
    message: str = "It was told to fail.",
    *,
    code: str | None = None,
    retry_after: float | None = None,
) -> Failure:
    """Say in a script that the model's vendor fails.

    Args:
        how: The HTTP status of its answer, 400 or above; or ``timeout`` or ``unreachable``, when there is none.
        message: What the vendor says.
        code: The vendor's code for it, e.g. ``insufficient_quota``.
        retry_after: Seconds after which the vendor wants to be asked again.

    Raises:
        ValueError: The status is none of a failure.
    """
    if isinstance(how, int) and not 400 <= how <= 599:
        raise ValueError(f"{how} is no HTTP status of a failure: give one from 400 to 599.")
    return Failure(how=how, message=message, code=code, retry_after=retry_after)


ScriptItem: TypeAlias = (
    str | ToolUse | Failure | Mapping[str, Any] | Sequence["ToolUse | Mapping[str, Any]"] | BaseException | Playback
)
"""One answer of the model: a text; a call, or several at once; a failure; a whole completion object; a recording."""

Answer: TypeAlias = Callable[[CompletionCall], ScriptItem | Awaitable[ScriptItem | None] | None]
"""Answers whatever the model is asked; None leaves an answer to the words of the prompt."""


class Script:
    """The answers of a scripted model."""

    def __init__(self) -> None:
        self._items: deque[ScriptItem] | None = None
        self._answer: Answer | None = None
        self._asked: list[str] = []
        self._problems: dict[str, BaseException] = {}

    @property
    def left(self) -> int:
        """How many items were not asked for yet."""
        return len(self._items or ())

    def set(self, *items: ScriptItem | Sequence[ScriptItem] | Answer) -> None:
        """Replace the script; nothing gives the model back to itself."""
        self._problems.clear()
        self._asked.clear()
        self._items, self._answer = None, None
        if len(items) == 1 and callable(items[0]):
            self._answer = items[0]
        elif items:
            self._items = deque(_flat(items))

    def assert_used(self) -> None:
        """Assert that nothing is left.

        Raises:
            ScriptError: Something is; the text has it, and what the model was asked.
        """
        __tracebackhide__ = True
        if self._items:
            left = "\n".join(f"  {item!r}" for item in self._items)
            asked = "\n".join(f"  {text}" for text in self._asked) or "  nothing"
            raise ScriptError(f"The model was not asked for the rest of its script:\n{left}\nIt was asked:\n{asked}")

    async def answer(self, call: CompletionCall) -> ScriptItem | None:
        """Give what the model answers; None when nothing is scripted, and the prompt is no script.

        Raises:
            ScriptError: The script has ended.
        """
        if self._answer is not None:
            item = self._answer(call)
            return await item if inspect.isawaitable(item) else item
        if self._items is None:
            return prompt_as_script(call)
        asked = _asked(call)
        if not self._items:
            shown = ", ".join(tools_shown(call)) or "no tools"
            raise ScriptError(
                f"The script has ended, and the model is asked once more (round {call.round}, with {shown}): {asked}. "
                "Give host.script() one item for each round, or a function."
            )
        self._asked.append(asked)
        return self._items.popleft()

    def note(self, request_id: str, problem: BaseException) -> None:
        """Keep what went wrong with the script itself, for whoever waits for the prompt; the first thing counts."""
        self._problems.setdefault(request_id, problem)

    def problem_of(self, request_id: str) -> BaseException | None:
        """What went wrong with the script itself while it served a request; told once."""
        return self._problems.pop(request_id, None)


def prompt_as_script(call: CompletionCall) -> ScriptItem | None:
    """Read a prompt that says itself what the model does.

    Its form is ``{"tool_calls": [{"tool": …, "arguments": {…}}], "text": …}``, the text may be missing.

    Returns:
        The calls, until they are answered; then ``text``, or what the tools answered. None for any other prompt.
    """
    place = max((n for n, message in enumerate(call.messages) if message["role"] == "user"), default=-1)
    if place < 0 or not (text := message_text(call.messages[place]).strip()).startswith("{"):
        return None
    try:
        script = loads(text)
    except JsonError:
        return None
    if not isinstance(script, dict) or not isinstance(script.get("tool_calls"), list):
        return None
    answered = [message for message in call.messages[place:] if message["role"] == "tool"]
    if not answered and script["tool_calls"]:
        return [*script["tool_calls"]]
    return str(script.get("text") or "\n".join(message_text(message) for message in answered))


def tools_shown(call: CompletionCall) -> tuple[str, ...]:
    """Wire names of the tools that the model is shown."""
    return tuple(tool.get("function", {}).get("name", "") for tool in call.tools)


def _flat(items: Sequence[Any]) -> Sequence[ScriptItem]:
    """A script may be given as one list: that is a list of rounds, and calls at once are a list in it."""
    one = items[0] if len(items) == 1 else None
    return one if isinstance(one, (list, tuple)) else items


def _asked(call: CompletionCall) -> str:
    last = call.messages[-1]
    return f"{last['role']}: {message_text(last)[:200]!r}"
