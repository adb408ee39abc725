"""HTTP as uvicorn's patient parser reads it, which takes any method; for the connections that use an unusual one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from .speechless import Impatient

if TYPE_CHECKING:
    from .gathering import GatheringTransport

__all__ = ["PatientProtocol"]


class PatientProtocol(Impatient, H11Protocol):
    """One connection that was begun with the quick parser, over the same transport."""

    def eof_received(self) -> None:
        """Send what is kept: after this the loop closes the connection."""
        cast("GatheringTransport", self.transport).flush()
        super().eof_received()
