"""Cassettes in the place of the scripted model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..recording.cassette import Cassette
from ..recording.player import Player
from ..recording.playing import Playback

if TYPE_CHECKING:
    from .host import Host

__all__ = ["replay"]


def replay(host: Host, path: Path | str) -> Player:
    """Let a cassette say what a host's model answers; ``host.script()`` gives the model back to itself.

    Args:
        host: The host.
        path: The cassette, as ``promptdock record`` writes it.

    Returns:
        What plays it: it knows which calls are left, and which were not recorded.

    Raises:
        ConfigurationError: There is none, or it cannot be read.
    """
    player = Player(Cassette.read(Path(path)), str(path))

    host.script(lambda call: Playback(player.play(call)))
    return player
