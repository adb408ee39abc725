"""How things ended, in so few words that they can be labels: codes of errors may be a vendor's, who has any number."""

from __future__ import annotations

from typing import Final

from ..errors import ErrorInfo
from ..turn.observe import CANCELLED

__all__ = ["OK", "is_callers_fault", "outcome_of", "outcome_of_status"]

OK: Final = "ok"
_CANCELLED: Final = "cancelled"
_RATE_LIMITED: Final = "rate_limited"
_REFUSED: Final = "refused"
_TIMEOUT: Final = "timeout"
_FAILED: Final = "failed"
_TOO_MANY: Final = 429
_FIRST_ERROR: Final = 400
_FIRST_OF_OURS: Final = 500
_GATEWAY_TIMEOUT: Final = 504


def outcome_of(error: ErrorInfo) -> str:
    """One of ``cancelled``, ``rate_limited``, ``refused``, ``timeout`` and ``failed``."""
    return _CANCELLED if error.code == CANCELLED.code else outcome_of_status(error.status)


def outcome_of_status(status: int) -> str:
    """Likewise for a status; ``ok`` for one below 400."""
    if status < _FIRST_ERROR:
        return OK
    if status == _TOO_MANY:
        return _RATE_LIMITED
    if status == CANCELLED.status:
        return _CANCELLED
    if status < _FIRST_OF_OURS:
        return _REFUSED
    return _TIMEOUT if status == _GATEWAY_TIMEOUT else _FAILED


def is_callers_fault(outcome: str) -> bool:
    """Whether an outcome says nothing of how well the provider is."""
    return outcome in {_CANCELLED, _REFUSED}
