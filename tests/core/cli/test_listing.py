"""``plugins list``, ``tools list`` and ``providers list``: tables for people, arrays for scripts."""

from __future__ import annotations

import re

import pytest

from promptdock.cli.tables import squeeze
from tests.support.command import CommandLine

_BROKEN = 'raise RuntimeError("no\\nluck \\x1b[31m")'


def test_plugins_as_a_table(command: CommandLine) -> None:
    """Piped, the columns are aligned, with two blanks between them at least."""
    done = command.run("plugins", "list")
    header, *rows = done.stdout.splitlines()
    assert header.split() == ["NAME", "DISTRIBUTION", "VERSION", "STATE", "LOAD", "HOOKS"]
    calculator = next(row for row in rows if row.startswith("calculator "))
    assert calculator[header.index("STATE") :].startswith("loaded  ")
    assert "register_tools" in calculator
    assert (done.returncode, done.stderr) == (0, "")


def test_plugins_as_json(command: CommandLine) -> None:
    """The members are an interface."""
    command.write_plugin("broken", _BROKEN)
    listed = {
        item["name"]: item for item in command.json("plugins", "list", env={"PROMPTDOCK_PLUGINS_DENY": "weather"})
    }
    assert listed["calculator"].keys() == {
        "name",
        "distribution",
        "version",
        "state",
        "reason",
        "remedy",
        "hooks",
        "load_ms",
        "warnings",
    }
    assert listed["calculator"]["state"] == "loaded"
    assert listed["calculator"]["distribution"] == "promptdock"
    assert listed["weather"]["state"] == "denied"
    assert listed["broken"]["state"] == "quarantined"
    assert "RuntimeError" in listed["broken"]["reason"]
    assert "PROMPTDOCK_PLUGINS_DENY=broken" in listed["broken"]["remedy"]


def test_a_quarantined_plugin_is_shown_with_reason_and_remedy(command: CommandLine) -> None:
    """Whatever it raised takes one line; the traceback is for who asks for it."""
    command.write_plugin("broken", _BROKEN)
    done = command.run("plugins", "list")
    assert done.returncode == 0
    assert "is quarantined: its import failed: RuntimeError: no luck \\x1b[31m\n  " in done.stdout
    assert "PROMPTDOCK_PLUGINS_DENY=broken" in done.stdout
    assert "Traceback" not in done.stdout
    assert "Traceback (most recent call last)" in command.run("plugins", "list", "--debug").stdout
    assert "Traceback (most recent call last)" in command.run("--debug", "plugins", "list").stdout


@pytest.mark.parametrize("env", [{}, {"PROMPTDOCK_STRICT": "true"}])
def test_strict_fails_after_the_list_is_shown(command: CommandLine, env: dict[str, str]) -> None:
    """The option and the setting mean the same."""
    command.write_plugin("broken", _BROKEN)
    done = command.run("plugins", "list", *([] if env else ["--strict"]), env=env)
    assert done.returncode == 1
    assert "is quarantined" in done.stdout
    assert done.stderr.startswith("Error: 1 plugin in quarantine: broken.")


def test_what_the_operator_should_look_at_goes_to_stderr(command: CommandLine) -> None:
    """It is no part of what was asked for."""
    done = command.run("plugins", "list", "--json", env={"PROMPTDOCK_PLUGINS_DENY": "nonesuch"})
    assert done.stdout.startswith("[")
    assert done.stderr == "Warning: plugins_deny: 'nonesuch' matches no plugin that is installed.\n"


def test_tools(command: CommandLine) -> None:
    """Ids and wire names; the JSON has the parameters' schemas, too."""
    listed = command.json("tools", "list")
    assert all(item.keys() == {"id", "name", "description", "parameters", "plugin"} for item in listed)
    assert {item["name"] for item in listed} >= {"calculator", "date_calculator", "get_current_weather"}
    table = command.run("tools", "list").stdout
    assert table.startswith("ID ")
    assert "\ncalculator.calculate " in table


def test_providers(command: CommandLine) -> None:
    """Who has a key, and who is asked by default."""
    keyed = {"OPENAI_API_KEY": "sk-test-1234567890"}
    listed = {item["name"]: item for item in command.json("providers", "list", env=keyed)}
    assert listed["openai"]["configured"] is True
    assert listed["anthropic"]["configured"] is False
    assert listed["offline"]["plugin"] == "offline"
    rows = command.run("providers", "list", env=keyed).stdout.splitlines()
    assert [row.split()[0] for row in rows if row.endswith("default")] == ["openai"]
    assert not any("sk-test" in row for row in rows)


def test_providers_are_listed_even_when_the_default_one_is_missing(command: CommandLine) -> None:
    """Listing them is what helps then."""
    done = command.run("providers", "list", env={"PROMPTDOCK_DEFAULT_PROVIDER": "nonesuch"})
    assert done.returncode == 0
    assert "offline" in done.stdout


def test_tables_are_coloured_on_a_terminal(command: CommandLine) -> None:
    """States stand out there."""
    command.write_plugin("broken", _BROKEN)
    shown = command.on_terminal("plugins", "list", env={"COLUMNS": "160"})
    assert "\x1b[32mloaded" in shown
    assert "\x1b[1;31mquarantined" in shown


def _plain(shown: str) -> list[str]:
    """The lines that a terminal shows, without the spinner's and without what colours them."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).split("loading plugins")[-1]
    return [line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").splitlines()]


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize("what", ["tools", "providers", "plugins"])
def test_listings_fit_the_terminal(command: CommandLine, columns: int, what: str) -> None:
    """Long texts stand on lines of their own, broken at blanks, whatever the width."""
    (command.home / "plugins").mkdir()
    (command.home / "plugins" / f"a_file_with_a_rather_long_name_{'x' * 20}.py").write_text(
        "from promptdock import hookimpl\n@hookimpl\ndef turn_started(event): ...\n", encoding="utf-8"
    )
    shown = _plain(command.on_terminal(what, "list", env={"COLUMNS": str(columns)}))
    assert max(map(len, shown)) <= columns
    text = "\n".join(shown)
    for name in {"tools": ["calculator.calculate"], "providers": ["openai", "default"], "plugins": ["event_log"]}[what]:
        assert name in text
    if what == "plugins":
        assert "…" in text
        assert {"register_selection_rules,", "settings_conflicted,"} <= set(text.split())
    if what == "tools":
        assert "exactly" in text.split()


@pytest.mark.parametrize(
    ("text", "width", "expected"), [("short", 5, "short"), ("file:/srv/plugins/dice.py", 15, "file:…s/dice.py")]
)
def test_the_middle_of_a_path_is_what_goes(text: str, width: int, expected: str) -> None:
    """Its ends tell the most."""
    assert squeeze(text, width) == expected
    assert len(expected) <= width


def test_the_strict_error_suggests_nothing_that_denies_both_claimants(command: CommandLine) -> None:
    """The remedy is told with each plugin."""
    command.write_plugin("weather", "from promptdock import hookimpl\n@hookimpl\ndef turn_started(event): ...\n")
    done = command.run("plugins", "list", "--strict")
    assert done.stderr == "Error: 2 plugins in quarantine: weather. What to do about it is said above.\n"
    assert "PROMPTDOCK_PLUGINS_DENY=weather@file\n" in done.stdout
    assert "PROMPTDOCK_PLUGINS_DENY=weather\n" not in done.stdout
    fixed = command.run("plugins", "list", "--strict", env={"PROMPTDOCK_PLUGINS_DENY": "weather@file"})
    assert (fixed.returncode, fixed.stderr) == (0, "")
