"""From a host name to the LLM client that answers there: exact look-ups, no parts of names guessed at."""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..hosts import HostForms
from .tables import Account, CustomDomain, LLMClient

__all__ = ["find_at_host"]


async def find_at_host(session: AsyncSession, host: str, forms: HostForms) -> LLMClient | None:
    """Find the LLM client that answers at a host name.

    In this order: ``<name>.<account number>.<api domain>``; a verified custom domain that leads to a client itself; a
    name below a verified custom domain, of a client of the domain's account.

    Args:
        session: The transaction.
        host: As :func:`promptdock.hosts.parse_host` gives it.
        forms: The forms below promptdock's own domain.

    Returns:
        The client; None when nobody answers there: there is none, it is not deployed or not active, its account is not
        active, or the domain is not verified.
    """
    default = forms.split(host)
    if default is not None:
        name, number = default
        return await _first(session, col(LLMClient.name) == name, col(Account.number) == number)
    found = await _at_domain(session, host)
    custom = forms.split_custom(host)
    if found is None and custom is not None:
        name, domain = custom
        found = await _below_domain(session, name, domain)
    return found


async def _at_domain(session: AsyncSession, domain: str) -> LLMClient | None:
    leads_here = select(CustomDomain.llm_client_id).where(
        CustomDomain.name == domain,
        col(CustomDomain.is_verified),
        CustomDomain.account_id == LLMClient.account_id,
    )
    return await _first(session, col(LLMClient.id).in_(leads_here.correlate(LLMClient)))


async def _below_domain(session: AsyncSession, name: str, domain: str) -> LLMClient | None:
    owner = select(CustomDomain.account_id).where(CustomDomain.name == domain, col(CustomDomain.is_verified))
    return await _first(session, col(LLMClient.name) == name, col(LLMClient.account_id).in_(owner))


async def _first(session: AsyncSession, *where: ColumnElement[bool]) -> LLMClient | None:
    answering = (
        select(LLMClient)
        .join(Account, col(Account.id) == LLMClient.account_id)
        .where(col(LLMClient.is_deployed), col(LLMClient.is_active), col(Account.is_active), *where)
    )
    return (await session.exec(answering)).first()
