"""The garbage collector around a server's start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from promptdock.cli.collector import leave_alone_what_is_there, paused
from promptdock.cli.graceful import GracefulApp


@pytest.fixture(autouse=True)
def _collector_as_before() -> Iterator[None]:
    assert gc.isenabled()
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    gc.enable()


def test_it_pauses_for_the_length_of_a_block() -> None:
    """Also when a start fails."""

    def fail() -> None:
        with paused():
            assert not gc.isenabled()
            raise OSError("taken")

    with pytest.raises(OSError, match="taken"):
        fail()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_it_goes_on_without_what_is_there() -> None:
    """Garbage that is made later is found, as ever."""
    with paused():
        leave_alone_what_is_there()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold()[0] > 700
        ring: list[Any] = []
        ring.append(ring)
        del ring
        assert gc.collect() >= 1


@pytest.mark.anyio
async def test_an_app_that_started_says_so_before_its_server_hears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, and not when its start failed."""
    monkeypatch.setattr(GracefulApp, "_listen", lambda *_: None)  # signals stay pytest's
    heard: list[str] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for kind in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            await send({"type": kind})

    async def failing(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no"})

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        heard.append(message["type"])

    for inside in (app, failing):
        graceful = GracefulApp(inside, 0.0, lambda: heard.append("started"))
        await graceful({"type": "lifespan"}, receive, send)
    assert heard == [
        "started",
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
        "lifespan.startup.failed",
    ]
