"""Selection rules: what decides, for one prompt, whether its tools are presented."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ..errors import ConfigurationError
from ..turn.messages import Message
from .terms import Term, WordIndex

if TYPE_CHECKING:
    from ..tools.tool import Tool

__all__ = ["Always", "PromptSettings", "SearchTerms", "SelectionRequest", "SelectionRule", "Verdict"]


@dataclass(frozen=True, kw_only=True)
class SelectionRequest:
    """What a rule gets to see of a prompt.

    Attributes:
        text: The newest user text.
        user_texts: All user texts of the thread, oldest first.
        messages: The thread.
        provider: Name of the provider that will be asked.
        model: The model that will be asked, unless a rule changes it.
        caller: Name of who asks.
    """

    text: str
    user_texts: tuple[str, ...]
    messages: tuple[Message, ...]
    provider: str
    model: str
    caller: str

    @cached_property
    def input_words(self) -> WordIndex:
        """The words of the newest user text; read once, however many rules look terms up in it."""
        return WordIndex(self.text)

    @cached_property
    def thread_words(self) -> tuple[WordIndex, ...]:
        """The words of each user text of the thread."""
        return tuple(WordIndex(text) for text in self.user_texts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer.

    Attributes:
        selected: Whether the rule's tools are presented.
        reason: Why, in a few words that a person can follow.
        terms: The terms that hit, if that is how the rule decides.
    """

    selected: bool
    reason: str
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSettings:
    """Settings that a prompt gets when a rule selects; None leaves a setting alone.

    What the caller asked for explicitly stays; between rules the higher priority wins, then the order of the plugins'
    names. Every conflict is an event.

    Attributes:
        provider: These settings count only when this provider is asked; None for any.
        model: The model to ask, as the provider names it.
        temperature: 0 to 2.
        max_completion_tokens: The most tokens of the answer.
    """

    provider: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_completion_tokens: int | None = None


class SelectionRule(ABC):
    """Decides whether its tools are presented. Subclass it and write :meth:`decide`.

    A tool with several rules is presented when any of them selects; a tool without a rule always is.

    Args:
        tools: The tools that this rule speaks for, all of the rule's own plugin. None are needed for a rule that only
            adds system text or settings.
        system: Text that the system message gains while the rule selects.
        settings: Settings that the prompt gains while the rule selects.
        priority: Of two rules that want different settings, the higher one wins.
        selects: Examples of prompts that the rule must select for; ``promptdock plugin check`` holds it to them.
        ignores: Examples of prompts that it must not select for.
    """

    nonblocking: bool = False
    """True when a synchronous :meth:`decide` never waits; otherwise it runs in a worker thread."""

    otherwise: str | None = None
    """The reason that :meth:`decide` gives whenever it does not select, for a rule that then has but one: decisions of
    prompts that it does not select for are then kept once, and not with each of their turns. None for any other rule.
    """

    def __init__(
        self,
        *,
        tools: Sequence[Tool] = (),
        system: str | None = None,
        settings: PromptSettings | None = None,
        priority: int = 0,
        selects: Sequence[str] = (),
        ignores: Sequence[str] = (),
    ) -> None:
        self.tools = tuple(tools)
        self.system = system
        self.settings = settings
        self.priority = priority
        self.selects = tuple(selects)
        self.ignores = tuple(ignores)

    @abstractmethod
    def decide(self, request: SelectionRequest) -> Verdict | Awaitable[Verdict]:
        """Select or not, for one prompt. May be ``async def``; an exception counts as "not selected"."""

    @property
    def description(self) -> str:
        """The rule as decisions and logs name it."""
        return type(self).__name__


class Always(SelectionRule):
    """Selects for every prompt."""

    nonblocking = True

    def decide(self, request: SelectionRequest) -> Verdict:  # noqa: ARG002
        """Select."""
        return Verdict(selected=True, reason="always selected")

    @property
    def description(self) -> str:
        """``always``."""
        return "always"


class SearchTerms(SelectionRule):
    """Selects when the prompt refers to one of its terms, by whole words.

    The terms of all such rules are looked up together, so that they cost nothing when a prompt refers to none.

    Args:
        terms: Words or phrases; a term is referred to when all of its words stand in the text, in any order and case.
        scope: ``input`` reads the newest user text; ``thread`` reads all of them, so that a tool once called for stays.
        tools: See :class:`SelectionRule`.
        system: See :class:`SelectionRule`.
        settings: See :class:`SelectionRule`.
        priority: See :class:`SelectionRule`.
        selects: See :class:`SelectionRule`.
        ignores: See :class:`SelectionRule`.

    Raises:
        ConfigurationError: There is no term, a term holds no word, or the scope is unknown.
    """

    nonblocking = True

    def __init__(
        self,
        *terms: str,
        scope: Literal["input", "thread"] = "input",
        tools: Sequence[Tool] = (),
        system: str | None = None,
        settings: PromptSettings | None = None,
        priority: int = 0,
        selects: Sequence[str] = (),
        ignores: Sequence[str] = (),
    ) -> None:
        super().__init__(
            tools=tools, system=system, settings=settings, priority=priority, selects=selects, ignores=ignores
        )
        if not terms:
            raise ConfigurationError("SearchTerms needs at least one term.")
        if scope not in {"input", "thread"}:
            raise ConfigurationError(f"SearchTerms has the unknown scope {scope!r}; take 'input' or 'thread'.")
        self.scope = scope
        self.otherwise = _no_term(scope)
        self.terms = tuple(Term.parse(term) for term in terms)

    def decide(self, request: SelectionRequest) -> Verdict:
        """Select when any text in scope refers to any term."""
        texts = (request.input_words,) if self.scope == "input" else request.thread_words
        return self.verdict(tuple(term.text for term in self.terms if any(text.holds(term) for text in texts)))

    def verdict(self, hits: tuple[str, ...]) -> Verdict:
        """The verdict on a prompt that refers to some of its terms."""
        if not hits:
            return Verdict(selected=False, reason=self.otherwise or _no_term(self.scope))
        named = ", ".join(repr(hit) for hit in hits)
        return Verdict(selected=True, reason=f"the {self.scope} refers to {named}", terms=hits)

    @property
    def description(self) -> str:
        """``search_terms`` with the scope."""
        return f"search_terms ({self.scope})"


def _no_term(scope: str) -> str:
    return f"none of its terms stands in the {scope}"
