"""The official OpenAI clients, wired in process to a test host: no socket, and streams come piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import openai

    from .host import Host

__all__ = ["async_openai_client", "key_of", "openai_client"]

_URL: Final = "http://localhost/v1"
_SECONDS: Final = 30.0
_OPTIONS: Final = {"max_retries": 0}
"""A test hears of a failure when it happens; ``client.with_options(max_retries=2)`` is for tests of retries."""


@contextmanager
def openai_client(host: Host, **options: Any) -> Iterator[openai.OpenAI]:
    """Make a client of a host.

    Args:
        host: The host.
        **options: Further arguments of ``openai.OpenAI``.

    Yields:
        The client. It sends the host's own API key, waits for 30 s at most, and tries nothing twice.
    """
    import httpx2
    import openai

    from .transport import InProcessTransport

    with (
        httpx2.Client(transport=InProcessTransport(host.app, host.thread), timeout=_SECONDS) as http,
        openai.OpenAI(
            **{"base_url": _URL, "api_key": key_of(host), "http_client": http, **_OPTIONS, **options}
        ) as made,
    ):
        yield made


@contextmanager
def async_openai_client(host: Host, **options: Any) -> Iterator[openai.AsyncOpenAI]:
    """Make an asynchronous client of a host; see :func:`openai_client`. It works on any event loop, and on trio."""
    import httpx2
    import openai

    from .transport import AsyncInProcessTransport

    with closing(AsyncInProcessTransport(host.app, host.thread)) as transport:
        http = httpx2.AsyncClient(transport=transport, timeout=_SECONDS)
        yield openai.AsyncOpenAI(
            **{"base_url": _URL, "api_key": key_of(host), "http_client": http, **_OPTIONS, **options}
        )


def key_of(host: Host) -> str:
    """The API key that a host's web app wants; ``unused``, which counts as none, when it wants none."""
    key = host.settings.api_key
    return "unused" if key is None else key.get_secret_value()
