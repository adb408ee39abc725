"""How connections are kept, shared, closed and waited for."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import psutil
import pytest

from promptdock.providers.transports.http import ConnectionBroken
from tests.support.raw_http import asking, one_by_one, serving_raw

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.anyio
async def test_a_kept_connection_that_the_server_closes_is_not_used_again() -> None:
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await one_by_one([OK], close=True)(reader, writer)

    async with serving_raw(talk) as url, asking(url) as asked:
        for _ in range(3):
            assert await asked.whole() == b"abc"
            await asyncio.sleep(0.05)
    assert accepted == 3


@pytest.mark.anyio
async def test_a_kept_connection_that_closes_before_any_byte_is_told_apart() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")

    async with serving_raw(talk) as url, asking(url) as asked:
        await asked.whole()
        with pytest.raises(ConnectionBroken) as failure:
            await asked.whole()
    assert failure.value.stale


@pytest.mark.anyio
async def test_a_server_that_speaks_unasked_loses_its_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(OK)
        await reader.read()

    async with serving_raw(talk) as url, asking(url) as asked:
        await asked.whole()
        await asyncio.sleep(0.15)
        assert asked.client._pool._open == {}


@pytest.mark.anyio
async def test_a_late_answer_is_not_taken_for_that_to_the_next_request() -> None:
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(OK.replace(b"abc", b"old"))
        await reader.read()

    async with serving_raw(talk) as url, asking(url) as asked:
        assert await asked.whole() == b"abc"
        [kept] = asked.client._pool._open
        await asyncio.sleep(0.15)
        assert not kept.usable
        assert asked.client._pool.kept(asked.to) is None
        assert await asked.whole() == b"abc"
    assert accepted == 2


@pytest.mark.anyio
async def test_idle_connections_are_closed_after_a_while() -> None:
    async with serving_raw(one_by_one([OK, OK])) as url, asking(url, keep_alive=0.1) as asked:
        await asked.whole()
        assert len(asked.client._pool._open) == 1
        await asyncio.sleep(0.3)
        assert asked.client._pool._open == {}


@pytest.mark.anyio
async def test_beyond_the_limit_requests_wait_for_their_turn() -> None:
    most, now = 0, 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most, now
        while True:
            await reader.readuntil(b"\r\n\r\n")
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            writer.write(OK)

    async with serving_raw(talk) as url, asking(url, limit=3) as asked:
        waiting = [asyncio.ensure_future(asked.whole()) for _ in range(30)]
        await asyncio.sleep(0.02)
        for task in waiting[10:15]:
            task.cancel()
        async with asyncio.timeout(10):
            done = await asyncio.gather(*waiting, return_exceptions=True)
        assert done.count(b"abc") == 25
        assert most == 3


@pytest.mark.anyio
async def test_more_than_a_thousand_streams_are_open_at_once() -> None:
    """Each takes a connection for as long as it lasts, and a chat may last for minutes."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files[1] != resource.RLIM_INFINITY and files[1] < 4_096:
        pytest.skip("the system allows too few open files")
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        await reader.readuntil(b"\r\n\r\n")
        accepted += 1
        await reader.read()

    resource.setrlimit(resource.RLIMIT_NOFILE, (max(files[0], 4_096), files[1]))
    try:
        async with serving_raw(talk) as url, asking(url) as asked, asyncio.timeout(60):
            waiting: list[asyncio.Future[bytes]] = []
            for _ in range(22):  # a few at a time, as no server takes a thousand connections in one moment
                waiting += [asyncio.ensure_future(asked.whole()) for _ in range(50)]
                while accepted < len(waiting):
                    await asyncio.sleep(0.01)
            await asked.client.aclose()
            await asyncio.gather(*waiting, return_exceptions=True)
        assert accepted == 1_100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, files)


@pytest.mark.anyio
async def test_closing_lets_nobody_wait() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving_raw(talk) as url, asking(url, limit=1) as asked:
        waiting = [asyncio.ensure_future(asked.whole()) for _ in range(3)]
        await asyncio.sleep(0.05)
        await asked.client.aclose()
        async with asyncio.timeout(5):
            done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(error, ConnectionBroken) for error in done)


@pytest.mark.anyio
async def test_nobody_dials_after_the_end() -> None:
    """Neither those who wait for a place, nor those who are on their way."""
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await reader.read()

    async with serving_raw(talk) as url, asking(url, limit=2) as asked:
        waiting = [asyncio.ensure_future(asked.whole()) for _ in range(20)]
        while accepted < 2:
            await asyncio.sleep(0.01)
        await asked.client.aclose()
        late = await asyncio.gather(*waiting, asked.whole(), return_exceptions=True)
        assert all(isinstance(error, ConnectionBroken) for error in late)
        on_the_way = asking(url)
        async with on_the_way as other:
            dialling = asyncio.ensure_future(other.whole())
            await asyncio.sleep(0)
            await other.client.aclose()
            with pytest.raises(ConnectionBroken):
                await dialling
        await asyncio.sleep(0.1)
    assert accepted == 2


@pytest.mark.anyio
async def test_closing_that_is_given_up_has_closed_what_was_open() -> None:
    """Also while somebody is on the way to a server and takes long to give up."""
    stopped = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        stopped.set()

    async with serving_raw(talk) as url, asking(url) as asked:
        pool = asked.client._pool
        dial = pool._dial

        async def dial_stubbornly(destination: Any) -> Any:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                await asyncio.sleep(0.2)
                raise
            return await dial(destination)

        waiting = [asyncio.ensure_future(asked.whole())]
        while not pool._open:
            await asyncio.sleep(0.01)
        pool._dial = dial_stubbornly
        waiting.append(asyncio.ensure_future(asked.whole()))
        await asyncio.sleep(0.01)
        closing = asyncio.ensure_future(asked.client.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait_for(stopped.wait(), 5)
        await asyncio.gather(closing, *waiting, return_exceptions=True)


@pytest.mark.anyio
async def test_a_server_that_ends_its_side_and_reads_no_more_keeps_nothing_open() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        await asyncio.sleep(60)

    async with serving_raw(talk) as url, asking(url) as asked:
        with pytest.raises(ConnectionBroken):
            await asked.whole("POST", b"x" * 50_000_000)
        async with asyncio.timeout(5):
            await asked.client.aclose()
        left = [one for one in psutil.Process().net_connections() if one.status == "CLOSE_WAIT"]
        assert [one for one in left if url.endswith(f":{one.raddr[1]}")] == []


@pytest.mark.anyio
async def test_a_name_with_several_addresses_and_none_that_is_known() -> None:
    async with serving_raw(one_by_one([OK])) as url, asking(url.replace("127.0.0.1", "localhost")) as asked:
        assert await asked.whole() == b"abc"
    async with asking("http://nowhere.invalid") as asked:
        with pytest.raises(OSError, match=r"."):
            await asked.whole()
