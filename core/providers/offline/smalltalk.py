"""What to say when there is nothing to go on; always that nobody here understands language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .thread import Thread

__all__ = ["asking_answer", "needs_of", "plain_answer"]

_MOST_REPEATED = 300
_MOST_NAMED = 6
_WHO = re.compile(
    r"\b(?:who|what) are you\b"
    r"|\bare you (?:an? |really |the )?(?:ai|llm|language model|human|bot|robot|real|gpt|chatgpt|person)"
    r"|\b(?:which|what) (?:language )?model\b|\byour name\b|\bhow do you work\b",
    re.IGNORECASE,
)
_HELLO = re.compile(r"\s*(?:hello|hi|hey|good (?:morning|afternoon|evening))\b", re.IGNORECASE)
_SELF = "I am the offline stand-in: a set of rules, not a language model."


def plain_answer(thread: Thread, tools: Sequence[str]) -> str:
    """Answer a prompt that no tool fits.

    Args:
        thread: The thread.
        tools: Names of the tools that might have been called.
    """
    asked = " ".join(thread.prompt.split())
    if not asked:
        return f"{_SELF} Your message holds no text that I could go on."
    if _WHO.search(asked[:2000]):
        return f"{_SELF} I call the tools that a prompt names or describes and put their results into words."
    greeting = "Hello. " if _HELLO.match(asked) else ""
    parts = [f"{greeting}{_SELF}", f'You said: "{_shortened(asked)}"']
    if thread.other_parts:
        parts.append("I cannot see images, hear audio or read files.")
    if tools:
        more = f" and {len(tools) - _MOST_NAMED} more" if len(tools) > _MOST_NAMED else ""
        parts.append(f"None of the tools on offer ({', '.join(tools[:_MOST_NAMED])}{more}) fits that.")
    else:
        parts.append("Without a tool that fits I can only repeat it.")
    return " ".join(parts)


def asking_answer(needs: Mapping[str, Sequence[str]]) -> str:
    """Say what the tools that a prompt speaks of need, instead of making it up.

    Args:
        needs: What each tool needs, by its name.
    """
    return " ".join([_SELF, *needs_of(needs), "Your message does not say that."])


def needs_of(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """One sentence for each tool."""
    return [f"{name} needs: {', '.join(wanted)}." for name, wanted in needs.items()]


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_REPEATED else text[: _MOST_REPEATED - 1].rstrip() + "…"
