"""An app with two accounts in it, and one of everything in the first of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from anyio.from_thread import BlockingPortal, start_blocking_portal
from litestar import Litestar
from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from promptdock import Settings
from promptdock.rights import Thing
from promptdock.store.database import Database
from promptdock.store.secret import keyed_digest
from promptdock.store.tables import (
    Account,
    ApiKey,
    Budget,
    Charge,
    CustomDomain,
    JournalRow,
    LLMClient,
    LLMClientKey,
    Price,
    Profile,
    Row,
    SessionRow,
    ToolCallRow,
    TurnRow,
    User,
)
from promptdock.store.urls import database_url as url_of
from promptdock.web import create_app
from tests.support.databases import migrated_file
from tests.support.server import live_server
from tests.support.tenants import SECRET, Person, make_account, make_person

__all__ = ["CALLERS", "Tenancy", "tenancy"]

T = TypeVar("T")

CALLERS = ("anonymous", "other", "same", "owner", "staff", "superuser")
"""Nobody; staff of another account; two plain users of the first account, of whom one owns what there is; its staff."""


class Store:
    """The app's database, for whoever is not async."""

    def __init__(self, portal: BlockingPortal, database: Database) -> None:
        self.database = database
        self._portal = portal

    @classmethod
    @contextmanager
    def opened(cls, portal: BlockingPortal, settings: Settings) -> Iterator[Store]:
        database = Database(url_of(settings))
        try:
            yield cls(portal, database)
        finally:
            portal.call(database.aclose)

    def write(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        return self._portal.call(self.database.write, work)


class Tenancy:
    """The app and those who call it.

    Attributes:
        app: The app.
        url: Where it is served.
        account: The first account.
        people: Who calls, by what they are in ``CALLERS``.
    """

    def __init__(self, app: Litestar, store: Store, account: Account, people: dict[str, Person]) -> None:
        self.app = app
        self.url = ""
        self.store = store
        self.account = account
        self.people = people
        self._numbers = count(1)

    @property
    def profile_id(self) -> UUID:
        """The owner's."""
        found = self.people["owner"].principal.profile_id
        assert found is not None
        return found

    def headers(self, caller: str) -> dict[str, str]:
        return {} if caller == "anonymous" else self.people[caller].headers

    def add(self, *rows: Any) -> None:
        """Add rows."""

        async def work(session: AsyncSession) -> None:
            for row in rows:
                session.add(row)
                await session.flush()

        self.store.write(work)

    def make(self, thing: Thing) -> Any:
        """Make one more thing of the owner's in the first account; gives its id."""
        rows = self._rows(thing, f"n{self.unused()}")
        self.add(*rows)
        return rows[0].id if thing is Thing.USER else rows[-1].id

    def unused(self) -> int:
        """A number that was not given yet."""
        return next(self._numbers)

    def attach(self, client_id: Any, key_id: Any) -> None:
        self.add(LLMClientKey(llm_client_id=client_id, api_key_id=key_id))

    def _rows(self, thing: Thing, name: str) -> list[Row]:
        owner = self.people["owner"].principal
        whose: dict[str, Any] = {"account_id": self.account.id, "profile_id": owner.profile_id}
        turn = TurnRow(
            worker_id=self.account.id,
            request_id=name,
            state="finished",
            provider="offline",
            model="offline",
            **whose,
        )
        user = User(name=name)
        made: dict[Thing, list[Row]] = {
            Thing.ACCOUNT: [Account(number=f"0000-0000-{name[1:]:0>4}", name=name)],
            Thing.USER: [user, Profile(user_id=user.id, account_id=self.account.id)],
            Thing.API_KEY: [
                ApiKey(profile_id=self.profile_id, name=name, digest=keyed_digest(SECRET, name), hint=name[-4:])
            ],
            Thing.LLM_CLIENT: [LLMClient(name=name, **whose)],
            Thing.CUSTOM_DOMAIN: [CustomDomain(name=f"{name}.localhost", token="t", **whose)],
            Thing.BUDGET: [
                Budget(name=name, scope="account", metric="tokens", period="day", limit_units=10**9, **whose)
            ],
            Thing.PRICE: [Price(kind="completion", provider=name, prompt_price=Decimal(1))],
            Thing.SESSION: [
                SessionRow(
                    key=f"{name:0>64}",
                    llm_client_id=self.account.id,
                    owner=self.people["owner"].principal.owner,
                    **whose,
                )
            ],
            Thing.TURN: [turn],
            Thing.TOOL_CALL: [
                turn,
                ToolCallRow(turn_id=turn.id, round=1, call_id=name, name=name, arguments="{}", result="", ms=1),
            ],
            Thing.CHARGE: [Charge(kind="completion", request_id=name, **whose)],
            Thing.JOURNAL_ENTRY: [
                JournalRow(
                    request_id=name,
                    caller=owner.name,
                    method="GET",
                    path="/",
                    command="get",
                    thing="Turn",
                    status=200,
                    ms=1,
                    **whose,
                )
            ],
        }
        return made[thing]


@contextmanager
def tenancy(
    home: Path, database_url: str | None = None, extra: Mapping[str, object] | None = None
) -> Iterator[Tenancy]:
    """Serve an app with its people, on a database of its own.

    Args:
        home: Where it keeps what it stores.
        database_url: A migrated database; None makes one in the home.
        extra: Further plugins.
    """
    settings = Settings(
        home=home,
        database_url=None if database_url is None else SecretStr(database_url),
        plugins_allow=("calculator", "offline", *(extra or {})),
        default_provider="offline",
        secret_key=SECRET,
        allow_anonymous=False,
        api_domain="api.example.com",
        api_key=SecretStr("sk-operator"),
    )
    if database_url is None:
        (home / "promptdock.db").write_bytes(migrated_file())
    with start_blocking_portal() as portal, Store.opened(portal, settings) as store:
        account, people = portal.call(_people, store.database)
        made = Tenancy(create_app(settings, extra=extra), store, account, people)
        with live_server(made.app) as made.url:
            yield made


async def _people(database: Database) -> tuple[Account, dict[str, Person]]:
    account, elsewhere = await make_account(database, "Acme"), await make_account(database, "Other")
    return account, {
        "other": await make_person(database, elsewhere, "eve", is_staff=True),
        "same": await make_person(database, account, "bob"),
        "owner": await make_person(database, account, "ann"),
        "staff": await make_person(database, account, "boss", is_staff=True),
        "superuser": await make_person(database, elsewhere, "root", is_superuser=True),
    }
