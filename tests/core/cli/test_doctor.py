"""``promptdock doctor``: what is wrong, why, and what to do about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from promptdock.cli.checks import check_home, check_versions
from promptdock.cli.findings import Level
from promptdock.jsontext import loads
from tests.support.command import CommandLine
from tests.support.loopback import closed_port
from tests.support.redis import redis_url
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


def test_online_asks_the_providers_that_are_configured(command: CommandLine, upstream: Upstream) -> None:
    """Only when it is asked to; a local server that nobody set up is no more than a note."""
    env = {"OPENAI_API_KEY": "sk-test-1234567890", "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": upstream.base_url}
    command.run("doctor", env=env)
    assert not upstream.requests
    done = command.run("doctor", "--online", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ok      online    The provider openai answers; it lists 2 models." in done.stdout
    assert "ok      online    The provider offline answers" in done.stdout
    assert "online    The provider mistral" not in done.stdout
    upstream.models_reply = error(401, "Incorrect API key provided: sk-test-1234567890")
    done = command.run("doctor", "--online", env=env)
    assert done.returncode == 1
    assert "problem online    The provider openai refused the key." in done.stdout
    assert "-> Set OPENAI_API_KEY to a key that is valid." in done.stdout
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


def test_online_asks_one_provider(command: CommandLine, upstream: Upstream) -> None:
    """The one that is named, and nobody else; an unknown one, or one without its key, is a problem."""
    env = {"OPENAI_API_KEY": "sk-test-1234567890", "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": upstream.base_url}
    report = loads(command.run("doctor", "--online", "openai", "--json", env=env).stdout)
    assert [item["what"] for item in _of(report, "online", "ok")] == ["The provider openai answers; it lists 2 models."]
    (problem,) = _of(command.json("doctor", "--online", "openia"), "online", "problem")
    assert problem["next"] == "Did you mean openai?"
    (problem,) = _of(command.json("doctor", "--online", "mistral"), "online", "problem")
    assert problem["next"] == "Set MISTRAL_API_KEY."
    local = {
        "PROMPTDOCK_PROVIDERS__OLLAMA__BASE_URL": "http://127.0.0.1:9/v1",
        "PROMPTDOCK_PROVIDERS__OLLAMA__MAX_RETRIES": "0",
    }
    (problem,) = _of(command.json("doctor", "--online", "ollama", env=local), "online", "problem")
    assert problem["what"] == "The provider ollama cannot be reached at http://127.0.0.1:9/v1."
    assert command.run("doctor", "openai").returncode == 2


def test_a_misspelt_field_of_a_provider(command: CommandLine) -> None:
    """In the file and in a variable; nothing is said of defaults that nobody read."""
    (command.home / "promptdock.toml").write_text('[providers.local]\nbase_ur = "hush"\n', encoding="utf-8")
    done = command.run("doctor")
    assert "providers.local.base_ur: there is no such setting; did you mean base_url?\n" in done.stdout
    assert "defaults." not in done.stdout
    assert "hush" not in done.stdout
    (command.home / "promptdock.toml").unlink()
    report = command.json("doctor", env={"PROMPTDOCK_PROVIDERS__LOCAL__BASE_UR": "hush"})
    assert _of(report, "settings", "warning")[0]["next"] == "Did you mean PROMPTDOCK_PROVIDERS__LOCAL__BASE_URL?"


def test_a_variable_that_has_to_be_json(command: CommandLine) -> None:
    """With an example, and in our own words."""
    (problem,) = _of(command.json("doctor", env={"PROMPTDOCK_TOOL_ALIASES": "x"}), "settings", "problem")
    assert problem["what"] == "The variable PROMPTDOCK_TOOL_ALIASES is not valid JSON."
    assert problem["next"] == 'Write an object such as {"plugin.tool": "other_name"}'


def test_no_far_fetched_suggestion(command: CommandLine) -> None:
    """A name that is like no other is just wrong."""
    (warning,) = _of(command.json("doctor", env={"PROMPTDOCK_NOPE": "1"}), "settings", "warning")
    assert warning["next"] == "Correct it, or unset PROMPTDOCK_NOPE."


_PRIVATE = """
from pydantic import BaseModel, SecretStr
from promptdock import hookimpl

