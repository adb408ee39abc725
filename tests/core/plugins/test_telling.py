"""What observers are told of the plugins at start."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from promptdock import PluginDenied, PluginLoaded, PluginQuarantined, ServiceEvent, Settings, hookimpl, open_service
from promptdock.plugins.catalog import PluginRecord, PluginState
from promptdock.plugins.telling import plugin_events

FOUND: dict[str, Any] = {"name": "dice", "distribution": "promptdock-dice", "version": "1.0"}
TOLD: dict[str, Any] = {
    "request_id": "",
    "caller": "",
    "account": None,
    "plugin": "dice",
    "distribution": "promptdock-dice",
    "version": "1.0",
}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            PluginRecord(**FOUND, state=PluginState.LOADED, hooks=("register_tools",), load_ms=2.5),
            PluginLoaded(**TOLD, hooks=("register_tools",), ms=2.5, at=0),
        ),
        (
            PluginRecord(**FOUND, state=PluginState.QUARANTINED, reason="broken", remedy="mend it", traceback="…"),
            PluginQuarantined(**TOLD, reason="broken", remedy="mend it", at=0),
        ),
        (
            PluginRecord(**FOUND, state=PluginState.DENIED, reason="denied", remedy="change the lists"),
            PluginDenied(**TOLD, reason="denied", at=0),
        ),
    ],
)
def test_each_state_has_its_event(record: PluginRecord, expected: ServiceEvent) -> None:
    (told,) = plugin_events([record])
    assert told.at > 0
    assert replace(told, at=0) == expected


@pytest.mark.anyio
async def test_a_service_that_opens_tells_of_each_plugin_that_it_found(tmp_path: Path) -> None:
    told: list[ServiceEvent] = []
    watching = SimpleNamespace(
        plugin_loaded=hookimpl(lambda event: told.append(event)),
        plugin_quarantined=hookimpl(lambda event: told.append(event)),
        plugin_denied=hookimpl(lambda event: told.append(event)),
    )
    broken = SimpleNamespace(register_tools=hookimpl(lambda: 1 / 0))
    settings = Settings(home=tmp_path, plugins_deny=("weather",))
    async with open_service(settings, extra={"watching": watching, "broken": broken}) as service:
        assert await service.host.drain(10)
        records = {record.name: record for record in service.catalog.plugins}
        of = {str(getattr(event, "plugin", "")): event for event in told}
        assert list(of) == [record.name for record in service.catalog.plugins]
        assert isinstance(of["watching"], PluginLoaded)
        assert isinstance(of["weather"], PluginDenied)
        quarantined = of["broken"]
        assert isinstance(quarantined, PluginQuarantined)
        assert quarantined.reason == records["broken"].reason
        assert "ZeroDivisionError" in quarantined.reason
