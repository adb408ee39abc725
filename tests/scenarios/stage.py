"""What the scenarios play on: a live server over a real database and the fake upstream, with people and LLM clients."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock import (
    CompletionCall,
    CompletionRequested,
    Deny,
    SearchTerms,
    Settings,
    ToolCall,
    ToolError,
    hookimpl,
    tool,
)
from promptdock import hookspecs as specs
from promptdock.identity import Principal
from promptdock.store.database import Database
from promptdock.store.keys import create_key, new_key
from promptdock.store.tables import Account, Budget, Charge, LLMClient, Price
from promptdock.store.tables.base import Table
from promptdock.store.urls import database_url as url_of
from promptdock.tools.approval import Approval
from promptdock.turn.events import Event
from promptdock.web import create_app
from tests.support.server import live_server
from tests.support.services import Plugin, settings_at
from tests.support.tenants import SECRET, Person, make_account, make_client, make_person
from tests.support.upstream import Upstream, text

__all__ = ["API_DOMAIN", "OPERATOR_KEY", "ORIGIN", "PROVIDER_KEY", "Frame", "Scene", "Stage", "frames_of", "said"]

T = TypeVar("T")
R = TypeVar("R", bound=Table)

API_DOMAIN = "api.test"
OPERATOR_KEY = "the operator's own key"
ORIGIN = "https://chat.example.com"
PROVIDER_KEY = "sk-fake-0123456789"

_numbers = itertools.count(1)


@tool
def look_up(word: str) -> str:
    """Look a word up.

    Args:
        word: The word.
    """
    return f"{word} is a fine word"


@tool
def stumble() -> str:
    """Fail."""
    raise ToolError("The shelf is empty.")


class Moods:
    """A plugin that does badly whenever a prompt says so, and forbids calls about what is secret."""

    @hookimpl
    def completion_requested(self, event: CompletionRequested) -> None:
        if "grumble" in str(event.request["messages"]):
            raise RuntimeError("grumble, with a secret: sk-of-an-observer-123456")

    @hookimpl
    def prepare_completion(self, call: CompletionCall) -> CompletionCall | None:
        if "grumble" in str(call.messages):
            raise RuntimeError("grumble")
        return None

    @hookimpl
    def approve_tool_call(self, call: ToolCall) -> Approval:
        return Deny("that is a secret word") if call.arguments.get("word") == "secret" else None


class Ear:
    """A plugin that hears everything.

    Attributes:
        events: In the order in which they were told.
    """

    def __init__(self) -> None:
        self.events: list[Any] = []

    def of(self, request_id: str) -> list[Any]:
        """What belongs to one request."""
        return [event for event in self.events if event.request_id == request_id]

    def names(self, request_id: str) -> list[str]:
        """The hooks that were told about one request."""
        return [event.hook for event in self.of(request_id)]


def _hear(name: str) -> Any:
    def heard(self: Ear, event: Event) -> None:
        assert event.hook == name
        self.events.append(event)

    heard.__name__ = name
    return hookimpl(heard)


for _name, _spec in vars(specs).items():
    if getattr(_spec, "__annotations__", {}).get("event"):
        setattr(Ear, _name, _hear(_name))


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    id: str
    event: str
    data: dict[str, Any]

    @property
    def turn(self) -> str:
        return self.id.rpartition(":")[0]

    @property
    def number(self) -> int:
        return int(self.id.rpartition(":")[2])


def frames_of(body: str) -> list[Frame]:
    """The events of a stream, comments left out."""
    found = []
    for block in body.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            members = dict(line.split(": ", 1) for line in lines)
            assert set(members) == {"id", "event", "data"}, block
            found.append(Frame(members["id"], members["event"], json.loads(members["data"])))
    return found


def said(reply: httpx.Response) -> str:
    """The assistant's text in a reply."""
    assert reply.status_code == 200, reply.text
    content: str = reply.json()["data"]["choices"][0]["message"]["content"]
    return content


