"""``promptdock serve``: the real server as a process of its own, up to its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import openai
import pytest

from promptdock.jsontext import loads
from tests.support.command import CommandLine, RunningServer

_SLOW_PROVIDER = """
import asyncio, os
from promptdock import Provider, hookimpl

def chunk(text):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "slow", "choices": [choice]}

class Slow(Provider):
    name = "slow"
    default_model = "slow"

    async def complete(self, call):
        if call.messages[-1]["content"] == "pid":
            message = {"role": "assistant", "content": str(os.getpid())}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return {"id": "x", "object": "chat.completion", "created": 0, "model": "slow", "choices": [choice]}
        await asyncio.sleep(120)

    async def stream(self, call):
        for number in range(1200):
            yield chunk(f"{number} ")
            await asyncio.sleep(0.1)

@hookimpl
def register_providers():
    return [Slow()]
"""


def _get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=20) as reply:
        return loads(reply.read())


def _client(server: RunningServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key="unused", max_retries=0, timeout=30)


def test_it_serves_the_openai_client_and_stops_on_sigterm(command: CommandLine) -> None:
    """One line says where; SIGTERM is no failure."""
    with command.serving() as server:
        assert "default provider offline, " in server.line
        assert " plugins loaded, 0 quarantined" in server.line
        assert _get(f"{server.origin}/healthz") == {"status": "ok"}
        with _client(server) as client:
            reply = client.chat.completions.create(
                model="offline/offline", messages=[{"role": "user", "content": "What is (17 + 4) * 2?"}]
            )
        assert "42" in (reply.choices[0].message.content or "")
        assert server.stop(signal.SIGTERM) == 0
        log = server.log()
    assert re.search(
        r"promptdock\.access: POST /v1/chat/completions 200 [\d.]+ ms, \d+ bytes, anonymous, offline/", log
    )
    assert "Traceback" not in log


def test_ctrl_c_stops_it_with_130(command: CommandLine) -> None:
    """As of every command."""
    with command.serving("--log-level", "error", "--no-access-log") as server:
        assert server.stop(signal.SIGINT) == 130
        assert server.log() == ""


def test_answers_under_way_get_an_end_at_sigterm(command: CommandLine) -> None:
    """A stream ends with an event that says why, a whole answer with status 503; and both within bounded time."""
    command.write_plugin("slowpoke", _SLOW_PROVIDER)
    heard: list[str] = []
    errors: list[openai.APIError] = []
    streaming = threading.Event()

    def stream(client: openai.OpenAI) -> None:
        try:
            for chunk in client.chat.completions.create(
                model="slow/slow", messages=[{"role": "user", "content": "hi"}], stream=True
            ):
                heard.append(chunk.choices[0].delta.content or "")
                streaming.set()
        except openai.APIError as error:
            errors.append(error)

    def whole(client: openai.OpenAI) -> None:
        try:
            client.chat.completions.create(model="slow/slow", messages=[{"role": "user", "content": "hi"}])
        except openai.APIError as error:
            errors.append(error)

    with command.serving("--grace", "0.5") as server, _client(server) as client:
        threads = [threading.Thread(target=target, args=(client,)) for target in (stream, whole)]
        for thread in threads:
            thread.start()
        assert streaming.wait(30)
        time.sleep(0.3)  # the other request is under way, too
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 20
        for thread in threads:
            thread.join(20)
    assert heard
    assert [error.code for error in errors] == ["server_shutdown", "server_shutdown"]
    assert {getattr(error, "status_code", None) for error in errors} == {None, 503}


def test_workers_answer_and_end_together(command: CommandLine) -> None:
    """Two processes share the port; SIGTERM to the parent ends both, and a slow stream with them."""
    command.write_plugin("slowpoke", _SLOW_PROVIDER)
    with command.serving("--workers", "2", "--grace", "0.5", "--strict") as server:
        assert "2 workers" in server.line
        pids = _worker_pids(server)
        assert len(pids) == 2
        assert server.process.pid not in pids
        assert server.stop(signal.SIGTERM) == 0
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_a_worker_that_dies_is_replaced_and_the_log_says_so(command: CommandLine) -> None:
    """Whoever runs the server gets to know, also when no turn was lost."""
    command.write_plugin("slowpoke", _SLOW_PROVIDER)
    with command.serving("--workers", "2", "--log-level", "warning", "--no-access-log") as server:
        doomed = min(_worker_pids(server))
        os.kill(doomed, signal.SIGKILL)
        assert server.process.stderr is not None
        told = server.process.stderr.readline()
        assert "warning promptdock.workers: " in told
        assert f"The worker process {doomed} was killed by signal 9; another one takes its place" in told
        assert len(_worker_pids(server) - {doomed}) == 2
        assert server.stop(signal.SIGTERM) == 0


def test_draining_workers_take_no_new_connections(command: CommandLine) -> None:
    """They are refused at once, so that a balancer goes elsewhere, while what runs goes on."""
    command.write_plugin("slowpoke", _SLOW_PROVIDER)
    with command.serving("--workers", "2", "--grace", "3") as server:
        pieces: list[str] = []
        streaming = threading.Event()

        def listen() -> None:
            with _client(server) as client, suppress(openai.OpenAIError):
                asked: list[Any] = [{"role": "user", "content": "count"}]
                for chunk in client.chat.completions.create(model="slow/slow", messages=asked, stream=True):
                    pieces.append(chunk.choices[0].delta.content or "")
                    streaming.set()

        thread = threading.Thread(target=listen)
        thread.start()
        assert streaming.wait(20)
        server.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 2.5
        refused = False
        while not refused and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", int(server.origin.rpartition(":")[2])), 5).close()
                time.sleep(0.05)
            except ConnectionRefusedError:
                refused = True
        heard = len(pieces)
        thread.join(20)
        assert server.process.wait(40) == 0
    assert refused
    assert len(pieces) > heard


def _worker_pids(server: RunningServer) -> set[int]:
    """Ask over new connections until two processes have answered."""
    pids: set[int] = set()
    end = time.monotonic() + 40
    while len(pids) < 2 and time.monotonic() < end:
        with _client(server) as client:
            reply = client.chat.completions.create(model="slow/slow", messages=[{"role": "user", "content": "pid"}])
        pids.add(int(reply.choices[0].message.content or ""))
    return pids


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_taken_port_is_one_line(command: CommandLine, taken_port: int) -> None:
    """What, why, and what to type."""
    done = command.run("serve", "--port", str(taken_port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: Port {taken_port} on 127.0.0.1 is in use by another program. "
        f"Take another: promptdock serve --port {taken_port + 1}\n"
    )


def test_a_host_that_is_not_ours_is_one_line(command: CommandLine) -> None:
    """An address of the documentation's range belongs to nobody."""
    done = command.run("serve", "--host", "192.0.2.1", "--port", "0", "--allow-anonymous")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot listen on 192.0.2.1: ")
    assert done.stderr.count("\n") == 1


