"""``POST /api/v1/explain``: which tools a prompt would get to see, and why; nothing is asked, and nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from litestar import Request, Response, post
from msgspec.structs import replace

from ..errors import BadRequest
from ..explaining.explanation import Explanation, explain
from ..explaining.why_not import why_not
from ..jsontext import JsonObject
from ..prompts.incoming import said_messages
from ..prompts.planning import client_request
from ..turn.messages import Message
from ..turn.request import PromptRequest
from .auth import caller_of, key_required, principal_of
from .body import read_json_body
from .chat_tools import check_tool_choice, check_tools
from .client_lookup import client_by_reference
from .envelope import reply
from .explain_schemas import ExplainEnvelope, ExplainOperation
from .json_object import json_object
from .operations import envelope_errors
from .params import text
from .prompt_body import checked, messages_of
from .request_id import request_id
from .state import dock_of

if TYPE_CHECKING:
    from ..prompts.dock import Dock
    from ..prompts.prompted import PromptedClient

__all__ = ["explain_prompt"]

_KNOWN: Final = ("llm_client", "messages", "model", "prompt", "tool_choice", "tools", "why_not")


@post(
    "/explain",
    status_code=200,
    operation_id="explainPrompt",
    operation_class=ExplainOperation,
    guards=[key_required],
    summary="Say which tools a prompt would get to see, and why",
    description="What each rule decides about each tool, in order, as it is stored with every turn. No model is asked. "
    "With `why_not` also one sentence about one tool.",
    responses=envelope_errors(400, 401, 403, 404, 413, 415, 429, 503),
    opt={"command": "explain", "thing": "Explanation"},
    tags=["Prompts"],
)
async def explain_prompt(request: Request[Any, Any, Any]) -> Response[ExplainEnvelope]:
    """Explain a prompt, of an LLM client or of the OpenAI endpoint."""
    dock, principal = dock_of(request.app), principal_of(request)
    asked = json_object(await read_json_body(request.scope, request.receive, dock.settings.max_body_bytes))
    _refuse_unknown(asked)
    wanted = checked(asked, "why_not", _words)
    client = None
    if checked(asked, "llm_client", text) is not None:
        client = (await client_by_reference(dock, principal, asked["llm_client"])).prompted
    prompt = PromptRequest(
        messages=_messages(asked, limit=dock.settings.max_messages),
        model=checked(asked, "model", text),
        tools=check_tools(asked.get("tools")),
        tool_choice=check_tool_choice(asked.get("tool_choice")),
        request_id=request_id(request.scope),
        caller=caller_of(principal),
    )
    found = await _explained(dock, prompt, client)
    is_member = client is None or principal.is_superuser or principal.account_id == client.account_id
    data = found.as_json(full=is_member)
    if wanted is not None:
        data["why_not"] = why_not(found, wanted)
    return reply(data, command="explain", thing="Explanation")


async def _explained(dock: Dock, prompt: PromptRequest, client: PromptedClient | None) -> Explanation:
    if client is not None:
        said = said_messages(prompt.messages, has_history=False)  # as the first prompt of a session
        prompt = client_request(replace(prompt, messages=said), client)
    return await explain(dock.service, prompt)


def _messages(asked: Mapping[str, Any], *, limit: int) -> tuple[Message, ...]:
    if (asked.get("prompt") is None) == (asked.get("messages") is None):
        raise BadRequest("Give either 'prompt', a text, or 'messages'.", param="messages")
    if asked.get("prompt") is None:
        return messages_of(asked, limit=limit)
    said = checked(asked, "prompt", _words)
    given: JsonObject = {"messages": [{"role": "user", "content": said}]}
    return messages_of(given, limit=limit)


def _words(value: object, where: str) -> None:
    """Take text that says something, as the commands do."""
    text(value, where)
    if not str(value).strip():
        raise BadRequest(f"'{where}' must not be empty.", param=where)


def _refuse_unknown(asked: Mapping[str, Any]) -> None:
    for name in asked:
        if name not in _KNOWN:
            raise BadRequest(f"There is no member {name[:64]!r} here; known are: {', '.join(_KNOWN)}.", param=name[:64])
    if asked.get("llm_client") is not None:
        for name in ("model", "tools", "tool_choice"):
            if asked.get(name) is not None:
                raise BadRequest(f"An LLM client's callers cannot say {name!r}.", param=name)
