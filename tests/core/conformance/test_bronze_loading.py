"""What plugins do while they are loaded: good ones next to nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest

from promptdock import hookimpl
from promptdock.conformance.bronze_loading import CHECKS
from promptdock.conformance.check import Finding, NotApplicable
from promptdock.conformance.loading import find_candidate, observe_loading
from promptdock.conformance.subject import LoadFacts, alone, open_subject
from promptdock.settings import Settings
from tests.support.checking import PluginOf, check

ALL = [one.id for one in CHECKS]
GOOD = """\
    from promptdock import hookimpl, tool

    @tool
    def word() -> str:
        \"\"\"Say a word.\"\"\"
        return "word"

    @hookimpl
    def register_tools():
        return [word]
"""


def write(folder: Path, source: str, name: str = "sample") -> str:
    """Write a one-file plugin, and give what stands for its distribution."""
    file = folder / f"{name}.py"
    file.write_text(dedent(source))
    return f"file:{file}"


def observed(folder: Path, source: str, *, again: float = 1.0) -> LoadFacts:
    """What loading a one-file plugin does; any further measurement of its import gives ``again``."""
    distribution = write(folder, source)
    settings = alone(Settings(home=folder), "sample", distribution, home=folder)
    candidate = find_candidate(settings, "sample", distribution)
    assert candidate is not None
    return observe_loading(candidate, settings, budget=200, again=lambda: again)


def found_of(
    folder: Path, source: str, which: str, *, facts: LoadFacts | None = None, name: str = "sample"
) -> list[Finding]:
    """What one check finds of a one-file plugin."""
    (wanted,) = [one for one in CHECKS if one.id == which]
    distribution = write(folder, source, name)

    async def main() -> list[Finding]:
        host = Settings(home=folder)
        async with open_subject(host, name, distribution, scratch=folder, facts=facts) as subject:
            return list(await wanted.run(subject))

    return asyncio.run(main())


def test_a_good_plugin_does_nothing_while_it_is_loaded(tmp_path: Path) -> None:
    facts = observed(tmp_path, GOOD)
    assert facts.import_ms > 0
    assert (facts.output, facts.network, facts.threads) == ("", (), ())


@pytest.mark.parametrize("which", ALL)
def test_a_good_plugin_passes(which: str, tmp_path: Path) -> None:
    assert found_of(tmp_path, GOOD, which) == []


@pytest.mark.parametrize(
    "line",
    [
        "print('hello')",
        "import sys; sys.stderr.write('hello')",
        "import os; os.write(1, b'hello')",
        "import subprocess; subprocess.run(['echo', 'hello'])",
    ],
)
def test_what_is_written_is_seen_however_it_is_written(
    line: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with capfd.disabled():  # pytest's own capture stands between
        facts = observed(tmp_path, f"{line}\n")
    assert facts.output.startswith("hello")


def test_what_register_hooks_write_is_seen_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with capfd.disabled():
        facts = observed(tmp_path, GOOD.replace("return [word]", "print('registering'); return [word]"))
    assert facts.output == "registering"


def test_connections_are_seen_loopback_too_and_from_threads(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        facts = observed(
            tmp_path,
            f"""\
            import socket, threading

            def connect():
                socket.create_connection(("127.0.0.1", {port})).close()

            connecting = threading.Thread(target=connect, name="connecting")
            connecting.start()
            connecting.join()
            """,
        )
    assert f"127.0.0.1:{port}" in facts.network[0]
    assert facts.threads == ("connecting",)


def test_threads_are_let_alone_when_others_start_them(tmp_path: Path) -> None:
    """After the plugin is loaded, the thread class is as it was."""
    before = threading.Thread.start
    observed(tmp_path, GOOD)
    assert threading.Thread.start is before


def test_an_import_over_the_budget_is_measured_again(tmp_path: Path) -> None:
    slow = "import time; time.sleep(0.25)\n"
    assert observed(tmp_path, slow, again=20).import_ms == 20
    assert observed(tmp_path, slow, again=9_000).import_ms >= 250


def test_an_import_that_exits_is_survived(tmp_path: Path) -> None:
    assert observed(tmp_path, "import sys; sys.exit(3)\n").import_ms > 0


def test_importing_promptdock_and_all_it_brings_costs_a_plugin_nothing(tmp_path: Path) -> None:
    """In a fresh process, as it is measured."""
    distribution = write(tmp_path, "import pydantic, promptdock\nfrom promptdock import OpenAICompatibleProvider\n")
    script = f"""\
from pathlib import Path
from promptdock.conformance.loading import find_candidate, import_ms
from promptdock.conformance.subject import alone
from promptdock.settings import Settings
home = Path({str(tmp_path)!r})
settings = alone(Settings(home=home), "sample", {distribution!r}, home=home)
print(import_ms(find_candidate(settings, "sample", {distribution!r})))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert float(done.stdout) < 100


