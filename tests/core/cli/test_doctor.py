"""``promptdock doctor``: what is wrong, why, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptdock.cli.checks import check_home, check_versions
from promptdock.cli.findings import Level
from tests.support.command import CommandLine
from tests.support.upstream import Upstream, error


def _of(report: dict[str, Any], check: str, level: str) -> list[dict[str, Any]]:
    return [item for item in report["findings"] if (item["check"], item["level"]) == (check, level)]


def test_a_fresh_installation_is_fine(command: CommandLine) -> None:
    """Nothing is wrong with having no key; it is noted."""
    done = command.run("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "problem" not in done.stdout
    assert "note    providers The default provider is offline" in done.stdout
    assert "-> Set OPENAI_API_KEY" in done.stdout
    assert done.stdout.endswith("All settings are at their defaults.\n") is False  # the home is not at its default
    assert f"home = {command.home}, from $PROMPTDOCK_HOME" in done.stdout


def test_the_report_as_json(command: CommandLine) -> None:
    """For scripts that watch an installation."""
    report = command.json("doctor")
    assert report.keys() == {"ok", "versions", "settings", "findings"}
    assert report["ok"] is True
    assert report["versions"].keys() >= {"python", "promptdock", "openai"}
    assert all(item.keys() == {"check", "level", "what", "next"} for item in report["findings"])
    assert {item["name"] for item in report["settings"]} == {"home"}


def test_each_setting_is_told_with_where_it_comes_from_and_no_secret(command: CommandLine) -> None:
    """The environment wins over the file; keys and plugins' settings stay hidden wherever they stand."""
    (command.home / "promptdock.toml").write_text(
        'max_rounds = 3\ndefault_provider = "offline"\n[plugins.weather]\npin = "hush-1"\n', encoding="utf-8"
    )
    env = {
        "PROMPTDOCK_MAX_ROUNDS": "5",
        "PROMPTDOCK_API_KEY": "hush-2",
        "PROMPTDOCK_PROVIDERS__OPENAI__API_KEY": "hush-3",
        "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": "https://me:hush-4@127.0.0.1/v1",
        "OPENAI_API_KEY": "hush-5",
        "GEMINI_API_KEY": "hush-6",
    }
    done = command.run("doctor", env=env)
    assert "hush" not in done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert f"max_rounds = 3, from {command.home / 'promptdock.toml'} (overridden)" in told
    assert "max_rounds = 5, from $PROMPTDOCK_MAX_ROUNDS" in told
    assert "api_key = (hidden), from $PROMPTDOCK_API_KEY" in told
    assert "providers.openai.api_key = (hidden), from $PROMPTDOCK_PROVIDERS__OPENAI__API_KEY" in told
    assert (
        "providers.openai.base_url = https://(hidden)@127.0.0.1/v1, from $PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL"
        in told
    )
    assert "providers.openai.api_key = (hidden), from $OPENAI_API_KEY (overridden)" in told
    assert "providers.googleai.api_key = (hidden), from $GEMINI_API_KEY" in told
    assert f"plugins.weather.pin = (hidden), from {command.home / 'promptdock.toml'}" in told


def test_settings_that_cannot_be_read_are_a_problem_with_its_place(command: CommandLine) -> None:
    """Every other command refuses to run then; this one says where to look."""
    report = command.json("doctor", env={"PROMPTDOCK_MAX_ROUNDS": "many", "PROMPTDOCK_PLUGINS": '{"hush'})
    assert report["ok"] is False
    assert _of(report, "settings", "problem")
    assert {(item["name"], item["source"]) for item in report["settings"]} >= {
        ("max_rounds", "$PROMPTDOCK_MAX_ROUNDS"),
        ("plugins", "$PROMPTDOCK_PLUGINS"),
    }
    assert "hush" not in str(report)


