"""A site: one database with an account, a key and an LLM client, and the servers that work on it.

>>> async with site_at(home, url, upstream) as site:
...     with site.serving() as server:
...         ...  # a process of its own; site.headers let a caller in, site.path is where to prompt
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock.jsontext import loads
from promptdock.settings import Settings
from promptdock.store.database import Database
from promptdock.store.tables import LLMClient
from promptdock.store.urls import database_url as url_of
from tests.support.tenants import SECRET, Person, make_account, make_client, make_person
from tests.support.upstream import Received, Upstream

__all__ = ["Served", "Site", "is_valid_thread", "marks_of", "newest_user_text", "site_at", "terminal_event"]

_T = TypeVar("_T")
_Row = TypeVar("_Row", bound=SQLModel)

TOOL = "adder.add"
"""The stable id of the tool that every LLM client of a site has."""

_PLUGIN = '''
from promptdock import hookimpl, tool

@tool
def add(left: int, right: int) -> int:
    """Add two numbers.

    Args:
        left: One.
        right: The other.
    """
    return left + right

@hookimpl
def register_tools():
    return [add]
'''


@dataclass(frozen=True, slots=True)
class Served:
    """A server process.

    Attributes:
        process: The process; with several workers, their parent.
        origin: Scheme, host and port.
        log: The file that it logs to.
    """

    process: subprocess.Popen[str]
    origin: str
    log: Path

    def kill(self) -> None:
        """End it as the system does when memory runs out: nothing of it gets to do anything more."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@dataclass(frozen=True, slots=True)
class Site:
    """See :func:`site_at`."""

    home: Path
    url: str
    database: Database
    person: Person
    client: LLMClient
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """What lets the person in."""
        return self.person.headers

    @property
    def path(self) -> str:
        """Where its LLM client is prompted."""
        return f"/api/v1/llm-clients/{self.client.name}/prompt/"

    @property
    def settings(self) -> Settings:
        """For docks and apps in the test's own process."""
        return Settings(home=self.home, **self.members)

    @contextmanager
    def serving(self, *args: str, env: Mapping[str, str] | None = None) -> Iterator[Served]:
        """Run ``promptdock serve`` in a process of its own; it is killed at the end of the block if it still runs."""
        path = self.home / f"serve-{time.monotonic_ns()}.log"
        with path.open("w") as log:
            argv = [sys.executable, "-m", "promptdock", "serve", "--port", "0", "--log-level", "warning", *args]
            process = subprocess.Popen(
                [*argv, "--no-access-log"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.home,
                env=self._environment(env or {}),
                start_new_session=True,
            )
        with process:
            try:
                yield Served(process, _origin_of(process, path), path)
            finally:
                _end(process)

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PROMPTDOCK_")}
        told = {f"PROMPTDOCK_{name.upper()}": _as_text(value) for name, value in self.members.items()}
        return {**own, **told, "PROMPTDOCK_HOME": str(self.home), **extra}

    async def rows(self, table: type[_Row], *where: Any) -> Sequence[_Row]:
        """Rows of a table, oldest first."""

        async def work(session: AsyncSession) -> Sequence[_Row]:
            order: Any = next(iter(table.__table__.primary_key))  # type: ignore[attr-defined]  # SQLModel adds it
            return (await session.exec(select(table).where(*where).order_by(order))).all()

        return await self.database.read(work)

    async def until(self, condition: Callable[[], Awaitable[_T]], timeout: float = 20.0) -> _T:
        """Ask again and again until the answer is truthy."""
        import asyncio

        async with asyncio.timeout(timeout):
            while not (answer := await condition()):
                await asyncio.sleep(0.02)
        return answer


@asynccontextmanager
async def site_at(
    home: Path, url: str, upstream: Upstream, *, name: str = "helper", **members: Any
) -> AsyncIterator[Site]:
    """Put an account, a staff member's key and an LLM client with a tool into a database.

    Args:
        home: The home of its servers.
        url: The database, migrated.
        upstream: The provider of all prompts.
        name: Of the LLM client.
        **members: Settings of its servers.
    """
    (home / "plugins").mkdir(exist_ok=True)
    (home / "plugins" / "adder.py").write_text(_PLUGIN, encoding="utf-8")
    fake = {"base_url": upstream.base_url, "api_key": "sk-fake-1234", "default_model": "m1", "max_retries": 0}
    settings = {
        "database_url": SecretStr(url),
        "secret_key": SECRET,
        "providers": {"fake": fake},
        "default_provider": "fake",
        "plugins_deny": ("calculator", "date_calculator", "weather"),
        **members,
    }
    database = Database(url_of(Settings(database_url=SecretStr(url))))
    try:
        account = await make_account(database)
        person = await make_person(database, account, "ada", is_staff=True)
        rules = [{"directive": "always", "tools": [TOOL]}]
        client = await make_client(database, account, name, system_role="Be brief.", rules=rules)
        yield Site(home, url, database, person, client, settings)
    finally:
        await database.aclose()


def newest_user_text(request: Received) -> str:
    """What the user says now, in a request to the upstream."""
    return str(next(one["content"] for one in reversed(request.body["messages"]) if one["role"] == "user"))


def marks_of(request: Received) -> list[str]:
    """The first word of everything that the user said, oldest first."""
    return [one["content"].split()[0] for one in request.body["messages"] if one["role"] == "user"]


def is_valid_thread(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every call of a tool has its answer right after it, and every answer its call."""
    open_calls: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                return False
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            return False
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    return not open_calls


def terminal_event(body: str) -> tuple[str, Any] | None:
    """The last event of a stream, if it is one that ends it: its kind and its data."""
    frames = [frame for frame in body.split("\n\n")[:-1] if frame.startswith("id: ")]
    if not frames:
        return None
    found = re.fullmatch(r"id: (\S+)\nevent: (\S+)\ndata: (.*)", frames[-1], re.DOTALL)
    assert found is not None, frames[-1]
    ends = found[2] in {"turn.finished", "turn.failed", "turn.cancelled", "turn.interrupted"}
    return (found[2], loads(found[3])) if ends else None


def _origin_of(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"(http://\S+:\d+)/v1", line):
            return found[1]
    raise RuntimeError(f"the server did not start: {log.read_text()}")


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to stop, so that workers go with it; insist after a while."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)
