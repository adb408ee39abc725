"""Why a plugin is kept out: one exception that carries what the operator has to know."""

from __future__ import annotations

import traceback

from ..errors import PromptdockError
from ..jsontext import well_formed

__all__ = ["Quarantine", "blame", "describe_exception", "format_traceback"]

_LONGEST = 300


class Quarantine(Exception):
    """A plugin broke a rule of the host.

    Args:
        reason: What it did, in one line.
        remedy: What the operator can do about it; None for the general advice.
        cause: The exception behind it; its traceback is kept for the operator.
    """

    def __init__(self, reason: str, remedy: str | None = None, *, cause: BaseException | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.cause = cause


def blame(what: str, error: BaseException) -> Quarantine:
    """Make the quarantine for a plugin whose code raised.

    Args:
        what: What raised, e.g. ``register_tools``.
        error: What it raised; the words of our own errors are kept as they are.
    """
    if isinstance(error, PromptdockError):
        return Quarantine(f"{what}: {error.message}", error.hint, cause=error)
    return Quarantine(f"{what} raised {describe_exception(error)}", cause=error)


def describe_exception(error: BaseException) -> str:
    """An exception in one line: its class and, as far as it has one, its text."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  (a plugin's own exception class may fail at anything)
        text = ""
    text = well_formed(text if len(text) <= _LONGEST else text[:_LONGEST] + " …")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def format_traceback(error: BaseException) -> str:
    """The traceback as text, for the operator."""
    return well_formed("".join(traceback.format_exception(error)))
