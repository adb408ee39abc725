"""The event log's host, and what it wrote."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import pytest

from promptdock import Event
from promptdock.testing import Host


@pytest.fixture
def promptdock_plugins() -> Sequence[str]:
    """What the fixture ``host`` has."""
    return ["event_log"]


@pytest.fixture
def written(host: Host, caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """Tells the host of events, and gives the lines that came of these alone."""
    caplog.set_level(logging.DEBUG)
    host.tell()  # what happened when it was opened is told by now

    def tell(*events: Event) -> list[str]:
        caplog.clear()
        host.tell(*events)
        return [record.getMessage() for record in caplog.records if record.name == "promptdock.plugins.event_log"]

    return tell
