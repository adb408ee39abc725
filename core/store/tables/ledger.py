"""Tables of money: prices, charges, budgets and what is set aside of them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from ..types import JsonText, Money, UtcDateTime, utc_now
from .base import Row, of_somebody

__all__ = ["Budget", "BudgetPeriod", "Charge", "Price", "Reservation"]


class Price(Row, table=True):
    """What something costs from a moment on; the newest row that fits at the time of a charge counts.

    Attributes:
        kind: ``completion`` or ``tool``.
        provider: Of a completion.
        model: Of a completion; None for every model of the provider that has no row of its own.
        plugin: Of a tool.
        tool: Stable id of a tool; None for every tool of the plugin that has no row of its own.
        prompt_price: Per million tokens that are sent.
        completion_price: Per million tokens of answers.
        call_price: Per call.
    """

    __tablename__ = "prices"
    __table_args__ = (Index("ix_prices_lookup", "kind", "provider", "model", "valid_from"),)

    kind: str = Field(max_length=12)
    provider: str | None = Field(default=None, max_length=64)
    model: str | None = Field(default=None, max_length=200)
    plugin: str | None = Field(default=None, max_length=100)
    tool: str | None = Field(default=None, max_length=200)
    prompt_price: Decimal = Field(default=Decimal(0), sa_type=Money)
    completion_price: Decimal = Field(default=Decimal(0), sa_type=Money)
    call_price: Decimal = Field(default=Decimal(0), sa_type=Money)
    valid_from: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Charge(Row, table=True):
    """One upstream call, or one call of a tool. Rows outlive what they name.

    Attributes:
        kind: ``completion``, ``tool`` or ``relay``.
        turn_id: The turn; None for a raw passthrough.
        round: Number of the round in its turn; 0 for a raw passthrough.
        is_estimated: The provider did not say how many tokens it took.
        calls: How many calls this is: 1.
        cost: At the price of that moment; None when there was none.
        price_id: That price.
        is_settled: Whether the budgets have counted it.
    """

    __tablename__ = "charges"
    __table_args__ = (
        of_somebody("ix_charges_account_id_id", "account_id", "id"),
        of_somebody("ix_charges_profile_id_id", "profile_id", "id"),
        of_somebody("ix_charges_llm_client_id_id", "llm_client_id", "id"),
        of_somebody("ix_charges_turn_id", "turn_id"),
    )

    kind: str = Field(max_length=12)
    request_id: str = Field(max_length=64, index=True)
    turn_id: UUID | None = None
    account_id: UUID | None = None
    profile_id: UUID | None = None
    api_key_id: UUID | None = None
    llm_client_id: UUID | None = None
    provider: str | None = Field(default=None, max_length=64)
    model: str | None = Field(default=None, sa_type=JsonText)
    plugin: str | None = Field(default=None, max_length=100)
    tool: str | None = Field(default=None, max_length=200)
    round: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    is_estimated: bool = False
    calls: int = 1
    cost: Decimal | None = Field(default=None, sa_type=Money)
    price_id: UUID | None = None
    is_settled: bool = False


class Budget(Row, table=True):
    """A limit on what may be spent.

    Attributes:
        account_id: The account whose budget it is.
        scope: What it bounds: ``account``, ``llm_client``, ``api_key`` or ``plugin``.
        llm_client_id: With scope ``llm_client``.
        api_key_id: With scope ``api_key``.
        plugin: With scope ``plugin``: calls of its tools by prompts of the account; tokens and cost of the account's
            turns that present them, without what other plugins' tools cost.
        metric: ``tokens``, ``cost`` or ``tool_calls``.
        period: ``total``, ``hour``, ``day``, ``week`` or ``month``, in UTC.
        limit_units: Tokens, calls, or multiples of ``MONEY_STEP``.
    """

    __tablename__ = "budgets"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    account_id: UUID = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    profile_id: UUID | None = Field(default=None, foreign_key="profiles.id", ondelete="SET NULL")
    name: str = Field(max_length=100)
    scope: str = Field(max_length=12)
    llm_client_id: UUID | None = Field(default=None, foreign_key="llm_clients.id", ondelete="CASCADE")
    api_key_id: UUID | None = Field(default=None, foreign_key="api_keys.id", ondelete="CASCADE", index=True)
    plugin: str | None = Field(default=None, max_length=100)
    metric: str = Field(max_length=12)
    period: str = Field(max_length=8)
    limit_units: int = Field(sa_type=BigInteger)
    is_active: bool = True
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class BudgetPeriod(Row, table=True):
    """What one period of a budget has used and set aside, in the budget's units."""

    __tablename__ = "budget_periods"
    __table_args__ = (UniqueConstraint("budget_id", "starts_at"),)

    budget_id: UUID = Field(foreign_key="budgets.id", ondelete="CASCADE")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    used_units: int = Field(default=0, sa_type=BigInteger)
    reserved_units: int = Field(default=0, sa_type=BigInteger)


class Reservation(Row, table=True):
    """Units that are set aside for something under way; gone once it is charged.

    Attributes:
        holder_id: The turn, or the raw passthrough, that they are set aside for.
        worker_id: The process that runs it.
    """

    __tablename__ = "reservations"

    budget_period_id: UUID = Field(foreign_key="budget_periods.id", ondelete="CASCADE", index=True)
    holder_id: UUID = Field(index=True)
    worker_id: UUID
    units: int = Field(sa_type=BigInteger)
