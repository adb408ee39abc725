"""The host of a test: its own plugins, its own model, nothing of its surroundings."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import warnings
from asyncio import CancelledError
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from promptdock import ConfigurationError, Settings, Tool, ToolContext, hookimpl, tool
from promptdock.errors import PluginError
from promptdock.testing import Host, ToolCallFailed, calls
from promptdock_builtin import calculator
from tests.core.testing.plugins import Dice, Slow, Wild

ANYTHING = {"type": "object", "properties": {name: {} for name in ("self", "tool", "arguments", "class")}}


@pytest.fixture
def host() -> Iterator[Host]:
    with Host([Dice()]) as opened:
        yield opened


def test_a_prompt_gives_a_turn(host: Host) -> None:
    turn = host.prompt("Roll two dice.")
    assert turn.tools_presented == ("roll_dice",)
    (call,) = turn.calls
    assert (call.tool, call.plugin, call.error) == ("dice.roll_dice", "dice", None)
    assert call.result == [6] * (call.arguments or {}).get("count", 1)
    assert turn.decisions[0].terms == ("dice", "roll")
    assert (turn.rounds, turn.failure) == (2, None)
    assert [request["model"] for request in turn.requests] == ["model", "model"]
    assert turn.text in str(turn)
    assert "dice.roll_dice" in str(turn)
    assert repr(turn).startswith("<Turn: prompt: Roll two dice.; tools presented: roll_dice; call: dice.roll_dice(")
    assert repr(host) == "<promptdock.testing.Host: open, with dice>"


def test_only_the_named_plugins_are_there(host: Host) -> None:
    assert [plugin.name for plugin in host.plugins] == ["dice"]
    assert host.prompt("What is 2 + 2?").tools_presented == ()


def test_installed_ones_are_named_by_id_or_distribution() -> None:
    with Host(["calculator"]) as one, Host(["promptdock"]) as all_of_them:
        assert [plugin.name for plugin in one.plugins] == ["calculator"]
        assert {"calculator", "weather", "guard"} <= {plugin.name for plugin in all_of_them.plugins}


def test_a_module_is_taken_although_it_is_installed() -> None:
    with Host([calculator]) as host:
        assert [(plugin.name, plugin.distribution) for plugin in host.plugins] == [("calculator", "<code>")]


def test_two_of_one_name_are_refused_unless_they_get_others() -> None:
    with pytest.raises(ConfigurationError, match="Two plugins of this host go by the id 'dice'"):
        Host([Dice(), Dice()])
    with Host([{"one": Dice()}, {"other": Slow()}]) as host:
        assert [plugin.name for plugin in host.plugins] == ["one", "other"]


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    for name in ("ours", "other"):
        (tmp_path / f"{name}.py").write_text(
            "from promptdock import hookimpl, tool\n\n"
            f'@tool\ndef {name}() -> str:\n    """Say it."""\n    return "{name}"\n\n'
            f"@hookimpl\ndef register_tools():\n    return [{name}]\n"
        )
    with Host([tmp_path / "ours.py"]) as host:
        assert host.call("ours.ours") == "ours"
        assert [plugin.name for plugin in host.plugins] == ["ours"]


def test_observers_have_heard_everything_when_a_prompt_returns() -> None:
    dice = Dice()
    with Host([dice]) as host:
        turn = host.prompt("Roll the dice.")
    assert dice.finished == [turn.events[-1].turn_id]


def test_one_tool_is_called_as_in_a_turn(host: Host) -> None:
    assert host.call("roll_dice", sides=4, count=2) == [4, 4]
    assert host.call("dice.roll_dice") == [6]
    with pytest.raises(ToolCallFailed, match=r"dice\.roll_dice answered with the error invalid_arguments") as caught:
        host.call("roll_dice", sides="many")
    assert caught.value.code == "invalid_arguments"
    reply = host.reply("roll_dice", {"sides": 0})
    assert (reply.error, reply.message, reply.value) == ("tool_failed", "A die has at least one side.", None)
    assert host.reply("roll_dice", sides=2, count=1).value == [2]
    assert host.reply("roll_dice", '{"sides":').error == "malformed_arguments"


def test_arguments_may_have_any_name() -> None:
    class Echo:
        @hookimpl
        def register_tools(self) -> list[object]:
            return [Tool(name="echo", description="Say it again.", parameters=ANYTHING, function=lambda **given: given)]

    names = {"self": 1, "tool": 2, "arguments": 3, "class": 4}
    with Host([Echo()]) as host:
        assert host.call("echo", names) == names
        assert host.call("echo", {"class": 4}, self=1, tool=2, arguments=3) == names


def test_arguments_that_are_no_json_are_refused(host: Host) -> None:
    with pytest.raises(TypeError, match=r"No model can write these arguments of dice\.roll_dice, they are no JSON"):
        host.call("roll_dice", sides=object())


def test_progress_is_kept() -> None:
    with Host([Slow()]) as host:
        assert host.reply("wait", {"seconds": 0}).progress == (("waiting", 0.5),)


def test_an_unknown_tool_is_answered_with_the_nearest(host: Host) -> None:
    with pytest.raises(AssertionError, match=r"has the tool 'roll_dize'\. Did you mean 'roll_dice'"):
        host.call("roll_dize")


def test_an_unknown_plugin_is_answered_with_the_nearest_and_how_to_install() -> None:
    with Host(["calculatr"]) as host, pytest.raises(ConfigurationError, match="is called 'calculatr'") as caught:
        host.prompt("Hello")
    assert caught.value.hint == (
        "Did you mean 'calculator'? Install the project under test into this environment: pip install -e ."
    )


def test_a_plugin_that_cannot_be_loaded_says_why() -> None:
    class Broken:
        @hookimpl
        def register_tools(self) -> object:
            raise ZeroDivisionError("by nothing")

    with Host([Broken()]) as host, pytest.raises(PluginError, match="The plugin 'broken'") as caught:
        host.prompt("Hello")
    assert "register_tools raised ZeroDivisionError: by nothing" in str(caught.value)
    assert "Traceback" in str(caught.value)


def test_the_environment_the_home_and_the_settings_file_count_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "promptdock.toml").write_text('system_role = "from the file"\nmax_rounds = 3\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTDOCK_SYSTEM_ROLE", "from the environment")
    monkeypatch.setenv("PROMPTDOCK_PLUGINS_DENY", "dice")
    monkeypatch.setenv("PROMPTDOCK_PLUGINS__WEATHER__TIMEOUT", "77")
    monkeypatch.setenv("PROMPTDOCK_HOME", str(tmp_path))
    with Host([Dice(), "weather"]) as host:
        (timeout,) = [getattr(plugin.settings, "timeout", None) for plugin in host.plugins if plugin.name == "weather"]
        assert timeout != 77
        assert (host.settings.system_role, host.settings.max_rounds) == (
            None,
            Settings.model_fields["max_rounds"].default,
        )
        assert not host.settings.home.is_relative_to(tmp_path)
        assert host.call("roll_dice") == [6]


def test_settings_are_given() -> None:
    with Host(["weather"], settings={"plugins": {"weather": {"timeout": 3}}, "system_role": "Be brief."}) as host:
        assert "Be brief." in host.prompt("Hello").requests[0]["messages"][0]["content"]
        (weather,) = host.plugins
        assert getattr(weather.settings, "timeout", None) == 3


@pytest.mark.parametrize(
    ("settings", "text"),
    [({"max_round": 3}, "no setting 'max_round'"), ({"max_rounds": "many"}, "max_rounds: Input should be")],
)
def test_settings_that_are_none_are_refused(settings: dict[str, object], text: str) -> None:
    with Host([Dice()], settings=settings) as host, pytest.raises(ConfigurationError, match=text):
        host.prompt("Hello")


def test_two_hosts_know_nothing_of_each_other() -> None:
    with Host([Dice()]) as one, Host([Dice(), Slow()]) as other:
        one.script("one")
        other.script("other")
        assert (one.prompt("Hello").text, other.prompt("Hello").text) == ("one", "other")
        assert one.settings.home != other.settings.home
        assert [len(host.service.catalog.tools) for host in (one, other)] == [1, 2]


def test_async_tests_await_it() -> None:
    async def main() -> list[object]:
        async with Host([Dice()]) as host:
            host.script([calls("roll_dice"), "six"])
            # both on the host's own loop, while this one goes on
            turn, rolled = await asyncio.gather(host.aprompt("dice"), host.acall("roll_dice", sides=2))
            return [turn.text, rolled, (await host.aselect("nothing")).tools_presented]

    assert asyncio.run(main()) == ["six", [2], ()]


def test_waiting_inside_of_the_host_is_refused_instead_of_hanging() -> None:
    class Inward:
        host: Host

        @hookimpl(nonblocking=True)
        def turn_started(self) -> None:
            self.host.prompt("inner")

    plugin = Inward()
    with Host([plugin]) as host:
        plugin.host = host
        host.script("fine")
        assert host.prompt("outer").text == "fine"
        (failed,) = host.service.host.statistics()
        assert failed.failures == 1


@pytest.mark.parametrize("ending", [SystemExit, KeyboardInterrupt])
def test_what_would_end_the_process_ends_one_coroutine(host: Host, ending: type[BaseException]) -> None:
    async def end() -> None:
        raise ending

    with pytest.raises(ending):
        host.run(end())
    assert host.prompt("dice").text


def test_threads_may_use_it_at_once() -> None:
    """Whoever comes first opens it."""
    with Host([Dice()]) as host, ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(lambda _: host.prompt("dice"), range(8)))
        assert len({turn.text for turn in turns}) == 1
        assert [thread.name for thread in threading.enumerate()].count("promptdock-test-host") == 1


def test_a_plugin_that_waits_for_its_host_while_it_is_loaded_is_put_off() -> None:
    class Early:
        host: Host

        @hookimpl
        def register_tools(self) -> list[object]:
            return [self.host.prompt("Hello")]

    plugin = Early()
    with Host([plugin]) as host:
        plugin.host = host
        with pytest.raises(PluginError, match="This runs inside of the host already"):
            host.prompt("Hello")


def test_a_wild_plugin_hurts_only_itself() -> None:
    with Host([Dice(), Wild()]) as host:
        host.script([calls("leave"), calls("hang"), calls("roll_dice")], "done")
        turn = host.prompt("roll dice")
        assert [call.error for call in turn.calls] == ["tool_failed", "timeout", None]
        assert turn.text == "done"


@tool
async def call_home(context: ToolContext) -> str:
    """Ask another machine."""
    reply = await context.http.request("GET", "http://192.0.2.1/")
    return str(reply.status)


@tool
def connect() -> str:
    """Connect to another machine."""
    with socket.socket() as made:
        made.connect(("192.0.2.1", 80))
    return "connected"


@tool
def connect_in_thread() -> str:
    """Connect to another machine, in a thread that inherits nothing."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            connect()
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    raise failures[0]


