"""What turns need of an LLM client's row."""

from __future__ import annotations

from promptdock.ids import new_id
from promptdock.prompts.prompted import PromptedClient
from promptdock.settings import Settings
from promptdock.store.tables import LLMClient
from promptdock.turn.request import PromptDefaults, SelectionRuleSpec, ToolScope


def test_what_the_row_says_is_what_turns_see() -> None:
    row = LLMClient(
        account_id=new_id(),
        name="shop",
        provider="openai",
        model="gpt",
        system_role="Be brief.",
        temperature=0.0,
        max_completion_tokens=7,
        context_tokens=1_000,
        plugins=["calculator"],
        tools=["calculator.calculate"],
        rules=[{"directive": "search_terms", "terms": ["sum"], "tools": ["calculator.calculate"]}],
        errors_as_replies=True,
    )
    assert PromptedClient.of(row, Settings(llm_client_temperature=0.5)) == PromptedClient(
        id=row.id,
        account_id=row.account_id,
        name="shop",
        system_role="Be brief.",
        max_completion_tokens=7,
        context_tokens=1_000,
        errors_as_replies=True,
        defaults=PromptDefaults(
            model="openai/gpt",
            temperature=0.0,
            max_completion_tokens=7,
            fallback_temperature=0.5,
            fallback_max_completion_tokens=Settings().llm_client_max_completion_tokens,
        ),
        scope=ToolScope(
            plugins=("calculator",),
            tools=("calculator.calculate",),
            rules=(SelectionRuleSpec(directive="search_terms", terms=("sum",), tools=("calculator.calculate",)),),
        ),
    )


def test_what_the_row_leaves_open_stays_open() -> None:
    row = LLMClient(account_id=new_id(), name="shop")
    client = PromptedClient.of(row, Settings())
    assert client.scope == ToolScope(plugins=None, tools=None, rules=())
    assert client.defaults.model is None
    assert (
        PromptedClient.of(LLMClient(account_id=new_id(), name="shop", model="gpt"), Settings()).defaults.model == "gpt"
    )
    with_provider = LLMClient(account_id=new_id(), name="shop", provider="openai")
    assert PromptedClient.of(with_provider, Settings()).defaults.model == "openai/"
