"""Where a caller wants to read on: the ids of events, as they were sent."""

from __future__ import annotations

import pytest

from promptdock.ids import new_id
from promptdock.web.prompt_stream import resumption_of


@pytest.mark.parametrize("number", [1, 2**31])
def test_every_id_that_is_sent_can_be_sent_back(number: int) -> None:
    """The highest is that of an interruption, whose turn left no other event."""
    turn_id = new_id()
    resumption = resumption_of(f"{turn_id}:{number}")
    assert resumption is not None
    assert (resumption.turn_id, resumption.after) == (turn_id, number)
