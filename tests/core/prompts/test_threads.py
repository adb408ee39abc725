"""Threads kept between turns: the same as those that would be read from the store."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from promptdock.prompts.threads import KeptThread, KeptThreads
from promptdock.store.sessions import Conversation, StoredThread
from promptdock.turn.messages import PRIVATE_ROLES


def conversation(**members: Any) -> Conversation:
    return Conversation(
        **{
            "key": "0" * 64,
            "llm_client_id": uuid4(),
            "account_id": uuid4(),
            "profile_id": None,
            "owner": "x",
            **members,
        }
    )


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def answer(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
TOOL_TURN = [
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "promptdock", "content": "called add"},
    {"role": "tool", "tool_call_id": "c1", "content": "3"},
    answer("It is 3."),
]
BROKEN_TURN = TOOL_TURN[:1]
TURNS = st.lists(
    st.tuples(st.text(max_size=20).map(said), st.sampled_from([[answer("hi")], TOOL_TURN, BROKEN_TURN, []])), max_size=8
)


def public(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["role"] not in PRIVATE_ROLES]


@given(TURNS, st.integers(1, 12))
def test_a_kept_thread_is_what_the_store_would_give(turns: list[tuple[Any, list[Any]]], limit: int) -> None:
    session = conversation()
    kept = KeptThread(session=session, messages=(), count=0, older=0, tokens=0)
    stored: list[dict[str, Any]] = []
    for first, rest in turns:
        stored += [first, *rest]
        kept = kept.grown(session, [first, *rest], limit=10_000)
    whole = public(stored)
    read = KeptThread.of(StoredThread(session=session, messages=tuple(whole)))
    assert kept == read

    newest = kept.newest(limit)
    assert len(newest.messages) <= limit
    assert newest.messages == kept.messages[len(kept.messages) - len(newest.messages) :]
    assert not newest.messages or newest.messages[0]["role"] != "tool"
    assert newest.count + newest.older == kept.count
    assert newest.tokens == KeptThread.of(StoredThread(session=session, messages=newest.messages)).tokens


def test_a_thread_is_found_while_its_session_stands_as_it_did() -> None:
    threads, session = KeptThreads(), conversation(turns=1, messages=2)
    assert threads.find(session) is None
    threads.keep(KeptThread.of(StoredThread(session=session, messages=(said("a"), answer("b")))))

    found = threads.find(session)
    assert found is not None
    assert found.messages == (said("a"), answer("b"))
    assert threads.find(conversation()) is None


def test_a_session_that_others_prompted_or_that_lost_messages_is_read_anew() -> None:
    threads, session = KeptThreads(), conversation(turns=1, messages=2)
    changes: list[dict[str, Any]] = [{"turns": 2}, {"messages": 3}, {"edits": 1}]
    for change in changes:
        threads.keep(KeptThread.of(StoredThread(session=session, messages=(said("a"), answer("b")))))
        assert threads.find(replace(session, **change)) is None
        assert threads.find(session) is None


def test_the_threads_of_yesterday_make_room() -> None:
    threads = KeptThreads()
    sessions = [conversation(turns=1) for _ in range(24)]
    long = (said("x" * 3_000_000),)
    for session in sessions:
        threads.keep(KeptThread.of(StoredThread(session=session, messages=long)))
    assert [threads.find(session) is not None for session in sessions] == [False] * 2 + [True] * 22


def test_a_thread_with_large_pictures_is_not_kept() -> None:
    threads, session = KeptThreads(), conversation(turns=1)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 5_000_000}}
    threads.keep(KeptThread.of(StoredThread(session=session, messages=({"role": "user", "content": [picture]},))))
    assert threads.find(session) is None
