"""What is seen of code that does more than compute, and what does not count."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import linecache
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zoneinfo
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from promptdock import Effect
from promptdock.effect_watch import Observed, carried_into_threads, environment_reads_told, host_doing, watching
from promptdock.threads import WorkerThreads


def seen(function: Callable[[], object]) -> list[Observed]:
    """What a function does."""
    found: list[Observed] = []
    with watching(found.append), contextlib.suppress(OSError):
        function()
    return found


def effects(function: Callable[[], object]) -> set[str]:
    """The kinds of it."""
    return {observed.effect.value for observed in seen(function)}


@pytest.fixture
def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def connect(host: str, port: int) -> None:
    """Open a connection."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
        client.settimeout(0.2)
        client.connect((host, port))


def list_folder(folder: pathlib.Path) -> list[str]:
    """List it."""
    return os.listdir(folder)  # noqa: PTH208  (one event, in every version)


def test_a_connection_is_seen_with_its_address(closed_port: int) -> None:
    """Before it is made, so that a refused one is seen, too."""
    (observed,) = seen(lambda: connect("127.0.0.1", closed_port))
    assert (observed.effect, observed.event) == (Effect.NETWORK, "socket.connect")
    assert observed.detail == f"127.0.0.1:{closed_port}"
    assert observed.loopback
    assert observed.waits


@pytest.mark.parametrize(("host", "loopback"), [("127.9.9.9", True), ("::1", True), ("203.0.113.7", False)])
def test_loopback_is_told_apart(host: str, loopback: bool) -> None:
    """By the address; the connection itself is refused before it leaves."""
    found: list[Observed] = []

    def refuse(observed: Observed) -> None:
        found.append(observed)
        raise OSError(101, "Network is unreachable")

    with watching(refuse), pytest.raises(OSError, match="unreachable"):
        connect(host, 9)
    assert [observed.loopback for observed in found] == [loopback]


def test_names_are_lookups_and_addresses_are_none() -> None:
    """``localhost`` stays here; a number needs no name service."""
    (observed,) = seen(lambda: socket.getaddrinfo("localhost", 80))
    assert (observed.detail, observed.loopback) == ("localhost", True)
    assert seen(lambda: socket.getaddrinfo("127.0.0.1", 80)) == []


def test_datagrams_and_servers_are_network(closed_port: int) -> None:
    """Nothing has to be connected for it."""

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", ("127.0.0.1", closed_port))

    def listen() -> None:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))

    assert [observed.event for observed in seen(send)] == ["socket.sendto"]
    assert [observed.event for observed in seen(listen)] == ["socket.bind"]


def test_a_connection_of_an_event_loop_lets_no_thread_wait(closed_port: int) -> None:
    """Its sockets do not block."""

    async def main() -> list[Observed]:
        found: list[Observed] = []
        with watching(found.append), contextlib.suppress(OSError):
            await asyncio.open_connection("127.0.0.1", closed_port)
        return found

    assert [observed.waits for observed in asyncio.run(main())] == [False]


def test_an_event_loop_is_no_network() -> None:
    """Its own pair of sockets connects to nothing."""
    assert seen(lambda: asyncio.run(asyncio.sleep(0))) == []


def test_a_query_is_not_told(closed_port: int) -> None:
    """Host and port are enough; keys stand in queries."""
    told = seen(lambda: urllib.request.urlopen(f"http://127.0.0.1:{closed_port}/?key=canary"))
    assert told
    assert "canary" not in repr(told)


