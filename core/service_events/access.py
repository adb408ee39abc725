"""Events of access: keys, who was let in and who was not, users and accounts. No event holds a key."""

from __future__ import annotations

from typing import ClassVar

from .base import ServiceEvent

__all__ = [
    "AccountCreated",
    "AuthenticationFailed",
    "AuthenticationRequested",
    "AuthenticationSucceeded",
    "KeyCreated",
    "KeyDeleted",
    "KeyUpdated",
    "UserCreated",
]


class AuthenticationRequested(ServiceEvent, frozen=True, kw_only=True):
    """A request came with a key that is about to be checked; ``caller`` is ``anonymous``, as nobody is known yet.

    Attributes:
        scheme: How the key came: ``bearer`` or ``token``.
    """

    hook: ClassVar[str] = "authentication_requested"
    scheme: str


class AuthenticationSucceeded(ServiceEvent, frozen=True, kw_only=True):
    """A request's key is good; ``caller`` says whose it is.

    Attributes:
        kind: ``operator``: the key of the settings; ``user``: a stored key.
        key_id: Id of the stored key; None for the operator's.
    """

    hook: ClassVar[str] = "authentication_succeeded"
    kind: str
    key_id: str | None


class AuthenticationFailed(ServiceEvent, frozen=True, kw_only=True):
    """A request was turned away because its key is not good, or because it has none; ``caller`` is ``anonymous``.

    Attributes:
        reason: A code: what was wrong with the key, e.g. ``missing``, ``unknown`` or ``expired``.
    """

    hook: ClassVar[str] = "authentication_failed"
    reason: str


class KeyCreated(ServiceEvent, frozen=True, kw_only=True):
    """An API key was made.

    Attributes:
        key_id: Id of the key; not the key.
        name: What its owner calls it.
    """

    hook: ClassVar[str] = "key_created"
    key_id: str
    name: str


class KeyUpdated(ServiceEvent, frozen=True, kw_only=True):
    """An API key was changed.

    Attributes:
        key_id: Id of the key; not the key.
        name: What its owner calls it, after the change.
        changed: Names of the fields that are different now, sorted.
    """

    hook: ClassVar[str] = "key_updated"
    key_id: str
    name: str
    changed: tuple[str, ...]


class KeyDeleted(ServiceEvent, frozen=True, kw_only=True):
    """An API key was deleted, and opens nothing any more.

    Attributes:
        key_id: Id of the key; not the key.
        name: What its owner called it.
    """

    hook: ClassVar[str] = "key_deleted"
    key_id: str
    name: str


class UserCreated(ServiceEvent, frozen=True, kw_only=True):
    """There is a new user; ``caller`` and ``account`` are those of who made them.

    Attributes:
        user_id: Id of the user.
        name: Name of the user.
    """

    hook: ClassVar[str] = "user_created"
    user_id: str
    name: str


class AccountCreated(ServiceEvent, frozen=True, kw_only=True):
    """There is a new account; ``caller`` and ``account`` are those of who made it.

    Attributes:
        account_id: Id of the new account.
        number: Number of the new account.
    """

    hook: ClassVar[str] = "account_created"
    account_id: str
    number: str