@tool
def connect_in_pool() -> str:
    """Connect to another machine, from a pool of threads."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(connect).result()


@tool
async def connect_in_executor() -> str:
    """Connect to another machine, from the event loop's executor."""
    return await asyncio.get_running_loop().run_in_executor(None, connect)


AWAY: list[Tool] = [call_home, connect, connect_in_thread, connect_in_pool, connect_in_executor]


class Home:
    @hookimpl
    def register_tools(self) -> list[object]:
        return [*AWAY]


def test_other_machines_are_not_reached(caplog: pytest.LogCaptureFixture) -> None:
    with Host([Home()]) as host:
        for away in AWAY:
            caplog.clear()
            assert host.reply(away.name, {}).error == "tool_failed"
            assert "must not reach 192.0.2.1:80" in caplog.text, away.name
    assert "must not reach 192.0.2.1:80" in caplog.text
    assert "network=True" in caplog.text


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        @tool
        def here() -> str:
            """Connect to this machine."""
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return "connected"

        class Near:
            @hookimpl
            def register_tools(self) -> list[object]:
                return [here]

        with Host([Near()]) as host:
            assert host.call("here") == "connected"


def test_a_vendor_is_not_there_unless_it_is_asked_for() -> None:
    with Host([Dice()]) as host:
        assert host.prompt("Hello", model="openai/gpt-4o").provider == "scripted", "any model is the scripted one's"
    with Host([Dice(), "vendors"], settings={"providers": {"openai": {"api_key": "sk-1", "max_retries": 0}}}) as host:
        turn = host.prompt("Hello", model="openai/gpt-4o")
        assert turn.failure is not None
        assert turn.failure.error.code == "upstream_unreachable"


