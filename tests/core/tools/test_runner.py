"""Tool calls from the request to the answer, with real threads: every error code, limits, and who is told."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from msgspec import structs
from pydantic import BaseModel, SecretStr

from promptdock import Allow, Deny, Tool, ToolCall, ToolContext, ToolError, ToolResult, tool
from promptdock.threads import WorkerThreads
from promptdock.tools.approval import Approval
from promptdock.tools.context import HttpClient
from promptdock.tools.errors import ToolErrorCode
from promptdock.tools.outcome import ToolOutcome
from promptdock.tools.runner import BoundTool, CallRequest, ToolRunner

pytestmark = pytest.mark.anyio

HTTP = cast(HttpClient, object())


@dataclass
class Watcher:
    """Writes down what it is told, and by which thread."""

    told: list[tuple[Any, ...]] = field(default_factory=list)
    threads: set[threading.Thread] = field(default_factory=set)

    def called(self, arguments: Mapping[str, Any]) -> None:
        self._note("called", dict(arguments))

    def responded(self, error: ToolErrorCode | None, ms: float) -> None:
        assert ms >= 0
        self._note("responded", error)

    def progressed(self, message: str, fraction: float | None) -> None:
        self._note("progressed", message, fraction)

    def _note(self, *what: Any) -> None:
        self.told.append(what)
        self.threads.add(threading.current_thread())


async def _abstain(call: ToolCall) -> Approval:
    return None


async def _same(result: ToolResult) -> ToolResult:
    return result


def runner(
    *,
    threads: WorkerThreads | None = None,
    timeout: float = 10,
    limit: int = 1000,
    approve: Callable[[ToolCall], Awaitable[Approval]] = _abstain,
    transform: Callable[[ToolResult], Awaitable[ToolResult]] = _same,
) -> ToolRunner:
    """A runner with everything at hand."""
    return ToolRunner(
        threads=threads or WorkerThreads(4),
        http=HTTP,
        timeout=timeout,
        result_limit=limit,
        approve=approve,
        transform=transform,
    )


def request(called: Tool | None, arguments: str | dict[str, Any] = "", **changes: Any) -> CallRequest:
    """A call of a tool, as the model would write it."""
    made = CallRequest(
        call_id="call_1",
        name=called.name if called else "unknown",
        raw_arguments=arguments if isinstance(arguments, str) else json.dumps(arguments),
        bound=BoundTool(id=f"lab.{called.key}", name=called.name, plugin="lab", tool=called) if called else None,
        request_id="req_1",
        caller="tester",
        text="what the user wrote",
        round=2,
    )
    return structs.replace(made, **changes)


async def call(function: Callable[..., Any], arguments: str | dict[str, Any] = "", **more: Any) -> ToolOutcome:
    """Run a function as a tool."""
    return await runner(**more).run(request(_described(function), arguments), Watcher())


def _described(function: Callable[..., Any], **options: Any) -> Tool:
    function.__doc__ = function.__doc__ or "Do it."
    made = tool(**options)(function)
    made.check()
    return made


def error_of(outcome: ToolOutcome) -> tuple[str, str]:
    """Code and message of an outcome, the same in its content and in its fields."""
    told = json.loads(outcome.content)["error"]
    assert outcome.error is not None
    assert (told["code"], told["message"]) == (outcome.error.value, outcome.error_message)
    return told["code"], told["message"]


def _wait(seconds: float) -> str:
    """Sleep, blocking the thread."""
    time.sleep(seconds)
    return "slept"


# --- results ------------------------------------------------------------------------------------------------------


async def test_a_sync_tool() -> None:
    def add(a: int, b: int) -> int:
        return a + b

    outcome = await call(add, {"a": 17, "b": 4})
    assert outcome.content == "21"
    assert outcome.error is outcome.error_message is None
    assert (outcome.call_id, outcome.name, outcome.tool, outcome.plugin) == ("call_1", "add", "lab.add", "lab")
    assert (outcome.raw_arguments, outcome.arguments) == ('{"a": 17, "b": 4}', {"a": 17, "b": 4})
    assert outcome.message == {"role": "tool", "tool_call_id": "call_1", "content": "21"}


async def test_an_async_tool_runs_on_the_event_loop() -> None:
    async def where() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert (await call(where)).content == threading.current_thread().name


async def test_a_sync_tool_runs_in_a_thread_and_a_nonblocking_one_does_not() -> None:
    def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert (await call(where)).content == "false"
    outcome = await runner().run(request(_described(where, nonblocking=True)), Watcher())
    assert outcome.content == "true"


async def test_a_sync_function_may_return_an_awaitable() -> None:
    async def later() -> str:
        return "later"

    def now() -> Awaitable[str]:
        return later()

    assert (await call(now)).content == "later"


async def test_an_explicit_tool_and_its_context() -> None:
    def show(context: ToolContext, **given: Any) -> dict[str, Any]:
        return {"given": given, "tool": context.tool}

    made = Tool(name="show", description="Show.", parameters={"type": "object"}, function=show)
    outcome = await runner().run(request(made, {"user-id": 1}), Watcher())
    assert outcome.content == '{"given":{"user-id":1},"tool":"lab.show"}'


async def test_a_callable_object_with_an_async_call_is_async() -> None:
    class Asking:
        async def __call__(self) -> str:
            """Ask."""
            return threading.current_thread().name

    assert (await runner().run(request(tool(Asking())), Watcher())).content == threading.current_thread().name


async def test_the_context_says_what_the_call_is_about() -> None:
    class Settings(BaseModel):
        unit: str = "c"
        key: SecretStr = SecretStr("s3cret")

    seen: list[ToolContext] = []

    def look(context: ToolContext) -> None:
        seen.append(context)

    made = request(_described(look, timeout=3))
    assert made.bound is not None
    await runner().run(structs.replace(made, bound=structs.replace(made.bound, settings=Settings())), Watcher())
    context = seen[0]
    assert (context.request_id, context.call_id, context.tool) == ("req_1", "call_1", "lab.look")
    assert (context.caller, context.text, context.round, context.timeout) == ("tester", "what the user wrote", 2, 3)
    assert context.http is HTTP
    assert context.secrets["key"].get_secret_value() == "s3cret"


async def test_context_variables_reach_tools_of_both_kinds() -> None:
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")
    name.set("tester")

    def sync() -> str:
        return name.get()

    async def not_sync() -> str:
        return name.get()

    assert [(await call(sync)).content, (await call(not_sync)).content] == ["tester", "tester"]


async def test_t32_calls_run_concurrently_and_each_is_answered() -> None:
    threads = WorkerThreads(4)
    ours = runner(threads=threads)
    calls = [request(_described(_wait), {"seconds": 0.5}, call_id=f"call_{n}") for n in range(3)]
    started = time.perf_counter()
    outcomes = await asyncio.gather(*(ours.run(one, Watcher()) for one in calls))
    assert time.perf_counter() - started < 1.4
    assert [outcome.call_id for outcome in outcomes] == ["call_0", "call_1", "call_2"]
    assert all(outcome.content == "slept" and outcome.ms >= 490 for outcome in outcomes)


async def test_the_event_loop_ticks_while_a_sync_tool_sleeps() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticker = asyncio.create_task(tick())
    await call(_wait, {"seconds": 0.4})
    ticker.cancel()
    assert ticks >= 10


# --- calls that never reach the function --------------------------------------------------------------------------


async def test_t34_an_unknown_tool() -> None:
    watcher = Watcher()
    outcome = await runner().run(request(None, name="dnace", presented=("dance", "sing")), watcher)
    assert error_of(outcome) == ("unknown_tool", "There is no tool 'dnace'. There are: dance, sing.")
    assert (outcome.tool, outcome.plugin, outcome.arguments) == (None, None, None)
    assert watcher.told == []


async def test_t34_an_unknown_tool_of_absurd_name_gets_a_bounded_answer() -> None:
    names = tuple(f"tool_{number}" for number in range(1000))
    outcome = await runner().run(request(None, name="\ud800" * 100_000, presented=names), Watcher())
    code, message = error_of(outcome)
    assert code == "unknown_tool"
    assert message.endswith("And 980 more.")
    assert len(message) < 1000


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"a": NaN}', "not json", "\ud800"])
async def test_t35_malformed_arguments(text: str) -> None:
    def never(a: int) -> None:
        raise AssertionError("it was called")

    watcher = Watcher()
    outcome = await runner().run(request(_described(never), text), watcher)
    code, message = error_of(outcome)
    assert code == "malformed_arguments"
    assert "'never'" in message
    assert outcome.arguments is None
    assert watcher.told == []


async def test_invalid_arguments_are_known_in_the_outcome() -> None:
    def add(a: int, b: int) -> int:
        return a + b

    outcome = await call(add, {"a": "x"})
    code, message = error_of(outcome)
    assert code == "invalid_arguments"
    assert message.startswith("The arguments of 'add' do not fit: a: should be a valid integer")
    assert "b: required, but missing" in message
    assert outcome.arguments == {"a": "x"}


async def test_a_denied_call_does_not_run() -> None:
    asked: list[ToolCall] = []

    async def deny(question: ToolCall) -> Approval:
        asked.append(question)
        return Deny("not on Sundays")

    watcher = Watcher()
    outcome = await runner(approve=deny).run(request(_described(_wait), {"seconds": "0"}), watcher)
    assert error_of(outcome) == ("denied", "The call of '_wait' was denied: not on Sundays")
    assert watcher.told == []
    assert asked == [
        ToolCall(
            id="call_1",
            tool="lab._wait",
            name="_wait",
            plugin="lab",
            arguments={"seconds": 0.0},
            request_id="req_1",
            caller="tester",
            round=2,
        )
    ]


async def test_an_allowed_call_runs() -> None:
    async def allow(question: ToolCall) -> Approval:
        return Allow()

    assert (await call(_wait, {"seconds": 0}, approve=allow)).content == "slept"


async def test_whoever_cannot_be_asked_has_not_agreed(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(question: ToolCall) -> Approval:
        raise KeyError("s3cret")

    async def answer_oddly(question: ToolCall) -> Approval:
        return cast(Approval, True)

    for approve in (fail, answer_oddly):
        outcome = await call(_wait, {"seconds": 0}, approve=approve)
        assert error_of(outcome)[0] == "denied"
        assert "s3cret" not in outcome.content
    assert "s3cret" in caplog.text


# --- functions that fail ------------------------------------------------------------------------------------------


async def test_t36_a_tool_error_is_told_to_the_model() -> None:
    def fail() -> None:
        raise ToolError("No such city; try a larger one.")

    watcher = Watcher()
    outcome = await runner().run(request(_described(fail)), watcher)
    assert error_of(outcome) == ("tool_failed", "No such city; try a larger one.")
    assert watcher.told == [("called", {}), ("responded", ToolErrorCode.TOOL_FAILED)]


async def test_a_tool_error_of_any_text_can_be_sent() -> None:
    def fail() -> None:
        raise ToolError("\ud800" + "x" * 100_000)

    assert len(error_of(await call(fail))[1]) <= 4000


def _recurse() -> None:
    _recurse()


def _raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("kind", ["sync", "async", "nonblocking"])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("s3cret"),
        OSError("s3cret"),
        SystemExit("s3cret"),
        KeyboardInterrupt("s3cret"),
        GeneratorExit("s3cret"),
        asyncio.CancelledError("s3cret"),
        StopIteration("s3cret"),
        TimeoutError("s3cret"),
        ExceptionGroup("s3cret", [ValueError("s3cret")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_t36_any_other_exception_goes_to_the_log_only(
    error: BaseException, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    fail = _raising(error)

    async def fail_async() -> None:
        fail()

    made = _described(fail_async if kind == "async" else fail, name="fail", nonblocking=kind == "nonblocking")
    outcome = await runner().run(request(made), Watcher())
    assert error_of(outcome) == (
        "tool_failed",
        "The tool 'fail' failed; details are in the server's log under request req_1.",
    )
    record = next(record for record in caplog.records if record.name == "promptdock.tools")
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert vars(record)["call_id"] == "call_1"
    assert "lab.fail" in record.getMessage() or "lab.fail_async" in record.getMessage()
    assert "req_1" in record.getMessage()
    assert "s3cret" in caplog.text


async def test_t36_a_tool_may_recurse_without_end() -> None:
    assert error_of(await call(_recurse))[0] == "tool_failed"


async def test_a_keyboard_interrupt_of_a_results_own_code_does_not_end_the_turn() -> None:
    @dataclass
    class Odd:
        name: str

        def __getattribute__(self, name: str) -> Any:
            if name == "name":
                raise KeyboardInterrupt
            return super().__getattribute__(name)

    def give() -> Any:
        return Odd("x")

    assert error_of(await call(give))[0] == "tool_failed"


async def test_t36_a_hanging_sync_tool_is_abandoned_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    threads, release = WorkerThreads(2), threading.Event()

    def hang() -> None:
        release.wait(30)

    watcher = Watcher()
    started = time.perf_counter()
    outcome = await runner(threads=threads).run(request(_described(hang, timeout=0.1)), watcher)
    assert time.perf_counter() - started < 5
    assert error_of(outcome) == ("timeout", "The tool 'hang' gave no result within 0.1 s.")
    assert watcher.told == [("called", {}), ("responded", ToolErrorCode.TIMEOUT)]
    assert threads.abandoned == 1
    assert "lab.hang of plugin lab was given up after its timeout of 0.1 s (request req_1" in caplog.text
    release.set()


async def test_t36_an_async_tool_is_cancelled_at_the_runners_timeout() -> None:
    ended: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("cleaned up")

    assert error_of(await call(hang, timeout=0.05))[0] == "timeout"
    assert ended == ["cleaned up"]


async def test_t36_an_async_tool_that_ignores_its_cancellation_does_not_hang_the_turn() -> None:
    release = asyncio.Event()

    async def stubborn() -> str:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return "at last"

    async with asyncio.timeout(10):
        assert error_of(await call(stubborn, timeout=0.05))[0] == "timeout"
    release.set()
    await asyncio.sleep(0.01)


async def test_when_too_many_tools_hang_further_calls_are_refused() -> None:
    threads, release = WorkerThreads(1), threading.Event()

    def hang() -> None:
        release.wait(30)

    ours = runner(threads=threads, timeout=0.05)
    assert error_of(await ours.run(request(_described(hang)), Watcher()))[0] == "timeout"
    watcher = Watcher()
    assert error_of(await ours.run(request(_described(hang)), watcher))[0] == "overloaded"
    assert watcher.told == [("called", {}), ("responded", ToolErrorCode.OVERLOADED)]
    release.set()


async def test_a_tool_that_got_no_thread_in_time_did_not_time_out() -> None:
    threads, release = WorkerThreads(1), threading.Event()
    holder = asyncio.create_task(threads.call(release.wait, 30))
    await asyncio.sleep(0.05)
    outcome = await call(_wait, {"seconds": 0}, threads=threads, timeout=0.05)
    assert error_of(outcome)[0] == "overloaded"
    release.set()
    await holder


# --- results that cannot be sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), b"bytes", object(), "\ud800", ["\ud800"]], ids=type)
async def test_results_that_are_no_json(value: object) -> None:
    def give() -> Any:
        return value

    watcher = Watcher()
    outcome = await runner().run(request(_described(give)), watcher)
    assert error_of(outcome)[0] == "result_not_serialisable"
    assert watcher.told[-1] == ("responded", None)


async def test_async_generators_are_no_results() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1

    def give() -> Any:
        return numbers()

    assert error_of(await call(give))[0] == "result_not_serialisable"


async def test_a_result_over_the_limit() -> None:
    def give(count: int) -> str:
        return "x" * count

    assert (await call(give, {"count": 1000})).content == "x" * 1000
    code, message = error_of(await call(give, {"count": 1001}))
    assert code == "result_too_large"
    assert "1001 characters; at most 1000" in message


async def test_transform_hooks_see_the_result_and_may_change_it() -> None:
    seen: list[ToolResult] = []

    async def redact(result: ToolResult) -> ToolResult:
        seen.append(result)
        return replace(result, content=result.content.replace("s3cret", "***"))

    def give(a: int) -> list[str]:
        return ["s3cret"]

    assert (await call(give, {"a": 1}, transform=redact)).content == '["***"]'
    assert seen == [
        ToolResult(
            call_id="call_1",
            tool="lab.give",
            plugin="lab",
            arguments={"a": 1},
            content='["s3cret"]',
            request_id="req_1",
        )
    ]


async def test_a_transform_that_raises_leaves_the_result_and_one_that_bloats_it_is_bounded() -> None:
    async def fail(result: ToolResult) -> ToolResult:
        raise RuntimeError

    async def bloat(result: ToolResult) -> ToolResult:
        return replace(result, content="x" * 1001)

    assert (await call(_wait, {"seconds": 0}, transform=fail)).content == "slept"
    assert error_of(await call(_wait, {"seconds": 0}, transform=bloat))[0] == "result_too_large"


async def test_errors_are_not_shown_to_transform_hooks() -> None:
    async def never(result: ToolResult) -> ToolResult:
        raise AssertionError("it was asked")

    assert error_of(await call(_raising(ToolError("no")), transform=never)) == ("tool_failed", "no")


# --- progress, cancellation, defects ------------------------------------------------------------------------------


async def test_progress_from_a_thread_arrives_on_the_loop_in_order() -> None:
    def work(context: ToolContext) -> str:
        context.progress("begun")
        context.progress("half", 0.5)
        context.progress("odd", 7)
        context.progress("\ud800", float("nan"))
        return "done"

    watcher = Watcher()
    assert (await runner().run(request(_described(work)), watcher)).content == "done"
    assert watcher.told == [
        ("called", {}),
        ("progressed", "begun", None),
        ("progressed", "half", 0.5),
        ("progressed", "odd", 1.0),
        ("progressed", "?", None),
        ("responded", None),
    ]
    assert watcher.threads == {threading.current_thread()}


class _Unwritable:
    def __str__(self) -> str:
        raise ValueError("no text")


async def test_odd_progress_is_mended() -> None:
    def work(context: ToolContext) -> str:
        context.progress("huge", 10**400)
        context.progress("tiny", -(10**400))
        context.progress(cast(str, _Unwritable()), cast(float, "half"))
        context.progress(cast(str, 7), cast(float, object()))
        context.progress("no end", float("inf"))
        return "done"

    watcher = Watcher()
    assert (await runner().run(request(_described(work)), watcher)).content == "done"
    assert watcher.told[1:-1] == [
        ("progressed", "huge", 1.0),
        ("progressed", "tiny", 0.0),
        ("progressed", "(_Unwritable)", None),
        ("progressed", "7", None),
        ("progressed", "no end", 1.0),
    ]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_tool_that_floods_progress_is_told_of_now_and_then_and_with_its_last_word(kind: str) -> None:
    async def flood_async(context: ToolContext) -> str:
        for number in range(50_000):
            context.progress(str(number))
            if number % 100 == 0:
                await asyncio.sleep(0)
        return "done"

    def flood(context: ToolContext) -> str:
        for number in range(50_000):
            context.progress(str(number))
        return "done"

    watcher = Watcher()
    started = time.perf_counter()
    outcome = await runner(timeout=60).run(request(_described(flood if kind == "sync" else flood_async)), watcher)
    seconds = time.perf_counter() - started
    assert outcome.content == "done"
    told = [int(what[1]) for what in watcher.told if what[0] == "progressed"]
    assert told[-1] == 49_999
    assert told == sorted(told)
    assert len(told) <= 8 * (seconds / 0.1 + 2)
    assert len(told) < 5_000


async def test_progress_after_the_end_is_not_told() -> None:
    release, spoken = threading.Event(), threading.Event()

    def hang(context: ToolContext) -> None:
        release.wait(30)
        context.progress("still here")
        spoken.set()

    watcher = Watcher()
    await runner(timeout=0.05).run(request(_described(hang)), watcher)
    release.set()
    while not spoken.is_set():
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.01)
    assert [what[0] for what in watcher.told] == ["called", "responded"]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_cancelling_the_call_stops_or_leaves_the_tool(kind: str) -> None:
    threads, release = WorkerThreads(2), threading.Event()
    stopped: list[bool] = []

    def hang() -> None:
        release.wait(30)

    async def hang_async() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            stopped.append(True)

    made = _described(hang if kind == "sync" else hang_async)
    task = asyncio.create_task(runner(threads=threads).run(request(made), Watcher()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (threads.abandoned, stopped) == ((1, []) if kind == "sync" else (0, [True]))
    release.set()


async def test_a_defect_in_the_watcher_ends_the_call_and_not_the_turn(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Watcher):
        def called(self, arguments: Mapping[str, Any]) -> None:
            raise RuntimeError("defect")

    outcome = await runner().run(request(_described(_wait), {"seconds": 0}), Broken())
    assert error_of(outcome)[0] == "tool_failed"
    assert "defect" in caplog.text
    assert "defect" not in outcome.content


async def test_a_validator_that_breaks_ends_the_call_and_not_the_turn() -> None:
    class Odd(BaseModel):
        def model_post_init(self, context: Any) -> None:
            raise RuntimeError("defect")

    def take(odd: Odd) -> None: ...

    take.__annotations__["odd"] = Odd
    outcome = await call(take, {"odd": {}})
    assert error_of(outcome)[0] == "tool_failed"
