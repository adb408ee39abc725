"""The fixtures as a plugin author uses them, in real test runs of projects that a test writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.pytest_runs import PytestRuns

_DICE = '''
from promptdock import hookimpl, tool

@tool
def roll_dice(sides: int = 6) -> int:
    """Roll a die that always shows its highest side.

    Args:
        sides: How many sides it has.
    """
    return sides

@hookimpl
def register_tools():
    return [roll_dice]
'''
_PYPROJECT = """
[project]
name = "acme-dice"
version = "1"

[project.entry-points.promptdock]
acme_dice = "acme_dice"

[tool.pytest.ini_options]
addopts = ["--strict-markers", "--strict-config"]
filterwarnings = ["error"]
"""


@pytest.fixture
def runs(tmp_path: Path) -> PytestRuns:
    """A project with one plugin, in the src layout, not installed."""
    made = PytestRuns(tmp_path)
    (tmp_path / "pytest.ini").unlink()
    made.write("pyproject.toml", _PYPROJECT)
    made.write("src/acme_dice.py", _DICE)
    return made


def test_every_fixture_works_on_the_projects_own_plugin(runs: PytestRuns) -> None:
    """Found by its pyproject, without a line of configuration; sync and async; under xdist as well."""
    runs.write(
        "tests/test_dice.py",
        """
        import pytest

        ASKED = {"model": "scripted/model", "messages": [{"role": "user", "content": "Roll a die."}]}

        @pytest.fixture(autouse=True)
        def scripted(host):
            host.script([{"tool": "roll_dice", "arguments": {"sides": 20}}, "It is 20, of course."])

        def said(chunk):
            return chunk.choices[0].delta.content or "" if chunk.choices else ""

        def test_host(host):
            assert [plugin.name for plugin in host.plugins] == ["acme_dice"]
            assert host.prompt("Roll a die.").calls[0].result == 20

        async def test_host_async(host):
            assert (await host.aprompt("Roll a die.")).text == "It is 20, of course."

        def test_openai(openai_client):
            reply = openai_client.chat.completions.create(**ASKED)
            assert reply.choices[0].message.content == "It is 20, of course."

        def test_openai_stream(openai_client):
            pieces = [said(chunk) for chunk in openai_client.chat.completions.create(**ASKED, stream=True)]
            assert "".join(pieces) == "It is 20, of course."
            assert len([piece for piece in pieces if piece]) == 5

        async def test_async_openai(async_openai_client):
            stream = await async_openai_client.chat.completions.create(**ASKED, stream=True)
            assert "".join([said(chunk) async for chunk in stream]) == "It is 20, of course."

        def test_live_host(live_host, host):
            assert live_host.host is host
            reply = live_host.openai_client().chat.completions.create(**ASKED)
            assert reply.choices[0].message.content == "It is 20, of course."
        """,
    )
    runs.passes(count=6)
    runs.passes("-n", "2", count=6)


def test_where_the_plugins_come_from(runs: PytestRuns) -> None:
    """The fixture of a module wins over the setting, the setting over the project; markers add to each of them."""
    runs.write("extra/greeter.py", _DICE.replace("roll_dice", "greet"))
    names = "def names(host):\n    return [plugin.name for plugin in host.plugins]\n"
    runs.write("tests/test_setting.py", f"{names}\ndef test_it(host):\n    assert names(host) == ['weather']\n")
    runs.write(
        "tests/test_fixture.py",
        f"import pytest\n{names}\n"
        "@pytest.fixture\ndef promptdock_plugins():\n    return 'calculator'\n"
        "def test_it(host):\n    assert names(host) == ['calculator']\n"
        "@pytest.mark.promptdock(plugins=['weather'])\n"
        "def test_more(host):\n    assert names(host) == ['calculator', 'weather']\n",
    )
    runs.passes("-o", "promptdock_plugins=weather", count=3)
    runs.write(
        "tests/test_setting.py",
        f"""
import pytest
from pathlib import Path
{names}
pytestmark = pytest.mark.promptdock(plugins=['calculator'], settings={{'max_rounds': 3, 'plugins': {{'a': {{'x': 1}}}}}}
)

def test_it(host):
    assert names(host) == ['calculator', 'acme_dice']

@pytest.mark.promptdock(plugins=[Path(__file__).parents[1] / 'extra' / 'greeter.py'],
                        settings={{'max_rounds': 4, 'plugins': {{'a': {{'y': 2}}}}}})
def test_more(host):
    assert names(host) == ['calculator', 'greeter', 'acme_dice']
    assert host.settings.max_rounds == 4
    assert host.settings.plugins == {{'a': {{'x': 1, 'y': 2}}}}
""",
    )
    runs.passes("tests/test_setting.py", count=2)


@pytest.mark.parametrize(
    ("pyproject", "source", "told"),
    [
        ("[project]\nname = 'x'\n", None, "There is no plugin to test: no pyproject.toml from "),
        (_PYPROJECT, None, "pip install -e "),
        (_PYPROJECT, "@pytest.mark.promptdock(plugin='x')", "takes plugins, settings, network and cassette"),
        (_PYPROJECT, "@pytest.mark.promptdock('x')", "by name; not 'x'"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(runs: PytestRuns, pyproject: str, source: str | None, told: str) -> None:
    """Without a traceback through our code, and with what to do."""
    runs.write("pytest.ini", "[pytest]\n")
    runs.write("pyproject.toml", pyproject)
    if source is None:
        (runs.folder / "src" / "acme_dice.py").unlink()
    runs.write("tests/test_it.py", f"import pytest\n{source or ''}\ndef test_it(host):\n    host.plugins\n")
    done = runs.run()
    assert done.returncode == 1
    assert told in done.stdout
    assert "core/testing" not in done.stdout.replace("promptdock/testing", "core/testing")


def test_traffic_is_off_unless_it_is_asked_for(runs: PytestRuns) -> None:
    """By the marker or on the command line. The tool only says that it connects, so that nothing is sent anywhere."""
    connect = "import sys; sys.audit('socket.connect', None, ('192.0.2.1', 9)); return sides"
    runs.write("src/acme_dice.py", _DICE.replace("return sides", connect))
    runs.write(
        "tests/test_it.py",
        """
        import pytest

        def test_off(host, caplog):
            host.reply("roll_dice", {})
            assert "real traffic is off" in caplog.text

        @pytest.mark.promptdock(network=True)
        def test_on(host):
            assert host.call("roll_dice") == 6
        """,
    )
    runs.passes(count=2)
    assert "1 failed, 1 passed" in runs.run("--promptdock-network").stdout


def test_snapshots_are_written_on_demand(runs: PytestRuns) -> None:
    """And compared otherwise."""
    runs.write("tests/test_it.py", "def test_it(host):\n    host.assert_schemas('schemas.json')\n")
    assert "pytest --promptdock-update" in runs.run().stdout
    runs.passes("--promptdock-update", count=1)
    assert "acme_dice.roll_dice" in json.loads((runs.folder / "tests" / "schemas.json").read_text())
    runs.passes(count=1)
