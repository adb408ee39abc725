"""Hooks described for those who print them."""

from __future__ import annotations

import json

import pytest

from promptdock import hookspecs
from promptdock.hook_descriptions import HookDescription, describe_hooks
from promptdock.hook_table import read_hooks

HOOKS = {hook.name: hook for hook in describe_hooks()}


def test_every_hook_is_described_in_the_order_of_the_table() -> None:
    assert list(HOOKS) == list(read_hooks().hooks)


@pytest.mark.parametrize("hook", HOOKS.values(), ids=list(HOOKS))
def test_every_contract_is_whole(hook: HookDescription) -> None:
    """Summary, kind, each argument with its type, what comes back; nothing is lost, and nothing stands twice."""
    assert hook.summary.endswith(".")
    assert hook.contract[0].startswith(f"Kind: {hook.kind}. ")
    assert [argument for argument in hook.arguments if not argument.text or not argument.type] == []
    assert hook.returns
    assert hook.returns_type
    assert "Since:" not in str((hook.summary, hook.contract, hook.returns))
    assert bool(hook.deprecation) is (hook.name in hookspecs.DEPRECATED)
    words = " ".join((getattr(hookspecs, hook.name).__doc__ or "").split())
    for said in (hook.summary, *hook.contract, *(argument.text for argument in hook.arguments), hook.returns):
        assert said in words


def test_a_description_has_the_signature_that_a_plugin_writes() -> None:
    assert HOOKS["prepare_completion"].signature == "prepare_completion(call, settings)"
    assert HOOKS["register_settings"].signature == "register_settings()"


def test_a_description_has_types_as_the_spec_writes_them() -> None:
    call, settings = HOOKS["approve_tool_call"].arguments
    assert (call.name, call.type) == ("call", "ToolCall")
    assert (settings.name, settings.type) == ("settings", "BaseModel | None")
    assert HOOKS["approve_tool_call"].returns_type == "Approval | Awaitable[Approval]"


def test_a_deprecated_hook_names_its_successor_as_json() -> None:
    old = json.loads(json.dumps(HOOKS["prepare_request"].as_json()))
    assert old["deprecated"] == {"since": "0.2", "removed_in": "1.0", "successor": "prepare_completion"}
    new = json.loads(json.dumps(HOOKS["prepare_completion"].as_json()))
    assert new["deprecated"] is None
    assert new["deprecated_arguments"] == {"request": {"since": "0.2", "removed_in": "1.0", "successor": "call"}}


def test_a_hook_that_is_removed_is_described_no_more() -> None:
    assert "prepare_request" not in {hook.name for hook in describe_hooks(read_hooks(version="1.0"))}
