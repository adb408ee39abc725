"""Tools that fall over what their schema allows, and tools that do not."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field

from promptdock import Tool, ToolContext, ToolError, tool
from promptdock.conformance import silver_arguments
from promptdock.conformance.check import Finding, NotApplicable
from promptdock.conformance.subject import Subject
from tests.support.checking import PluginOf, check, on_subject

VALID = "silver_arguments:valid-arguments"
HOSTILE = "silver_arguments:hostile-arguments"


@tool
def divide(a: int, b: int) -> float:
    """Divide."""
    if b == 0:
        raise ToolError("b must not be 0.")
    try:
        return a / b
    except OverflowError:
        raise ToolError("The numbers are too large.") from None


@tool
def careless(a: int, b: int) -> float:
    """Divide."""
    return a / b


@tool
def choosy(city: Annotated[str, AfterValidator(lambda text: _known(text))]) -> str:
    """Know a few cities."""
    return city


def _known(text: str) -> str:
    if text not in {"Ulm", "Bonn"}:
        raise ValueError("no such city")
    return text


@tool
def endless(count: int) -> str:
    """Wait as long as it is told."""
    threading.Event().wait(min(abs(count), 60))
    return "done"


@tool
def untold(text: str) -> object:
    """Return what cannot be sent."""
    return object()


@tool
async def fetch(url: str, *, context: ToolContext) -> int:
    """Fetch a page with the host's client."""
    return (await context.http.request("GET", url)).status


@tool
def fetch_raw(url: str) -> str:
    """Fetch a page without thinking of failures."""
    with urllib.request.urlopen(url) as page:
        return str(page.status)


def test_careful_tools_pass(tmp_path: Path) -> None:
    """A ToolError is an answer, also when there is no network."""
    assert check(VALID, PluginOf(divide, fetch), tmp_path / "valid") == []
    assert check(HOSTILE, PluginOf(divide, fetch), tmp_path / "hostile") == []


def test_an_exception_is_named_with_line_and_arguments(tmp_path: Path) -> None:
    """The smallest arguments that were found."""
    (finding,) = [found for found in check(VALID, PluginOf(careless), tmp_path) if "ZeroDivisionError" in found.text]
    assert finding.subject == "sample.careless"
    assert '{"a":0,"b":0}' in finding.text
    assert f"{__file__}:" in finding.text
    assert "in careless" in finding.text


def test_a_schema_that_says_too_little_is_found(tmp_path: Path) -> None:
    """The model cannot know what a validator refuses."""
    (finding,) = check(VALID, PluginOf(choosy), tmp_path)
    assert "refuses arguments that fit its schema" in finding.text
    assert "enum" in finding.remedy


def test_results_that_cannot_be_sent_are_found(tmp_path: Path) -> None:
    """Whatever the arguments."""
    (finding,) = check(VALID, PluginOf(untold), tmp_path)
    assert "cannot be sent" in finding.text


def test_a_tool_that_lets_network_errors_out_is_found(tmp_path: Path) -> None:
    """The network is down while arguments are generated."""
    texts = [found.text for found in check(HOSTILE, PluginOf(fetch_raw), tmp_path)]
    assert any("URLError" in text for text in texts)


