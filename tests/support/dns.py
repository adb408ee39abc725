"""A name server on loopback that answers with TXT records, and lookups that lead to loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from aiohttp.abc import AbstractResolver, ResolveResult
from dns.asyncresolver import Resolver

__all__ = ["LeadsTo", "name_server"]


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, records: Mapping[str, Sequence[str]], *, silent: bool) -> None:
        self._records = records
        self._silent = silent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._silent:
            return
        query = dns.message.from_wire(data)
        name = query.question[0].name
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        texts = self._records.get(name.to_text(omit_final_dot=True))
        if texts is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        self._transport.sendto(reply.to_wire(), addr)


@asynccontextmanager
async def name_server(records: Mapping[str, Sequence[str]], *, silent: bool = False) -> AsyncIterator[Resolver]:
    """Serve TXT records over UDP; gives a resolver that asks this server only.

    Args:
        records: By name what each record says, as in a zone file; an empty sequence for a name without TXT records.
        silent: Never answer.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Responder(records, silent=silent), local_addr=("127.0.0.1", 0)
    )
    resolver = Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    try:
        yield resolver
    finally:
        transport.close()


class LeadsTo(AbstractResolver):
    """Every name leads to one place.

    Args:
        address: An IPv4 address.
        port: In place of the one in the URL; None keeps that.
    """

    def __init__(self, address: str, port: int | None = None) -> None:
        self._address = address
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=self._address,
                port=port if self._port is None else self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass
