"""One effect that was seen."""

from __future__ import annotations

from dataclasses import dataclass

from ..effects import Effect

__all__ = ["Observed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One effect that was seen, right before it happens.

    Attributes:
        effect: Its kind.
        event: The audit event, e.g. ``socket.connect``.
        detail: What it was about: ``host:port``, a path, the name of a program or of a variable. Never a value of a
            variable, a query of a URL or the arguments of a program, which may be secrets.
        loopback: Whether a network effect stays on this machine.
        writes: Whether a file effect changes something.
        waits: Whether the thread stands still until it is done: a connection of a blocking socket, a lookup.
        by: The file of the nearest code outside of the standard library; empty when there is none.
    """

    effect: Effect
    event: str
    detail: str
    loopback: bool = False
    writes: bool = False
    waits: bool = False
    by: str = ""

    def __str__(self) -> str:
        return f"{self.effect}: {self.event} {self.detail}".rstrip()