class Stage:
    """One server on one database, for the tests of a module.

    Args:
        database_url: Of a migrated database.
        home: Of the server.
        upstream: What the providers lead to.
        members: Further settings.

    Attributes:
        url: Of the server, while it runs.
        ear: Hears every event.
        http: What requests are sent with.
        database: A second engine on the database.
    """

    def __init__(self, database_url: str, home: Path, upstream: Upstream, **members: Any) -> None:
        fake = {"base_url": upstream.base_url, "api_key": PROVIDER_KEY, "default_model": "m1", "max_retries": 0}
        given: dict[str, Any] = {
            "providers": {
                "fake": fake,
                "hasty": {**fake, "timeout": 0.2},
                "spare": {**fake, "api_key": "sk-spare-0123456789"},
                "nowhere": {**fake, "base_url": "http://127.0.0.1:9/v1"},
            },
            "home": home,
            "database_url": database_url,
            "secret_key": SECRET,
            "api_key": OPERATOR_KEY,
            "api_domain": API_DOMAIN,
            "cors_origins": (ORIGIN,),
            "session_wait": 20.0,
        }
        self.settings: Settings = settings_at(upstream, **(given | members))
        self.upstream = upstream
        self.ear = Ear()
        self.url = ""
        self.http = httpx.Client(timeout=30)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage", daemon=True)
        self._thread.start()
        self.database = Database(url_of(Settings(home=home, database_url=SecretStr(database_url))))
        self._server = ExitStack()

    def start(self) -> None:
        """Start the server."""
        words = Plugin(look_up, stumble, rules=[SearchTerms("word", tools=[look_up, stumble])])
        app = create_app(self.settings, extra={"words": words, "ear": self.ear, "moods": Moods()})
        self.url = self._server.enter_context(live_server(app))

    def restart(self) -> None:
        """Stop the server and start another one."""
        self._server.close()
        self.start()

    def close(self) -> None:
        """Stop the server, and close what is open."""
        self.http.close()
        self._server.close()
        self.run(self.database.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something asynchronous."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@dataclass
class Scene:
    """One test's own account on a stage: nothing that other tests did is in it."""

    stage: Stage
    number: int = field(default_factory=lambda: next(_numbers))

    @cached_property
    def account(self) -> Account:
        """The account that everything is about."""
        return self.stage.run(make_account(self.stage.database))

    @cached_property
    def ada(self) -> Person:
        """Staff of the account."""
        return self.person("ada", is_staff=True)

    @cached_property
    def bob(self) -> Person:
        """A plain member of the account."""
        return self.person("bob")

    @cached_property
    def elsewhere(self) -> Account:
        """Another account."""
        return self.stage.run(make_account(self.stage.database, "Elsewhere"))

    @cached_property
    def eve(self) -> Person:
        """Staff of the other account."""
        return self.person("eve", account=self.elsewhere, is_staff=True)

    @cached_property
    def helper(self) -> LLMClient:
        """An LLM client without a word of its own."""
        return self.llm_client("helper")

    @property
    def upstream(self) -> Upstream:
        """What the providers lead to; its requests are this test's."""
        return self.stage.upstream

    @property
    def url(self) -> str:
        """Of the server."""
        return self.stage.url

    def person(self, name: str, *, account: Account | None = None, **columns: Any) -> Person:
        """Somebody new."""
        where = account or self.account
        return self.stage.run(make_person(self.stage.database, where, f"{name}-{self.number}", **columns))

    def another_key(self, person: Person, **columns: Any) -> Person:
        """The same person with a second key."""
        made, profile_id = new_key(SECRET), person.principal.profile_id
        assert profile_id is not None

        async def work(session: AsyncSession) -> Principal:
            await create_key(session, made, profile_id=profile_id, name="another", **columns)
            return replace(person.principal, api_key_id=None)

        return Person(self.stage.run(self.stage.database.write(work)), made.key.get_secret_value())

    def llm_client(self, name: str, *, account: Account | None = None, **columns: Any) -> LLMClient:
        """A new LLM client."""
        return self.stage.run(make_client(self.stage.database, account or self.account, name, **columns))

    def add(self, row: R) -> R:
        """Store a row."""

        async def work(session: Any) -> R:
            session.add(row)
            await session.flush()
            return row

        return self.stage.run(self.stage.database.write(work))

    def write(self, work: Callable[..., Coroutine[Any, Any, T]], *given: Any, **named: Any) -> T:
        """Run a function of the store."""
        return self.stage.run(self.stage.database.write(partial(_after_session, work, given, named)))

    def rows(self, table: type[R], *where: Any) -> list[R]:
        """Rows, oldest first."""

        async def work(session: Any) -> list[R]:
            found = (await session.exec(select(table).where(*where))).all()
            return sorted(found, key=lambda row: getattr(row, "id", None) or 0)

        return self.stage.run(self.stage.database.read(work))

    def charges(self) -> list[Charge]:
        """The account's ledger."""
        return self.rows(Charge, col(Charge.account_id) == self.account.id)

    def budget(self, limit: Decimal | int, **columns: Any) -> Budget:
        """A budget of the account: of tokens, in total, unless said otherwise; costs in the unit of prices."""
        from promptdock.store.budgets import units_of

        metric = columns.setdefault("metric", "tokens")
        given = {"scope": "account", "period": "total", "name": f"budget {next(_numbers)}"} | columns
        units = units_of(metric, Decimal(limit))
        return self.add(Budget(account_id=self.account.id, limit_units=units, **given))

    def price(self, **columns: Any) -> Price:
        """A price, which holds for all tests of the stage."""
        return self.add(Price(**columns))

    def path(self, client: LLMClient | None = None) -> str:
        """Where an LLM client is prompted by name."""
        return f"/api/v1/llm-clients/{(client or self.helper).name}/prompt/"

    def host(self, client: LLMClient | None = None, account: Account | None = None) -> str:
        """An LLM client's own host."""
        return f"{(client or self.helper).name}.{(account or self.account).number}.{API_DOMAIN}"

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        by: Person | None = None,
        headers: Mapping[str, str] | None = None,
        anonymous: bool = False,
    ) -> httpx.Response:
        """A request of Ada's, of somebody else's, or of nobody's."""
        known = {} if anonymous else (by or self.ada).headers
        return self.stage.http.post(self.url + path, json=body, headers={**known, **(headers or {})})

    def prompt(
        self,
        what: str | Sequence[Mapping[str, Any]] = "Hello",
        *,
        client: LLMClient | None = None,
        by: Person | None = None,
        headers: Mapping[str, str] | None = None,
        at_host: bool = False,
        anonymous: bool = False,
        **members: Any,
    ) -> httpx.Response:
        """Prompt an LLM client by name, or at its host."""
        messages = [{"role": "user", "content": what}] if isinstance(what, str) else what
        path = "/prompt/" if at_host else self.path(client)
        told = {**({"host": self.host(client)} if at_host else {}), **(headers or {})}
        body = {"messages": messages, **members}
        return self.post(path, body, by=by, headers=told, anonymous=anonymous)

    def stream(self, what: str | Sequence[Mapping[str, Any]] = "Hello", **members: Any) -> list[Frame]:
        """Prompt an LLM client with a stream, and read it to its end."""
        reply = self.prompt(what, stream=True, **members)
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"].startswith("text/event-stream")
        return frames_of(reply.text)

    def many(
        self, bodies: Sequence[Mapping[str, Any]], *, client: LLMClient | None = None, below: str = ""
    ) -> list[httpx.Response]:
        """Many requests of Ada's at once: prompts, or what is below them."""
        path, headers = self.url + self.path(client) + below, self.ada.headers

        async def work() -> list[httpx.Response]:
            limits = httpx.Limits(max_connections=len(bodies))
            async with httpx.AsyncClient(headers=headers, timeout=60, limits=limits) as http:
                return list(await asyncio.gather(*(http.post(path, json=body) for body in bodies)))

        return self.stage.run(work())

    def drained(self, condition: Callable[[], object]) -> None:
        """Wait for something that happens after a reply, e.g. that observers have heard of it."""
        self.upstream.wait(condition)


async def _after_session(
    work: Callable[..., Coroutine[Any, Any, T]], given: Sequence[Any], named: Mapping[str, Any], session: Any
) -> T:
    return await work(session, *given, **named)


@contextmanager
def staged(database_url: str, home: Path, **members: Any) -> Iterator[Stage]:
    """A stage with its server running."""
    with Upstream() as upstream:
        stage = Stage(database_url, home, upstream, **members)
        try:
            stage.start()
            yield stage
        finally:
            stage.close()


def fresh(stage: Stage) -> Scene:
    """A scene; the upstream has heard nothing and answers with a text."""
    stage.upstream.requests.clear()
    stage.upstream.script(text("Hello from the fake upstream."))
    return Scene(stage)
