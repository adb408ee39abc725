"""The offline provider."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ...jsontext import JsonObject
from ..base import CompletionCall, Provider

__all__ = ["OfflineProvider"]


class OfflineProvider(Provider):
    """A rule-based stand-in for a language model: no key, no network, the same answer every time.

    It calls the tools that a prompt names or describes, fills their arguments from the prompt by their JSON Schemas,
    and puts their results into words; it fills ``response_format`` in the same way. To everything else it answers that
    it is not a language model. Names, descriptions and schemas are all it knows of a tool.

    Its tokens are words, characters of scripts without spaces, and punctuation marks. ``seed``, ``temperature`` and the
    like change nothing; images, audio and files are taken and not looked at.

    Args:
        name: The name before the slash in ``provider/model``.
    """

    default_model = "offline"
    known_models = ("offline",)

    def __init__(self, *, name: str = "offline") -> None:
        self.name = name

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Answer a call in one piece; never fails, and takes milliseconds however long the thread is."""
        from .answer import answer  # the rules load on first use: most processes only want to know the provider's name
        from .reply import as_completion

        return as_completion(call, answer(call))

    async def stream(self, call: CompletionCall) -> AsyncIterator[JsonObject]:
        """Answer a call token by token; folded, the chunks are what :meth:`complete` gives."""
        import asyncio

        from .reply import as_chunks

        for chunk in as_chunks(await self.complete(call)):
            yield chunk
            await asyncio.sleep(0)  # a long answer must not hold up the other requests
