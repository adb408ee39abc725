"""A test host behind a real server: for streams over a socket, hang-ups, and clients in other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clients import key_of
from .serving import serving

if TYPE_CHECKING:
    import openai

    from .host import Host

__all__ = ["LiveHost", "live_host"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHost:
    """A server on loopback, over the service of a test host.

    Attributes:
        url: Its URL, without a slash at its end.
        host: The test host: its script counts here, too.
    """

    url: str
    host: Host
    _clients: ExitStack = field(repr=False)

    @property
    def api_key(self) -> str:
        """What callers send as their key."""
        return key_of(self.host)

    def openai_client(self, **options: Any) -> openai.OpenAI:
        """Make a client of the server, closed with it.

        Args:
            **options: Further arguments of ``openai.OpenAI``.
        """
        import openai

        made = openai.OpenAI(
            **{"base_url": f"{self.url}/v1", "api_key": self.api_key, "max_retries": 0, "timeout": 30.0, **options}
        )
        return self._clients.enter_context(made)


@contextmanager
def live_host(host: Host) -> Iterator[LiveHost]:
    """Serve a host's app on a free port of loopback for the length of a block."""
    with serving(host.app, host.thread) as url, ExitStack() as clients:
        yield LiveHost(url=url, host=host, _clients=clients)
