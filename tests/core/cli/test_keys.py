"""``promptdock keys``: keys for whoever has the machine."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from typing import Any

import click
import pytest

from promptdock.cli.main import cli
from promptdock.cli.spans import read_span
from promptdock.jsontext import loads
from tests.support.command import CommandLine, RunningServer


def _status(server: RunningServer, key: str, path: str = "/api/v1/accounts") -> tuple[int, Any]:
    asked = urllib.request.Request(f"{server.origin}{path}", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(asked, timeout=20) as reply:
            return reply.status, loads(reply.read())
    except urllib.error.HTTPError as refused:
        return refused.code, loads(refused.read())


def test_the_first_key_is_a_superusers_and_is_shown_once(command: CommandLine) -> None:
    """With an account; the list has no more than its last characters."""
    assert command.json("keys", "list") == []
    assert "promptdock keys new --user" in command.run("keys", "list").stderr
    done = command.run("keys", "new", "--user", "ann", "--name", "laptop")
    assert (done.returncode, done.stderr) == (0, "")
    shown = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()[:3])
    assert shown["user"] == "ann (superuser)"
    assert shown["account"].endswith(" (Default)")
    assert shown["key"].startswith("pd_")
    (listed,) = command.json("keys", "list")
    assert listed.keys() == {
        "id", "hint", "name", "user", "account", "active", "expires_at", "last_used_at", "created_at",
    }  # fmt: skip
    assert (listed["hint"], listed["name"], listed["user"]) == (shown["key"][-4:], "laptop", "ann")
    assert (listed["active"], listed["expires_at"], listed["last_used_at"]) == (True, None, None)
    table = command.run("keys", "list").stdout
    assert table.splitlines()[0].split() == [
        "ID",
        "KEY",
        "NAME",
        "USER",
        "ACCOUNT",
        "ACTIVE",
        "EXPIRES",
        "LAST",
        "USED",
    ]
    assert listed["id"] in table
    assert shown["key"] not in table
    assert shown["key"].encode() not in (command.home / "promptdock.db").read_bytes()


def test_keys_open_a_server_that_runs_and_revoked_ones_do_not(command: CommandLine) -> None:
    """At once: the server asks the database each time."""
    boss = command.json("keys", "new", "--user", "boss")
    with command.serving() as server:
        ann = command.json("keys", "new", "--user", "ann", "--expires-in", "30d")
        assert ann["account"] == boss["account"]
        for key in (boss, ann):
            assert _status(server, key["key"])[0] == 200
        users = {
            user["name"]: user["is_superuser"] for user in _status(server, boss["key"], "/api/v1/users")[1]["data"]
        }
        assert users == {"boss": True, "ann": False}
        done = command.run("keys", "revoke", ann["id"])
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"The key …{ann['hint']} (key) of ann@{ann['account']} is refused from now on.\n"
        status, refused = _status(server, ann["key"])
        assert (status, refused["error"]["code"]) == (401, "inactive_api_key")
        assert server.stop(signal.SIGTERM) == 0
    listed = {key["user"]: key for key in command.json("keys", "list")}
    assert (listed["boss"]["active"], listed["ann"]["active"]) == (True, False)
    assert listed["boss"]["last_used_at"] is not None
    assert listed["ann"]["expires_at"] is not None


def test_a_user_may_have_keys_in_several_accounts(command: CommandLine) -> None:
    """With several to choose from, one has to be named; a user's own is enough otherwise."""
    boss = command.json("keys", "new", "--user", "boss")
    with command.serving() as server:
        asked = urllib.request.Request(
            f"{server.origin}/api/v1/accounts",
            data=b'{"name": "Acme"}',
            headers={"Authorization": f"Bearer {boss['key']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=20) as reply:
            acme = loads(reply.read())["data"]["number"]
        server.stop(signal.SIGTERM)
    done = command.run("keys", "new", "--user", "ann")
    assert done.returncode == 1
    assert f"{acme} (Acme)" in done.stderr
    assert "--account" in done.stderr
    assert command.json("keys", "new", "--user", "ann", "--account", acme)["account"] == acme
    assert command.json("keys", "new", "--user", "ann")["account"] == acme
    assert command.json("keys", "new", "--user", "boss", "--account", acme)["account"] == acme
    assert [key["user"] for key in command.json("keys", "list")] == ["boss", "ann", "ann", "boss"]


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("new", "--user", "no body"), 2, "'--user': a name has up to 64 letters"),
        (("new", "--user", "ann", "--name", ""), 2, "'--name': a name has 1 to 100 characters"),
        (("new", "--user", "ann", "--expires-in", "soon"), 2, "'soon' is no length of time such as 90m"),
        (("new", "--user", "ann", "--account", "1"), 1, "There is no account '1'. There is none at all."),
        (("new",), 2, "Missing option '--user'"),
        (("revoke", "first"), 2, "'first' is not a valid UUID"),
        (("revoke", "0190aaaa-0000-7000-8000-000000000000"), 1, "There is no key with the id 0190aaaa-"),
    ],
)
def test_what_cannot_be_done_is_one_line(command: CommandLine, args: tuple[str, ...], code: int, told: str) -> None:
    """And nothing is made."""
    done = command.run("keys", *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert command.json("keys", "list") == []


@pytest.mark.parametrize(
    ("written", "hours"), [("60m", 1), ("12h", 12), ("30d", 720), ("2w", 336), ("1y", 8760), ("100y", 876_000)]
)
def test_lengths_of_time(written: str, hours: float) -> None:
    span = read_span(click.Context(cli), click.Option(["--span"]), written)
    assert span is not None
    assert span.total_seconds() == hours * 3600


@pytest.mark.parametrize("written", ["0d", "101y", "-1d", "1", "d", "1.5h", "999999999999y", "1D", "\u0661d"])
def test_no_lengths_of_time(written: str) -> None:
    with pytest.raises(click.BadParameter, match="is no length of time"):
        read_span(click.Context(cli), click.Option(["--span"]), written)
