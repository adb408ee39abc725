"""The OpenAPI document and its page, all of it served from packaged files."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.params import FromPath

from .. import __version__

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

__all__ = ["asset_route", "openapi_config"]

_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>promptdock</title>
<link rel="icon" type="image/png" href="{root}/schema/assets/favicon-32x32.png">
<link rel="stylesheet" href="{root}/schema/assets/swagger-ui.css">
<script src="{root}/schema/assets/swagger-ui-bundle.js"></script>
</head>
<body>
<div id="page"></div>
<script>
SwaggerUIBundle({{url: "{root}/schema/openapi.json", dom_id: "#page", validatorUrl: null, deepLinking: true}});
</script>
</body>
</html>
"""


class _Page(OpenAPIRenderPlugin):
    """Swagger UI without its standalone parts, its validator badge, or any other host."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        return _PAGE.format(root=_escaped(request.scope.get("root_path", ""))).encode()


def _escaped(root: str) -> str:
    """The server's root path; only what a path needs, since it is written into a page."""
    return "".join(character for character in root if character.isalnum() or character in "/._~-").rstrip("/")


def openapi_config() -> OpenAPIConfig:
    """What the app's OpenAPI document is made from."""
    scheme = SecurityScheme(
        type="http",
        scheme="bearer",
        description="A key, as `Authorization: Bearer <key>`; `Token <key>` is taken, too.",
    )
    return OpenAPIConfig(
        title="promptdock",
        version=__version__,
        description="Prompts with the tools of installed plugins, over the OpenAI protocol.",
        license=License(name="MIT", identifier="MIT"),
        components=Components(security_schemes={"key": scheme}),
        render_plugins=[_Page(path="/")],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=_refuse_unknown),
    )


async def _refuse_unknown(response: Response[Any]) -> Response[Any]:
    """Litestar answers unknown paths under /schema with a page of its own; here errors look alike everywhere."""
    if response.status_code == 404:
        raise NotFoundException
    return response


def asset_route() -> HTTPRouteHandler:
    """Make the route of the page's files; each is read when it is first asked for."""
    read: dict[str, tuple[bytes, str]] = {}

    @get("/schema/assets/{name:str}", include_in_schema=False)
    async def get_asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        """One file of the page; browsers keep it, and ask again only whether it changed."""
        if name not in _ASSETS:
            raise NotFoundException
        if name not in read:
            read[name] = _asset(name)
        content, tag = read[name]
        headers = {"etag": tag, "cache-control": "public, max-age=3600"}
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers=headers, media_type=_ASSETS[name])
        return Response(content, headers=headers, media_type=_ASSETS[name])

    return get_asset


def _asset(name: str) -> tuple[bytes, str]:
    """A file's content and its entity tag."""
    content = files(__package__).joinpath("assets", "swagger", name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
