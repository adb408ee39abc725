"""Where vendors and models differ from the protocol: one table, and what it does to a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

import msgspec

from ..jsontext import JsonObject

__all__ = ["Quirks", "quirks_of"]


_STREAMING: Final = frozenset({"stream", "stream_options"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """What a model of a vendor wants otherwise.

    The defaults are those for a server that nobody knows: ``max_tokens`` is the older name of the limit, which every
    server understands; those that do not know ``max_completion_tokens`` refuse it or, worse, answer without a limit.

    Attributes:
        limit: Name of the member that limits the answer.
        fixed_temperature: Only the default temperature is allowed, so none is sent.
        highest_temperature: Higher ones are lowered to this.
        tools: Whether it takes tools.
        stream_options: Whether usage may be asked for in streams; those that refuse the question send it unasked.
    """

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    fixed_temperature: bool = False
    highest_temperature: float = 2.0
    tools: bool = True
    stream_options: bool = True

    def applied(self, body: JsonObject, *, stream: bool) -> JsonObject:
        """A changed copy of a request body.

        Args:
            body: The call as :meth:`CompletionCall.body` gives it.
            stream: Whether the answer is wanted piece by piece.
        """
        changed = {key: value for key, value in body.items() if key not in _STREAMING}
        older, limit = changed.pop("max_tokens", None), changed.pop("max_completion_tokens", None)
        if limit is None:
            limit = older
        if limit is not None:
            changed[self.limit] = limit
        temperature = changed.get("temperature")
        if self.fixed_temperature:
            changed.pop("temperature", None)
        elif isinstance(temperature, (int, float)) and temperature > self.highest_temperature:
            changed["temperature"] = self.highest_temperature
        if not self.tools:
            for name in ("tools", "tool_choice", "parallel_tool_calls"):
                changed.pop(name, None)
        if stream:
            changed["stream"] = True
            if self.stream_options:
                changed["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
        return changed


class _Row(msgspec.Struct, frozen=True):
    provider: str
    model: str
    changes: Mapping[str, Any]


_REASONING: Final = {"limit": "max_completion_tokens", "fixed_temperature": True}

# Globs on the provider's name and on the part of the model's name after its last slash; all rows that match apply, in
# this order. The reasoning models of OpenAI keep their rules behind routers and gateways, hence their `*`.
_TABLE: Final[tuple[_Row, ...]] = (
    # OpenAI's API reference: `max_tokens` is deprecated in favour of `max_completion_tokens`
    _Row("openai", "*", {"limit": "max_completion_tokens"}),
    # answers 400 "max_tokens is not supported with this model" and "'temperature' does not support 0.2 with this
    # model. Only the default (1) value is supported" (cline issue 341, qwen-code issue 921)
    _Row("*", "o[134]", _REASONING),
    _Row("*", "o[134]-*", _REASONING),
    _Row("*", "gpt-5*", _REASONING),
    # the models behind ChatGPT do not reason, and take any temperature
    _Row("*", "gpt-5*-chat*", {"fixed_temperature": False}),
    # OpenAI's model pages: no function calling
    _Row("openai", "o1-mini*", {"tools": False}),
    _Row("openai", "o1-preview*", {"tools": False}),
    _Row("openai", "chatgpt-4o-latest", {"tools": False}),
    _Row("openai", "gpt-4o*-search-preview*", {"tools": False}),
    # Anthropic's page on OpenAI compatibility: temperature is 0 to 1; both limits and stream_options work
    _Row("anthropic", "*", {"highest_temperature": 1.0}),
    # answers 422 "Extra inputs are not permitted" to max_completion_tokens and stream_options; usage comes unasked
    # (openai-agents-python issue 442, avante.nvim issue 2347); its API reference: temperature is 0 to 1.5
    _Row("mistral", "*", {"stream_options": False, "highest_temperature": 1.5}),
    # the Compatibility API rejects stream_options (Strands Agents' page on Cohere)
    _Row("cohere", "*", {"stream_options": False}),
    # answers 400 "does not support tools" for models whose template has none
    _Row("ollama", "gemma[:23]*", {"tools": False}),
    _Row("ollama", "llama2*", {"tools": False}),
    _Row("ollama", "codellama*", {"tools": False}),
    _Row("ollama", "tinyllama*", {"tools": False}),
    # googleai, metaai, fireworks, togetherai and ollama: max_tokens and stream_options work, as their pages on OpenAI
    # compatibility say; that is what the defaults send
)


def quirks_of(provider: str, model: str, start: Quirks | None = None) -> Quirks:
    """What the table says about a model.

    Args:
        provider: Name of the provider.
        model: Name of the model.
        start: What holds for the provider where no row says otherwise.
    """
    short = model.rsplit("/", 1)[-1].lower()
    quirks = start or Quirks()
    for row in _TABLE:
        if fnmatchcase(provider, row.provider) and fnmatchcase(short, row.model):
            quirks = replace(quirks, **row.changes)
    return quirks
