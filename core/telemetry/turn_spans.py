"""Spans of one turn: of itself, of each round and of each tool, from its events."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from ..redaction import redact_text
from ..turn.events import (
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    PluginCalled,
    PluginResponded,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    Usage,
)
from ..turn.observe import CANCELLED
from . import conventions as names
from .contents import answers_as_text, messages_as_text

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

    from ..jsontext import JsonObject
    from ..turn.events import Event
    from ..turn.observe import Observer
    from ..turn.plan import TurnPlan

__all__ = ["turn_spans", "usage_attributes"]

_log = logging.getLogger("promptdock.telemetry")
_AGENT: Final = "promptdock"


def usage_attributes(usage: Usage | None) -> dict[str, int]:
    """Tokens, as the conventions call them."""
    if usage is None:
        return {}
    return {names.USAGE_INPUT_TOKENS: usage.prompt_tokens, names.USAGE_OUTPUT_TOKENS: usage.completion_tokens}


def turn_spans(tracer: Tracer, plan: TurnPlan, *, contents: bool) -> Observer:
    """Give what makes the spans of one turn of its events.

    The turn's own span is the current one while it runs, so that spans that plugins begin are its children.

    Args:
        tracer: What begins spans.
        plan: The turn.
        contents: Whether they hold what is said.
    """
    return _Spans(tracer, plan, contents=contents)


class _Spans:
    """The spans of one turn."""

    def __init__(self, tracer: Tracer, plan: TurnPlan, *, contents: bool) -> None:
        self._tracer = tracer
        self._plan = plan
        self._contents = contents
        self._around = context.get_current()
        self._within = self._around
        self._turn: Span | None = None
        self._round: Span | None = None
        self._asked_at = 0.0
        self._silent = False
        self._requested: dict[str, ToolRequested] = {}
        self._tools: dict[str, tuple[Span, int | None]] = {}

    def tell(self, event: Event) -> None:
        """Take an event."""
        handle = _HANDLERS.get(type(event))
        if handle is not None:
            try:
                handle(self, event)
            except Exception:  # noqa: BLE001  (a span that is missing must not cost a turn)
                _log.exception("A span of turn %s could not be made", event.turn_id)

    def started(self, event: TurnStarted) -> None:
        settings = event.settings
        self._turn = self._tracer.start_span(
            f"{names.INVOKE_AGENT} {_AGENT}",
            context=self._around,
            start_time=_ns(event.at),
            attributes={
                names.OPERATION_NAME: names.INVOKE_AGENT,
                names.AGENT_NAME: _AGENT,
                names.PROVIDER_NAME: names.PROVIDER_NAMES.get(settings.provider, settings.provider),
                names.REQUEST_MODEL: settings.model,
                names.REQUEST_ID: event.request_id,
                names.TURN_ID: event.turn_id,
                names.SELECTION_MS: round(self._plan.selection_ms, 3),
                names.PRESENTED: [tool.id for tool in self._plan.tool_set.tools],
            },
        )
        self._within = trace.set_span_in_context(self._turn, self._around)
        context.attach(self._within)

    def asked(self, event: CompletionRequested) -> None:
        self._round = self._tracer.start_span(
            f"{names.CHAT} {event.request.get('model', '')}",
            context=self._within,
            kind=SpanKind.CLIENT,
            start_time=_ns(event.at),
            attributes=dict(_request_attributes(event, stream=self._plan.request.stream)),
        )
        self._asked_at = time.perf_counter()
        self._silent = True
        if self._contents:
            self._round.set_attribute(names.INPUT_MESSAGES, messages_as_text(event.request.get("messages") or ()))

    def piece(self, _: CompletionDelta) -> None:
        if self._silent and self._round is not None:
            self._silent = False
            self._round.set_attribute(names.RESPONSE_TIME_TO_FIRST_CHUNK, time.perf_counter() - self._asked_at)

    def answered(self, event: CompletionReceived) -> None:
        span, self._round, self._silent = self._round, None, False
        if span is None:
            return
        span.set_attributes({**dict(_answer_attributes(event.completion)), **usage_attributes(event.usage)})
        if self._contents:
            span.set_attribute(names.OUTPUT_MESSAGES, answers_as_text(event.completion.get("choices") or ()))
        span.end()

    def tool_asked(self, event: ToolRequested) -> None:
        self._requested[event.call_id] = event

    def tool_called(self, event: PluginCalled) -> None:
        self._tools[event.call_id] = (self._tool_span(event.call_id, event.at), None)

    def tool_ran(self, event: PluginResponded) -> None:
        if event.call_id in self._tools:
            # it ends here, and what the model reads of it comes when all calls of the round have ended
            self._tools[event.call_id] = (self._tools[event.call_id][0], _ns(event.at))

    def tool_answered(self, event: ToolResponded) -> None:
        asked = self._requested.get(event.call_id)
        ran = self._tools.pop(event.call_id, None)
        began = event.at if asked is None else asked.at
        span, end = ran if ran is not None else (self._tool_span(event.call_id, began), None)
        if event.error is not None:
            _fail(span, str(event.error))
        if self._contents:
            span.set_attribute(names.TOOL_CALL_RESULT, redact_text(event.content))
        span.end(end)
        self._requested.pop(event.call_id, None)

    def _tool_span(self, call_id: str, at: float) -> Span:
        asked = self._requested.get(call_id)
        name = "" if asked is None else asked.name
        attributes: dict[str, str] = {
            names.OPERATION_NAME: names.EXECUTE_TOOL,
            names.TOOL_NAME: name,
            names.TOOL_TYPE: "function",
            names.TOOL_CALL_ID: call_id,
        }
        if asked is not None and asked.tool is not None:
            attributes |= {names.TOOL_ID: asked.tool, names.PLUGIN: asked.plugin or ""}
        if asked is not None and self._contents:
            attributes[names.TOOL_CALL_ARGUMENTS] = redact_text(asked.arguments)
        return self._tracer.start_span(
            f"{names.EXECUTE_TOOL} {name}".rstrip(), context=self._within, start_time=_ns(at), attributes=attributes
        )

    def finished(self, event: TurnFinished) -> None:
        self._end(event, None)

    def failed(self, event: TurnFailed) -> None:
        self._end(event, event.error.code)

    def _end(self, event: TurnFinished | TurnFailed, code: str | None) -> None:
        for span, end in self._tools.values():
            _fail(span, CANCELLED.code)
            span.end(end)
        self._tools.clear()
        if self._round is not None:
            _fail(self._round, code or CANCELLED.code)
            self._round.end()
            self._round = None
        if self._turn is None:
            return
        self._turn.set_attributes({names.ROUNDS: event.rounds, **usage_attributes(event.usage)})
        if code is not None:
            _fail(self._turn, code)
        self._turn.end()
        # not detached: a turn whose consumer is gone ends in another context than it began in
        context.attach(self._around)


def _ns(at: float) -> int:
    return int(at * 1e9)


def _fail(span: Span, code: str) -> None:
    span.set_attribute(names.ERROR_TYPE, code)
    span.set_status(Status(StatusCode.ERROR, code))


def _request_attributes(event: CompletionRequested, *, stream: bool) -> Iterator[tuple[str, str | int | float | bool]]:
    request: JsonObject = event.request
    yield names.OPERATION_NAME, names.CHAT
    yield names.PROVIDER_NAME, names.PROVIDER_NAMES.get(event.provider, event.provider)
    yield names.REQUEST_MODEL, str(request.get("model", ""))
    yield names.REQUEST_STREAM, stream
    yield names.ROUND, event.round
    for name, member in (
        (names.REQUEST_TEMPERATURE, "temperature"),
        (names.REQUEST_MAX_TOKENS, "max_completion_tokens"),
    ):
        if isinstance(value := request.get(member), (int, float)):
            yield name, value
    parts = urlsplit(event.api_url or "")
    if parts.hostname:
        yield names.SERVER_ADDRESS, parts.hostname
        if parts.port is not None:
            yield names.SERVER_PORT, parts.port


def _answer_attributes(completion: JsonObject) -> Iterator[tuple[str, str | list[str]]]:
    if isinstance(identity := completion.get("id"), str):
        yield names.RESPONSE_ID, identity
    if isinstance(model := completion.get("model"), str):
        yield names.RESPONSE_MODEL, model
    choices = completion.get("choices") or ()
    yield names.RESPONSE_FINISH_REASONS, [str(choice.get("finish_reason") or "") for choice in choices]


_HANDLERS: Final[Mapping[type[Any], Callable[[_Spans, Any], None]]] = MappingProxyType(
    {
        CompletionDelta: _Spans.piece,
        CompletionReceived: _Spans.answered,
        CompletionRequested: _Spans.asked,
        PluginCalled: _Spans.tool_called,
        PluginResponded: _Spans.tool_ran,
        ToolRequested: _Spans.tool_asked,
        ToolResponded: _Spans.tool_answered,
        TurnFailed: _Spans.failed,
        TurnFinished: _Spans.finished,
        TurnStarted: _Spans.started,
    }
)
