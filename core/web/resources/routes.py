"""All routes of what is stored."""

from __future__ import annotations

from typing import Final

from .accounts import HANDLERS as ACCOUNTS
from .api_keys import HANDLERS as API_KEYS
from .budgets import HANDLERS as BUDGETS
from .charges import HANDLERS as CHARGES
from .client_keys import HANDLERS as CLIENT_KEYS
from .custom_domains import HANDLERS as CUSTOM_DOMAINS
from .journal import HANDLERS as JOURNAL
from .llm_clients import HANDLERS as LLM_CLIENTS
from .prices import HANDLERS as PRICES
from .sessions import HANDLERS as SESSIONS
from .turns import HANDLERS as TURNS
from .users import HANDLERS as USERS

__all__ = ["RESOURCE_ROUTES"]

RESOURCE_ROUTES: Final = (
    *ACCOUNTS,
    *USERS,
    *API_KEYS,
    *LLM_CLIENTS,
    *CLIENT_KEYS,
    *CUSTOM_DOMAINS,
    *BUDGETS,
    *PRICES,
    *SESSIONS,
    *TURNS,
    *CHARGES,
    *JOURNAL,
)
"""They belong behind the guard :func:`promptdock.web.auth.key_required`."""
