"""Whether a custom domain is its account's: a token that only the domain's owner can publish.

Either in DNS, as a TXT record, or on the domain's web server, under ``/.well-known``.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from .hosts import is_domain_name

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from aiohttp.abc import AbstractResolver
    from dns.asyncresolver import Resolver

__all__ = [
    "TXT_LABEL",
    "WELL_KNOWN_PATH",
    "NotVerified",
    "Verified",
    "new_token",
    "txt_content",
    "verify_domain",
]

TXT_LABEL: Final = "_promptdock"
WELL_KNOWN_PATH: Final = "/.well-known/promptdock-verification"

_PREFIX: Final = "promptdock-verification="
_TIMEOUT: Final = 5.0
"""Seconds for each of the ways."""
_MOST_BYTES: Final = 256


class Verified(msgspec.Struct, frozen=True):
    """The domain shows the token.

    Attributes:
        method: Where it was found.
    """

    method: Literal["dns", "http", "https"]


class NotVerified(msgspec.Struct, frozen=True):
    """The domain does not show the token.

    Attributes:
        reason: What was found in each place instead, for the domain's owner to read.
    """

    reason: str


def new_token() -> str:
    """A token for a domain: 32 hexadecimal characters that nobody can guess."""
    return secrets.token_hex(16)


def txt_content(token: str) -> str:
    """What the TXT record at ``_promptdock.<domain>`` has to say."""
    return f"{_PREFIX}{token}"


async def verify_domain(
    domain: str,
    token: str,
    *,
    resolver: Resolver | None = None,
    http: AbstractResolver | None = None,
    allow_private: bool = False,
) -> Verified | NotVerified:
    """Look for a token at a domain, in DNS first, then over http, then over https; at most 5 seconds each.

    Redirects are not followed, and of a reply not more is read than a token has.

    Args:
        domain: The domain, as ``hosts.parse_host`` gives it.
        token: What :func:`new_token` gave.
        resolver: Asks for the TXT record; None asks the system's name servers.
        http: Looks up where the domain's web server is; None asks the system.
        allow_private: Whether the web server may be in a private network, or on this machine.

    Returns:
        Where the token was found, or why it was not. It never raises for what a domain does.
    """
    if not is_domain_name(domain):
        return NotVerified(f"{domain!r} is no domain name that somebody can own.")
    reason = await _look_in_dns(domain, token, resolver)
    if reason is None:
        return Verified("dns")
    reasons = [reason]
    async with _session(http, allow_private=allow_private) as session:
        schemes: tuple[Literal["http", "https"], ...] = ("http", "https")
        for scheme in schemes:
            reason = await _look_on_the_web(session, f"{scheme}://{domain}{WELL_KNOWN_PATH}", token)
            if reason is None:
                return Verified(scheme)
            reasons.append(reason)
    return NotVerified(" ".join(reasons))


def _same(found: bytes, wanted: str) -> bool:
    return hmac.compare_digest(found, wanted.encode())


async def _look_in_dns(domain: str, token: str, resolver: Resolver | None) -> str | None:
    """None when the record is there, else what is there instead."""
    try:
        from dns.asyncresolver import Resolver
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoAnswer
    except ImportError:
        return "TXT records cannot be read here: pip install 'promptdock[dns]' is needed for that."
    name = f"{TXT_LABEL}.{domain}"
    try:
        asked = resolver if resolver is not None else Resolver()
        answer = await asked.resolve(f"{name}.", "TXT", lifetime=_TIMEOUT, search=False)
    except (NXDOMAIN, NoAnswer):
        return f"There is no TXT record at {name}."
    except Timeout:
        return f"The name servers did not say within {_TIMEOUT:g} s whether there is a TXT record at {name}."
    except (DNSException, OSError):
        return f"The name servers gave no usable answer about {name}."
    # a record may be split into strings of 255 bytes
    if any(_same(b"".join(record.strings), txt_content(token)) for record in answer):
        return None
    return f"The TXT record at {name} has another content."


def _session(names: AbstractResolver | None, *, allow_private: bool) -> ClientSession:
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    from .public_addresses import PublicAddresses
    from .resolver import DaemonResolver

    names = names if names is not None else DaemonResolver()
    # no proxies from the environment: they would look the name up themselves
    return ClientSession(
        connector=TCPConnector(resolver=names if allow_private else PublicAddresses(names), force_close=True),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=_TIMEOUT),
        headers={"User-Agent": "promptdock", "Accept-Encoding": "identity"},
        auto_decompress=False,
    )


async def _look_on_the_web(session: ClientSession, url: str, token: str) -> str | None:
    """None when the file is there, else what is there instead."""
    from aiohttp import ClientError

    try:
        async with session.get(url, allow_redirects=False) as reply:
            if reply.status != 200:
                return f"{url} answers {reply.status}."
            body = bytearray()
            async for piece in reply.content.iter_chunked(_MOST_BYTES):
                body += piece
                if len(body) > _MOST_BYTES:
                    reply.close()
                    break
    except TimeoutError:
        return f"{url} did not answer within {_TIMEOUT:g} s."
    except (ClientError, OSError, ValueError):
        # neither its text nor its kind: whoever asks must not learn what there is in the server's own network
        return f"{url} cannot be reached."
    # editors and echo end a file with a newline
    return None if _same(bytes(body).rstrip(b"\r\n"), token) else f"{url} has another content."
