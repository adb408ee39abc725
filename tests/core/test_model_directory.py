"""The models that callers may name."""

from __future__ import annotations

import pytest

from promptdock.errors import NotFound
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
