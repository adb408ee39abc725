"""What all routes of one thing say of themselves: to the OpenAPI document, to envelopes and to the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litestar.openapi.spec import OpenAPIType, Parameter, Schema

from ...rights import RIGHTS, Action, Thing
from ..operations import CreatingOperation, ListOperation, OurOperation, envelope_errors, taking

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Resource"]

_BODY: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)
"""What may go wrong with a request that has a body."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of thing. Its methods give the keyword arguments of Litestar's route decorators.

    Attributes:
        thing: What it is.
        tag: The heading of its routes in the document.
    """

    thing: Thing
    tag: str

    def lists(self, summary: str, more: str = "", *, filters: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Of ``GET`` on the collection.

        Args:
            summary: What it does.
            more: What else is to be said about it; of the other methods likewise.
            filters: Query parameters and what each selects by.
        """
        told = self._told("list", summary, more, _filtering(filters or {}), (400, 401, 503), Action.READ)
        return {**told, "operation_id": f"list{self.thing}s"}

    def reads(self, summary: str, more: str = "") -> dict[str, Any]:
        """Of ``GET`` on one."""
        return self._told("get", summary, more, OurOperation, (401, 404, 503), Action.READ)

    def makes(self, summary: str, model: type[BaseModel], more: str = "") -> dict[str, Any]:
        """Of ``POST`` on the collection, with a body."""
        return self._told("create", summary, more, taking(model, CreatingOperation), _BODY, Action.CREATE)

    def changes(self, summary: str, model: type[BaseModel], more: str = "") -> dict[str, Any]:
        """Of ``PATCH`` on one, with a body."""
        return self._told("update", summary, more, taking(model), _BODY, Action.UPDATE)

    def removes(self, summary: str, more: str = "") -> dict[str, Any]:
        """Of ``DELETE`` on one."""
        return self._told("delete", summary, more, OurOperation, (401, 403, 404, 409, 503), Action.DELETE)

    def _told(
        self,
        command: str,
        summary: str,
        more: str,
        operation: type[OurOperation],
        errors: tuple[int, ...],
        action: Action,
    ) -> dict[str, Any]:
        return {
            "operation_id": f"{command}{self.thing}",
            "opt": {"command": command, "thing": self.thing.value, "right": (self.thing, action)},
            "operation_class": operation,
            "summary": summary,
            "description": f"For {RIGHTS[self.thing, action]}, and for superusers. {more}".rstrip(),
            "responses": envelope_errors(*errors),
            "tags": [self.tag],
        }


def _filtering(filters: Mapping[str, str]) -> type[OurOperation]:
    """The class of operations that give a list, of which query parameters select a part."""

    @dataclass
    class Filtering(ListOperation):
        def __post_init__(self) -> None:
            super().__post_init__()
            text = Schema(type=OpenAPIType.STRING)
            chosen = [
                Parameter(name=name, param_in="query", schema=text, description=description)
                for name, description in filters.items()
            ]
            self.parameters = [*(self.parameters or []), *chosen]

    return Filtering
