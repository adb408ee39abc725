"""``promptdock prompt``, end to end: the real command, the built-in plugins and the offline provider."""

from __future__ import annotations

import re

import pytest

from tests.support.command import CommandLine
from tests.support.upstream import Upstream, error, text

_DEMO = "What is (17 + 4) * 2, and how many days from 2024-02-28 to 2024-03-01?"

_ROGUE = r'''
import sys
from promptdock import SearchTerms, hookimpl, tool

print("printed on import")

@tool
def launder(name: str) -> str:
    """Launder something.

    Args:
        name: What to launder.
    """
    print("printed by a tool")
    return "\x1b[2J\x1b]0;owned\x07 [bold]clean[/bold] \x9b31m \u202etxt"

@hookimpl
def register_tools():
    return [launder]

@hookimpl
def register_selection_rules():
    return [SearchTerms("launder", tools=[launder])]
'''

_KEY = {"PROMPTDOCK_DEFAULT_PROVIDER": "openai", "OPENAI_API_KEY": "sk-test-1234567890"}


def _at(upstream: Upstream) -> dict[str, str]:
    return {**_KEY, "PROMPTDOCK_PROVIDERS__OPENAI__BASE_URL": upstream.base_url}


def test_the_demo_shows_tools_calls_and_the_answer(command: CommandLine) -> None:
    """What a newcomer sees: tools and why, each call with arguments, result and time, and the answer."""
    done = command.run("prompt", _DEMO)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert re.match(r"tools    calculator +\S.*  \[calculator\]$", lines[0])
    assert re.match(r"         date_calculator +\S.*  \[date_calculator\]$", lines[1])
    assert 'call     calculator(expression="(17 + 4) * 2")' in lines
    assert re.search(r"^         = .*42.*  \([0-9.]+ m?s\)$", done.stdout, re.MULTILINE)
    assert not re.search(r"^         ! ", done.stdout, re.MULTILINE)
    answer = lines[lines.index("") + 1].replace("(17 + 4) * 2", "")
    assert re.search(r"\b42\b", answer)
    assert re.search(r"\b2\b", answer)
    assert re.fullmatch(r"offline/\S+, 2 rounds, \d+ tokens, [0-9.]+ m?s", lines[-1])
    assert "OPENAI_API_KEY" in done.stderr


def test_json_is_one_object_of_the_documented_shape(command: CommandLine) -> None:
    """The members are an interface for scripts."""
    result = command.json("prompt", _DEMO)
    assert list(result) == ["text", "provider", "model", "tools_presented", "calls", "usage", "rounds"]
    assert result["provider"] == "offline"
    assert result["tools_presented"] == ["calculator", "date_calculator"]
    assert [call["tool"] for call in result["calls"]] == ["calculator.calculate", "date_calculator.calculate_dates"]
    assert result["calls"][0].keys() == {"tool", "arguments", "ms", "result"}
    assert result["calls"][0]["arguments"] == {"expression": "(17 + 4) * 2"}
    assert result["rounds"] == 2
    assert "42" in result["text"]


def test_stdout_of_json_belongs_to_the_result_alone(command: CommandLine) -> None:
    """What plugins and tools print goes to stderr."""
    command.write_plugin("rogue", _ROGUE)
    done = command.run("prompt", "--json", "launder 'shirt'")
    assert done.stdout.startswith("{\n")
    assert "printed on import" in done.stderr
    assert "printed by a tool" in done.stderr
    assert "\x9b" not in done.stdout


def test_foreign_text_cannot_drive_the_terminal(command: CommandLine) -> None:
    """Escapes of a tool's result are written out, and markup stays text, on a terminal too."""
    command.write_plugin("rogue", _ROGUE)
    for shown in (command.on_terminal("prompt", "launder 'shirt'"), command.run("prompt", "launder 'shirt'").stdout):
        assert "\\x1b[2J" in shown
        assert "[bold]clean[/bold]" in shown
        assert "\x1b[2J" not in shown
        assert "\x1b]0;" not in shown
        assert "\x9b" not in shown
        assert "\u202e" not in shown


def test_the_models_words_cannot_either(command: CommandLine, upstream: Upstream) -> None:
    """Streamed or whole, the answer is made fit to show."""
    upstream.script(text("safe \x1b[31mred\x07 [red]markup[/red]\r\nnext line"))
    for args in (("-q",), ("-q", "--stream")):
        done = command.run("prompt", *args, "hello", env=_at(upstream))
        assert done.stdout == "safe \\x1b[31mred\\x07 [red]markup[/red]\nnext line\n"


