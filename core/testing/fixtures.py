"""The fixtures that promptdock brings to pytest. What they need is imported when one is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    import openai

    from .host import Host
    from .live import LiveHost

__all__ = ["BASE", "FIXTURES", "PromptdockFixtures"]

BASE: Final = "promptdock_host"
"""The fixture that all others of ours ask for: a test that has it is one of ours."""


class PromptdockFixtures:
    """The fixtures whose names are nobody else's."""

    @pytest.fixture
    def promptdock_plugins(self, request: pytest.FixtureRequest) -> Sequence[Any]:
        """The plugins of this test's host. Override it in a conftest or a test module to name others.

        Otherwise these are the plugins of the setting ``promptdock_plugins``, else those of the nearest
        ``pyproject.toml`` that brings any; those of the marker ``promptdock`` are added to either.
        """
        from .choosing import plugins_of

        return plugins_of(request.node)

    @pytest.fixture
    def promptdock_settings(self) -> Mapping[str, Any]:
        """Settings of this test's host. Override it for those that only a fixture knows, e.g. a server's address.

        Those of the marker ``promptdock`` are merged into them.
        """
        return {}

    @pytest.fixture
    def promptdock_host(
        self, request: pytest.FixtureRequest, promptdock_plugins: Sequence[Any], promptdock_settings: Mapping[str, Any]
    ) -> Iterator[Host]:
        """A promptdock host of this test's own; usually called ``host``."""
        from .choosing import opened_host

        with opened_host(request.node, promptdock_plugins, promptdock_settings) as opened:
            yield opened


class _Host:
    @pytest.fixture
    def host(self, promptdock_host: Host) -> Host:
        """A promptdock host of this test's own, with this project's plugins and a model that says what it is told."""
        return promptdock_host


class _OpenAIClient:
    @pytest.fixture
    def openai_client(self, promptdock_host: Host) -> Iterator[openai.OpenAI]:
        """The official OpenAI client, wired in process to this test's host: no socket, streams included."""
        from .clients import openai_client

        with openai_client(promptdock_host) as client:
            yield client


class _AsyncOpenAIClient:
    @pytest.fixture
    def async_openai_client(self, promptdock_host: Host) -> Iterator[openai.AsyncOpenAI]:
        """The official asynchronous OpenAI client, wired in process to this test's host."""
        from .clients import async_openai_client

        with async_openai_client(promptdock_host) as client:
            yield client


class _LiveHost:
    @pytest.fixture
    def live_host(self, promptdock_host: Host) -> Iterator[LiveHost]:
        """A real server on a free loopback port, over this test's host."""
        from .live import live_host

        with live_host(promptdock_host) as live:
            yield live


FIXTURES: Final = MappingProxyType(
    {
        "host": _Host,
        "openai_client": _OpenAIClient,
        "async_openai_client": _AsyncOpenAIClient,
        "live_host": _LiveHost,
    }
)
"""The fixtures whose names others may have, too, each by itself: then ours is left out."""
