"""The table of vendors, and the providers that come of it."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import ConfigurationError, OpenAICompatibleProvider, ProviderSettings
from promptdock.providers.vendors import VENDORS, vendor_providers

BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "googleai": "https://generativelanguage.googleapis.com/v1beta/openai",
    "metaai": "https://api.llama.com/compat/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "togetherai": "https://api.together.xyz/v1",
    "ollama": "http://127.0.0.1:11434/v1",
}


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in VENDORS:
        for variable in vendor.key_variables:
            monkeypatch.delenv(variable, raising=False)


def settings(**providers: dict[str, Any]) -> dict[str, ProviderSettings]:
    return {name: ProviderSettings.model_validate(fields) for name, fields in providers.items()}


def test_every_vendor_is_there_with_its_base_url_and_a_default_model() -> None:
    providers = {provider.name: provider for provider in vendor_providers({})}
    assert {name: provider.base_url for name, provider in providers.items()} == BASE_URLS
    assert all(provider.default_model for provider in providers.values())


def test_without_keys_only_ollama_can_be_asked() -> None:
    assert [provider.name for provider in vendor_providers({}) if provider.configured] == ["ollama"]


@pytest.mark.parametrize(
    ("variable", "name"),
    [(variable, vendor.name) for vendor in VENDORS for variable in vendor.key_variables],
)
def test_the_vendors_own_key_variables_count(variable: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "sk-x")
    assert {provider.name for provider in vendor_providers({}) if provider.configured} == {name, "ollama"}


@pytest.mark.parametrize("key", ["", "  "])
def test_an_empty_key_is_none(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert [p.name for p in vendor_providers(settings(mistral={"api_key": key})) if p.configured] == ["ollama"]


def test_an_empty_setting_does_not_hide_the_vendors_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert vendor_providers(settings(openai={"api_key": ""}))[0].configured


def test_settings_of_a_vendor_are_its_own() -> None:
    providers = {
        provider.name: provider
        for provider in vendor_providers(
            settings(
                openai={"api_key": "sk-x", "default_model": "gpt-5-mini"}, ollama={"base_url": "http://gpu:11434/v1/"}
            )
        )
    }
    assert providers["openai"].configured
    assert providers["openai"].default_model == "gpt-5-mini"
    assert providers["ollama"].base_url == "http://gpu:11434/v1"
    assert not providers["mistral"].configured


def test_any_other_name_with_a_base_url_is_a_provider_and_one_without_is_left_alone() -> None:
    providers = vendor_providers(
        settings(vllm={"base_url": "http://127.0.0.1:8000/v1", "default_model": "qwen"}, offline={"default_model": "x"})
    )
    assert [provider.name for provider in providers] == [*BASE_URLS, "vllm"]
    assert providers[-1].configured


def test_a_base_url_that_cannot_be_used_names_the_provider() -> None:
    with pytest.raises(ConfigurationError, match="vllm has no usable base URL"):
        OpenAICompatibleProvider(name="vllm", base_url="127.0.0.1:8000")
