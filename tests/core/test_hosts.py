"""Host names of requests, of LLM clients and of custom domains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptdock import ConfigurationError
from promptdock.errors import BadRequest
from promptdock.hosts import HostForms, is_client_name, is_domain_name, parse_host

FORMS = HostForms.of("api.example.com")


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("Chat.Example.COM", "chat.example.com"),
        ("chat.example.com:8443", "chat.example.com"),
        ("chat.example.com.", "chat.example.com"),
        ("chat.example.com.:80", "chat.example.com"),
        ("localhost:8000", "localhost"),
        ("my_service:80", "my_service"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "::1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_header_is_normalised(header: str, host: str) -> None:
    """One spelling of each host, so that a table can be looked up."""
    assert parse_host(header) == host


@pytest.mark.parametrize(
    "header",
    ["", ".", "a..b", "-a.example", "a-.example", "a b", "a/b", "a:b", "u@host", "[::1", "[x]", "[::1]x",
     "xn--a.example", "a" * 64, ".".join(["a" * 60] * 5), "a:123456", "a\n", "ho\x00st", "::1"],
)  # fmt: skip
def test_what_is_no_host_is_refused(header: str) -> None:
    """Nothing of it gets further."""
    with pytest.raises(BadRequest, match="not a host name"):
        parse_host(header)


@given(st.text(max_size=300))
def test_any_header_gives_a_normal_host_or_is_refused(header: str) -> None:
    """And what is normal stays as it is."""
    try:
        host = parse_host(header)
    except BadRequest:
        return
    assert host == host.lower()
    assert host.isascii()
    assert ":" in host or parse_host(host) == host


def test_t77_hyphens_are_characters_in_host_names() -> None:
    """A name is the whole first label, and the account's number the whole second one."""
    assert FORMS.split("customer-support.1234-5678-9012.api.example.com") == ("customer-support", "1234-5678-9012")
    assert FORMS.split("customer-support-alice.1234-5678-9012.api.example.com") == (
        "customer-support-alice",
        "1234-5678-9012",
    )
    assert FORMS.host_of("customer-support", "1234-5678-9012") == "customer-support.1234-5678-9012.api.example.com"


@pytest.mark.parametrize(
    "host",
    [
        "api.example.com",
        "1234-5678-9012.api.example.com",
        "support.api.example.com",
        "support.1234-5678.api.example.com",
        "support.1234-5678-90123.api.example.com",
        "support.1234-5678-9012.example.com",
        "support.1234-5678-9012.xapi.example.com",
        "a.support.1234-5678-9012.api.example.com",
        "sup_port.1234-5678-9012.api.example.com",
        ".1234-5678-9012.api.example.com",
        "support.1234-5678-9012.api.example.com.evil.test",
    ],
)
def test_any_other_host_is_none_of_ours(host: str) -> None:
    """No form is guessed."""
    assert FORMS.split(host) is None
    assert HostForms.of(None).split(host) is None


@given(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{4}-[0-9]{4}", fullmatch=True),
)
def test_a_host_that_was_made_is_taken_apart_again(name: str, number: str) -> None:
    """For every name that a client may have."""
    assert is_client_name(name)
    assert FORMS.split(f"{name}.{number}.api.example.com") == (name, number)


def test_hosts_below_a_custom_domain() -> None:
    """The first label is the client's name."""
    assert FORMS.split_custom("customer-support.chat.example.org") == ("customer-support", "chat.example.org")
    assert FORMS.split_custom("support.1234-5678-9012.api.example.com") is None
    assert FORMS.split_custom("example.org") is None
    assert FORMS.split_custom("localhost") is None


@pytest.mark.parametrize("name", ["a", "0", "customer-support", "a--b", "x" * 63])
def test_names_of_clients_are_labels(name: str) -> None:
    assert is_client_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a_b", "ä", "x" * 64, "a\n", "a b", "٣"])
def test_other_names_cannot_be_hosts(name: str) -> None:
    assert not is_client_name(name)


@pytest.mark.parametrize("domain", ["example.org", "chat.example.org", "xn--bcher-kva.example", "example.com"])
def test_domains_that_somebody_can_own(domain: str) -> None:
    assert is_domain_name(domain, api_domain="api.example.com")


@pytest.mark.parametrize(
    "domain",
    ["", "example", "localhost", "a.localhost", "printer.local", "10.0.0.1", "127.1", "::1", "api.example.com",
     "chat.api.example.com", "Example.org", "example.org.", "exa_mple.org", "-a.org", "a..org", "xn--a.org", "a.org\n",
     "http://a.org", "a.org:80", ".".join(["a" * 60] * 4)],
)  # fmt: skip
def test_domains_that_nobody_can_have_here(domain: str) -> None:
    assert not is_domain_name(domain, api_domain="api.example.com")


@pytest.mark.parametrize("domain", ["", "api.example.com:8000", "http://api.example.com", "10.0.0.1", "a b"])
def test_a_wrong_api_domain_is_found_at_start(domain: str) -> None:
    with pytest.raises(ConfigurationError, match="api_domain: "):
        HostForms.of(domain)


def test_an_api_domain_is_normalised() -> None:
    assert HostForms.of("API.Example.com.") == FORMS
    assert HostForms.of("localhost").split("bot.1234-5678-9012.localhost") == ("bot", "1234-5678-9012")
