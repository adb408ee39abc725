"""Sessions, turns, tool calls and the journal over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from promptdock.store.tables import MessageRow, PluginSelectionRow, SessionRow, ToolCallRow, TurnRow
from tests.core.web.tenancy import Tenancy

LONG = '{"expression": "' + "1 + " * 500 + '1"}'


@pytest.fixture
def conversation(acme: Tenancy) -> UUID:
    """A session of the owner's with one turn, in which a tool was called; its id."""
    owner = acme.people["owner"].principal
    whose: dict[str, Any] = {"account_id": acme.account.id, "profile_id": owner.profile_id}
    session = SessionRow(key=uuid4().hex * 2, llm_client_id=uuid4(), owner=owner.owner, turns=1, messages=4, **whose)
    turn = TurnRow(
        session_id=session.id,
        llm_client_id=session.llm_client_id,
        worker_id=uuid4(),
        number=1,
        request_id=uuid4().hex,
        state="finished",
        text="What is 1 + 1?",
        provider="offline",
        model="offline",
        **whose,
    )
    said = [
        {"role": "user", "content": "What is 1 + 1?"},
        {"role": "promptdock", "content": "The tool calculator.calculate was called."},
        {"role": "assistant", "content": "2 \0 \N{PARTY POPPER}"},
        {"role": "user", "content": "Thanks"},
    ]
    messages = [
        MessageRow(session_id=session.id, turn_id=turn.id, position=place, role=message["role"], body=message)
        for place, message in enumerate(said)
    ]
    call = ToolCallRow(
        turn_id=turn.id,
        round=1,
        call_id="call_1",
        name="calculate",
        tool="calculator.calculate",
        plugin="calculator",
        arguments=LONG,
        result="501",
        ms=1.5,
    )
    selection = PluginSelectionRow(turn_id=turn.id, plugin="calculator", rule="search_terms (input)", reason="because")
    acme.add(session, turn, *messages, call, selection)
    return session.id


def test_t68_history_holds_tool_calls_with_their_whole_arguments(call: Any, conversation: UUID) -> None:
    (turn,) = call("owner", "GET", "turns/", session_id=str(conversation)).json()["data"]

    detail = call("owner", "GET", f"turns/{turn['id']}/").json()["data"]

    assert {name: detail[name] for name in turn} == turn
    assert [one["arguments"] for one in detail["tool_calls"]] == [LONG]
    assert [one["plugin"] for one in detail["selections"]] == ["calculator"]
    assert len(detail["messages"]) == 4
    (listed,) = call("owner", "GET", "tool-calls", turn_id=turn["id"]).json()["data"]
    assert listed == detail["tool_calls"][0]
    assert call("owner", "GET", f"tool-calls/{listed['id']}").json()["data"] == listed
    for stranger in ("same", "other"):
        assert call(stranger, "GET", "tool-calls", turn_id=turn["id"]).json()["data"] == []


def test_what_was_said_is_read_page_by_page_oldest_first(call: Any, conversation: UUID) -> None:
    path = f"sessions/{conversation}/messages/"

    first = call("owner", "GET", path, limit=2).json()
    second = call("owner", "GET", path, limit=2, after=first["metadata"]["next"]).json()

    contents = [item["message"]["content"] for item in (*first["data"], *second["data"])]
    assert contents == ["What is 1 + 1?", "2 \0 \N{PARTY POPPER}", "Thanks"]
    assert second["metadata"]["next"] is None
    told = call("owner", "GET", path, narration="true").json()["data"]
    assert [item["message"]["role"] for item in told] == ["user", "promptdock", "assistant", "user"]
    assert call("owner", "GET", path, narration="yes").status_code == 400


def test_t65_a_sessions_key_is_its_owners_alone(call: Any, conversation: UUID) -> None:
    path = f"sessions/{conversation}"

    assert len(call("owner", "GET", path).json()["data"]["key"]) == 64
    assert call("staff", "GET", path).json()["data"]["key"] is None
    for stranger in ("same", "other"):
        assert call(stranger, "GET", path).status_code == 404
        assert call(stranger, "GET", f"{path}/messages").status_code == 404
        assert call(stranger, "DELETE", path).status_code == 404


def test_a_session_is_deleted_with_what_was_said(call: Any, conversation: UUID) -> None:
    (turn,) = call("owner", "GET", "turns", session_id=str(conversation)).json()["data"]

    assert call("owner", "DELETE", f"sessions/{conversation}/").status_code == 204

    assert call("owner", "GET", f"sessions/{conversation}").status_code == 404
    assert call("owner", "GET", f"turns/{turn['id']}").status_code == 404


def test_a_turn_is_deleted_out_of_its_sessions_thread(call: Any, conversation: UUID) -> None:
    (turn,) = call("owner", "GET", "turns", session_id=str(conversation)).json()["data"]

    assert call("same", "DELETE", f"turns/{turn['id']}").status_code == 404
    assert call("owner", "DELETE", f"turns/{turn['id']}").status_code == 204

    assert call("owner", "GET", f"turns/{turn['id']}").status_code == 404
    assert call("owner", "GET", f"sessions/{conversation}/messages").json()["data"] == []


def test_a_turn_that_runs_is_not_deleted(acme: Tenancy, call: Any, conversation: UUID) -> None:
    owner = acme.people["owner"].principal
    running = TurnRow(
        worker_id=uuid4(),
        request_id="r",
        state="running",
        provider="p",
        model="m",
        account_id=acme.account.id,
        profile_id=owner.profile_id,
    )
    acme.add(running)

    refused = call("owner", "DELETE", f"turns/{running.id}")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "turn_running")


def test_a_session_whose_prompt_runs_is_not_deleted(acme: Tenancy, call: Any, conversation: UUID) -> None:
    acme.add(
        TurnRow(
            session_id=conversation,
            worker_id=uuid4(),
            number=2,
            request_id="r",
            state="running",
            provider="p",
            model="m",
        )
    )

    refused = call("owner", "DELETE", f"sessions/{conversation}")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "session_busy")


def test_the_journal_tells_of_every_request(call: Any) -> None:
    asked = call("owner", "PATCH", "llm-clients/no-such-client", {"description": "x"})
    request_id = asked.headers["x-request-id"]

    (entry,) = call("staff", "GET", "journal", request_id=request_id).json()["data"]

    assert (entry["command"], entry["thing"], entry["status"]) == ("update", "LLMClient", 404)
    assert call("staff", "GET", f"journal/{entry['id']}").json()["data"] == entry
    assert call("owner", "GET", "journal", request_id=request_id, status=404).json()["data"] == [entry]
    assert call("same", "GET", "journal", request_id=request_id).json()["data"] == []