def test_files_are_seen_with_path_and_whether_they_change(tmp_path: pathlib.Path) -> None:
    """Reading and writing apart."""
    note = tmp_path / "note.txt"
    written = seen(lambda: note.write_text("x"))
    read = seen(note.read_text)
    assert [(observed.detail, observed.writes) for observed in written] == [(str(note), True)]
    assert [(observed.detail, observed.writes) for observed in read] == [(str(note), False)]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda folder: list(folder.iterdir()), id="list"),
        pytest.param(lambda folder: list(os.scandir(folder)), id="scan"),
        pytest.param(lambda folder: (folder / "new").mkdir(), id="make"),
        pytest.param(lambda folder: (folder / "old").unlink(), id="remove"),
        pytest.param(lambda folder: (folder / "old").rename(folder / "new"), id="rename"),
        pytest.param(lambda folder: (folder / "link").symlink_to(folder / "old"), id="link"),
        pytest.param(lambda folder: (folder / "old").chmod(0o600), id="chmod"),
        pytest.param(lambda folder: list(folder.glob("*")), id="glob"),
        pytest.param(lambda folder: sqlite3.connect(folder / "data.db").close(), id="sqlite"),
        pytest.param(lambda folder: tempfile.TemporaryDirectory(dir=folder).cleanup(), id="temporary"),
    ],
)
def test_what_is_done_to_files_is_seen(tmp_path: pathlib.Path, act: Callable[[pathlib.Path], object]) -> None:
    """Not only opening them."""
    (tmp_path / "old").touch()
    assert effects(lambda: act(tmp_path)) == {"files"}


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda: __import__("wave"), id="import"),
        pytest.param(lambda: linecache.updatecache(__file__), id="traceback"),
        pytest.param(lambda: zoneinfo.ZoneInfo.no_cache("Europe/Berlin"), id="time zone"),
        pytest.param(pathlib.Path(os.devnull).read_bytes, id="device"),
        pytest.param(pathlib.Path(pytest.__file__).read_bytes, id="package"),
        pytest.param(pathlib.Path(os.__file__).read_bytes, id="standard library"),
        pytest.param(lambda: sqlite3.connect(":memory:").close(), id="memory"),
        pytest.param(lambda: importlib.metadata.version("pytest"), id="metadata"),
    ],
)
def test_importing_time_zones_and_installed_data_do_not_count(act: Callable[[], object]) -> None:
    """They belong to the code."""
    sys.modules.pop("wave", None)
    assert seen(act) == []


