"""What came of a prompt to a test host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..jsontext import JsonError, JsonObject, loads
from ..selection.decisions import Decision
from ..turn.events import CompletionRequested, Event, ToolResponded, TurnFailed
from ..turn.fold import TurnResult
from .decided import assert_not_selected, assert_selected

__all__ = ["ToolCallFailed", "ToolReply", "Turn", "TurnCall", "answer_data", "value_of"]


class ToolCallFailed(AssertionError):
    """A tool did not give a result.

    Attributes:
        code: What went wrong, e.g. ``invalid_arguments``.
        message: What the model reads about it.
    """

    def __init__(self, tool: str, code: str, message: str) -> None:
        super().__init__(f"{tool} answered with the error {code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReply:
    """What one call of a tool gave.

    Attributes:
        tool: The tool's id.
        value: The result as data; None when there is none.
        content: The answer as a model reads it, an error as well as a result.
        error: The code of what went wrong, or None.
        message: What the model reads about that, or None.
        ms: Milliseconds that it took.
        progress: What the tool said about its progress: text, and share or None.
    """

    tool: str
    value: Any
    content: str
    error: str | None
    message: str | None
    ms: float
    progress: tuple[tuple[str, float | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCall:
    """One call of a tool in a turn.

    Attributes:
        tool: The tool's id; what the model wrote when there is no such tool.
        name: The wire name that the model used.
        plugin: Id of the tool's plugin, or None.
        arguments: What it was called with, or None when that could not be read.
        result: The result as data; None when there is none.
        error: The code of what went wrong, or None.
        message: What the model reads about that, or None.
        content: The answer as the model reads it.
        ms: Milliseconds from the request to the answer.
    """

    tool: str
    name: str
    plugin: str | None
    arguments: Mapping[str, Any] | None
    result: Any
    error: str | None
    message: str | None
    content: str
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of one prompt.

    Attributes:
        text_of_prompt: The newest text of the user.
        result: The result as the library gives it.
        tool_names: The wire names of all tools of the host, by id.
    """

    text_of_prompt: str
    result: TurnResult = field(repr=False)
    tool_names: Mapping[str, str] = field(repr=False)

    @property
    def text(self) -> str:
        """The answer; empty when the turn failed."""
        return self.result.text

    @property
    def provider(self) -> str:
        """Name of the provider that was asked."""
        return self.result.provider

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.result.model

    @property
    def tools_presented(self) -> tuple[str, ...]:
        """Wire names of the tools that the model saw, in order."""
        return self.result.tools_presented

    @property
    def calls(self) -> tuple[TurnCall, ...]:
        """The answered tool calls, in order."""
        return tuple(map(_call, self.result.calls))

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, in order."""
        return self.result.events

    @property
    def decisions(self) -> Sequence[Decision]:
        """For each candidate tool, whether it was presented, and why."""
        return self.result.decisions

    @property
    def rounds(self) -> int:
        """How many times the model answered."""
        return self.result.rounds

    @property
    def failure(self) -> TurnFailed | None:
        """How the turn failed, or None."""
        return self.result.failure

    @property
    def requests(self) -> tuple[JsonObject, ...]:
        """What the model was sent in each round, in the OpenAI protocol's form."""
        return tuple(dict(event.request) for event in self.events if isinstance(event, CompletionRequested))

    def assert_selected(self, *tools: str) -> None:
        """See :func:`promptdock.testing.assert_selected`."""
        __tracebackhide__ = True
        assert_selected(self, *tools)

    def assert_not_selected(self, *tools: str, because: str | None = None) -> None:
        """See :func:`promptdock.testing.assert_not_selected`."""
        __tracebackhide__ = True
        assert_not_selected(self, *tools, because=because)

    def __repr__(self) -> str:
        return f"<Turn: {'; '.join(self._lines())}>"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"prompt: {self.text_of_prompt}"
        yield f"tools presented: {', '.join(self.tools_presented) or 'none'}"
        for call in self.calls:
            outcome = f"error {call.error}: {call.message}" if call.error else call.content
            given = ", ".join(f"{name}={value!r}" for name, value in (call.arguments or {}).items())
            yield f"call: {call.tool}({given}) -> {outcome}"
        if self.failure is not None:
            yield f"failed: {self.failure.error.code}: {self.failure.error.message}"
        else:
            yield f"answer: {self.text}"


def value_of(reply: ToolReply) -> Any:
    """The result of a call that has one.

    Raises:
        ToolCallFailed: It gave an error.
    """
    __tracebackhide__ = True
    if reply.error is not None:
        raise ToolCallFailed(reply.tool, reply.error, reply.message or "")
    return reply.value


def answer_data(content: str) -> Any:
    """A tool message's content as data where it is JSON, else as the text it is."""
    try:
        return loads(content)
    except JsonError:
        return content


def _call(event: ToolResponded) -> TurnCall:
    data = answer_data(event.content)
    error = data.get("error") if event.error is not None and isinstance(data, dict) else None
    return TurnCall(
        tool=event.tool or event.name,
        name=event.name,
        plugin=event.plugin,
        arguments=event.arguments,
        result=None if event.error is not None else data,
        error=event.error,
        message=error.get("message") if isinstance(error, dict) else None,
        content=event.content,
        ms=event.ms,
    )
