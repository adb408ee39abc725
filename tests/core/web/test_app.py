from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from promptdock import Settings, hookimpl
from promptdock.plugins.catalog import Catalog
from promptdock.web import create_app
from tests.support.server import live_server


class Unlucky:
    """A plugin whose tools cannot be registered."""

    @hookimpl
    def register_tools(self) -> None:
        raise RuntimeError("no luck")


def test_readiness_names_plugins_in_quarantine_and_stays_ready(settings: Settings) -> None:
    allow = (*(settings.plugins_allow or ()), "unlucky")
    app = create_app(settings.model_copy(update={"plugins_allow": allow}), extra={"unlucky": Unlucky()})

    with live_server(app) as url:
        reply = httpx.get(f"{url}/readyz")

    assert reply.status_code == 200
    (named,) = reply.json()["quarantined"]
    assert named["name"] == "unlucky"
    assert "no luck" in named["reason"]
    assert "Traceback" not in reply.text


def test_without_its_service_the_app_is_alive_but_not_ready(settings: Settings) -> None:
    client = TestClient(create_app(settings))  # not entered, so nothing is started

    assert client.get("/healthz").status_code == 200
    for path in ("/readyz", "/v1/models", "/api/v1/tools"):
        reply = client.get(path)
        assert reply.status_code == 503
        assert reply.headers["retry-after"] == "1"


def test_a_failure_of_ours_is_logged_once_and_told_neutrally(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise RuntimeError("the secret is sk-123")

    host = SimpleNamespace(wants=lambda _: False, listen=lambda *_: lambda: None, calls={}, watch_hooks=lambda _: None)
    models = SimpleNamespace(list=broken)
    service: Any = SimpleNamespace(settings=settings, catalog=Catalog(), models=models, host=host, turn_watchers=[])
    with live_server(create_app(service=service)) as url, caplog.at_level(logging.INFO):
        reply = httpx.get(f"{url}/v1/models", headers={"X-Request-ID": "look-for-me"})

    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "internal_error"
    assert "sk-123" not in reply.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.name == "promptdock.web"
    assert "look-for-me" in record.getMessage()


def test_apps_share_nothing(settings: Settings) -> None:
    with live_server(create_app(settings)) as one, live_server(create_app(settings)) as other:
        first = httpx.get(f"{one}/readyz").json()
        assert first == httpx.get(f"{other}/readyz").json()


def test_making_an_app_leaves_the_root_logger_alone(settings: Settings) -> None:
    before = list(logging.getLogger().handlers)

    create_app(settings)

    assert logging.getLogger().handlers == before


def test_the_factory_needs_no_arguments_and_the_package_is_cheap_to_import(tmp_path: Path) -> None:
    code = (
        "import sys, promptdock.web; assert 'litestar' not in sys.modules;"
        "from promptdock.web import create_app; app = create_app();"
        "assert '/v1/chat/completions' in {route.path for route in app.routes}"
    )
    env = {"HOME": str(tmp_path), "PROMPTDOCK_HOME": str(tmp_path)}

    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=env, timeout=60)
