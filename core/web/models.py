"""``GET /v1/models`` and ``GET /v1/models/{id}``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import Request, get
from litestar.params import FromPath

from ..store.attachments import promptable
from .auth import principal_of
from .client_lookup import client_as_model
from .operations import OurOperation, openai_errors
from .schemas import Model, ModelList
from .state import dock_of, service_of

if TYPE_CHECKING:
    from ..providers.base import ModelInfo
    from ..store.tables import LLMClient

__all__ = ["list_models", "retrieve_model"]


@get(
    "/models",
    operation_id="listModels",
    opt={"command": "list", "thing": "Model"},
    operation_class=OurOperation,
    summary="List the models",
    responses=openai_errors(401, 503),
    tags=["OpenAI"],
)
async def list_models(request: Request[Any, Any, Any]) -> ModelList:
    """Every name that ``model`` takes: LLM clients that the caller may prompt, then models."""
    clients = await _clients(request)
    return ModelList([*clients, *(_model(info) for info in await service_of(request.app).models.list())])


@get(
    "/models/{model:path}",
    operation_id="retrieveModel",
    opt={"command": "get", "thing": "Model"},
    operation_class=OurOperation,
    summary="Look at one model",
    description="The id may hold slashes: `provider/model`.",
    responses=openai_errors(400, 401, 404, 503),
    tags=["OpenAI"],
)
async def retrieve_model(request: Request[Any, Any, Any], model: FromPath[str]) -> Model:
    """One model by any of its names."""
    name = model.removeprefix("/")
    dock = dock_of(request.app)
    found = await client_as_model(dock, principal_of(request), name)
    return _client(found.client) if found is not None else _model(await dock.service.models.find(name))


async def _clients(request: Request[Any, Any, Any]) -> list[Model]:
    principal = principal_of(request)
    if principal.is_anonymous:
        return []
    return [
        _client(client) for client in await dock_of(request.app).database.read(partial(promptable, principal=principal))
    ]


def _client(client: LLMClient) -> Model:
    return Model(id=client.name, created=int(client.created_at.timestamp()), owned_by="promptdock")


def _model(info: ModelInfo) -> Model:
    return Model(id=info.id, created=info.created, owned_by=info.owned_by)
