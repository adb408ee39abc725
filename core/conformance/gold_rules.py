"""Gold: selection rules come with prompts for which they must and must not select, and these hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..plugins.catalog import RegisteredRule
from ..selection.rules import Always
from ..service import PromptService
from ..turn.messages import check_thread
from ..turn.plan import TurnPlan
from ..turn.request import PromptRequest
from .check import Check, Finding, Grade, NotApplicable
from .stage import MODEL, open_stage
from .subject import Subject

__all__ = ["CHECKS"]


async def _rules(subject: Subject) -> Sequence[Finding]:
    if not subject.rules:
        raise NotApplicable("it has no selection rules")
    found: list[Finding] = []
    async with open_stage(subject) as service:
        own = [rule for rule in service.catalog.rules if rule.plugin.name == subject.name]
        for place, rule in enumerate(own, start=1):
            found += _missing(rule, place)
            for prompt in rule.rule.selects:
                plan = await _plan(service, prompt)
                if not _selects(plan, rule):
                    found.append(_broken(rule, place, prompt, "does not select for", _reason(plan, rule)))
            for prompt in rule.rule.ignores:
                plan = await _plan(service, prompt)
                if _selects(plan, rule):
                    found.append(_broken(rule, place, prompt, "selects for", _reason(plan, rule)))
    return found


async def _plan(service: PromptService, prompt: str) -> TurnPlan:
    thread = check_thread([{"role": "user", "content": prompt}], limit=service.settings.max_messages)
    return await service.plan(PromptRequest(messages=thread, model=MODEL))


def _selects(plan: TurnPlan, rule: RegisteredRule) -> bool:
    """Whether the rule itself selects, whatever other rules of its tools say."""
    chosen = [selection for selection in plan.tool_set.selections if selection.judgement.rule.rule is rule.rule]
    return any(set(selection.tools) == set(rule.tools) for selection in chosen)


def _reason(plan: TurnPlan, rule: RegisteredRule) -> str:
    reasons = (
        decision.reason
        for decision in plan.tool_set.decisions
        if decision.rule == rule.rule.description and (decision.tool in rule.tools or decision.tool is None)
    )
    return next(reasons, "nothing was decided")


def _subject(rule: RegisteredRule) -> str:
    """What waivers name: the tools that it selects, else its description; its place changes with other rules."""
    return ", ".join(rule.tools) or rule.rule.description


def _missing(rule: RegisteredRule, place: int) -> Iterator[Finding]:
    given = rule.rule
    if isinstance(given, Always):
        return  # it cannot but select
    for kind, examples in (("selects", given.selects), ("ignores", given.ignores)):
        if not examples and (kind == "selects" or rule.tools):
            verb = "must" if kind == "selects" else "must not"
            yield Finding(
                subject=_subject(rule),
                text=f"Rule {place} ({given.description}) has no example of a prompt for which it {verb} select.",
                remedy=f'Give it some: {kind}=["…"].',
            )


def _broken(rule: RegisteredRule, place: int, prompt: str, what: str, reason: str) -> Finding:
    kind = "selects" if what.startswith("does not") else "ignores"
    return Finding(
        subject=_subject(rule),
        text=f"Rule {place} ({rule.rule.description}) {what} {prompt!r}, one of its {kind}: {reason}.",
        remedy=f"Correct the rule, or take the prompt out of {kind}.",
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="rule-examples",
        grade=Grade.GOLD,
        title="Selection rules have examples of prompts that must and must not select, and they hold",
        remedy='Give each rule selects=["…"] and ignores=["…"]. Always needs none, a rule without tools no ignores.',
        run=_rules,
    ),
)
