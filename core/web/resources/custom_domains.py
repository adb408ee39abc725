"""``/api/v1/custom-domains``: claimed, verified, and then leading to LLM clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from ...domain_verification import (
    TXT_LABEL,
    WELL_KNOWN_PATH,
    NotVerified,
    new_token,
    txt_content,
    verify_domain,
)
from ...errors import BadRequest, Conflict, Unprocessable
from ...hosts import HostForms, is_domain_name, parse_host
from ...rights import Action, Thing
from ...service_events import DomainVerificationFailed, DomainVerificationRequested, DomainVerified
from ...store.domains import create_domain, delete_domain, mark_verified, update_domain
from ...store.reading import get_row
from ...store.tables import CustomDomain
from ..auth import principal_of
from ..bodies import Asked, changes, read_model
from ..envelope import Envelope, created, path_below, reply
from .describing import Resource
from .filters import filtered
from .rows import AnyRequest, account_for, dock_in, list_of, read, shown, tell, write

__all__ = ["HANDLERS"]

_DOMAINS: Final = Resource(Thing.CUSTOM_DOMAIN, "Custom domains")


class ProofView(msgspec.Struct, frozen=True):
    """How to show that a domain is yours: either of both."""

    txt_name: str
    txt_content: str
    url: str
    url_content: str


class CustomDomainView(msgspec.Struct, frozen=True):
    """A custom domain; ``proof`` says what to publish until it is verified."""

    id: UUID
    name: str
    account_id: UUID
    profile_id: UUID | None
    llm_client_id: UUID | None
    is_verified: bool
    verified_at: datetime | None
    method: str | None
    proof: ProofView
    created_at: datetime


class CustomDomainReply(Envelope, frozen=True, kw_only=True):
    """One custom domain."""

    data: CustomDomainView


class CustomDomainList(Envelope, frozen=True, kw_only=True):
    """Custom domains, newest first."""

    data: list[CustomDomainView]


class CustomDomainPatch(Asked):
    """What of a custom domain may change: the LLM client that the domain itself leads to."""

    llm_client_id: UUID | None = None


class CustomDomainAsked(CustomDomainPatch):
    """What a custom domain is made from."""

    name: str = Field(max_length=253)
    account_id: UUID | None = None


def _view(row: CustomDomain) -> CustomDomainView:
    proof = ProofView(
        txt_name=f"{TXT_LABEL}.{row.name}",
        txt_content=txt_content(row.token),
        url=f"https://{row.name}{WELL_KNOWN_PATH}",
        url_content=row.token,
    )
    return shown(CustomDomainView, row, proof=proof)


async def _shown(_: AsyncSession, rows: Sequence[CustomDomain]) -> list[CustomDomainView]:
    return [_view(row) for row in rows]


@_DOMAINS.lists("/custom-domains", "List the custom domains", {"name": "The domain"})
async def list_domains(request: AnyRequest) -> Response[CustomDomainList]:
    """Those of the caller's account."""
    where = filtered(request, name=CustomDomain.name)
    return await list_of(request, CustomDomain, Thing.CUSTOM_DOMAIN, _shown, *where)


@_DOMAINS.makes("/custom-domains", "Claim a custom domain", CustomDomainAsked)
async def create(request: AnyRequest) -> Response[CustomDomainReply]:
    """It leads nowhere until it is verified: publish one of the two proofs, then ``POST …/verify``."""
    asked = await read_model(request, CustomDomainAsked)
    principal, name = principal_of(request), _domain(request, asked.name)

    async def work(session: AsyncSession) -> CustomDomain:
        account, profile_id = await account_for(session, principal, Thing.CUSTOM_DOMAIN, asked.account_id)
        return await create_domain(
            session,
            account_id=account.id,
            profile_id=profile_id,
            name=name,
            token=new_token(),
            llm_client_id=asked.llm_client_id,
        )

    row = await write(request, work)
    return created(path_below(request, row.id), _view(row), thing=Thing.CUSTOM_DOMAIN)


@_DOMAINS.reads("/custom-domains/{domain_id:str}", "Look at a custom domain")
async def retrieve(request: AnyRequest, domain_id: FromPath[str]) -> Response[CustomDomainReply]:
    """One custom domain."""
    row = await _row(request, domain_id, Action.READ)
    return reply(_view(row), command="get", thing=Thing.CUSTOM_DOMAIN)


@_DOMAINS.changes("/custom-domains/{domain_id:str}", "Change a custom domain", CustomDomainPatch)
async def update(request: AnyRequest, domain_id: FromPath[str]) -> Response[CustomDomainReply]:
    """Names below the domain lead to the account's clients by their names, whatever this says."""
    wanted = changes(await read_model(request, CustomDomainPatch))
    principal = principal_of(request)

    async def work(session: AsyncSession) -> CustomDomain:
        row = await get_row(session, principal, CustomDomain, domain_id, Action.UPDATE)
        await update_domain(session, row, wanted)
        return row

    return reply(_view(await write(request, work)), command="update", thing=Thing.CUSTOM_DOMAIN)


@_DOMAINS.removes("/custom-domains/{domain_id:str}", "Give a custom domain up")
async def remove(request: AnyRequest, domain_id: FromPath[str]) -> None:
    """It leads nowhere from then on."""
    principal = principal_of(request)

    async def work(session: AsyncSession) -> None:
        await delete_domain(session, await get_row(session, principal, CustomDomain, domain_id, Action.DELETE))

    await write(request, work)


@_DOMAINS.route(
    post,
    "/custom-domains/{domain_id:str}/verify",
    "Verify a custom domain",
    command="verify",
    action=Action.UPDATE,
    errors=(401, 403, 404, 409, 503),
    status_code=200,
)
async def verify(request: AnyRequest, domain_id: FromPath[str]) -> Response[CustomDomainReply]:
    """Look for a proof in DNS, then on the domain's web server; 409 says what was found instead.

    The domain leads to the account's clients from then on. One account at most has a domain.
    """
    principal = principal_of(request)
    claimed = await _row(request, domain_id, Action.UPDATE)
    tell(request, DomainVerificationRequested, domain=claimed.name, method=None)
    # no transaction is open while other people's servers are asked
    found = await verify_domain(claimed.name, claimed.token)
    if isinstance(found, NotVerified):
        tell(request, DomainVerificationFailed, domain=claimed.name, method=None, reason=found.reason)
        raise Conflict(f"The domain {claimed.name!r} is not verified. {found.reason}", code="domain_not_verified")

    async def work(session: AsyncSession) -> CustomDomain:
        row = await get_row(session, principal, CustomDomain, domain_id, Action.UPDATE)
        await mark_verified(session, row, found.method)
        return row

    row = await write(request, work)
    tell(request, DomainVerified, domain=row.name, method=found.method)
    return reply(_view(row), command="verify", thing=Thing.CUSTOM_DOMAIN)


async def _row(request: AnyRequest, domain_id: str, action: Action) -> CustomDomain:
    principal = principal_of(request)

    async def work(session: AsyncSession) -> CustomDomain:
        return await get_row(session, principal, CustomDomain, domain_id, action)

    return await read(request, work)


def _domain(request: AnyRequest, name: str) -> str:
    forms = HostForms.of(dock_in(request).settings.api_domain)
    try:
        domain = parse_host(name)
    except BadRequest:
        domain = ""
    if not is_domain_name(domain, api_domain=forms.api_domain):
        raise Unprocessable("'name' must be a public domain name of your own, e.g. chat.example.com.", param="name")
    return domain


HANDLERS: Final = (list_domains, create, retrieve, update, remove, verify)
