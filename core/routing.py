"""Which provider and model a prompt means by ``model``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from .errors import ConfigurationError, NotFound
from .plugins.catalog import RegisteredProvider

__all__ = ["Route", "Router", "unknown_model"]


class Route(msgspec.Struct, frozen=True):
    """A provider, and the model as that provider knows it."""

    provider: RegisteredProvider
    model: str


class Router:
    """Resolves the names of models.

    Args:
        providers: Registered providers by name.
        default: Name of the provider for prompts that name none; None takes ``openai`` when it has a key, else
            ``offline``, else the first one.
        aliases: Further names, each for a ``provider/model``.

    Raises:
        ConfigurationError: The default provider is not registered.
    """

    def __init__(
        self, providers: Mapping[str, RegisteredProvider], *, default: str | None, aliases: Mapping[str, str]
    ) -> None:
        self._providers = providers
        self._aliases = aliases
        if default is not None and default not in providers:
            known = ", ".join(providers) or "none"
            raise ConfigurationError(
                f"The default provider {default!r} is not registered; registered are: {known}.",
                hint="Set PROMPTDOCK_DEFAULT_PROVIDER to one of them, or look at 'promptdock plugins list'.",
            )
        self.default = default if default is not None else _usual_default(providers)

    def resolve(self, model: str | None) -> Route:
        """Find what a prompt means.

        Args:
            model: ``provider/model``, an alias, a bare model of the default provider, or None for its default model.

        Raises:
            NotFound: There is no such provider or model; the text lists near matches.
        """
        if model is None:
            return self._default_model(self._default_provider())
        target = self._aliases.get(model, model)
        head, slash, rest = target.partition("/")
        if slash and head in self._providers:
            registered = self._providers[head]
            return self._known(registered, rest, model) if rest else self._default_model(registered)
        if self.default is None:
            raise NotFound(f"There is no provider for {model!r}: none is registered.", code="model_not_found")
        return self._known(self._default_provider(), target, model)

    def _default_provider(self) -> RegisteredProvider:
        if self.default is None:
            raise NotFound(
                "No provider is registered.", code="provider_not_found", hint="Look at 'promptdock plugins list'."
            )
        return self._providers[self.default]

    def _default_model(self, registered: RegisteredProvider) -> Route:
        model = registered.provider.default_model
        if model is None:
            name = registered.provider.name
            raise NotFound(
                f"The provider {name!r} has no default model: name one as {name}/<model>.",
                param="model",
                code="model_not_found",
                hint=f"Or set PROMPTDOCK_PROVIDERS__{name.upper()}__DEFAULT_MODEL.",
            )
        return Route(registered, model)

    def _known(self, registered: RegisteredProvider, model: str, asked: str) -> Route:
        known = registered.provider.known_models
        if known is not None and model not in known:
            if asked in self._aliases:
                raise unknown_model(model, dict.fromkeys(self.names()), alias=asked)
            raise unknown_model(asked, dict.fromkeys(self.names()))
        return Route(registered, model)

    def leads_to(self, model: str) -> str | None:
        """Name of the provider that a model's name leads to; None when it leads nowhere."""
        try:
            return self.resolve(model).provider.provider.name
        except NotFound:
            return None

    def names(self) -> Iterator[str]:
        """Every name that is known to resolve, without asking anybody: the default provider's bare, then the others."""
        if self.default is not None:
            yield from _models_of(self._providers[self.default])
        yield from self._aliases
        for name, registered in self._providers.items():
            yield from (f"{name}/{model}" for model in _models_of(registered))


def unknown_model(asked: str, known: Iterable[str], *, alias: str | None = None) -> NotFound:
    """The error for a model that does not exist here; it lists near matches among the known names.

    Args:
        asked: The name that is not known.
        known: Names that are.
        alias: The operator's alias for ``asked``, when the caller named that.
    """
    names = [name for name in known if name not in {asked, alias}]
    near = difflib.get_close_matches(asked[:200], names, n=3, cutoff=0.5) or names[:3]
    hint = f"Did you mean {', '.join(near)}?" if near else "None is known here: look at 'promptdock providers list'."
    what = (
        f"The model {asked[:200]!r}"
        if alias is None
        else f"The model {alias[:200]!r} stands for {asked[:200]!r}, which"
    )
    return NotFound(f"{what} does not exist here. {hint}", param="model", code="model_not_found")


def _models_of(registered: RegisteredProvider) -> Iterator[str]:
    provider = registered.provider
    if provider.known_models is not None:
        yield from provider.known_models
    elif provider.default_model is not None:
        yield provider.default_model


def _usual_default(providers: Mapping[str, RegisteredProvider]) -> str | None:
    if "openai" in providers and providers["openai"].provider.configured:
        return "openai"
    return "offline" if "offline" in providers else next(iter(providers), None)