def test_what_looks_like_a_setting_and_is_none(command: CommandLine) -> None:
    """Misspelt variables and keys are silently without effect, save for here."""
    (command.home / "promptdock.toml").write_text("max_round = 3\n", encoding="utf-8")
    report = command.json("doctor", env={"PROMPTDOCK_DEFAULT_PROVIDR": "openai"})
    assert [item["next"] for item in _of(report, "settings", "warning")] == [
        "Did you mean max_rounds?",
        "Did you mean PROMPTDOCK_DEFAULT_PROVIDER?",
    ]
    assert report["ok"] is True


def test_plugins_that_are_kept_out(command: CommandLine) -> None:
    """A broken one is a problem, a denied one is as the operator wants it."""
    command.write_plugin("broken", "import nonesuch")
    report = command.json("doctor", env={"PROMPTDOCK_PLUGINS_DENY": "weather,nobody"})
    (broken,) = _of(report, "plugins", "problem")
    assert "broken" in broken["what"]
    assert "PROMPTDOCK_PLUGINS_DENY=broken" in broken["next"]
    assert "weather" in _of(report, "plugins", "note")[0]["what"]
    assert "nobody" in _of(report, "plugins", "warning")[0]["what"]
    assert command.run("doctor").returncode == 1


_TOOL = """
from promptdock import hookimpl, tool

@tool(name="calculator")
def other() -> int:
    \"\"\"Have the name of another tool.\"\"\"
    return 1

@hookimpl
def register_tools():
    return [other]
"""


def test_tools_of_one_name(command: CommandLine) -> None:
    """The finding names the tools and the alias that would settle it."""
    command.write_plugin("twin", _TOOL)
    report = command.json("doctor")
    told = [item for item in report["findings"] if item["level"] == "problem"]
    assert told
    assert all("calculator.calculate" in item["what"] and "twin.other" in item["what"] for item in told)
    assert all("tool_aliases" in item["next"] for item in told)


@pytest.mark.parametrize(("provider", "expected"), [("nonesuch", "not registered"), ("mistral", "has no key")])
def test_a_default_provider_that_cannot_answer(command: CommandLine, provider: str, expected: str) -> None:
    """Missing, or without its key: the finding names the variable to set."""
    (problem,) = _of(command.json("doctor", env={"PROMPTDOCK_DEFAULT_PROVIDER": provider}), "providers", "problem")
    assert expected in problem["what"]
    assert {"nonesuch": "PROMPTDOCK_DEFAULT_PROVIDER", "mistral": "MISTRAL_API_KEY"}[provider] in problem["next"]


def test_online_asks_the_default_provider(command: CommandLine, upstream: Upstream) -> None:
    """Only when it is asked to."""
    env = {"OPENAI_API_KEY": "sk-test-1234567890", "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": upstream.base_url}
    command.run("doctor", env=env)
    assert not upstream.requests
    done = command.run("doctor", "--online", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The default provider openai answers; it lists 2 models." in done.stdout
    upstream.models_reply = error(401, "Incorrect API key provided: sk-test-1234567890")
    done = command.run("doctor", "--online", env=env)
    assert done.returncode == 1
    assert "problem online    The provider refused this server's key" in done.stdout
    assert "sk-test" not in done.stdout + done.stderr


def test_a_home_that_is_no_folder_is_a_problem(tmp_path: Path) -> None:
    """A file stands where the folder would have to be made."""
    (tmp_path / "file").touch()
    (finding,) = check_home(tmp_path / "file" / "home")
    assert finding.level is Level.PROBLEM
    assert "PROMPTDOCK_HOME" in (finding.next or "")
    (finding,) = check_home(tmp_path / "not" / "made")
    assert finding.level is Level.OK


def test_a_missing_package_is_a_problem() -> None:
    """The finding gives the command that installs it."""
    (finding,) = check_versions({"python": "3.11.7", "openai": "missing"})
    assert finding.level is Level.PROBLEM
    assert (finding.next or "").endswith("-m pip install openai")
