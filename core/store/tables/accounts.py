"""Tables of who there is: accounts, users, profiles, API keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from ..types import UtcDateTime, utc_now
from .base import Row, moment

__all__ = ["Account", "ApiKey", "Profile", "User"]


class Account(Row, table=True):
    """A tenant.

    Attributes:
        number: ``dddd-dddd-dddd``, random, never changed; part of host names.
        name: What people call it.
        is_platform: Its LLM clients and prices may be read by everybody.
        is_active: The keys of an inactive account are refused.
    """

    __tablename__ = "accounts"

    number: str = Field(max_length=14, unique=True)
    name: str = Field(max_length=200)
    is_platform: bool = False
    is_active: bool = True
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class User(Row, table=True):
    """A person or a program.

    Attributes:
        name: Unique everywhere.
        is_superuser: May do everything, in every account.
        is_active: The keys of an inactive user are refused.
    """

    __tablename__ = "users"

    name: str = Field(max_length=64, unique=True)
    email: str | None = Field(default=None, max_length=254)
    is_superuser: bool = False
    is_active: bool = True
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Profile(Row, table=True):
    """A user in an account.

    Attributes:
        is_staff: May write everything in the account, not only their own.
    """

    __tablename__ = "profiles"
    __table_args__ = (UniqueConstraint("user_id", "account_id"),)

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    account_id: UUID = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    is_staff: bool = False


class ApiKey(Row, table=True):
    """A key of somebody's. The key itself is not stored.

    Attributes:
        profile_id: Whose it is.
        digest: Keyed hash of it, 64 hex digits.
        hint: Its last four characters.
        is_active: Whether it is accepted.
        expires_at: From when on it is not.
        last_used_at: Within a minute.
    """

    __tablename__ = "api_keys"

    profile_id: UUID = Field(foreign_key="profiles.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=100)
    description: str = Field(default="", max_length=1000)
    digest: str = Field(max_length=64, unique=True)
    hint: str = Field(max_length=4)
    is_active: bool = True
    expires_at: datetime | None = moment()
    last_used_at: datetime | None = moment()
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
