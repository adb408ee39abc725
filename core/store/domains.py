"""Custom domains: claimed with a token, verified by one account at most."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import Unprocessable
from .tables import CustomDomain, LLMClient
from .types import utc_now
from .uniqueness import unique

__all__ = ["create_domain", "delete_domain", "mark_verified", "update_domain"]


async def create_domain(
    session: AsyncSession,
    *,
    account_id: UUID,
    profile_id: UUID | None,
    name: str,
    token: str,
    llm_client_id: UUID | None = None,
) -> CustomDomain:
    """Claim a domain for an account; it leads nowhere until it is verified.

    Args:
        session: The transaction.
        account_id: The account.
        profile_id: Who does so.
        name: The domain, as :func:`promptdock.hosts.parse_host` gives it.
        token: What the domain has to show.
        llm_client_id: What the domain itself will lead to.

    Raises:
        Conflict: The account has claimed it already.
        Unprocessable: The account has no such LLM client.
    """
    await _check_client(session, llm_client_id, account_id)
    row = CustomDomain(
        account_id=account_id, profile_id=profile_id, name=name, token=token, llm_client_id=llm_client_id
    )
    async with unique(session, f"The account has claimed {name!r} already."):
        session.add(row)
    return row


async def update_domain(session: AsyncSession, domain: CustomDomain, changes: dict[str, Any]) -> None:
    """Change what a domain leads to.

    Raises:
        Unprocessable: The account has no such LLM client.
    """
    await _check_client(session, changes.get("llm_client_id"), domain.account_id)
    domain.sqlmodel_update(changes)
    session.add(domain)
    await session.flush()


async def mark_verified(session: AsyncSession, domain: CustomDomain, method: str) -> None:
    """Note that a domain has shown its token; it leads to its account's clients from then on.

    Args:
        session: The transaction.
        domain: The domain.
        method: ``dns``, ``http`` or ``https``.

    Raises:
        Conflict: Another account has verified it.
    """
    async with unique(session, f"The domain {domain.name!r} is verified by another account."):
        domain.sqlmodel_update({"is_verified": True, "verified_at": utc_now(), "method": method})
        session.add(domain)


async def delete_domain(session: AsyncSession, domain: CustomDomain) -> None:
    """Give a domain up; it leads nowhere from then on."""
    await session.delete(domain)
    await session.flush()


async def _check_client(session: AsyncSession, client_id: UUID | None, account_id: UUID) -> None:
    if client_id is None:
        return
    client = await session.get(LLMClient, client_id)
    if client is None or client.account_id != account_id:
        raise Unprocessable("The account has no such LLM client.", param="llm_client_id")
