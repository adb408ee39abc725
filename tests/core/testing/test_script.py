"""Scripts: what a test tells the model to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import httpx2
import openai
import pytest

from promptdock import CompletionCall, CompletionDelta
from promptdock.testing import Failure, Host, ScriptError, ToolUse, Turn, calls, fails
from promptdock.testing.script import ScriptItem
from promptdock.turn.messages import message_text
from tests.core.testing.plugins import Dice


@pytest.fixture
def host() -> Iterator[Host]:
    with Host([Dice()]) as opened:
        yield opened


def test_a_list_has_one_item_for_each_round(host: Host) -> None:
    host.script([calls("roll_dice", sides=20), "There it is."])
    turn = host.prompt("Roll the dice.")
    assert ([call.result for call in turn.calls], turn.text) == ([[20]], "There it is.")
    assert host.script_left == 0


def test_items_may_be_given_one_by_one_and_by_id(host: Host) -> None:
    host.script(calls("dice.roll_dice"), "one", "two")
    assert host.prompt("dice").text == "one"
    assert host.script_left == 1
    assert host.prompt("dice").text == "two"


def test_several_calls_at_once_are_one_item(host: Host) -> None:
    host.script([calls("roll_dice", sides=2), {"tool": "roll_dice", "arguments": {"sides": 3}}], "done")
    turn = host.prompt("dice")
    assert [call.result for call in turn.calls] == [[2], [3]]
    assert turn.rounds == 2


def test_arguments_may_be_no_json(host: Host) -> None:
    host.script(ToolUse("roll_dice", "{oops"), "done")
    assert [call.error for call in host.prompt("dice").calls] == ["malformed_arguments"]


def test_a_function_answers_whatever_is_asked(host: Host) -> None:
    def answer(call: CompletionCall) -> ScriptItem:
        return calls("roll_dice") if call.round == 1 else f"{len(call.messages)} messages"

    host.script(answer)
    assert host.prompt("dice").text == "4 messages"

    async def later(call: CompletionCall) -> ScriptItem:
        return "later"

    host.script(later)
    assert host.prompt("dice").text == "later"


def test_a_prompt_may_be_the_script(host: Host) -> None:
    script = {"tool_calls": [{"tool": "roll_dice", "arguments": {"sides": 9}}]}
    turn = host.prompt(json.dumps(script), messages=[{"role": "user", "content": "roll dice"}])
    assert [call.error for call in turn.calls] == ["unknown_tool"], "what is not presented cannot be called"
    turn = host.prompt(json.dumps({**script, "text": "With the dice!"}))
    assert ([call.result for call in turn.calls], turn.text) == ([[9]], "With the dice!")


def test_without_a_script_the_words_of_the_prompt_decide(host: Host) -> None:
    host.script("once")
    assert host.prompt("dice").text == "once"
    host.script()
    assert [call.tool for call in host.prompt("Roll the dice.").calls] == ["dice.roll_dice"]


def test_a_vendors_failure_fails_the_turn(host: Host) -> None:
    request = httpx2.Request("POST", "http://127.0.0.1/")
    host.script(openai.RateLimitError("slow down", response=httpx2.Response(429, request=request), body=None))
    failure = host.prompt("Hello").failure
    assert failure is not None
    assert failure.error.code == "rate_limit_exceeded"


def test_a_completion_object_is_taken_as_it_is(host: Host) -> None:
    message = {"role": "assistant", "content": "cut"}
    choice = {"index": 0, "message": message, "finish_reason": "length"}
    host.script({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})
    turn = host.prompt("Hello")
    assert turn.result.completion is not None
    assert turn.result.completion["choices"][0]["finish_reason"] == "length"


def test_streams_come_word_by_word(host: Host) -> None:
    host.script("one two three")
    turn = host.prompt("Hello", stream=True)
    pieces = [event.choices[0]["delta"].get("content") for event in turn.events if isinstance(event, CompletionDelta)]
    assert [piece for piece in pieces if piece] == ["one ", "two ", "three"]
    assert turn.text == "one two three"


def test_a_script_that_has_ended_says_what_was_asked(host: Host) -> None:
    host.script([calls("roll_dice")])
    with pytest.raises(ScriptError, match=r"asked once more \(round 2, with roll_dice\): tool: '\[6\]'"):
        host.prompt("dice")


def test_calls_alone_in_a_list_are_rounds(host: Host) -> None:
    """As anything in a list is."""
    host.script([calls("roll_dice", sides=1), calls("roll_dice", sides=2)])
    with pytest.raises(ScriptError, match="round 3, with roll_dice"):
        host.prompt("dice")


def test_a_script_that_is_not_used_up_says_what_is_left(host: Host) -> None:
    host.script("one", "two")
    host.prompt("Hello")
    with pytest.raises(ScriptError) as caught:
        host.assert_script_used()
    assert str(caught.value) == (
        "The model was not asked for the rest of its script:\n  'two'\nIt was asked:\n  user: 'Hello'"
    )
    host.prompt("Hello")
    host.assert_script_used()


def test_a_call_of_what_the_model_is_not_shown_is_told(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.script(calls("roll_dice"), "done")
    assert [call.error for call in host.prompt("Hello").calls] == ["unknown_tool"]
    assert "The script calls roll_dice, which the model is not shown (it is shown: no tools)" in caplog.text
    caplog.clear()
    host.script(calls("dice.roll_dice"), "done")
    assert [call.error for call in host.prompt("dice").calls] == [None]
    assert "The script calls" not in caplog.text


def test_names_that_python_does_not_take_are_given_in_an_object() -> None:
    assert calls("roll", {"class": 1}, sides=6) == ToolUse("roll", {"class": 1, "sides": 6})


@pytest.mark.parametrize(
    ("failure", "code", "retry_after"),
    [
        (fails(), "upstream_error", None),
        (fails(429, retry_after=7), "rate_limit_exceeded", 7),
        (fails(401), "upstream_auth", None),
        (fails(429, code="insufficient_quota"), "insufficient_quota", None),
        (fails("timeout"), "upstream_timeout", None),
        (fails("unreachable"), "upstream_unreachable", None),
    ],
    ids=["500", "429", "401", "quota", "timeout", "unreachable"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_vendor_fails_as_it_is_told(
    host: Host, failure: Failure, code: str, retry_after: float | None, stream: bool
) -> None:
    host.script(failure)
    failed = host.prompt("Hello", stream=stream).failure
    assert failed is not None
    assert (failed.error.code, failed.error.retry_after) == (code, retry_after)


def test_a_status_that_is_no_failure_is_refused() -> None:
    with pytest.raises(ValueError, match="200 is no HTTP status of a failure"):
        fails(200)


def test_an_exception_in_a_script_is_the_models_and_not_the_tests(host: Host) -> None:
    """Whatever class it has: providers raise what they like."""
    host.script(RuntimeError("a provider in bad mood"))
    failure = host.prompt("Hello").failure
    assert failure is not None
    assert failure.error.code == "internal_error"


def test_what_fails_the_test_in_a_function_fails_the_test(host: Host) -> None:
    def answer(call: CompletionCall) -> ScriptItem:
        pytest.fail("the model was asked")

    host.script(answer)
    with pytest.raises(pytest.fail.Exception, match="the model was asked"):
        host.prompt("Hello")


def test_each_prompt_hears_of_its_own_problem(host: Host) -> None:
    async def answer(call: CompletionCall) -> ScriptItem:
        heard = message_text(call.messages[-1])
        if heard == "bad":
            raise LookupError("a mistake in the test")
        return heard

    async def both() -> tuple[Turn | BaseException, Turn | BaseException]:
        return await asyncio.gather(host.aprompt("bad"), host.aprompt("good"), return_exceptions=True)

    host.script(answer)
    bad, good = asyncio.run(both())
    assert isinstance(bad, LookupError)
    assert isinstance(good, Turn)
    assert good.text == "good"


def test_a_script_that_fails_itself_is_told_to_the_test(host: Host) -> None:
    def answer(call: CompletionCall) -> ScriptItem:
        raise LookupError("a mistake in the test")

    host.script(answer)
    with pytest.raises(LookupError, match="a mistake in the test"):
        host.prompt("dice")


@pytest.mark.parametrize("item", [3, {"tools": "x"}, [1, 2], None])
def test_what_no_model_answers_is_refused(host: Host, item: ScriptItem | None) -> None:
    host.script(lambda call: item)
    if item is None:
        assert host.prompt("Roll the dice.").calls, "None leaves the answer to the words of the prompt"
        return
    with pytest.raises(ScriptError, match="no answer of a model"):
        host.prompt("dice")
