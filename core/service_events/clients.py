"""Events of LLM clients: the calls, sessions and changes of one, and the domains it answers at."""

from __future__ import annotations

from typing import ClassVar

from .base import ServiceEvent

__all__ = [
    "DomainVerificationFailed",
    "DomainVerificationRequested",
    "DomainVerified",
    "LLMClientCalled",
    "LLMClientCreated",
    "LLMClientDeleted",
    "LLMClientDeployed",
    "LLMClientUndeployed",
    "LLMClientUpdated",
    "PromptConfigured",
    "SessionOpened",
]


class _LLMClientEvent(ServiceEvent, frozen=True, kw_only=True):
    """Something that happened to one LLM client.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Its id.
    """

    llm_client: str
    llm_client_id: str


class SessionOpened(_LLMClientEvent, frozen=True, kw_only=True):
    """A session was made; its first turn has not begun.

    Attributes:
        llm_client: Name of the LLM client that it is bound to.
        llm_client_id: Id of the LLM client.
        session_id: Id of the session; not the session key.
    """

    hook: ClassVar[str] = "session_opened"
    session_id: str


class PromptConfigured(_LLMClientEvent, frozen=True, kw_only=True):
    """A chat page was told what it needs to prompt an LLM client; once an answer of the ``config`` routes.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
        session_id: Id of the session whose key was given, not the key; None while there is no such session.
        issued: Whether the session key is a new one.
    """

    hook: ClassVar[str] = "prompt_configured"
    session_id: str | None
    issued: bool


class LLMClientCalled(_LLMClientEvent, frozen=True, kw_only=True):
    """An LLM client was found for a prompt, and the caller may prompt it; before the turn.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
        host: The host name that it was found by; None when it was named.
        stream: Whether the caller wants the answer as a stream.
    """

    hook: ClassVar[str] = "llm_client_called"
    host: str | None
    stream: bool


class LLMClientCreated(_LLMClientEvent, frozen=True, kw_only=True):
    """An LLM client was made.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
    """

    hook: ClassVar[str] = "llm_client_created"


class LLMClientUpdated(_LLMClientEvent, frozen=True, kw_only=True):
    """An LLM client was changed.

    Attributes:
        llm_client: Name of the LLM client, after the change.
        llm_client_id: Id of the LLM client.
        changed: Names of the fields that are different now, sorted.
    """

    hook: ClassVar[str] = "llm_client_updated"
    changed: tuple[str, ...]


class LLMClientDeleted(_LLMClientEvent, frozen=True, kw_only=True):
    """An LLM client was deleted.

    Attributes:
        llm_client: Name that the LLM client had.
        llm_client_id: Id that it had.
    """

    hook: ClassVar[str] = "llm_client_deleted"


class LLMClientDeployed(_LLMClientEvent, frozen=True, kw_only=True):
    """An LLM client answers at its host names from now on.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
    """

    hook: ClassVar[str] = "llm_client_deployed"


class LLMClientUndeployed(_LLMClientEvent, frozen=True, kw_only=True):
    """An LLM client answers at its host names no longer.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
    """

    hook: ClassVar[str] = "llm_client_undeployed"


class _DomainEvent(ServiceEvent, frozen=True, kw_only=True):
    """Something that happened to one custom domain.

    Attributes:
        domain: The domain.
        method: How its owner shows that it is theirs: ``dns``, ``http`` or ``https``; None when any will do.
    """

    domain: str
    method: str | None


class DomainVerificationRequested(_DomainEvent, frozen=True, kw_only=True):
    """Somebody says that a domain is theirs, and is about to be believed or not; once a check.

    Attributes:
        domain: The domain.
        method: How they show that it is theirs: ``dns``, ``http`` or ``https``; None when any will do.
    """

    hook: ClassVar[str] = "domain_verification_requested"


class DomainVerified(_DomainEvent, frozen=True, kw_only=True):
    """A domain is shown to be its owner's, and is answered at from now on.

    Attributes:
        domain: The domain.
        method: Where the token was found: ``dns``, ``http`` or ``https``.
    """

    hook: ClassVar[str] = "domain_verified"


class DomainVerificationFailed(_DomainEvent, frozen=True, kw_only=True):
    """A domain could not be shown to be its owner's.

    Attributes:
        domain: The domain.
        method: Where the token was looked for: ``dns``, ``http`` or ``https``; None for all of them.
        reason: Why not, in one line; never the token.
    """

    hook: ClassVar[str] = "domain_verification_failed"
    reason: str
