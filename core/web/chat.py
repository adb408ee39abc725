"""``POST /v1/chat/completions``."""

from __future__ import annotations

from typing import Any, cast

from litestar import Request, Response, post
from litestar.response.base import ASGIResponse

from .chat_reply import ChatReply
from .operations import ChatOperation, openai_errors
from .schemas import ChatCompletion
from .state import dock_of

__all__ = ["create_chat_completion"]


class _Reply(Response[ChatCompletion]):
    """Hands Litestar the reply that runs the turn by itself."""

    def __init__(self, reply: ChatReply) -> None:
        super().__init__(content=cast("ChatCompletion", None))
        self._reply = reply

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The reply, which is all that Litestar wants to call."""
        return cast("ASGIResponse", self._reply)


@post(
    "/chat/completions",
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
    return _Reply(ChatReply(dock_of(request.app)))
