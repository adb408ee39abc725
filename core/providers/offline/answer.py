"""Deciding what to answer: calls, results in words, structured data, or an honest sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import CompletionCall
from .clauses import read_prompt
from .match import OfferedTool, read_tools
from .phrase import phrase_results
from .plan import PlannedCall, follow_up, plan_calls
from .smalltalk import asking_answer, needs_of, plain_answer
from .structured import structured_answer
from .thread import Answered, Thread, read_thread

__all__ = ["Answer", "answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: calls, or a text.

    Attributes:
        text: The text; empty when there are calls.
        calls: The calls to make.
        legacy: Whether the caller spoke of functions, as the protocol did before tools.
    """

    text: str = ""
    calls: tuple[PlannedCall, ...] = ()
    legacy: bool = False


def answer(call: CompletionCall) -> Answer:
    """Decide what to answer; the same call always gets the same answer."""
    thread = read_thread(call.messages)
    tools, choice, legacy = _offered(call)
    planned = _calls(call, thread, tools, choice)
    calls = [one for one in planned if not one.needs or choice == "required"]
    needs = {one.name: one.needs for one in planned if one.needs}
    if calls:
        return Answer(calls=tuple(calls[:1] if legacy else calls), legacy=legacy)
    structured = structured_answer(call.options.get("response_format"), thread)
    if structured is not None:
        return Answer(structured)
    if thread.answered:
        return Answer(" ".join([phrase_results(thread.answered), *needs_of(needs)]))
    if needs:
        return Answer(asking_answer(needs))
    return Answer(plain_answer(thread, [tool.name for tool in tools] if choice != "none" else []))


def _offered(call: CompletionCall) -> tuple[list[OfferedTool], str, bool]:
    """The tools on offer, the choice among them (none, auto, required), and whether they came as functions."""
    functions = call.options.get("functions")
    if not call.tools and isinstance(functions, Sequence) and functions:
        tools = read_tools([{"type": "function", "function": function} for function in functions])
        return (*_chosen(tools, call.options.get("function_call")), True)
    return (*_chosen(read_tools(call.tools), call.tool_choice), False)


def _chosen(tools: list[OfferedTool], choice: Any) -> tuple[list[OfferedTool], str]:
    if not isinstance(choice, Mapping):
        return tools, choice if choice in ("none", "required") else "auto"
    allowed = choice.get("allowed_tools")
    if isinstance(allowed, Mapping):
        listed = allowed.get("tools")
        names = [_name(tool) for tool in listed] if isinstance(listed, Sequence) else []
        return [tool for tool in tools if tool.name in names], str(allowed.get("mode") or "auto")
    return [tool for tool in tools if tool.name == _name(choice)], "required"


def _name(choice: Any) -> Any:
    if not isinstance(choice, Mapping):
        return None
    inner = choice.get("function")
    return inner.get("name") if isinstance(inner, Mapping) else choice.get("name")


def _calls(call: CompletionCall, thread: Thread, tools: list[OfferedTool], choice: str) -> list[PlannedCall]:
    if choice == "none" or not tools:
        return []
    prompt = read_prompt(thread.prompt, thread.today)
    planned = plan_calls(prompt, tools, at_least_one=choice == "required")
    if not planned and thread.before:
        last = thread.before[-1]
        planned = follow_up(prompt, tools, PlannedCall(last.name, last.arguments or {}))
    if choice != "required":
        planned = _unanswered(planned, thread.answered)
    elif isinstance(call.tool_choice, Mapping) and "function" in call.tool_choice:
        planned = planned[:1]
    return planned[:1] if call.options.get("parallel_tool_calls") is False else planned


def _unanswered(planned: list[PlannedCall], answered: Sequence[Answered]) -> list[PlannedCall]:
    """The calls without an answer. Answers to other arguments count, too: a tool is not asked again and again."""
    exact = [call for call in planned if any(_same(call, done) for done in answered)]
    others = [done.name for done in answered if not any(_same(call, done) for call in planned)]
    left: list[PlannedCall] = []
    for call in planned:
        if call in exact:
            continue
        if call.name in others:
            others.remove(call.name)
        else:
            left.append(call)
    return left


def _same(call: PlannedCall, done: Answered) -> bool:
    return call.name == done.name and call.arguments == done.arguments