def test_a_package_outside_of_the_installation_may_read_its_own_data(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable install is one; files beside the package are not its own."""
    package = tmp_path / "watched_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.txt").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("watched_package")
    assert seen((package / "words.txt").read_text) == []
    assert effects((tmp_path / "notes.txt").read_text) == {"files"}
    assert effects(lambda: (package / "words.txt").write_text("y")) == {"files"}
    del sys.modules["watched_package"]


def test_programs_are_seen_by_name_only() -> None:
    """Arguments may be secrets."""
    (observed,) = seen(lambda: subprocess.run([sys.executable, "-c", "'canary'"], check=True))
    assert (observed.effect, observed.detail) == (Effect.SUBPROCESS, sys.executable)
    shell = seen(lambda: os.system("true canary"))
    assert [str(observed) for observed in shell] == ["subprocess: os.system true"]


def test_signals_are_seen() -> None:
    """Whoever sends them acts on other programs."""
    assert [str(observed) for observed in seen(lambda: os.kill(os.getpid(), 0))] == [
        f"subprocess: os.kill process {os.getpid()}"
    ]


def test_changes_of_the_environment_are_seen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value is not told."""
    told = seen(lambda: monkeypatch.setenv("WATCHED", "canary"))
    assert [(observed.effect, observed.detail) for observed in told] == [(Effect.ENVIRONMENT, "WATCHED")]


def test_reads_of_the_environment_are_told_where_asked_for() -> None:
    """By any way of reading; what the standard library looks for does not count."""
    held = os.environ
    ways: list[Callable[[], object]] = [
        lambda: os.environ["PATH"],
        lambda: os.environ.get("PATH"),
        lambda: "PATH" in os.environ,
        lambda: os.getenv("PATH"),
        lambda: held.get("PATH"),
        lambda: os.getenvb(b"PATH"),
    ]
    with environment_reads_told():
        assert [[observed.detail for observed in seen(way)] for way in ways] == [["PATH"]] * len(ways)
        assert "PATH" in {observed.detail for observed in seen(os.environ.copy)}
        assert seen(tempfile._candidate_tempdir_list) == []  # type: ignore[attr-defined]
    assert seen(ways[0]) == []
    assert os.environ is held


def test_nothing_is_told_outside_and_afterwards(tmp_path: pathlib.Path) -> None:
    """Not even from a context that outlives the watching."""
    found: list[Observed] = []
    with watching(found.append):
        kept = copy_context()
    kept.run(list_folder, tmp_path)
    list_folder(tmp_path)
    assert found == []


def test_what_the_callback_does_is_not_watched(tmp_path: pathlib.Path) -> None:
    """Or it would be told of itself for ever."""
    found: list[Observed] = []

    def log(observed: Observed) -> None:
        (tmp_path / "log").write_text("x")
        found.append(observed)

    with watching(log):
        list_folder(tmp_path)
    assert len(found) == 1


async def in_a_task(function: Callable[[], object]) -> None:
    """Run it in a task."""

    async def run() -> None:
        function()

    await asyncio.create_task(run())


async def in_a_worker(function: Callable[[], object]) -> None:
    """Run it as the host runs sync tools."""
    await WorkerThreads(1).call(function)


async def in_asyncio_thread(function: Callable[[], object]) -> None:
    """Run it as an author may."""
    await asyncio.to_thread(function)


@pytest.mark.parametrize("way", [in_a_task, in_a_worker, in_asyncio_thread])
def test_tasks_and_threads_of_the_host_are_watched(
    way: Callable[[Callable[[], object]], object], tmp_path: pathlib.Path
) -> None:
    """They inherit the context."""

    async def main() -> list[Observed]:
        found: list[Observed] = []
        with watching(found.append):
            await way(lambda: list_folder(tmp_path))  # type: ignore[misc]
        return found

    assert [observed.detail for observed in asyncio.run(main())] == [str(tmp_path)]


def test_two_at_once_are_told_apart(tmp_path: pathlib.Path) -> None:
    """Each task has a context of its own."""

    async def one(name: str) -> list[str]:
        found: list[Observed] = []
        with watching(found.append):
            await asyncio.sleep(0)
            await asyncio.to_thread((tmp_path / name).touch)
            await asyncio.sleep(0)
        return [pathlib.Path(observed.detail).name for observed in found if observed.event == "open"]

    async def main() -> list[list[str]]:
        return list(await asyncio.gather(one("a"), one("b")))

    assert asyncio.run(main()) == [["a"], ["b"]]


def test_plain_threads_are_carried_along_where_asked_for(tmp_path: pathlib.Path) -> None:
    """A pool's thread, too, each call for whoever made it."""

    def in_thread(name: str) -> None:
        thread = threading.Thread(target=(tmp_path / name).mkdir)
        thread.start()
        thread.join()

    with carried_into_threads(), ThreadPoolExecutor(1) as pool:
        assert [observed.detail for observed in seen(lambda: in_thread("a"))] == [str(tmp_path / "a")]
        for name in ("b", "c"):
            told = seen(lambda name=name: pool.submit((tmp_path / name).mkdir).result())  # type: ignore[misc]
            assert [observed.detail for observed in told] == [str(tmp_path / name)]


def test_what_the_host_does_for_the_code_counts_as_network_only(tmp_path: pathlib.Path, closed_port: int) -> None:
    """Its HTTP client may look for proxies and certificates."""

    def act() -> None:
        with host_doing():
            list_folder(tmp_path)
            connect("127.0.0.1", closed_port)

    assert effects(act) == {"network"}


def test_refused_effects_do_not_happen(tmp_path: pathlib.Path) -> None:
    """The code sees the error that it would see from the system."""

    def refuse(observed: Observed) -> None:
        raise PermissionError(13, "Permission denied", observed.detail)

    with watching(refuse), pytest.raises(PermissionError, match="Permission denied"):
        (tmp_path / "note.txt").write_text("x")
    assert list(tmp_path.iterdir()) == []
