"""Routers that are put into an app as they are."""

from __future__ import annotations

from litestar import Litestar, get
from litestar.testing import TestClient

from promptdock.web.part import Part


@get("/whose")
async def whose() -> str:
    return "ours"


def test_an_app_takes_the_router_itself_with_all_that_is_in_it() -> None:
    """A copy of each handler for each router around it is what a start would spend its time on."""
    inner = Part("/inner", route_handlers=[whose])
    outer = Part("/outer", route_handlers=[inner])
    app = Litestar(route_handlers=[outer], openapi_config=None)
    handlers = [
        handler
        for route in app.routes
        if route.path == "/outer/inner/whose"
        for handler in route.route_handler_map.values()  # type: ignore[union-attr]
    ]
    assert any(handler.owner is inner for handler, _ in handlers)
    assert inner.owner is outer
    assert outer.owner is app


def test_two_apps_with_routers_of_their_own_share_a_handler() -> None:
    """A handler is copied for each router that it is put into."""
    first = Litestar(route_handlers=[Part("/first", route_handlers=[whose])], openapi_config=None)
    second = Litestar(route_handlers=[Part("/second", route_handlers=[whose])], openapi_config=None)
    with TestClient(first) as one, TestClient(second) as two:
        assert (one.get("/first/whose").text, two.get("/second/whose").text) == ("ours", "ours")
        assert (one.get("/second/whose").status_code, two.get("/first/whose").status_code) == (404, 404)
