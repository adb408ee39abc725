"""T-94: names of providers as people write them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from promptdock import CompletionCall, Provider
from promptdock.errors import NotFound
from promptdock.plugins.catalog import PluginRecord, RegisteredProvider
from promptdock.provider_names import find_provider


class Named(Provider):
    def __init__(self, name: str) -> None:
        self.name = name

    async def complete(self, call: CompletionCall) -> dict[str, Any]:
        raise AssertionError(f"nobody asks {self.name} for {call.model}")


def registered(*names: str) -> dict[str, RegisteredProvider]:
    return {name: RegisteredProvider(provider=Named(name), plugin=cast("PluginRecord", None)) for name in names}


@pytest.mark.parametrize("name", ["openai", "OpenAI", "open-ai", "open_ai", "Open AI", " OPENAI ", "open.ai"])
def test_t94_a_name_is_found_however_it_is_written(name: str) -> None:
    assert find_provider(name, registered("offline", "openai"), default=None).name == "openai"


@pytest.mark.parametrize("name", [None, "", "  "])
def test_t94_no_name_means_the_default_provider(name: str | None) -> None:
    assert find_provider(name, registered("offline", "openai"), default="offline").name == "offline"


@pytest.mark.parametrize("default", [None, "gone"])
def test_without_a_default_provider_a_name_is_needed(default: str | None) -> None:
    with pytest.raises(NotFound, match=r"There is no default provider. Providers: openai."):
        find_provider(None, registered("openai"), default=default)


def test_t94_an_unknown_name_is_told_which_there_are() -> None:
    with pytest.raises(NotFound, match=r"no provider 'nobody' here. Providers: offline, openai.") as caught:
        find_provider("nobody", registered("offline", "openai"), default="offline")
    assert (caught.value.code, caught.value.param) == ("provider_not_found", "provider_name")


def test_a_name_as_it_is_wins_over_one_that_is_alike() -> None:
    known = registered("my-lab", "my_lab")

    assert find_provider("my_lab", known, default=None).name == "my_lab"
    with pytest.raises(NotFound, match="may be my-lab or my_lab"):
        find_provider("MyLab", known, default=None)


def test_a_very_long_name_is_shown_in_part() -> None:
    with pytest.raises(NotFound) as caught:
        find_provider("x" * 10_000, registered("openai"), default=None)
    assert len(str(caught.value)) < 200
