"""Host names: what a request's ``Host`` header names, and which names LLM clients and custom domains can have.

Nothing here looks anything up: hosts are compared whole, and a hyphen is a character like any other.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import msgspec

from .errors import BadRequest, ConfigurationError

__all__ = ["HostForms", "is_client_name", "is_domain_name", "parse_host"]

_LONGEST: Final = 253
_LONGEST_DOMAIN: Final = 180
"""Of a custom domain, so that the names below it that promptdock uses fit into a host name, too."""

_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_CLIENT_NAME: Final = re.compile(_LABEL)
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
# in a Host header also underscores, as names of containers have them
_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_PORT: Final = re.compile(r":[0-9]{0,5}\Z")
_ACCOUNT_NUMBER: Final = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}")
_NOBODYS: Final = frozenset({"localhost", "local", "internal", "invalid", "onion", "arpa"})
"""Top-level names that lead to nobody in particular (RFC 6761 and its kin)."""


def parse_host(header: str) -> str:
    """The host that a request is for.

    Args:
        header: The ``Host`` header, or ``:authority``.

    Returns:
        The name in lower case and in ASCII (``xn--…`` for what lies beyond), without port and without a dot at its end;
        or an address, of IPv6 without its brackets.

    Raises:
        BadRequest: It is neither a host name nor an address.
    """
    if header.startswith("["):
        address, closed, port = header[1:].partition("]")
        if closed and (not port or _PORT.match(port)) and _is_ip(address):
            return str(ipaddress.ip_address(address))
        raise _no_host()
    name = _ascii(_PORT.sub("", header).removesuffix("."))
    if name is None or len(name) > _LONGEST or not _HOST.fullmatch(name):
        raise _no_host()
    return name


def is_client_name(name: str) -> bool:
    """Whether an LLM client may have a name: one label of a host name, in lower case."""
    return _CLIENT_NAME.fullmatch(name) is not None


def is_domain_name(domain: str, *, api_domain: str | None = None) -> bool:
    """Whether a domain can be an account's own: a public name, in the form that :func:`parse_host` gives.

    Args:
        domain: The domain.
        api_domain: promptdock's own, which nobody else can have, nor any name below it.
    """
    labels = domain.split(".")
    return (
        len(labels) > 1
        and len(domain) <= _LONGEST_DOMAIN
        and _DOMAIN.fullmatch(domain) is not None
        and not labels[-1].isdigit()  # an address, or something that some programs take for one
        and labels[-1] not in _NOBODYS
        and _ascii(domain) == domain
        and (api_domain is None or not _is_or_below(domain, api_domain))
    )


class HostForms(msgspec.Struct, frozen=True):
    """The host names of LLM clients below promptdock's own domain: ``<name>.<account number>.<api domain>``.

    Attributes:
        api_domain: promptdock's own domain, as :func:`parse_host` gives it; None when LLM clients have no such hosts.
    """

    api_domain: str | None

    @classmethod
    def of(cls, api_domain: str | None) -> HostForms:
        """The forms for the domain that the settings name.

        Raises:
            ConfigurationError: It is no domain name.
        """
        if api_domain is None:
            return cls(None)
        domain = _ascii(api_domain.strip().removesuffix("."))
        if domain is None or not _DOMAIN.fullmatch(domain) or domain.split(".")[-1].isdigit() or len(domain) > 170:
            raise ConfigurationError(
                f"api_domain: {api_domain!r} is no domain name.", hint="Write it as api.example.com, without a port."
            )
        return cls(domain)

    def split(self, host: str) -> tuple[str, str] | None:
        """Take a host name apart.

        Args:
            host: What :func:`parse_host` gave.

        Returns:
            The LLM client's name and its account's number; None when the host does not have exactly this form.
        """
        if self.api_domain is None or not host.endswith(f".{self.api_domain}"):
            return None
        name, _, number = host.removesuffix(f".{self.api_domain}").partition(".")
        return (name, number) if is_client_name(name) and _ACCOUNT_NUMBER.fullmatch(number) else None

    def host_of(self, name: str, account_number: str) -> str | None:
        """The host name of an LLM client; None when there are none."""
        return None if self.api_domain is None else f"{name}.{account_number}.{self.api_domain}"

    def split_custom(self, host: str) -> tuple[str, str] | None:
        """Take a host name apart as one below a custom domain.

        Args:
            host: What :func:`parse_host` gave.

        Returns:
            The first label and what comes after it; None when those cannot be an LLM client's name and somebody's
            domain. Whether there is such a domain, and whether it is verified, is for the caller to look up.
        """
        name, _, domain = host.partition(".")
        if not is_client_name(name) or not is_domain_name(domain, api_domain=self.api_domain):
            return None
        return name, domain


def _no_host() -> BadRequest:
    return BadRequest("The Host header of this request is not a host name.")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_or_below(domain: str, above: str) -> bool:
    return domain == above or domain.endswith(f".{above}")


def _ascii(name: str) -> str | None:
    """A host name in lower case and ASCII; None when it has labels that IDNA does not allow."""
    if name.isascii():
        name = name.lower()
        if "xn--" not in name:
            return name
    import idna

    try:
        encoded = idna.encode(name, uts46=True).decode("ascii")
        idna.decode(encoded)
    except (idna.IDNAError, UnicodeError):
        return None
    return encoded
