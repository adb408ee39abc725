from __future__ import annotations

from promptdock.listings import list_plugins, list_providers, list_tools
from promptdock.plugins.catalog import Catalog, PluginRecord, PluginState, RegisteredProvider
from promptdock.providers.base import ModelInfo
from tests.core.web.scripted import ScriptedProvider

RECORD = PluginRecord(
    name="broken",
    distribution="promptdock-broken",
    version="1.2",
    state=PluginState.QUARANTINED,
    reason="its import failed",
    remedy="upgrade it",
    traceback="Traceback with /a/path",
)


def test_a_plugin_in_quarantine_says_why_and_hides_its_traceback() -> None:
    (listed,) = list_plugins(Catalog(plugins=(RECORD,)))

    assert listed == {
        "name": "broken",
        "distribution": "promptdock-broken",
        "version": "1.2",
        "state": "quarantined",
        "reason": "its import failed",
        "remedy": "upgrade it",
        "hooks": [],
        "load_ms": 0.0,
        "warnings": [],
    }


def test_a_provider_is_listed_with_its_models_when_it_was_asked() -> None:
    catalog = Catalog(providers={"scripted": RegisteredProvider(provider=ScriptedProvider(), plugin=RECORD)})

    (unasked,) = list_providers(catalog)
    (asked,) = list_providers(catalog, {"scripted": [ModelInfo("scripted-1")]})

    assert unasked == {"name": "scripted", "plugin": "broken", "default_model": "scripted-1", "configured": True}
    assert asked == {**unasked, "models": ["scripted-1"]}


def test_an_empty_catalog_lists_nothing() -> None:
    assert list_tools(Catalog()) == []
