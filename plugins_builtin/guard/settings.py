"""The settings of the guard."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from .patterns import nested_repetition

__all__ = ["GuardSettings"]


def _searchable(pattern: re.Pattern[str]) -> re.Pattern[str]:
    if pattern.search(""):
        raise PydanticCustomError("matches_nothing", "the pattern matches the empty text, so it would match everywhere")
    if nested_repetition(pattern.pattern):
        raise PydanticCustomError(
            "nested_repetition",
            "the pattern repeats a group that itself repeats or branches, which may take forever; make the group "
            "atomic, (?>…), or the repetition possessive, …++",
        )
    return pattern


class GuardSettings(BaseModel):
    r"""House rules; every one is off until it is set.

    Searching for ``redact`` patterns cannot be interrupted. Patterns whose search may take exponential time are refused
    at start, as far as their form tells; what remains takes at most a power of the length of a tool result, which the
    host's ``tool_result_limit`` bounds. Patterns that begin with fixed text or ``\b`` fail fast.
    """

    model_config = ConfigDict(frozen=True)

    allow_tools: tuple[str, ...] | None = Field(
        None, description="Only these tools may run: patterns with * and ? over tool ids, e.g. weather.*"
    )
    deny_tools: tuple[str, ...] = Field((), description="These tools must not run, whatever allow_tools says")
    max_completion_tokens: int | None = Field(None, ge=1, description="The most tokens that an answer may take")
    redact: tuple[Annotated[re.Pattern[str], AfterValidator(_searchable)], ...] = Field(
        (), description="Regular expressions; what they match in tool results is replaced by [redacted]"
    )
