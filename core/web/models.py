"""``GET /v1/models`` and ``GET /v1/models/{id}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, get
from litestar.params import FromPath

from .operations import OurOperation, openai_errors
from .schemas import Model, ModelList
from .state import service_of

if TYPE_CHECKING:
    from ..providers.base import ModelInfo

__all__ = ["list_models", "retrieve_model"]


@get(
    "/models",
    operation_id="listModels",
    operation_class=OurOperation,
    summary="List the models",
    responses=openai_errors(401, 503),
    tags=["OpenAI"],
)
async def list_models(request: Request[Any, Any, Any]) -> ModelList:
    """Every name that ``model`` takes."""
    return ModelList([_model(info) for info in await service_of(request.app).models.list()])


@get(
    "/models/{model:path}",
    operation_id="retrieveModel",
    operation_class=OurOperation,
    summary="Look at one model",
    description="The id may hold slashes: `provider/model`.",
    responses=openai_errors(400, 401, 404, 503),
    tags=["OpenAI"],
)
async def retrieve_model(request: Request[Any, Any, Any], model: FromPath[str]) -> Model:
    """One model by any of its names."""
    return _model(await service_of(request.app).models.find(model.removeprefix("/")))


def _model(info: ModelInfo) -> Model:
    return Model(id=info.id, created=info.created, owned_by=info.owned_by)