def test_an_open_door_is_refused(command: CommandLine) -> None:
    """Beyond this machine a key is needed, or the operator's word that none is; no first account is made there."""
    done = command.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    for hint in ("PROMPTDOCK_API_KEY", "'promptdock keys new --user admin'", "--allow-anonymous"):
        assert hint in done.stderr
    assert done.stderr.count("\n") == 1
    for args, env, status in (
        (("--allow-anonymous",), {}, 200),
        ((), {"PROMPTDOCK_ALLOW_ANONYMOUS": "true"}, 200),
        ((), {"PROMPTDOCK_API_KEY": "pd-test-1234"}, 401),
    ):
        with command.serving("--host", "0.0.0.0", *args, env=env) as server:
            assert _models(server) == status
            assert server.stop(signal.SIGTERM) == 0
            assert _rest(server) == ""
    assert command.json("keys", "list") == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stored_key_is_enough_beyond_this_machine(command: CommandLine, workers: str) -> None:
    """Whoever sends none is refused by every worker; once the key is revoked, the server does not start any more."""
    key = command.json("keys", "new", "--user", "ann")
    with command.serving("--host", "0.0.0.0", "--workers", workers) as server:
        for _ in range(8):
            assert _models(server) == 401
            assert _models(server, key["key"]) == 200
        assert server.stop(signal.SIGTERM) == 0
    command.run("keys", "revoke", key["id"])
    assert command.run("serve", "--host", "0.0.0.0", "--port", "0").returncode == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_first_start_makes_an_account_and_shows_its_key_once(command: CommandLine, workers: str) -> None:
    """The key opens everything; callers without one still get at the OpenAI endpoint, and at nothing else."""
    with command.serving("--workers", workers) as server:
        key = _first_key(server)
        assert _models(server) == 200
        assert _models(server, "none") == 200
        assert _models(server, path="/api/v1/accounts") == 401
        assert _models(server, key, path="/api/v1/prices") == 200
        assert server.stop(signal.SIGTERM) == 0
        assert key not in server.log()
    with command.serving("--workers", workers) as server:
        assert _models(server, key, path="/api/v1/accounts") == 200
        assert server.stop(signal.SIGTERM) == 0
        assert _rest(server) == ""
    (listed,) = command.json("keys", "list")
    assert (listed["user"], listed["name"], listed["hint"]) == ("admin", "first key", key[-4:])


def test_of_servers_that_start_together_one_makes_the_first_account(command: CommandLine) -> None:
    """And one of them shows it."""
    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        servers = list(pool.map(stack.enter_context, (command.serving() for _ in range(3))))
        for server in servers:
            assert server.stop(signal.SIGTERM) == 0
        shown = [text for server in servers if (text := _rest(server))]
    assert len(shown) == 1
    assert len(command.json("keys", "list")) == 1


