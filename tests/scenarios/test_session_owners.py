"""T-65: a session belongs to one LLM client and one caller; with anybody else its key opens nothing."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import httpx
import pytest

from promptdock.store.tables import SessionRow, TurnRow
from tests.scenarios.stage import OPERATOR_KEY, Scene, said
from tests.support.upstream import text

pytestmark = pytest.mark.xdist_group("scenarios-sessions")

CALLERS = ("ada", "ada again", "bob", "eve", "root", "operator", "anonymous")
SECRET_TEXT = "the treasure lies under the oak"


class Callers:
    """Everybody who can prompt a client at its host: it has no keys of its own."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._again = scene.another_key(scene.ada)
        self._root = scene.person("root", account=scene.elsewhere, is_superuser=True)

    def headers(self, who: str) -> dict[str, str]:
        match who:
            case "anonymous":
                return {}
            case "operator":
                return {"Authorization": f"Bearer {OPERATOR_KEY}"}
            case _:
                people = {"ada": self._scene.ada, "ada again": self._again, "bob": self._scene.bob}
                return (people | {"eve": self._scene.eve, "root": self._root})[who].headers

    def prompt(self, who: str, what: str, **members: Any) -> httpx.Response:
        return self._scene.prompt(what, at_host=True, anonymous=True, headers=self.headers(who), **members)

    def configure(self, who: str, key: str) -> httpx.Response:
        told = {"host": self._scene.host(), **self.headers(who)}
        return self._scene.post("/config/", {"session_key": key}, anonymous=True, headers=told)


def is_same(one: str, other: str) -> bool:
    """Whether two are one caller: a person is the same with any of their keys."""
    return one.removesuffix(" again") == other.removesuffix(" again")


@pytest.mark.parametrize("owner", CALLERS)
def test_t65_a_session_opens_to_its_owner_alone(scene: Scene, owner: str) -> None:
    callers = Callers(scene)
    key = callers.prompt(owner, SECRET_TEXT).headers["x-session-key"]
    for other in CALLERS:
        before = len(scene.upstream.calls)
        replies = [
            callers.prompt(other, "Where?", session_key=key),
            callers.prompt(other, "Where?", session_key=key, stream=True),
            callers.configure(other, key),
        ]
        if is_same(owner, other):
            assert [reply.status_code for reply in replies] == [200] * 3
            assert len(scene.upstream.calls) == before + 2
            assert SECRET_TEXT in str(scene.upstream.calls[-1].body)
            continue
        assert len(scene.upstream.calls) == before, (owner, other)
        for reply in replies:
            assert reply.status_code == 404, (owner, other)
            problem = reply.json()["error"]
            assert (problem["code"], problem["param"]) == ("session_not_found", "session_key")
            assert SECRET_TEXT not in reply.text
    [row] = scene.rows(SessionRow, SessionRow.key == key)
    same = sum(is_same(owner, other) for other in CALLERS)
    assert row.turns == 1 + 2 * same


def test_t65_a_session_opens_at_its_own_client_alone(scene: Scene) -> None:
    key = scene.prompt(SECRET_TEXT).headers["x-session-key"]
    other = scene.llm_client("other")
    for reply in (
        scene.prompt("Where?", client=other, session_key=key),
        scene.prompt("Where?", client=other, session_key=key, stream=True),
        scene.post(scene.path(other) + "config/", {"session_key": key}),
    ):
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "session_not_found")
    assert len(scene.upstream.calls) == 1


def test_t65_a_key_of_the_callers_own_making_is_theirs_from_then_on(scene: Scene) -> None:
    """An anonymous caller's would be everybody's who guesses it, or was given it: so they get none but issued ones."""
    callers = Callers(scene)
    key = token_hex(32)
    for reply in (
        callers.prompt("anonymous", "Hello", session_key=key),
        callers.configure("anonymous", key),
    ):
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "session_not_found")
    assert scene.rows(SessionRow, SessionRow.key == key) == []
    assert scene.rows(TurnRow, TurnRow.account_id == scene.account.id) == []
    assert callers.prompt("bob", "Hello", session_key=key).status_code == 200
    assert callers.prompt("ada", "Hello", session_key=key).status_code == 404
    issued = scene.post("/config/", anonymous=True, headers={"host": scene.host()}).json()["data"]["session_key"]
    scene.upstream.script(text("Hi"))
    assert said(callers.prompt("anonymous", "Hello", session_key=issued)) == "Hi"