def test_it_closes_without_a_trace() -> None:
    before = set(threading.enumerate())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        host = Host([Dice()])
        folder = host.settings.home
        host.prompt("dice")
        assert host.app is host.app
        host.close()
        host.close()
        gc.collect()
    assert not folder.exists()
    assert set(threading.enumerate()) <= before
    with pytest.raises(RuntimeError, match="This host is closed"):
        host.prompt("Hello")


def test_it_closes_after_a_failure_halfway() -> None:
    """With an app that is open, and a tool that runs."""
    before = set(threading.enumerate())
    runs = threading.Event()
    host = Host([Slow()])

    async def wait_long() -> str:
        runs.set()
        return str(await host.acall("wait", seconds=60))

    def fail_halfway() -> Future[str]:
        with host:
            assert host.app is not None
            started.append(host.thread.submit(wait_long()))
            assert runs.wait(10)
            raise ZeroDivisionError

    started: list[Future[str]] = []
    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    # cancelled while it waits, or refused when it was just about to
    assert isinstance(started[0].exception(), (CancelledError, RuntimeError))
    assert set(threading.enumerate()) <= before


def test_one_that_cannot_be_opened_closes_as_well() -> None:
    before = set(threading.enumerate())
    host = Host(["no-such-plugin"])
    with pytest.raises(ConfigurationError, match="no-such-plugin"):
        host.run(asyncio.sleep(0))
    host.close()
    assert set(threading.enumerate()) <= before


def test_a_prompt_loads_no_more_than_it_needs() -> None:
    """Neither web stack nor database, nor the openai package."""
    program = """
import sys
from promptdock.testing import Host
from tests.core.testing.plugins import Dice
with Host([Dice()]) as host:
    assert host.prompt("Roll two dice.").calls
print([name for name in ("litestar", "sqlalchemy", "alembic", "openai", "uvicorn", "pytest") if name in sys.modules])
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=root
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_one_that_was_never_used_costs_nothing() -> None:
    before = threading.active_count()
    Host([Dice()]).close()
    assert threading.active_count() == before
