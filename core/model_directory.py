"""The models that callers may name, gathered from all providers."""

from __future__ import annotations

import asyncio
import difflib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .errors import NotFound
from .plugins.catalog import RegisteredProvider
from .providers.base import ModelInfo
from .routing import Router

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
        bare = answers.get(self._router.default or "", ())
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
        near = difflib.get_close_matches(name[:200], listed, n=3, cutoff=0.5) or list(listed)[:3]
        raise NotFound(
            f"The model {name[:200]!r} does not exist here. Did you mean {', '.join(near)}?",
            param="model",
            code="model_not_found",
        )

    async def _models(self, name: str) -> Sequence[ModelInfo]:
        known = self._answers.get(name)
        if known is not None and time.monotonic() - known[0] < self._keep_seconds:
            return known[1]
        provider = self._providers[name].provider
        try:
            async with asyncio.timeout(self._ask_seconds):
                found = tuple(await provider.models())
        except Exception as error:  # noqa: BLE001  (one provider that is down must not hide the others)
            _log.info("provider %s does not list its models: %s", name, type(error).__name__)
            found = ()
        if provider.default_model is not None and all(info.id != provider.default_model for info in found):
            found = (ModelInfo(provider.default_model, owned_by=name), *found)
        self._answers[name] = (time.monotonic(), found)
        return found
