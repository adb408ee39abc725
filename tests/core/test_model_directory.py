"""The models that callers may name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promptdock import CompletionCall, Provider, hookimpl
from promptdock.errors import NotFound
from promptdock.jsontext import JsonObject
from tests.support.services import service_at
from tests.support.upstream import Upstream, error

pytestmark = pytest.mark.anyio


async def test_models_are_listed_by_every_name_that_works(upstream: Upstream) -> None:
    """The default provider's bare, the aliases, then all with their provider."""
    async with service_at(upstream, model_aliases={"fast": "offline/offline"}) as service:
        listed = [info.id for info in await service.models.list()]
        assert listed[:4] == ["m1", "fake-model", "fake-model-large", "fast"]
        assert {"fake/m1", "fake/fake-model", "offline/offline"} <= set(listed)
        for name in ("m1", "fast", "fake/fake-model", "offline/offline"):
            assert (await service.models.find(name)).id == name
            assert service.resolve(name).model in {"m1", "offline", "fake-model"}


async def test_answers_are_kept_for_a_while(upstream: Upstream) -> None:
    """Listing is cheap for upstream."""
    async with service_at(upstream) as service:
        await service.models.list()
        await service.models.list()
    assert len([request for request in upstream.requests if request.path.endswith("/models")]) == 1


async def test_a_provider_that_is_down_hides_no_other(upstream: Upstream) -> None:
    """What is known of it is still listed."""
    upstream.models_reply = error(500)
    async with service_at(upstream) as service:
        listed = [info.id for info in await service.models.list()]
    assert "fake/m1" in listed
    assert "offline/offline" in listed


async def test_an_unknown_model_lists_near_matches(upstream: Upstream) -> None:
    """As a 404."""
    async with service_at(upstream) as service:
        with pytest.raises(NotFound, match=r"Did you mean .*fake-model"):
            await service.models.find("fake-modle")


class Junk(Provider):
    """A provider whose list of models is none."""

    name = "junk"
    default_model = "j1"

    def __init__(self, listed: Any) -> None:
        self._listed = listed

    async def complete(self, call: CompletionCall) -> JsonObject:
        raise AssertionError

    async def models(self) -> Any:
        if isinstance(self._listed, BaseException):
            raise self._listed
        return self._listed


class JunkPlugin:
    """Brings one."""

    def __init__(self, listed: Any) -> None:
        self._listed = listed

    @hookimpl
    def register_providers(self) -> list[Provider]:
        return [Junk(self._listed)]


@pytest.mark.parametrize("listed", [None, [5], 7, SystemExit(3), asyncio.CancelledError()], ids=repr)
async def test_a_provider_that_lists_junk_spoils_nothing(upstream: Upstream, listed: Any) -> None:
    """Its default model is still known."""
    async with service_at(upstream, plugins={"junk": JunkPlugin(listed)}) as service:
        names = [info.id for info in await service.models.list()]
    assert {"junk/j1", "fake/m1", "offline/offline"} <= set(names)


async def test_a_failed_list_is_asked_for_again(upstream: Upstream) -> None:
    """A provider that was down for a moment is not missing for minutes."""
    upstream.models_reply = error(500)
    async with service_at(upstream) as service:
        assert "fake/fake-model" not in [info.id for info in await service.models.list()]
        upstream.models_reply = None
        assert "fake/fake-model" in [info.id for info in await service.models.list()]


async def test_a_bare_name_is_listed_only_where_it_leads_to_its_provider(upstream: Upstream) -> None:
    """``offline/x`` of a gateway would lead to the provider ``offline``."""
    upstream.models = ["offline/x", "vendor/y"]
    async with service_at(upstream) as service:
        names = [info.id for info in await service.models.list()]
    assert "offline/x" not in names
    assert {"fake/offline/x", "vendor/y", "fake/vendor/y"} <= set(names)


async def test_a_server_that_is_not_there_lists_nothing(upstream: Upstream) -> None:
    """Its models would be names that nobody answers to; those of the default provider are listed all the same."""
    gone = {"base_url": "http://127.0.0.1:9/v1", "default_model": "g1"}
    here = {"base_url": upstream.base_url, "default_model": "m1"}
    async with service_at(upstream, providers={"fake": here, "gone": gone}) as service:
        names = [info.id for info in await service.models.list()]
    assert "gone/g1" not in names
    assert "fake/m1" in names