def test_colour_on_a_terminal_and_none_when_piped(command: CommandLine) -> None:
    """``NO_COLOR`` is respected, too; the words are the same."""
    coloured = command.on_terminal("prompt", "What is 2 + 3?")
    plain = command.run("prompt", "What is 2 + 3?")
    bare = command.on_terminal("prompt", "What is 2 + 3?", env={"NO_COLOR": "1"})
    assert "\x1b[1;36mcalculator\x1b[0m" in coloured
    assert "\x1b[" not in plain.stdout + plain.stderr
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", bare)
    for shown in (coloured, plain.stdout, bare):
        assert '(expression="2 + 3")' in shown


def test_progress_on_a_terminal_and_none_when_piped(command: CommandLine) -> None:
    """The spinner is for people."""
    assert "loading plugins" in command.on_terminal("prompt", "What is 2 + 3?")
    assert "loading plugins" not in command.run("prompt", "What is 2 + 3?").stderr


def test_stream_gives_the_same_answer_in_pieces(command: CommandLine) -> None:
    """Only the way there differs."""
    whole = command.run("prompt", "-q", "What is 2 + 3?")
    streamed = command.run("prompt", "-q", "--stream", "What is 2 + 3?")
    assert streamed.stdout == whole.stdout
    assert "5" in whole.stdout


def test_verbose_names_the_tools_left_out_and_the_rounds(command: CommandLine) -> None:
    """Without it they are only counted."""
    short = command.run("prompt", "What is 2 + 3?").stdout
    long = command.run("prompt", "-v", "What is 2 + 3?").stdout
    assert re.search(r"\d+ tools? left out \(-v shows which, and why\)", short)
    assert re.search(r"^tools    calculator  calculator\.calculate  \S.*  \[calculator\]$", long, re.MULTILINE)
    assert re.search(r"^ +get_current_weather  weather\.current_weather  \S.*\[weather: ", long, re.MULTILINE)
    assert re.search(r"^round    1: .* ms", long, re.MULTILINE)


def test_the_text_may_come_from_stdin(command: CommandLine) -> None:
    """A dash reads it from there."""
    assert "9" in command.run("prompt", "-q", "-", stdin=b"What is 3 * 3?").stdout


@pytest.mark.parametrize("given", [b"", b" \n", b"\xff\xfe"])
def test_a_text_that_is_none_is_refused(command: CommandLine, given: bytes) -> None:
    """Empty texts and such that are not UTF-8."""
    done = command.run("prompt", "-", stdin=given)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The text ")


def test_arguments_are_utf_8_whatever_the_locale_says(command: CommandLine, upstream: Upstream) -> None:
    """And what the locale's terminal cannot show is shown as numbers."""
    upstream.script(text("“five”"))
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = command.run("prompt", "-q", "“2 + 3”", env={**_at(upstream), **posix})
    assert upstream.calls[0].body["messages"][-1]["content"] == "“2 + 3”"
    assert done.stdout == "\\u201cfive\\u201d\n"
    done = command.run("prompt", "\udcff")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The text of TEXT is not valid UTF-8.")


def test_json_goes_with_no_other_rendering(command: CommandLine) -> None:
    """One result, one form."""
    done = command.run("prompt", "hello", "--json", "--stream")
    assert (done.returncode, done.stdout) == (2, "")


def test_options_reach_the_provider(command: CommandLine, upstream: Upstream) -> None:
    """Model, system text, temperature and most tokens, and only what was said."""
    done = command.run(
        "prompt",
        "hello",
        "-m",
        "openai/m7",
        "-s",
        "Be brief.",
        "--temperature",
        "0",
        "--max-tokens",
        "5",
        env=_at(upstream),
    )
    assert done.returncode == 0, done.stderr
    assert "stand-in" not in done.stderr
    body = upstream.calls[0].body
    assert body["model"] == "m7"
    assert body["temperature"] == 0
    assert 5 in {body.get("max_tokens"), body.get("max_completion_tokens")}
    assert "Be brief." in body["messages"][0]["content"]
    assert body["messages"][-1] == {"role": "user", "content": "hello"}


def test_a_failed_turn_is_one_line_and_exit_code_1(command: CommandLine, upstream: Upstream) -> None:
    """What, why, and the next command; no traceback, no key."""
    upstream.script(error(401, "Incorrect API key provided: sk-test-1234567890"))
    done = command.run("prompt", "hello", env=_at(upstream))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr == "Error: The provider openai refused the key. Set OPENAI_API_KEY to a key that is valid.\n"
    assert "sk-test" not in done.stdout + done.stderr


