"""Which provider and model a prompt means."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from promptdock import CompletionCall, ConfigurationError, Provider
from promptdock.errors import NotFound
from promptdock.jsontext import JsonObject
from promptdock.plugins.catalog import RegisteredProvider
from promptdock.routing import Router
from tests.support.catalogs import catalog


class Named(Provider):
    """A provider that is never asked."""

    configured = True

    async def complete(self, call: CompletionCall) -> JsonObject:
        raise AssertionError

    def __init__(self, name: str, default: str | None = None, known: tuple[str, ...] | None = None) -> None:
        self.name = name
        self.default_model = default
        self.known_models = known


PROVIDERS = catalog(
    {}, providers={"a": [Named("openai", "gpt-5"), Named("bare")], "b": [Named("offline", "offline", ("offline",))]}
).providers


def router(default: str | None = None, aliases: Mapping[str, str] | None = None) -> Router:
    """A router over three providers."""
    return Router(PROVIDERS, default=default, aliases=aliases or {})


@pytest.mark.parametrize(
    ("asked", "provider", "model"),
    [
        (None, "openai", "gpt-5"),
        ("gpt-4o-mini", "openai", "gpt-4o-mini"),
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("offline/offline", "offline", "offline"),
        ("openai/", "openai", "gpt-5"),
        ("meta-llama/Llama-4", "openai", "meta-llama/Llama-4"),
        ("bare/vendor/model-1", "bare", "vendor/model-1"),
        ("fast", "offline", "offline"),
    ],
)
def test_names_are_resolved(asked: str | None, provider: str, model: str) -> None:
    """A prefix counts only when it is a provider; slashes of model names stay."""
    route = router(aliases={"fast": "offline/offline"}).resolve(asked)
    assert (route.provider.provider.name, route.model) == (provider, model)


def test_the_default_is_openai_with_a_key_else_offline() -> None:
    """Unless the operator says otherwise."""
    assert router().default == "openai"
    openai = Named("openai")
    openai.configured = False
    without_key: dict[str, RegisteredProvider] = {
        **PROVIDERS,
        "openai": RegisteredProvider(provider=openai, plugin=PROVIDERS["openai"].plugin),
    }
    assert Router(without_key, default=None, aliases={}).default == "offline"
    assert router("bare").default == "bare"


def test_an_unknown_default_is_a_configuration_error() -> None:
    """It lists what there is."""
    with pytest.raises(ConfigurationError, match="'nope' is not registered; registered are: openai, bare, offline"):
        router("nope")


@pytest.mark.parametrize("asked", ["offlin", "offline/ofline", "nope/gpt-9", "x" * 10_000])
def test_an_unknown_model_lists_near_matches(asked: str) -> None:
    """And is a 404."""
    with pytest.raises(NotFound, match=r"does not exist here\. Did you mean .*(offline|openai)") as missing:
        router("offline").resolve(asked)
    assert (missing.value.info.status, missing.value.code) == (404, "model_not_found")
    assert len(str(missing.value)) < 500


def test_a_provider_without_a_default_model_says_how_to_name_one() -> None:
    """Instead of asking upstream for nothing."""
    with pytest.raises(NotFound, match=r"name one as bare/<model>.*PROMPTDOCK_PROVIDERS__BARE__DEFAULT_MODEL"):
        router("bare").resolve(None)


def test_without_providers_nothing_resolves() -> None:
    """A host with everything denied still starts."""
    empty = Router({}, default=None, aliases={})
    with pytest.raises(NotFound, match="No provider is registered"):
        empty.resolve(None)
    with pytest.raises(NotFound, match="none is registered"):
        empty.resolve("x")