def test_a_tool_that_takes_for_ever_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is not tried any further."""
    monkeypatch.setattr("promptdock.conformance.fuzzing._PATIENCE", 0.3)
    (finding,) = check(VALID, PluginOf(endless), tmp_path)
    assert "had no answer" in finding.text


def test_generated_arguments_do_no_harm(tmp_path: Path) -> None:
    """Whatever a tool does with a path, only the scratch folder is changed, and no program runs."""
    (tmp_path / "precious.txt").write_text("here")

    @tool
    def destroy(path: str) -> str:
        """Write to a path, remove a file, start a program."""
        for act in (
            lambda: Path(path).write_text("x"),
            lambda: (tmp_path / "precious.txt").unlink(),
            lambda: subprocess.run([sys.executable, "-c", f"open({str(tmp_path / 'new')!r}, 'w')"], check=True),
        ):
            try:
                act()
            except (OSError, ValueError):
                continue
        return "done"

    assert check(VALID, PluginOf(destroy), tmp_path) == []
    assert (tmp_path / "precious.txt").read_text() == "here"
    assert not (tmp_path / "new").exists()


def test_temporary_files_can_be_written(tmp_path: Path) -> None:
    """They are where files may be changed, and so are those of programs that look at TMPDIR."""
    before = tempfile.gettempdir()
    used: list[str] = []

    @tool
    def pack(text: str) -> str:
        """Write to temporary files."""
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
            used.append(folder)
            file.write(b"x")
            Path(folder, "text").write_text(text, errors="replace")
        return "packed"

    assert check(VALID, PluginOf(pack), tmp_path / "valid") == []
    assert check(HOSTILE, PluginOf(pack), tmp_path / "hostile") == []
    assert used
    assert all(Path(folder).is_relative_to(tmp_path) for folder in used)
    assert tempfile.gettempdir() == before


def test_what_the_check_alone_refuses_is_no_fault_of_the_tool(tmp_path: Path) -> None:
    """Files and programs are there in real life; the tool may let their absence out, or make another error of it."""

    @tool
    def save(text: str) -> str:
        """Write to the home folder."""
        (tmp_path / "saved.txt").write_text(text, errors="replace")
        return "saved"

    @tool
    def start(text: str) -> str:
        """Start a program."""
        try:
            subprocess.run([sys.executable, "-c", "", text], check=True)
        except OSError as error:
            raise RuntimeError("no Python") from error
        except ValueError as error:
            raise ToolError("not such a text") from error
        return "started"

    for number, which in enumerate((VALID, HOSTILE)):
        assert check(which, PluginOf(save, start), tmp_path / str(number)) == []
    assert not (tmp_path / "saved.txt").exists()


def test_a_fault_is_told_once(tmp_path: Path) -> None:
    """However the network was refused, and by the first of the two checks that sees it."""

    async def both(subject: Subject) -> list[Sequence[Finding]]:
        return [await one.run(subject) for one in silver_arguments.CHECKS]

    @tool
    def fetch(number: int) -> str:
        """Fetch a page by name or by address."""
        host = "127.0.0.1" if number % 2 else "localhost"
        socket.create_connection((host, 9)).close()
        return "fetched"

    valid, hostile = on_subject(both, PluginOf(fetch), tmp_path)
    assert len(valid) == 1
    assert "ToolError" in valid[0].remedy
    assert hostile == []


def test_a_reader_that_takes_everything_is_found(tmp_path: Path) -> None:
    """A tool class of one's own has to be as strict as the host's."""

    class Lax(Tool):
        @property
        def arguments(self) -> Any:
            return _TakesAll(super().arguments)

    class _TakesAll:
        def __init__(self, real: Any) -> None:
            self.schema, self.contexts = real.schema, real.contexts

        def read(self, data: dict[str, Any]) -> Any:
            from promptdock.tools.arguments import CheckedArguments

            return CheckedArguments(data, {"sides": 6})

    lax = Lax(
        name="roll",
        description="Roll.",
        parameters={
            "type": "object",
            "properties": {"sides": {"type": "integer"}},
            "required": ["sides"],
            "additionalProperties": False,
        },
        function=lambda sides: sides,
        key="roll",
    )
    (finding,) = check(HOSTILE, PluginOf(lax), tmp_path)
    assert "takes arguments that do not fit its schema" in finding.text


def test_numbers_written_as_text_are_taken_as_the_host_takes_them(tmp_path: Path) -> None:
    """What is converted without loss is no finding."""

    @tool
    def double(number: Annotated[int, Field(ge=0, le=9)]) -> int:
        """Double."""
        return number * 2

    assert check(HOSTILE, PluginOf(double), tmp_path) == []


def test_a_plugin_without_tools_has_nothing_to_look_at(tmp_path: Path) -> None:
    """That counts as passed."""
    with pytest.raises(NotApplicable, match="no tools"):
        check(VALID, PluginOf(), tmp_path)


def test_without_hypothesis_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra brings it."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(Exception, match=r"promptdock\[testing\]"):
        check(VALID, PluginOf(divide), tmp_path)


def test_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    """The scratch folder may be written to, what a link in it names may not."""
    from promptdock.conformance.refusing import refusing

    scratch, outside = tmp_path / "scratch", tmp_path / "outside.txt"
    scratch.mkdir()
    (scratch / "link").symlink_to(outside)
    with refusing(scratch):
        (scratch / "own.txt").write_text("x")
        with pytest.raises(PermissionError):
            (scratch / "link").write_text("x")
    assert not outside.exists()
