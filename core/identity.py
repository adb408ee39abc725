"""Who asks: the one answer of authentication, which everything that decides on rights reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

__all__ = ["ANONYMOUS_PRINCIPAL", "OPERATOR", "Principal", "PrincipalKind"]


class PrincipalKind(StrEnum):
    """How a caller is known."""

    ANONYMOUS = "anonymous"
    OPERATOR = "operator"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Attributes:
        kind: ``anonymous``: sent no key; ``operator``: sent ``PROMPTDOCK_API_KEY``; ``user``: sent a stored key.
        name: For logs, tools and hooks: ``anonymous``, ``operator``, or ``user@account number``; never a key.
        account_id: The account that the key's owner acts in; None unless a user.
        account_number: The same account's number, or None.
        profile_id: The key's owner: one user in one account; None unless a user.
        user_id: The user; None unless a user.
        api_key_id: The stored key; None unless a user.
        is_staff: Whether the user may write everything in their account.
        is_superuser: Whether they may do everything, in every account; the operator may.
    """

    kind: PrincipalKind
    name: str
    account_id: UUID | None = None
    account_number: str | None = None
    profile_id: UUID | None = None
    user_id: UUID | None = None
    api_key_id: UUID | None = None
    is_staff: bool = False
    is_superuser: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller sent no key."""
        return self.kind is PrincipalKind.ANONYMOUS

    @property
    def owner(self) -> str:
        """Whose sessions these are: one text for one person in one account, whichever of their keys they use."""
        return f"profile:{self.profile_id}" if self.kind is PrincipalKind.USER else self.kind.value


ANONYMOUS_PRINCIPAL = Principal(kind=PrincipalKind.ANONYMOUS, name="anonymous")
OPERATOR = Principal(kind=PrincipalKind.OPERATOR, name="operator", is_staff=True, is_superuser=True)
