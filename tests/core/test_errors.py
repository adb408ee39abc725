"""The public side of errors."""

from __future__ import annotations

from promptdock.errors import BadRequest, PayloadTooLarge, PromptdockError


def test_the_hint_follows_the_message() -> None:
    """What went wrong, then what to do."""
    error = BadRequest("The model is missing.", param="model", hint="Name one.")
    assert str(error) == "The model is missing. Name one."
    assert error.info.message == str(error)
    assert (error.info.status, error.info.code, error.info.param) == (400, "invalid_request", "model")


def test_a_narrower_code_is_this_error_s_alone() -> None:
    """The class keeps its own."""
    assert BadRequest("x", code="too_many_messages").info.code == "too_many_messages"
    assert BadRequest("x").info.code == "invalid_request"
    assert (PayloadTooLarge("x").info.status, PromptdockError("x").info.status) == (413, 500)
