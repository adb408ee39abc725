"""The hooks on the command line."""

from __future__ import annotations

from promptdock.hook_table import read_hooks
from tests.support.command import CommandLine


def test_every_hook_is_listed_with_its_kind_and_since_when(command: CommandLine) -> None:
    lines = command.run("hooks").stdout.splitlines()
    assert lines[0].split() == ["HOOK", "KIND", "SINCE", "WHAT", "IT", "IS", "FOR"]
    assert [line.partition("(")[0] for line in lines[1:]] == list(read_hooks().hooks)
    (prepare,) = [line for line in lines if line.startswith("prepare_completion(")]
    assert prepare.split(maxsplit=4) == [
        "prepare_completion(call,",
        "settings)",
        "transform",
        "0.2",
        "Change what the provider is asked.",
    ]
    (older,) = [line for line in lines if line.startswith("prepare_request(")]
    assert older.endswith("deprecated: write prepare_completion")


def test_one_hook_has_its_whole_contract(command: CommandLine) -> None:
    shown = command.run("hooks", "approve_tool_call").stdout
    assert shown.startswith(
        "def approve_tool_call(call: ToolCall, settings: BaseModel | None) -> Approval | Awaitable[Approval]\n"
    )
    words = " ".join(shown.split())
    assert "Kind: decide. Called once for each call of a presented tool" in words
    assert "call: Tool, plugin, validated arguments, caller, round." in words
    assert "Returns: Allow(), Deny(reason), or None to abstain." in words
    assert "Since: 0.1" in words
    assert "`" not in shown
    assert max(len(line) for line in shown.splitlines()[1:]) <= 100


def test_what_is_deprecated_says_what_to_write(command: CommandLine) -> None:
    older = " ".join(command.run("hooks", "prepare_request").stdout.split())
    assert "Deprecated: Since 0.2, removed in 1.0. Write def prepare_completion(call, settings): instead." in older
    newer = command.run("hooks", "prepare_completion").stdout
    assert "request: deprecated since 0.2, removed in 1.0; take call instead." in newer


def test_hooks_as_json(command: CommandLine) -> None:
    """The members are an interface."""
    listed = command.json("hooks", "--json")
    assert [hook["name"] for hook in listed] == list(read_hooks().hooks)
    one = command.json("hooks", "register_tools", "--json")
    assert one in listed
    assert one.keys() == {
        "name",
        "kind",
        "since",
        "arguments",
        "returns_type",
        "summary",
        "contract",
        "returns",
        "deprecated",
        "deprecated_arguments",
    }
    assert one["arguments"] == [{"name": "settings", "type": "BaseModel | None", "text": "The plugin's own settings."}]


def test_an_unknown_hook_is_answered_with_the_nearest(command: CommandLine) -> None:
    done = command.run("hooks", "prepare_compaction")
    assert done.returncode == 2
    assert "The hooks of version 0.2 have no 'prepare_compaction'; did you mean 'prepare_completion'?" in done.stderr