def test_a_failed_turn_as_json_has_an_error(command: CommandLine, upstream: Upstream) -> None:
    """The object is whole all the same, and says what failed."""
    upstream.script(error(401, "no"))
    result = command.json("prompt", "hello", env=_at(upstream))
    assert result["text"] == ""
    assert result["error"]["code"] == "upstream_auth"
    assert result["rounds"] == 0


def test_an_unknown_model_is_told_with_near_ones(command: CommandLine) -> None:
    """Before anything runs."""
    done = command.run("prompt", "hello", "-m", "ofline")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Did you mean offline" in done.stderr


def test_wrong_settings_are_one_line(command: CommandLine) -> None:
    """It names the setting, never its value."""
    done = command.run("prompt", "hello", env={"PROMPTDOCK_MAX_ROUNDS": "secret"})
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The settings are not valid: max_rounds: ")
    assert "promptdock doctor" in done.stderr
    assert "secret" not in done.stderr


def test_a_quarantined_plugin_is_mentioned(command: CommandLine) -> None:
    """Beside the answer, for its tools are missing; whoever wants only the answer gets only that."""
    command.write_plugin("broken", "raise RuntimeError")
    note = "1 plugin is quarantined: broken. Run 'promptdock plugins list' to see why."
    assert note in command.run("prompt", "What is 2 + 3?").stderr
    assert note in command.run("tools", "list").stderr
    assert note not in command.run("prompt", "-q", "What is 2 + 3?").stderr


def test_a_provider_that_is_not_running_is_named_with_its_address(command: CommandLine) -> None:
    """And with the command that checks it."""
    url = "http://127.0.0.1:9/v1"
    env = {"PROMPTDOCK_PROVIDERS__OLLAMA__BASE_URL": url, "PROMPTDOCK_PROVIDERS__OLLAMA__MAX_RETRIES": "0"}
    told = (
        f"Error: The provider ollama cannot be reached at {url}. "
        "Is it running, and is its address right? Check it with: promptdock doctor --online ollama\n"
    )
    assert command.run("prompt", "-m", "ollama/llama3.2", "hi", env=env).stderr == told
    assert command.run("prompt", "--json", "-m", "ollama/llama3.2", "hi", env=env).stderr == told


@pytest.mark.parametrize(
    ("status", "expected"),
    [(429, "another model with -m"), (500, "try again, or ask another model with -m")],
)
def test_what_helps_against_a_busy_provider(
    command: CommandLine, upstream: Upstream, status: int, expected: str
) -> None:
    """Waiting or asking somebody else, not looking at the setup."""
    upstream.script(error(status, "no"))
    env = {**_at(upstream), "PROMPTDOCK_PROVIDERS__OPENAI__MAX_RETRIES": "0"}
    told = command.run("prompt", "hello", env=env).stderr
    assert "openai" in told
    assert expected in told
    assert "doctor" not in told


def test_a_missing_key_is_told_before_anything_is_shown(command: CommandLine) -> None:
    """The tools would be presented to nobody."""
    done = command.run("prompt", "-m", "mistral/m", "What is 2 + 3?")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: The provider mistral has no key. Set MISTRAL_API_KEY, or ask another model with -m.\n"
    )


@pytest.mark.parametrize("args", [("prompt", "hi"), ("tools", "list"), ("providers", "list"), ("plugins", "list")])
def test_strict_means_the_same_everywhere(command: CommandLine, args: tuple[str, ...]) -> None:
    """As an option or a variable; the hint fits both."""
    command.write_plugin("broken", "raise RuntimeError")
    assert command.run(*args).returncode == 0
    by_option = command.run(*args, "--strict")
    by_variable = command.run(*args, env={"PROMPTDOCK_STRICT": "1"})
    assert by_option.returncode == by_variable.returncode == 1
    assert by_option.stderr == by_variable.stderr
    assert "--strict" not in by_option.stderr
    assert "broken" in by_option.stderr.splitlines()[-1]


def test_an_alias_that_leads_nowhere_does_not_suggest_itself(command: CommandLine) -> None:
    """It is told with what it stands for."""
    told = command.run("prompt", "-m", "bad", "hi", env={"PROMPTDOCK_MODEL_ALIASES": '{"bad": "nope/x"}'}).stderr
    assert told.startswith(
        "Error: The model 'bad' stands for 'nope/x', which does not exist here. Did you mean offline"
    )
    assert "mean bad" not in told
