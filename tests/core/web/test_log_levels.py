"""Levels of log lines, set over HTTP while the server runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings
from promptdock.web import create_app
from tests.support.databases import migrated_file
from tests.support.server import live_server

LEVELS = "/api/v1/log-levels"
KEY = {"Authorization": "Bearer sk-operator"}


def made_settings(home: Path) -> Settings:
    return Settings(
        home=home,
        plugins_allow=("offline",),
        api_key=SecretStr("sk-operator"),
        log_levels={"promptdock.turn": "Info"},
    )


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "promptdock.db").write_bytes(migrated_file())
    with (
        live_server(create_app(made_settings(tmp_path))) as url,
        httpx.Client(base_url=url, headers=KEY, timeout=30) as client,
    ):
        yield client


def test_a_level_is_set_and_taken_back(client: httpx.Client) -> None:
    """At once in the process that answers; in between the settings count."""
    turn, tools = logging.getLogger("promptdock.turn"), logging.getLogger("promptdock.tools")
    assert (turn.level, tools.level) == (logging.INFO, logging.NOTSET)

    answer = client.put(f"{LEVELS}/promptdock.turn/", json={"level": "debug"})
    client.put(f"{LEVELS}/promptdock.tools", json={"level": "warning"}).raise_for_status()

    assert answer.status_code == 200
    assert answer.json()["metadata"] == {"command": "update", "thing": "LogLevel"}
    assert answer.json()["data"]["updated_at"].endswith("Z")
    assert (turn.level, tools.level) == (logging.DEBUG, logging.WARNING)
    assert client.delete(f"{LEVELS}/promptdock.turn/").status_code == 204
    assert (turn.level, tools.level) == (logging.INFO, logging.WARNING)
    assert client.delete(f"{LEVELS}/promptdock.turn").status_code == 404


def test_the_list_says_where_each_level_comes_from(client: httpx.Client) -> None:
    client.put(f"{LEVELS}/uvicorn.access", json={"level": "warning"})

    listed = client.get(LEVELS).json()

    assert listed["metadata"] == {"command": "list", "thing": "LogLevel", "next": None}
    assert [(item["component"], item["level"], item["source"]) for item in listed["data"]] == [
        ("promptdock.turn", "info", "settings"),
        ("uvicorn.access", "warning", "api"),
    ]


@pytest.mark.parametrize(
    ("component", "body", "param"),
    [
        ("sqlalchemy", {"level": "debug"}, "component"),
        ("promptdock..x", {"level": "debug"}, "component"),
        ("promptdock.turn", {"level": "error"}, "level"),
        ("promptdock.turn", {"level": 10}, "level"),
        ("promptdock.turn", {}, "level"),
        ("promptdock.turn", {"level": "info", "for": "all"}, "for"),
    ],
)
def test_what_is_no_component_or_no_level_is_refused(
    client: httpx.Client, component: str, body: object, param: str
) -> None:
    refused = client.put(f"{LEVELS}/{component}", json=body)

    assert (refused.status_code, refused.json()["error"]["param"]) == (422, param)
    assert [item["source"] for item in client.get(LEVELS).json()["data"]] == ["settings"]


def test_a_level_holds_over_a_restart(tmp_path: Path) -> None:
    """Until the app ends; what it set is nobody's then."""
    (tmp_path / "promptdock.db").write_bytes(migrated_file())
    logger = logging.getLogger("promptdock.selection")
    for method in ("PUT", "DELETE"):
        with live_server(create_app(made_settings(tmp_path))) as url:
            body = {"level": "debug"} if method == "PUT" else None
            assert logger.level == (logging.NOTSET if method == "PUT" else logging.DEBUG)
            httpx.request(method, f"{url}{LEVELS}/promptdock.selection", json=body, headers=KEY).raise_for_status()
        assert logger.level == logging.NOTSET
