"""HTTP as uvicorn's quick parser reads it, and as its patient one does where that knows more."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .gathering import GatheringTransport
from .speechless import Impatient

__all__ = ["QuickProtocol"]

_KNOWN: Final = frozenset({b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT"})
_LONGEST: Final = 32


class QuickProtocol(Impatient, HttpToolsProtocol):
    """One connection. The quick parser has a list of methods, and refuses all others as if they were no HTTP.

    Who asks with such a one shall hear from the app which methods there are, so the rest of the connection is read by
    the parser that takes any.
    """

    _is_inside = False
    """Whether a request has begun, and has not come to its end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin."""
        self.begin_to_wait()
        self._gathering = gathering = GatheringTransport(transport)
        super().connection_made(cast("asyncio.Transport", gathering))

    def on_response_complete(self) -> None:
        """Send a reply that has come to its end."""
        self._gathering.flush()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._is_idle() and _is_unusual(data):
            self._hand_over(data)
        else:
            super().data_received(data)

    def eof_received(self) -> None:
        """Send what is kept: after this the loop closes the connection."""
        self._gathering.flush()
        super().eof_received()

    def on_message_begin(self) -> None:
        """Hear that a request begins."""
        self.begin_to_wait()
        self._is_inside = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Hear that a request has come to its end."""
        self._is_inside = False
        super().on_message_complete()

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request, and nobody waits for the reply to an earlier one."""
        return not self._is_inside and self.is_unasked()

    def _hand_over(self, data: bytes) -> None:
        from .patient import PatientProtocol

        self._unset_keepalive_if_required()
        self.connections.discard(self)
        patient = PatientProtocol(config=self.config, server_state=self.server_state, app_state=self.app_state)
        self.transport.set_protocol(patient)
        patient.begin_to_wait()
        patient.connection_made(self.transport)
        patient.data_received(data)


def _is_unusual(data: bytes) -> bool:
    """Whether a request begins with a method that may be one, and that is not in everybody's list."""
    method = data[:_LONGEST].partition(b" ")[0]
    return method not in _KNOWN and method.isalpha() and len(method) < _LONGEST
