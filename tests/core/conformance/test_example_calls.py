"""How often the example calls of a tool are really made."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from promptdock import Always, Tool, ToolContext, ToolError, tool
from promptdock.conformance.check import Finding, NotApplicable, all_checks
from promptdock.conformance.subject import Subject
from promptdock.effects import Effect
from tests.support.checking import PluginOf, on_subject


class Shop(BaseModel):
    """Has a key, so that the check of secrets has something to do."""

    model_config = ConfigDict(extra="forbid")

    key: SecretStr = SecretStr("")


async def all_findings(subject: Subject) -> list[Finding]:
    """What all checks find that can look at an object."""
    found: list[Finding] = []
    for one in all_checks():
        with contextlib.suppress(NotApplicable):
            found += await one.run(subject)
    return found


def orders(server: socket.socket) -> list[bytes]:
    """What has come to the server: each order is a connection."""
    server.setblocking(False)
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = server.accept()
            with connection:
                found.append(connection.recv(100))
    return found


def ordering(port: int, effects: list[Effect], *, on_loop: bool) -> Tool:
    """A tool that has a price: each call of it is an order."""

    def send(context: ToolContext) -> str:
        settings = context.settings
        assert isinstance(settings, Shop)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(f"key {settings.key.get_secret_value()}.".encode())
        except OSError:
            raise ToolError("There is no network.") from None
        return "ordered"

    @tool(effects=effects, examples=[{}])
    def order(*, context: ToolContext) -> str:
        """Order something."""
        return send(context)

    @tool(name="order", effects=effects, examples=[{}])
    async def order_on_loop(*, context: ToolContext) -> str:
        """Order something, and hold the event loop up for it."""
        return send(context)

    return order_on_loop if on_loop else order


@pytest.mark.parametrize("effects", [[Effect.NETWORK], []], ids=["declared", "not declared"])
@pytest.mark.parametrize(("on_loop", "most"), [(False, 1), (True, 2)], ids=["thread", "loop"])
def test_an_example_is_really_called_once_and_again_where_the_loop_is_watched(
    *, effects: list[Effect], on_loop: bool, most: int, tmp_path: Path
) -> None:
    """By all checks together; never with a made-up key."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        made = ordering(server.getsockname()[1], effects, on_loop=on_loop)
        plugin = PluginOf(made, rules=[Always(tools=[made])], settings=Shop)
        found = on_subject(all_findings, plugin, tmp_path, settings={"key": "real"})
        seen = orders(server)
    about_effects = [finding for finding in found if "has the effect network" in finding.text]
    assert bool(about_effects) is not bool(effects)
    assert seen == [b"key real."] * most


class Bound(Shop):
    """Cannot do without its key."""

    key: SecretStr


def test_nobody_is_asked_with_a_key_that_was_made_up(tmp_path: Path) -> None:
    """The examples then show that they need a key."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        made = ordering(server.getsockname()[1], [Effect.NETWORK], on_loop=True)
        found = on_subject(all_findings, PluginOf(made, settings=Bound), tmp_path)
        seen = orders(server)
    assert seen == []
    assert any("There is no network." in finding.text for finding in found)


def test_tools_without_effects_may_be_called_any_number_of_times(tmp_path: Path) -> None:
    """Each call that ends in a result counts."""
    calls: list[int] = []

    @tool(examples=[{}])
    async def count() -> int:
        """Count."""
        calls.append(os.getpid())
        return len(calls)

    assert [finding for finding in on_subject(all_findings, PluginOf(count), tmp_path) if finding.subject] == []
    assert len(calls) > 2