def test_with_a_key_of_the_operators_no_account_is_made(command: CommandLine) -> None:
    """That key may do everything already."""
    with command.serving(env={"PROMPTDOCK_API_KEY": "pd-test-1234"}) as server:
        assert _models(server, "pd-test-1234", path="/api/v1/accounts") == 200
        assert server.stop(signal.SIGTERM) == 0
        assert _rest(server) == ""
    assert command.json("keys", "list") == []


def test_the_settings_file_may_close_the_door_on_this_machine(command: CommandLine) -> None:
    """Then callers need a key here, too."""
    (command.home / "promptdock.toml").write_text("allow_anonymous = false\n", encoding="utf-8")
    with command.serving() as server:
        key = _first_key(server)
        assert (_models(server), _models(server, key)) == (401, 200)
        assert server.stop(signal.SIGTERM) == 0


def _models(server: RunningServer, key: str | None = None, path: str = "/v1/models") -> int:
    """The status of a request."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    origin = server.origin.replace("0.0.0.0", "127.0.0.1")
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{origin}{path}", headers=headers), timeout=20) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def _first_key(server: RunningServer) -> str:
    """The key that a server shows after it said that it serves."""
    assert server.process.stdout is not None
    lines = [server.process.stdout.readline() for _ in range(6)]
    assert lines[1].startswith("There was no user yet")
    assert lines[2].endswith(" (Default)\n")
    assert lines[3] == "  user     admin (superuser)\n"
    assert "cannot be shown again" in lines[5]
    return lines[4].split()[1]


def _rest(server: RunningServer) -> str:
    """What a server that has ended wrote to stdout beyond its first line."""
    assert server.process.stdout is not None
    return server.process.stdout.read()


def test_a_broken_plugin_is_told_before_anything_is_served(command: CommandLine) -> None:
    """The server serves without it; with ``--strict`` it does not, whatever the number of workers."""
    command.write_plugin("broken", "raise RuntimeError('no luck')")
    for level in ("info", "error"):
        with command.serving("--log-level", level) as server:
            assert "1 quarantined" in server.line
            assert server.stop(signal.SIGTERM) == 0
            log = server.log()
        assert "Plugin broken is in quarantine: its import failed: RuntimeError: no luck" in log
        assert "PROMPTDOCK_PLUGINS_DENY=broken" in log
    for workers in ("1", "2"):
        done = command.run("serve", "--port", "0", "--strict", "--workers", workers)
        assert (done.returncode, done.stdout) == (1, "")
        assert "Strict mode" in done.stderr
        assert "no luck" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_t101_components_log_as_the_settings_say(command: CommandLine, workers: str) -> None:
    """As JSON, in every process, and without the key in the query of a request."""
    settings = {
        "PROMPTDOCK_LOG_FORMAT": "json",
        "PROMPTDOCK_LOG_LEVELS": '{"promptdock.plugins.event_log": "debug"}',
        "PROMPTDOCK_API_KEY": "operators-own-key",
    }
    with command.serving("--log-level", "warning", "--workers", workers, env=settings) as server:
        asked = urllib.request.Request(
            f"{server.origin}/v1/chat/completions?probe=operators-own-key",
            data=b'{"model": "offline/offline", "messages": [{"role": "user", "content": "hi"}]}',
            headers={
                "Authorization": "Bearer operators-own-key",
                "Content-Type": "application/json",
                "X-Request-ID": "asked-1",
            },
        )
        with urllib.request.urlopen(asked, timeout=20) as reply:
            assert reply.status == 200
        assert server.stop(signal.SIGTERM) == 0
        log = server.log()
    assert "operators-own-key" not in log
    lines = [loads(line) for line in log.splitlines()]
    assert "probe=" not in log
    (told,) = (line for line in lines if line["component"] == "promptdock.access")
    assert (told["request"]["path"], told["request"]["caller"]) == ("/v1/chat/completions", "operator")
    events = [line for line in lines if line["component"] == "promptdock.plugins.event_log"]
    assert {"turn_started", "turn_finished"} <= {line["event"]["event"] for line in events}
    assert {line["request_id"] for line in events if line["event"]["event"].startswith("turn_")} == {"asked-1"}


def test_a_wrong_log_level_is_told_before_anything_starts(command: CommandLine) -> None:
    """In one line, with its place."""
    done = command.run("serve", "--port", "0", env={"PROMPTDOCK_LOG_LEVELS": '{"promptdock.turn": "loud"}'})
    assert done.returncode == 1
    assert "log_levels.promptdock.turn: there is no level 'loud'" in done.stderr
    assert done.stderr.count("\n") <= 2
