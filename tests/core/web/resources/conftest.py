"""An app with two accounts, on SQLite and on PostgreSQL, and somebody who listens to its events."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from promptdock import hookimpl
from promptdock.service_events import ServiceEvent
from tests.core.web.tenancy import Tenancy, tenancy
from tests.support.databases import Postgres


class Listener:
    """A plugin that hears of what is made, changed and deleted."""

    def __init__(self) -> None:
        self._heard: queue.Queue[ServiceEvent] = queue.Queue()

    def hear(self) -> ServiceEvent:
        """The next event."""
        return self._heard.get(timeout=20)

    def forget(self) -> None:
        """Be told of nothing that was."""
        while not self._heard.empty():
            self._heard.get_nowait()

    @hookimpl
    def account_created(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def user_created(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def key_created(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def key_updated(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def key_deleted(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def llm_client_created(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def llm_client_updated(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def llm_client_deployed(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def llm_client_undeployed(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def llm_client_deleted(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def domain_verification_requested(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def domain_verified(self, event: Any) -> None:
        self._heard.put(event)

    @hookimpl
    def domain_verification_failed(self, event: Any) -> None:
        self._heard.put(event)


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def acme(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres | None,
    listener: Listener,
) -> Iterator[Tenancy]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            if postgres is None:
                pytest.skip("no PostgreSQL: set PROMPTDOCK_TEST_POSTGRES_URL, or install its server")
            url = stack.enter_context(postgres.database())
        home = tmp_path_factory.mktemp("tenancy")
        yield stack.enter_context(tenancy(home, url, {"listener": listener}))


@pytest.fixture
def call(acme: Tenancy) -> Iterator[Callable[..., httpx.Response]]:
    """Ask for something: ``call("staff", "GET", "users")``."""
    with httpx.Client(base_url=f"{acme.url}/api/v1/", timeout=30) as client:

        def call(caller: str, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
            keys = {"operator": {"Authorization": "Bearer sk-operator"}}
            headers = keys.get(caller) or acme.headers(caller)
            return client.request(method, path, json=body, params=params or None, headers=headers)

        yield call
