"""``POST /v1/chat/completions``."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response

from .chat_reply import ChatReply
from .handlers import running_route
from .operations import ChatOperation, openai_errors
from .running_reply import RunningReply
from .schemas import ChatCompletion
from .state import dock_of

__all__ = ["create_chat_completion"]


@running_route(
    "/chat/completions",
    http_method=HttpMethod.POST,
    status_code=200,
    operation_id="createChatCompletion",
    opt={"command": "prompt", "thing": "ChatCompletion"},
    operation_class=ChatOperation,
    summary="Answer a prompt",
    description="OpenAI's chat completion. The tools of the installed plugins are presented as their rules say and run "
    "here; calls of the caller's own `tools` are handed back. With `stream` the answer comes as server-sent events.",
    responses=openai_errors(400, 401, 402, 403, 404, 409, 413, 415, 429, 502, 503, 504),
    tags=["OpenAI"],
)
async def create_chat_completion(request: Request[Any, Any, Any]) -> Response[ChatCompletion]:
    """Answer a prompt."""
    return RunningReply(ChatReply(dock_of(request.app)))
