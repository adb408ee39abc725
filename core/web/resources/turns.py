"""``/api/v1/turns`` and ``/api/v1/tool-calls``: what was asked, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from litestar import Response
from litestar.params import FromPath
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ...errors import Conflict
from ...jsontext import JsonObject
from ...rights import Action, Thing
from ...selection.decision_sets import restored_decisions
from ...store.reading import get_row
from ...store.tables import DecisionSet, MessageRow, PluginSelectionRow, ToolCallRow, TurnRow
from ..auth import principal_of
from ..envelope import reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, list_of, read, shown, write
from .turn_shapes import (
    SelectionView,
    ToolCallList,
    ToolCallReply,
    ToolCallView,
    TurnDetailView,
    TurnList,
    TurnReply,
    TurnView,
    message_view,
)

__all__ = ["HANDLERS"]

_TURNS: Final = Resource(Thing.TURN, "History")
_CALLS: Final = Resource(Thing.TOOL_CALL, "History")


async def _turns(_: AsyncSession, rows: Sequence[TurnRow]) -> list[TurnView]:
    return [shown(TurnView, row) for row in rows]


async def _calls(_: AsyncSession, rows: Sequence[ToolCallRow]) -> list[ToolCallView]:
    return [shown(ToolCallView, row) for row in rows]


@_TURNS.lists(
    "/turns",
    "List the turns",
    {
        "session_id": "Of one session",
        "llm_client_id": "Of one LLM client",
        "request_id": "Of one request",
        "state": "running, finished, failed, cancelled or interrupted",
    },
)
async def list_turns(request: AnyRequest) -> Response[TurnList]:
    """The caller's own; for staff, those of the account's LLM clients."""
    where = filtered(
        request,
        session_id=TurnRow.session_id,
        llm_client_id=TurnRow.llm_client_id,
        request_id=TurnRow.request_id,
        state=TurnRow.state,
    )
    return await list_of(request, TurnRow, Thing.TURN, _turns, *where)


@_TURNS.reads("/turns/{turn_id:str}", "Look at a turn")
async def retrieve(request: AnyRequest, turn_id: FromPath[str]) -> Response[TurnReply]:
    """With its messages, narration included, its tool calls and its selections."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> TurnDetailView:
        turn = await get_row(session, principal, TurnRow, turn_id)
        messages = select(MessageRow).where(MessageRow.turn_id == turn.id).order_by(col(MessageRow.position))
        calls = select(ToolCallRow).where(ToolCallRow.turn_id == turn.id).order_by(col(ToolCallRow.id))
        selections = (
            select(PluginSelectionRow).where(PluginSelectionRow.turn_id == turn.id).order_by(col(PluginSelectionRow.id))
        )
        return shown(
            TurnDetailView,
            turn,
            decisions=await _decisions(session, turn),
            messages=[message_view(row) for row in (await session.exec(messages)).all()],
            tool_calls=await _calls(session, (await session.exec(calls)).all()),
            selections=[shown(SelectionView, row) for row in (await session.exec(selections)).all()],
        )

    return reply(await read(request, work), command="get", thing=Thing.TURN)


async def _decisions(session: AsyncSession, turn: TurnRow) -> list[JsonObject]:
    shared = None if turn.decision_set_id is None else await session.get(DecisionSet, turn.decision_set_id)
    return turn.decisions if shared is None else restored_decisions(shared.decisions, turn.decisions)


@_TURNS.removes("/turns/{turn_id:str}", "Delete a turn")
async def remove(request: AnyRequest, turn_id: FromPath[str]) -> None:
    """What was said in it goes with it, also out of its session's thread; what was charged stays."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        found = await get_row(session, principal, TurnRow, turn_id, Action.DELETE)
        if found.state == "running":
            raise Conflict("The turn is running.", code="turn_running", retry_after=1)
        await session.delete(found)
        await session.flush()

    await write(request, work)


@_CALLS.lists(
    "/tool-calls",
    "List the tool calls",
    {"turn_id": "Of one turn", "plugin": "Of one plugin", "tool": "Of one tool: plugin.tool"},
)
async def list_calls(request: AnyRequest) -> Response[ToolCallList]:
    """With their arguments and results, whole."""
    where = filtered(request, turn_id=ToolCallRow.turn_id, plugin=ToolCallRow.plugin, tool=ToolCallRow.tool)
    return await list_of(request, ToolCallRow, Thing.TOOL_CALL, _calls, *where)


@_CALLS.reads("/tool-calls/{call_id:str}", "Look at a tool call")
async def retrieve_call(request: AnyRequest, call_id: FromPath[str]) -> Response[ToolCallReply]:
    """One tool call."""
    found = await read(request, partial(get_row, principal=principal_of(request), table=ToolCallRow, row_id=call_id))
    return reply(shown(ToolCallView, found), command="get", thing=Thing.TOOL_CALL)


HANDLERS: Final = (list_turns, retrieve, remove, list_calls, retrieve_call)
