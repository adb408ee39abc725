"""Encrypted connections: straight, through a proxy, and to servers that nobody vouches for."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from promptdock.providers.transports.http import Proxies
from tests.support.raw_http import asking, serving_raw

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a certificate")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", made.with_name("key.pem"), "-out",
         made.with_name("cert.pem"), "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    made.write_text(made.with_name("key.pem").read_text() + made.with_name("cert.pem").read_text())
    return made


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(OK)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _server(certificate: Path) -> tuple[asyncio.Server, int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.anyio
@pytest.mark.parametrize("through", [False, True], ids=["straight", "through a proxy"])
async def test_an_encrypted_connection_is_kept(certificate: Path, through: bool) -> None:
    server, port = await _server(certificate)
    connects: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connects.append(await reader.readuntil(b"\r\n\r\n"))
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def up() -> None:
            while data := await reader.read(65_536):
                ours.write(data)
            ours.close()

        task = asyncio.ensure_future(up())
        try:
            while data := await theirs.read(65_536):
                writer.write(data)
        finally:
            task.cancel()
            ours.close()

    async with serving_raw(proxy) as way, server:
        proxies = Proxies({"https": way} if through else {})
        url = f"https://localhost:{port}/"
        async with asking(url, trust=lambda: ssl.create_default_context(cafile=certificate), proxies=proxies) as asked:
            for _ in range(3):
                assert await asked.whole() == b"abc"
            assert len(asked.client._pool._open) == 1
        await asyncio.sleep(0.05)
    assert len(connects) == through


@pytest.mark.anyio
async def test_a_server_that_nobody_vouches_for_is_not_asked(certificate: Path) -> None:
    server, port = await _server(certificate)
    async with server, asking(f"https://localhost:{port}/") as asked:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asked.whole()
        assert asked.client._pool._dialling == set()
    await asyncio.sleep(0.05)
