"""A resource as routes on top of the plumbing are written: things with a name, kept in a list."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Litestar, Request, Response, Router, delete, get, patch, post
from litestar.params import FromPath
from pydantic import Field

from promptdock import Settings
from promptdock.errors import NotFound, Unauthorized
from promptdock.identity import Principal, PrincipalKind
from promptdock.ids import new_id
from promptdock.web import PromptdockPlugin
from promptdock.web.auth import Authenticator, key_required, openai_access, principal_of
from promptdock.web.bodies import Asked, changes, read_model
from promptdock.web.docs import openapi_config
from promptdock.web.envelope import Envelope, created, path_below, reply
from promptdock.web.journal import Sink
from promptdock.web.operations import CreatingOperation, ListOperation, OurOperation, envelope_errors, taking
from promptdock.web.paging import listed, page_of
from promptdock.web.state import provide

__all__ = ["ADA", "Part", "StoredKeys", "ThingAsked", "things_app"]

ADA = Principal(kind=PrincipalKind.USER, name="ada@1234-5678-9012", user_id=new_id())


class StoredKeys:
    """Knows three keys; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find(self, key: str) -> Principal:
        self.asked.append(key)
        if key == "pd-ada":
            return ADA
        code = {"pd-off": "inactive_api_key", "pd-old": "expired_api_key"}.get(key, "invalid_api_key")
        raise Unauthorized("This key opens nothing.", code=code)


class Part(Asked):
    """A part of a thing."""

    weight: float = Field(gt=0)


class ThingAsked(Asked):
    """What a thing is made from."""

    name: str = Field(min_length=1, max_length=8)
    count: int | None = None
    parts: Annotated[list[Part], Field(max_length=3)] = Field(default_factory=list)


class ThingPatched(Asked):
    """What of a thing may change."""

    name: str = "unset"
    count: int | None = None


def things_app(
    settings: Settings,
    *,
    keys: Authenticator | None = None,
    journal: Sink | None = None,
    further: tuple[Any, ...] = (),
) -> Litestar:
    """An app with ``/api/v1/things`` beside promptdock's own routes; everybody may use them."""
    things: dict[UUID, dict[str, Any]] = {}

    @get("/things", operation_class=ListOperation, opt={"command": "list", "thing": "Thing"})
    async def list_things(request: Request[Any, Any, Any]) -> Response[Envelope]:
        page = page_of(request)
        rows = [id_ for id_ in sorted(things) if page.after is None or id_ > page.after][: page.fetch]
        shown, after = page.cut(rows, lambda id_: id_)
        return listed(request, [things[id_] for id_ in shown], thing="Thing", next=after)

    @post(
        "/things",
        operation_class=taking(ThingAsked, CreatingOperation),
        opt={"command": "create", "thing": "Thing"},
        responses=envelope_errors(400, 422),
    )
    async def create_thing(request: Request[Any, Any, Any]) -> Response[Envelope]:
        asked = await read_model(request, ThingAsked)
        id_ = new_id()
        things[id_] = {"id": id_, **asked.model_dump()}
        return created(path_below(request, id_), things[id_], thing="Thing")

    @get("/things/{thing_id:uuid}", operation_class=OurOperation, opt={"command": "get", "thing": "Thing"})
    async def get_thing(thing_id: FromPath[UUID]) -> Response[Envelope]:
        return reply(_found(things, thing_id), command="get", thing="Thing")

    @patch("/things/{thing_id:uuid}", operation_class=taking(ThingPatched), opt={"command": "update", "thing": "Thing"})
    async def update_thing(request: Request[Any, Any, Any], thing_id: FromPath[UUID]) -> Response[Envelope]:
        thing = _found(things, thing_id)
        thing.update(changes(await read_model(request, ThingPatched)))
        return reply(thing, command="update", thing="Thing")

    @delete("/things/{thing_id:uuid}", opt={"command": "delete", "thing": "Thing"})
    async def delete_thing(thing_id: FromPath[UUID]) -> None:
        del things[_found(things, thing_id)["id"]]

    @get("/whoami", guards=[key_required], opt={"command": "get", "thing": "User"})
    async def whoami(request: Request[Any, Any, Any]) -> Response[Envelope]:
        return reply({"name": principal_of(request).name}, command="get", thing="User")

    def connect(app: Litestar) -> None:
        provide(app.state, authenticator=keys, journal=journal)

    handlers = [list_things, create_thing, get_thing, update_thing, delete_thing]
    return Litestar(
        route_handlers=[
            Router("/api/v1", route_handlers=handlers, guards=[openai_access]),
            Router("/api/v1", route_handlers=[whoami, *further]),
        ],
        plugins=[PromptdockPlugin(settings, whole=True)],
        on_startup=[connect],
        openapi_config=openapi_config(),
        logging_config=None,
    )


def _found(things: dict[UUID, dict[str, Any]], thing_id: UUID) -> dict[str, Any]:
    if thing_id not in things:
        raise NotFound("There is no such thing.")
    return things[thing_id]
