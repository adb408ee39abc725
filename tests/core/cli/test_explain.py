"""``promptdock explain`` and ``promptdock why-not``."""

from __future__ import annotations

from tests.support.command import CommandLine


def test_a_table_for_people(command: CommandLine) -> None:
    done = command.run("explain", "What is 2 + 2?")
    assert (done.returncode, done.stderr) == (0, "")
    header, *rows = done.stdout.splitlines()
    assert header.split() == ["TOOL", "PLUGIN", "RULE", "KEPT", "MS", "REASON"]
    assert any("arithmetic (input)" in row and " yes " in row for row in rows)
    assert "tools presented to offline/offline: calculator" in rows
    assert not (command.home / "promptdock.db").exists(), "nothing is stored"


def test_one_object_for_programs(command: CommandLine) -> None:
    found = command.json("explain", "What is 2 + 2?", "--json", env={"PROMPTDOCK_PLUGINS_DENY": "weather"})
    assert found["tools_presented"] == ["calculator"]
    assert {item["tool"] for item in found["decisions"] if item["kept"]} == {"calculator.calculate"}
    assert [(item["name"], item["state"]) for item in found["left_out"]] == [("weather", "denied")]


def test_why_not_in_one_sentence(command: CommandLine) -> None:
    done = command.run("why-not", "get_current_weather", "What is 2 + 2?")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "weather.current_weather (get_current_weather) is not presented, because no rule selected it: search_terms "
        "(input) says: none of its terms stands in the input.\n"
    )


def test_why_not_as_one_object(command: CommandLine) -> None:
    found = command.json("why-not", "calculater", "What is 2 + 2?", "--json")
    assert found == {
        "tool": "calculater",
        "cause": "not_installed",
        "presented": False,
        "sentence": "No installed plugin has a tool 'calculater'; did you mean calculator?",
    }


def test_a_broken_plugin_is_told_with_its_remedy(command: CommandLine) -> None:
    (command.home / "plugins").mkdir(parents=True, exist_ok=True)
    (command.home / "plugins" / "broken.py").write_text("import no_such_module\n")
    told = command.run("explain", "Hello").stdout
    [line] = [line for line in told.splitlines() if line.startswith("no candidates: the tools of broken")]
    assert "no_such_module" in line
    [record] = command.json("explain", "Hello", "--json")["left_out"]
    assert line.endswith(record["remedy"])
    assert "is in quarantine: " in command.run("why-not", "broken", "Hello").stdout


def test_foreign_text_is_made_fit_for_a_terminal(command: CommandLine) -> None:
    done = command.run("why-not", "x\x1b[31m\ny", "2 + 2\x1b[2J")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_the_text_may_come_from_stdin(command: CommandLine) -> None:
    done = command.run("why-not", "weather.current_weather", "-", stdin=b"Will it rain?")
    assert "is presented" in done.stdout


def test_a_model_that_is_not_there_fails(command: CommandLine) -> None:
    done = command.run("explain", "Hello", "-m", "offline/nope")
    assert done.returncode == 1
    assert "nope" in done.stderr
    assert "Traceback" not in done.stderr