@pytest.mark.parametrize(
    ("which", "facts", "words"),
    [
        ("import-time", LoadFacts(import_ms=900), "takes 900 ms, at the best of several times; the budget is 200 ms"),
        ("import-silent", LoadFacts(output="hello\nworld"), "writes to stdout or stderr: 'hello'"),
        ("import-no-network", LoadFacts(network=("network: socket.connect a:1",)), "uses the network: network: socket"),
        ("import-no-threads", LoadFacts(threads=("poller",)), "starts the thread 'poller'"),
    ],
)
def test_what_loading_did_is_told(which: str, facts: LoadFacts, words: str, tmp_path: Path) -> None:
    (found,) = found_of(tmp_path, GOOD, which, facts=facts)
    assert words in found.text
    assert found.remedy


def test_a_plugin_in_quarantine_does_not_load_alone(tmp_path: Path) -> None:
    (found,) = found_of(tmp_path, "import not_there_at_all\n", "loads-alone")
    assert "sample is quarantined: its import failed" in found.text
    assert "PROMPTDOCK_PLUGINS_DENY" not in found.remedy


def test_what_another_plugin_brings_is_not_there(tmp_path: Path) -> None:
    """It is loaded with no other beside it, so a second file in the same folder is left out."""
    write(tmp_path, GOOD, "other")
    assert found_of(tmp_path, GOOD, "loads-alone") == []


@pytest.mark.parametrize(
    ("source", "words", "remedy"),
    [
        ("def register_tools():\n    return []\n", "It implements no hook", "@hookimpl"),
        (
            "from promptdock import hookimpl\n@hookimpl\ndef turn_started(event, weather): ...\n",
            "takes the unknown argument 'weather'",
            "turn_started has the arguments",
        ),
        ("from promptdock import hookimpl\n@hookimpl\ndef turn_startet(event): ...\n", "turn_startet", "turn_started"),
    ],
)
def test_hooks_that_the_host_refuses(source: str, words: str, remedy: str, tmp_path: Path) -> None:
    (found,) = found_of(tmp_path, source, "hooks-valid")
    assert words in found.text
    assert remedy in found.remedy


def test_hooks_that_are_silently_never_called(tmp_path: Path) -> None:
    source = (
        dedent(GOOD)
        + """
@hookimpl(optionalhook=True)
def turn_finish(event):
    pass

@hookimpl(optionalhook=True)
def something_of_a_later_host(event):
    pass

def turn_started(event):
    pass
"""
    )
    found = {finding.subject: finding.text for finding in found_of(tmp_path, source, "hooks-valid")}
    assert found.keys() == {"turn_finish", "turn_started"}
    assert "is not marked" in found["turn_started"]


def test_methods_of_an_object_are_hooks_too(tmp_path: Path) -> None:
    class Forgetful(PluginOf):
        def turn_started(self, event: object) -> None:
            """Not marked."""

        @hookimpl
        def turn_finished(self, event: object) -> None:
            """Marked."""

    (found,) = check("bronze_loading:hooks-valid", Forgetful(), tmp_path)
    assert found.subject == "turn_started"


def test_of_a_plugin_without_an_object_no_hooks_can_be_looked_at() -> None:
    (wanted,) = [one for one in CHECKS if one.id == "hooks-valid"]
    with pytest.raises(NotApplicable, match="its import failed"):
        asyncio.run(wanted.run(SimpleNamespace(plugin=None)))  # type: ignore[arg-type]


DEMANDING = """
import os
from pydantic import BaseModel, SecretStr
from promptdock import hookimpl

class Settings(BaseModel):
    api_key: SecretStr
    {more}

@hookimpl
def register_settings():
    return Settings

@hookimpl
def register_tools(settings):
    os.write(1, str(settings.api_key).encode())
    return []
"""


def test_a_required_secret_does_not_keep_it_from_loading(tmp_path: Path) -> None:
    """What its register hooks do then is seen, too."""
    source = DEMANDING.format(more="")
    assert found_of(tmp_path, source, "loads-alone") == []
    assert observed(tmp_path, source).output == "**********"


def test_other_settings_that_are_missing_are_named_by_their_variable(tmp_path: Path) -> None:
    (finding,) = found_of(tmp_path, DEMANDING.format(more="city: str"), "loads-alone")
    assert "plugins.sample.city: Field required" in finding.text
    assert "api_key" not in finding.text
    assert finding.remedy.startswith("Set PROMPTDOCK_PLUGINS__SAMPLE__CITY in the environment of the check")
