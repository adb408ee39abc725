"""Routes of one kind of thing: how they are made, and what they say of themselves.

They say it to the OpenAPI document (with the handler's docstring), to envelopes and to the journal; and in
``opt["right"]`` to whoever checks that every route keeps to the table of rights.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIType, Parameter, Schema

from ...rights import RIGHTS, Action, Thing
from ..operations import CreatingOperation, ListOperation, OurOperation, envelope_errors, taking

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Resource", "filtering"]

_BODY: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)
"""What may go wrong with a request that has a body."""

_Decorator: TypeAlias = Callable[[Callable[..., Any]], HTTPRouteHandler]


class Resource(msgspec.Struct, frozen=True):
    """One kind of thing. Its methods decorate the handlers of its routes.

    Attributes:
        thing: What it is.
        tag: The heading of its routes in the document.
    """

    thing: Thing
    tag: str

    def lists(self, path: str, summary: str, filters: Mapping[str, str] | None = None) -> _Decorator:
        """``GET`` on the collection.

        Args:
            path: Below ``/api/v1``.
            summary: What it does.
            filters: Query parameters and what each selects by.
        """
        return self.route(
            get,
            path,
            summary,
            command="list",
            action=Action.READ,
            operation=filtering(ListOperation, filters or {}),
            errors=(400, 401, 503),
            operation_id=f"list{self.thing}s",
        )

    def reads(self, path: str, summary: str) -> _Decorator:
        """``GET`` on one."""
        return self.route(get, path, summary, command="get", action=Action.READ)

    def makes(self, path: str, summary: str, model: type[BaseModel]) -> _Decorator:
        """``POST`` on the collection, with a body."""
        operation = taking(model, CreatingOperation)
        return self.route(
            post, path, summary, command="create", action=Action.CREATE, operation=operation, errors=_BODY
        )

    def changes(self, path: str, summary: str, model: type[BaseModel]) -> _Decorator:
        """``PATCH`` on one, with a body."""
        return self.route(
            patch, path, summary, command="update", action=Action.UPDATE, operation=taking(model), errors=_BODY
        )

    def removes(self, path: str, summary: str) -> _Decorator:
        """``DELETE`` on one."""
        errors = (401, 403, 404, 409, 503)
        return self.route(delete, path, summary, command="delete", action=Action.DELETE, errors=errors)

    def route(
        self,
        method: Callable[..., Any],
        path: str,
        summary: str,
        *,
        command: str,
        action: Action,
        operation: type[OurOperation] = OurOperation,
        errors: tuple[int, ...] = (401, 404, 503),
        operation_id: str | None = None,
        thing: str | None = None,
        **further: Any,
    ) -> _Decorator:
        """Any route.

        Args:
            method: Litestar's decorator.
            path: Below ``/api/v1``.
            summary: What it does.
            command: As envelopes name it.
            action: What the caller must have the right to do.
            operation: What else the document says.
            errors: Statuses of refusals.
            operation_id: The operation's name in the document; None for command and thing.
            thing: What envelopes name; None for the thing itself.
            **further: What Litestar is told, too.
        """

        def decorate(handler: Callable[..., Any]) -> HTTPRouteHandler:
            told = inspect.cleandoc(handler.__doc__ or "").replace("``", "`")
            made: HTTPRouteHandler = method(
                path,
                operation_id=operation_id or f"{command}{self.thing}",
                opt={"command": command, "thing": thing or self.thing.value, "right": (self.thing, action)},
                operation_class=operation,
                summary=summary,
                description=f"{told} For {RIGHTS[self.thing, action]}, and for superusers.",
                responses=envelope_errors(*errors),
                tags=[self.tag],
                **further,
            )(handler)
            return made

        return decorate


def filtering(base: type[OurOperation], filters: Mapping[str, str]) -> type[OurOperation]:
    """Make the class of operations of which query parameters select a part.

    Args:
        base: What else the operation is.
        filters: Query parameters and what each selects by.
    """

    class Filtering(base):  # type: ignore[valid-type,misc]
        def __post_init__(self) -> None:
            super().__post_init__()
            text = Schema(type=OpenAPIType.STRING)
            chosen = [
                Parameter(name=name, param_in="query", schema=text, description=description)
                for name, description in filters.items()
            ]
            documented: list[Parameter] = vars(self)["parameters"] or []
            self.parameters = [*documented, *chosen]

    return Filtering
