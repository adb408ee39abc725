"""Events of LLM clients: the calls, sessions and changes of one, and the domains it answers at."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _LLMClientEvent(ServiceEvent):
    """Something that happened to one LLM client.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Its id.
    """

    llm_client: str
    llm_client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(_LLMClientEvent):
    """A session was made; its first turn has not begun.

    Attributes:
        llm_client: Name of the LLM client that it is bound to.
        llm_client_id: Id of the LLM client.
        session_id: Id of the session; not the session key.
    """

    hook: ClassVar[str] = "session_opened"
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptConfigured(_LLMClientEvent):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMClientCalled(_LLMClientEvent):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMClientCreated(_LLMClientEvent):
    """An LLM client was made.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
    """

    hook: ClassVar[str] = "llm_client_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMClientUpdated(_LLMClientEvent):
    """An LLM client was changed.

    Attributes:
        llm_client: Name of the LLM client, after the change.
        llm_client_id: Id of the LLM client.
        changed: Names of the fields that are different now, sorted.
    """

    hook: ClassVar[str] = "llm_client_updated"
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMClientDeleted(_LLMClientEvent):
    """An LLM client was deleted.

    Attributes:
        llm_client: Name that the LLM client had.
        llm_client_id: Id that it had.
    """

    hook: ClassVar[str] = "llm_client_deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMClientDeployed(_LLMClientEvent):
    """An LLM client answers at its host names from now on.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
    """

    hook: ClassVar[str] = "llm_client_deployed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMClientUndeployed(_LLMClientEvent):
    """An LLM client answers at its host names no longer.

    Attributes:
        llm_client: Name of the LLM client.
        llm_client_id: Id of the LLM client.
    """

    hook: ClassVar[str] = "llm_client_undeployed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _DomainEvent(ServiceEvent):
    """Something that happened to one custom domain.

    Attributes:
        domain: The domain.
        method: How its owner shows that it is theirs: ``dns``, ``http`` or ``https``; None when any will do.
    """

    domain: str
    method: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainVerificationRequested(_DomainEvent):
    """Somebody says that a domain is theirs, and is about to be believed or not; once a check.

    Attributes:
        domain: The domain.
        method: How they show that it is theirs: ``dns``, ``http`` or ``https``; None when any will do.
    """

    hook: ClassVar[str] = "domain_verification_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainVerified(_DomainEvent):
    """A domain is shown to be its owner's, and is answered at from now on.

    Attributes:
        domain: The domain.
        method: Where the token was found: ``dns``, ``http`` or ``https``.
    """

    hook: ClassVar[str] = "domain_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainVerificationFailed(_DomainEvent):
    """A domain could not be shown to be its owner's.

    Attributes:
        domain: The domain.
        method: Where the token was looked for: ``dns``, ``http`` or ``https``; None for all of them.
        reason: Why not, in one line; never the token.
    """

    hook: ClassVar[str] = "domain_verification_failed"
    reason: str
