"""A provider that plays a cassette: recorded streams come as whole answers, and whole answers as streams, as asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..jsontext import JsonObject
from ..providers.base import CompletionCall, Provider
from ..providers.chunks import ChunkFold, completion_as_chunks
from .cassette import RecordedCall
from .failures import replayed_failure
from .player import Player

if TYPE_CHECKING:
    from ..plugins.loader import LoadedPlugins

__all__ = ["Playback", "PlayingProvider", "playing"]


class Playback:
    """A recorded answer, whole or piece by piece, whichever was recorded.

    Args:
        recorded: The call that was recorded.
    """

    def __init__(self, recorded: RecordedCall) -> None:
        self._recorded = recorded

    async def completion(self) -> JsonObject:
        """The answer in one piece.

        Raises:
            Exception: What was recorded as the provider's failure.
        """
        recorded = self._recorded
        if recorded.failure is not None:
            raise await replayed_failure(recorded.failure)
        if recorded.completion is not None:
            return recorded.completion
        fold = ChunkFold()
        for chunk in recorded.chunks or ():
            fold.add(chunk)
        return fold.completion()

    async def chunks(self) -> AsyncGenerator[JsonObject, None]:
        """The answer piece by piece; raises what was recorded as a failure after the pieces before it."""
        recorded = self._recorded
        pieces = recorded.chunks or ()
        for chunk in pieces if recorded.completion is None else completion_as_chunks(recorded.completion):
            yield chunk
        if recorded.failure is not None:
            raise await replayed_failure(recorded.failure)


class PlayingProvider(Provider):
    """Gives what a player plays. It asks nobody.

    Args:
        player: Finds what was recorded for a call.
        name: The provider's name.
        default_model: Asked when a prompt names no model.
    """

    def __init__(self, player: Player, name: str, default_model: str | None = None) -> None:
        self._player = player
        self.name = name
        self.default_model = default_model

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Give the recorded answer in one piece.

        Raises:
            CallNotRecorded: Nothing was recorded for this call.
            Exception: What was recorded as the provider's failure.
        """
        return await Playback(self._player.play(call)).completion()

    async def stream(self, call: CompletionCall) -> AsyncGenerator[JsonObject, None]:
        """Give the recorded answer piece by piece; raises as :meth:`complete` does."""
        async for chunk in Playback(self._player.play(call)).chunks():
            yield chunk


def playing(player: Player, loaded: LoadedPlugins) -> LoadedPlugins:
    """Let a cassette answer in the place of all providers; for ``open_service(adapt=…)``.

    Args:
        player: Plays the cassette.
        loaded: What was loaded.
    """
    providers = {
        name: replace(registered, provider=PlayingProvider(player, name, registered.provider.default_model))
        for name, registered in loaded.catalog.providers.items()
    }
    return replace(loaded, catalog=replace(loaded.catalog, providers=MappingProxyType(providers)))
