"""The journal's rows of requests that nobody else could write."""

from __future__ import annotations

from .tables import JournalRow, TurnRow

__all__ = ["interrupted_row"]

_STATUS = 503


def interrupted_row(turn: TurnRow) -> JournalRow | None:
    """The row of a request whose server died: what its turn tells of it.

    Args:
        turn: Marked as interrupted.

    Returns:
        A row without headers and body, which went with the server; None when the request was to get none.
    """
    if turn.journal_id is None:
        return None
    in_session = turn.session_id is not None
    ended = turn.ended_at or turn.created_at
    return JournalRow(
        id=turn.journal_id,
        created_at=turn.created_at,
        request_id=turn.request_id,
        account_id=turn.account_id,
        profile_id=turn.profile_id,
        api_key_id=turn.api_key_id,
        caller=turn.caller,
        method="POST",
        path=turn.path or "",
        command="prompt",
        thing="LLMClient" if in_session else "ChatCompletion",
        llm_client_id=turn.llm_client_id,
        turn_id=turn.id,
        status=_STATUS,
        ms=round((ended - turn.created_at).total_seconds() * 1000, 3),
    )