class Inner(BaseModel):
    size: int = 1
    pin: SecretStr = SecretStr("")

class Own(BaseModel):
    names: list[str] = []
    pins: list[SecretStr] = []
    service_token: str = ""
    headers: dict[str, str] = {}
    inner: Inner = Inner()

@hookimpl
def register_settings():
    return Own
"""


def test_settings_of_plugins_are_shown_as_far_as_their_model_says_that_they_are_no_secrets(
    command: CommandLine,
) -> None:
    """Secrets, what is named like one, and members that no model knows stay hidden."""
    command.write_plugin("private", _PRIVATE)
    (command.home / "promptdock.toml").write_text(
        '[plugins.private]\nnames = ["a", "b"]\npins = ["hush"]\nservice_token = "hush"\n'
        '[plugins.private.headers]\nx = "hush"\n[plugins.private.inner]\nsize = 3\npin = "hush"\n'
        '[plugins.gone]\nx = "hush"\n',
        encoding="utf-8",
    )
    report = command.json("doctor")
    assert "hush" not in str(report)
    shown = {item["name"]: item["value"] for item in report["settings"] if item["value"] != "(hidden)"}
    assert shown.keys() == {"home", "plugins.private.names", "plugins.private.inner.size"}
    assert shown["plugins.private.inner.size"] == "3"


def test_settings_that_lead_to_no_provider(command: CommandLine) -> None:
    """A provider without a base URL, and aliases for models that do not exist."""
    env = {
        "PROMPTDOCK_PROVIDERS__LOCAL__DEFAULT_MODEL": "x",
        "PROMPTDOCK_MODEL_ALIASES": '{"bad": "nope/x", "good": "offline/offline"}',
    }
    local, alias = _of(command.json("doctor", env=env), "providers", "warning")
    assert "'local'" in local["what"]
    assert "PROMPTDOCK_PROVIDERS__LOCAL__BASE_URL" in local["next"]
    assert alias["what"].startswith("model_aliases: The model 'bad' stands for 'nope/x', which does not exist here.")


def test_an_allow_list_that_leaves_no_provider(command: CommandLine) -> None:
    """The finding names the list."""
    (problem,) = _of(command.json("doctor", env={"PROMPTDOCK_PLUGINS_ALLOW": "guard"}), "providers", "problem")
    assert "plugins_allow" in problem["next"]


def test_a_home_that_cannot_be_made() -> None:
    """Whatever the permissions say: it is tried."""
    (finding,) = check_home(Path("/proc/nobody/home"))
    assert finding.level is Level.PROBLEM


def test_the_store_of_a_fresh_installation_is_not_made_by_looking(command: CommandLine) -> None:
    """It is told that it will be."""
    report = command.json("doctor")
    assert [item["what"] for item in report["findings"] if item["check"] in {"database", "secret"}] == [
        f"The database sqlite:///{command.home}/promptdock.db is made when it is needed.",
        f"The secret in {command.home}/secret.key is made when it is needed.",
    ]
    assert list(command.home.iterdir()) == []


def test_a_store_that_is_in_use_is_looked_at(command: CommandLine) -> None:
    """Its schema, and whether the secret is readable for nobody else, still there, and the right one."""
    command.run("keys", "new", "--user", "ann")
    secret = command.home / "secret.key"
    report = command.json("doctor")
    assert report["ok"] is True
    assert "is up to date" in _of(report, "database", "ok")[0]["what"]
    assert "is good" in _of(report, "secret", "ok")[0]["what"]

    secret.chmod(0o644)
    (problem,) = _of(command.json("doctor"), "secret", "problem")
    assert "its mode is 0644" in problem["what"]
    assert problem["next"] == f"chmod 600 {secret}"

    (problem,) = _of(command.json("doctor", env={"PROMPTDOCK_SECRET_KEY": "x" * 40}), "secret", "problem")
    assert problem["what"].startswith("The secret in PROMPTDOCK_SECRET_KEY is not the right one")
    assert str(secret) in problem["next"]

    secret.unlink()
    (problem,) = _of(command.json("doctor"), "secret", "problem")
    assert problem["what"].startswith(f"The secret in {secret} is gone")
    assert not secret.exists()


def test_a_database_that_is_behind_altered_or_out_of_reach(command: CommandLine) -> None:
    """A server brings the first up to date by itself; the others need the operator."""
    command.run("db", "upgrade")
    path = command.home / "promptdock.db"
    for statement, level, told in (
        ("DROP TABLE log_levels", "problem", "are not as this version made them: add_table log_levels."),
        (
            "UPDATE alembic_version SET version_num = '9999'",
            "problem",
            "'9999', which this version of ",
        ),
        ("DELETE FROM alembic_version", "note", "is at revision none; this version's is "),
    ):
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()
        (finding,) = _of(command.json("doctor"), "database", level)
        assert told in finding["what"]
        assert finding["next"]
    report = command.json("doctor", env={"PROMPTDOCK_DATABASE_URL": "postgresql://me:hush@127.0.0.1:9/x"})
    (problem,) = _of(report, "database", "problem")
    assert problem["what"].startswith(
        "The database postgresql://me:***@127.0.0.1:9/x cannot be used: Connect call failed"
    )
    assert "hush" not in str(report)
    (problem,) = _of(command.json("doctor", env={"PROMPTDOCK_DATABASE_URL": "x"}), "database", "problem")
    assert problem["what"] == "PROMPTDOCK_DATABASE_URL is no database URL."


def test_rate_limits_that_nobody_could_count_together(command: CommandLine) -> None:
    """A Redis out of reach does not keep a server from serving: it is a warning. What keeps it is a problem."""
    limit = {"PROMPTDOCK_RATE_LIMIT_PER_KEY": "600/minute"}
    assert "limits" not in {item["check"] for item in command.json("doctor")["findings"]}

    report = command.json("doctor", env={**limit, "PROMPTDOCK_REDIS_URL": f"redis://:hush@127.0.0.1:{closed_port()}/0"})
    (warning,) = _of(report, "limits", "warning")
    assert warning["what"].startswith("Redis cannot be used (ConnectionError)")
    assert "PROMPTDOCK_REDIS_URL" in warning["next"]
    assert "hush" not in str(report)

    (problem,) = _of(command.json("doctor", env={"PROMPTDOCK_RATE_LIMIT_PER_KEY": "many"}), "limits", "problem")
    assert problem["what"] == "PROMPTDOCK_RATE_LIMIT_PER_KEY: 'many' is not a rate limit."
    (problem,) = _of(command.json("doctor", env={**limit, "PROMPTDOCK_REDIS_URL": "x"}), "limits", "problem")
    assert problem["what"] == "redis_url is not a URL of Redis."

    url = {"PROMPTDOCK_REDIS_URL": "redis://127.0.0.1:9/0"}
    (note,) = _of(command.json("doctor", env=url), "limits", "note")
    assert note["what"] == "PROMPTDOCK_REDIS_URL is set, and no rate limit is, so that nothing is counted there."


@pytest.mark.skipif(redis_url() is None, reason="there is no Redis here")
def test_rate_limits_that_are_counted_in_redis(command: CommandLine) -> None:
    env = {"PROMPTDOCK_RATE_LIMIT_PER_HOST": "60/minute", "PROMPTDOCK_REDIS_URL": redis_url() or ""}
    (found,) = _of(command.json("doctor", env=env), "limits", "ok")
    assert found["what"] == "Redis answers; rate limits are counted there."
