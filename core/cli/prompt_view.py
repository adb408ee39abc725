"""What a person sees of a turn: its events, rendered line by line as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from ..plaintext import one_line, shorten, visible
from ..plugins.catalog import Catalog
from ..selection.decisions import Decision
from ..turn.events import (
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    Event,
    PluginCalled,
    SettingsConflicted,
    ToolPresented,
    ToolProgressed,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from ..turn.messages import message_text
from .console import Output
from .host import note_quarantined
from .phrases import arguments_phrase, count_phrase, result_phrase, time_phrase
from .waiting import Waiting

__all__ = ["PromptView"]

_GUTTER = 9
_OFFLINE = (
    "The provider offline is a rule-based stand-in, not a language model. "
    "For real answers set OPENAI_API_KEY; 'promptdock providers list' shows the other vendors."
)


class PromptView:
    """Renders one turn.

    Args:
        output: Where to write.
        waiting: The spinner.
        verbose: Whether to show the tools left out, conflicts and each round.
        quiet: Whether to show nothing but the answer.
        stream: Whether pieces of the answer are written as they come.
    """

    def __init__(self, output: Output, waiting: Waiting, *, verbose: bool, quiet: bool, stream: bool) -> None:
        self._output = output
        self._waiting = waiting
        self._verbose = verbose and not quiet
        self._quiet = quiet
        self._stream = stream
        self._started: TurnStarted | None = None
        self._presented: list[ToolPresented] = []
        self._announced = False
        self._in_line = False
        self._streamed = ""
        self._asked: dict[str, str] = {}
        self._names: Mapping[str, str] = {}

    def loaded(self, catalog: Catalog) -> None:
        """Take over the tools' names, and mention the plugins whose tools are missing because they are broken."""
        self._names = {identity: tool.name for identity, tool in catalog.tools.items()}
        if not self._quiet:
            self._waiting.hide()
            note_quarantined(self._output, catalog.plugins)

    def show(self, event: Event) -> None:
        """Render one event; kinds that no line speaks of are passed over."""
        match event:
            case TurnStarted():
                self._started = event
            case ToolPresented():
                self._presented.append(event)
            case CompletionRequested():
                self._announce()
                self._streamed = ""
                self._waiting.show(f"asking {event.provider}")
            case CompletionDelta():
                self._piece(event)
            case ToolRequested():
                self._asked[event.call_id] = event.arguments
            case PluginCalled():
                self._waiting.show(f"running {event.tool}")
            case ToolProgressed():
                done = "" if event.fraction is None else f" {event.fraction:.0%}"
                self._waiting.show(f"{event.tool}{done}: {event.message}")
            case ToolResponded():
                self._call(event)
            case _:
                self._rest(event)

    def _rest(self, event: Event) -> None:
        match event:
            case CompletionReceived() if self._verbose:
                tokens = f", {count_phrase(event.usage.total_tokens, 'token')}" if event.usage is not None else ""
                self._entry("round", Text(f"{event.round}: {time_phrase(event.ms)}{tokens}", "dim"))
            case SettingsConflicted() if self._verbose:
                told = f"{event.setting}: kept {event.kept}; dropped {event.dropped}"
                self._entry("conflict", Text(one_line(told), "yellow"))
            case TurnFinished():
                self._finish(event)
            case TurnFailed():
                self._announce()
                self._waiting.hide()
                self._end_line()

    def _announce(self) -> None:
        """Show what the model gets to see; once, when all of it is known."""
        if self._announced or self._started is None:
            return
        self._announced = True
        decisions = self._started.decisions
        kept = {item.tool for item in self._presented}
        width = max((len(item.name) for item in self._presented), default=0)
        label = "tools"
        for item in self._presented:
            name = Text(f"{visible(item.name):<{width}}", "bold cyan")
            identity = (f"  {item.tool}" if self._verbose else "", "dim")
            told = f"  {one_line(item.reason)}"
            self._entry(label, Text.assemble(name, identity, told, (f"  [{item.plugin}]", "dim")))
            label = ""
        if self._verbose:
            self._left_out(decisions, kept)
            return
        count = len({item.tool for item in decisions if item.tool is not None} - kept)
        if count or not self._presented:
            none = "" if self._presented else "none presented; "
            told = f"{none}{count_phrase(count, 'tool')} left out (-v shows which, and why)" if count else "none"
            self._entry(label, Text(told, "dim"))

    def _left_out(self, decisions: Sequence[Decision], kept: set[str]) -> None:
        label = "left out"
        for item in decisions:
            if item.tool is not None and item.tool not in kept:
                name = visible(self._names.get(item.tool, item.tool))
                identity = (f"  {item.tool}" if name != item.tool else "", "dim")
                told = f"  {one_line(item.reason)}  [{item.plugin}: {one_line(item.rule)}]"
                self._entry(label, Text.assemble(name, identity, (told, "dim")))
                label = ""

    def _call(self, event: ToolResponded) -> None:
        arguments = arguments_phrase(event.arguments, self._asked.pop(event.call_id, ""))
        self._entry("call", Text.assemble((visible(event.name), "bold cyan"), f"({arguments})"))
        result = result_phrase(event.content, event.error)
        style = "green" if event.error is None else "red"
        sign = "= " if event.error is None else "! "
        self._entry("", Text.assemble((sign + result, style), (f"  ({time_phrase(event.ms)})", "dim")))

    def _entry(self, label: str, told: Text) -> None:
        if self._quiet:
            return
        self._waiting.hide()
        self._end_line()
        self._output.line(Text.assemble((f"{label:<{_GUTTER}}", "dim"), told))

    def _piece(self, event: CompletionDelta) -> None:
        if not self._stream:
            return
        pieces = [choice["delta"].get("content") for choice in event.choices if choice.get("index", 0) == 0]
        text = visible("".join(piece for piece in pieces if isinstance(piece, str)))
        if not text:
            return
        self._waiting.hide()
        if not self._streamed and not self._quiet:
            self._output.line()
        self._streamed += text
        self._in_line = not text.endswith("\n")
        self._output.piece(text)

    def _end_line(self) -> None:
        if self._in_line:
            self._in_line = False
            self._output.line()

    def _finish(self, event: TurnFinished) -> None:
        self._announce()
        self._waiting.hide()
        self._end_line()
        if not self._streamed:
            if not self._quiet:
                self._output.line()
            self._output.line(_answer(event) or Text("(the answer has no text)", "dim"))
        if not self._quiet:
            self._output.line()
            self._output.line(Text(self._summary(event), "dim"))
        if self._started is not None and self._started.settings.provider == "offline":
            (self._output.line if self._output.out.is_terminal else self._output.aside)(Text(_OFFLINE, "dim"))

    def _summary(self, event: TurnFinished) -> str:
        settings = self._started.settings if self._started is not None else None
        model = f"{settings.provider}/{settings.model}" if settings is not None else ""
        tokens = count_phrase(event.usage.total_tokens, "token") if event.usage is not None else "tokens unknown"
        parts = [shorten(one_line(model), 100), count_phrase(event.rounds, "round"), tokens, time_phrase(event.ms)]
        if event.max_rounds_reached:
            parts.append("cut off from further tools (see PROMPTDOCK_MAX_ROUNDS)")
        return ", ".join(parts)


def _answer(event: TurnFinished) -> Text:
    choices = event.completion["choices"]
    return Text(visible(message_text(choices[0]["message"])).rstrip() if choices else "")
