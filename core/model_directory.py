"""The models that callers may name, gathered from all providers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .error_table import describe
from .jsontext import well_formed
from .plugins.catalog import RegisteredProvider
from .providers.base import ModelInfo, Provider
from .routing import Router, unknown_model
from .tasks import is_cancelled

__all__ = ["ModelDirectory"]

_log = logging.getLogger("promptdock.models")


class ModelDirectory:
    """Lists models, and remembers for a while what providers said.

    Args:
        router: Knows the default provider and the aliases.
        providers: Registered providers by name.
        aliases: Further names, each for a ``provider/model``.
        keep_seconds: How long a provider's answer is used.
        ask_seconds: How long a provider may take to answer; one that does not is listed with what is known of it.
    """

    def __init__(
        self,
        router: Router,
        providers: Mapping[str, RegisteredProvider],
        *,
        aliases: Mapping[str, str],
        keep_seconds: float = 300.0,
        ask_seconds: float = 5.0,
    ) -> None:
        self._router = router
        self._providers = providers
        self._aliases = aliases
        self._keep_seconds = keep_seconds
        self._ask_seconds = ask_seconds
        self._answers: dict[str, tuple[float, tuple[ModelInfo, ...]]] = {}

    async def list(self) -> tuple[ModelInfo, ...]:
        """Every name that ``model`` takes: the default provider's models bare, aliases, then ``provider/model``."""
        names = [name for name, item in self._providers.items() if item.provider.configured]
        answers = dict(zip(names, await asyncio.gather(*(self._models(name) for name in names)), strict=True))
        own = self._router.default or ""
        # a bare name that begins like another provider's would lead there
        bare = [info for info in answers.get(own, ()) if self._router.leads_to(info.id) == own]
        aliased = [ModelInfo(name, owned_by=target.partition("/")[0]) for name, target in self._aliases.items()]
        qualified = [replace(info, id=f"{name}/{info.id}") for name, infos in answers.items() for info in infos]
        listed: dict[str, ModelInfo] = {}
        for info in (*bare, *aliased, *qualified):
            listed.setdefault(info.id, info)
        return tuple(listed.values())

    async def find(self, name: str) -> ModelInfo:
        """Find one model by any of its names.

        Raises:
            NotFound: No such model is listed; the text lists near matches.
        """
        listed = {info.id: info for info in await self.list()}
        if name in listed:
            return listed[name]
        raise unknown_model(name, listed)

    async def _models(self, name: str) -> Sequence[ModelInfo]:
        known = self._answers.get(name)
        if known is not None and time.monotonic() - known[0] < self._keep_seconds:
            return known[1]
        provider = self._providers[name].provider
        try:
            async with asyncio.timeout(self._ask_seconds):
                found = _with_default(provider, [_checked(info) for info in await provider.models()])
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            _log.info("provider %s does not list its models: %s", name, type(error).__name__)
            unreachable = describe(error).code == "upstream_unreachable"
            return () if unreachable and name != self._router.default else _with_default(provider, [])
        self._answers[name] = (time.monotonic(), found)
        return found


def _with_default(provider: Provider, found: Sequence[ModelInfo]) -> tuple[ModelInfo, ...]:
    default = provider.default_model
    if default is None or any(info.id == default for info in found):
        return tuple(found)
    return (ModelInfo(default, owned_by=provider.name), *found)


def _checked(info: object) -> ModelInfo:
    if not isinstance(info, ModelInfo):
        msg = f"models() gave {type(info).__name__}, not ModelInfo"
        raise TypeError(msg)
    return ModelInfo(well_formed(str(info.id)), well_formed(str(info.owned_by)), int(info.created))
