"""The account that a server makes when it starts for the first time, so that there is a key to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..service_events import AccountCreated, KeyCreated, UserCreated
from ..store.issuing import issue_first_key
from ..store.keys import new_key
from .listening import is_loopback

if TYPE_CHECKING:
    from ..prompts.dock import Dock
    from ..store.issuing import IssuedKey
    from .console import Output

__all__ = ["make_first_account", "show_first_account"]


async def make_first_account(dock: Dock, host: str) -> IssuedKey | None:
    """Make an account, a user who may do everything, and a key, when there is no user yet.

    Args:
        dock: What is about to be served.
        host: Where. Only on this machine they are made: elsewhere nobody starts a server without a key of their own.

    Returns:
        The key, which is shown this once; None when there is a user, or the settings have a key.
    """
    if dock.settings.api_key is not None or not is_loopback(host):
        return None
    made = new_key(dock.secret)
    first = await dock.database.write(lambda session: issue_first_key(session, made))
    if first is not None:
        _tell(dock, first)
    return first


def show_first_account(first: IssuedKey, output: Output) -> None:
    """Show what was made, with the key."""
    from .keys import show_new_key

    output.line()
    output.line("There was no user yet, so here is a first one, with a key for everything under /api:")
    show_new_key(first, output)


def _tell(dock: Dock, first: IssuedKey) -> None:
    """Tell the observe hooks; the host itself made them."""
    common: dict[str, Any] = {"request_id": "", "caller": "", "account": None}
    account, user, key = first.account, first.user, first.row
    dock.host.tell(AccountCreated(account_id=str(account.id), number=account.number, **common))
    common["account"] = account.number
    dock.host.tell(UserCreated(user_id=str(user.id), name=user.name, **common))
    dock.host.tell(KeyCreated(key_id=str(key.id), name=key.name, **common))
