"""Which provider a name means, however it is written: ``OpenAI``, ``open-ai`` and ``open_ai`` are ``openai``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .errors import NotFound
from .plugins.catalog import RegisteredProvider
from .providers.base import Provider

__all__ = ["find_provider"]

_SEPARATORS: Final = re.compile(r"[\s._-]+")
_SHOWN: Final = 64


def find_provider(name: str | None, providers: Mapping[str, RegisteredProvider], *, default: str | None) -> Provider:
    """Find a provider by its name.

    Args:
        name: The name; case, hyphens, underscores, dots and blanks do not count unless two providers differ in nothing
            else. None, and a blank one, mean the default provider.
        providers: Registered providers by name.
        default: Name of the default provider at this moment; None when there is none.

    Raises:
        NotFound: There is no such provider, or more than one; the text lists those that there are.
    """
    asked = (name or "").strip()
    if not asked:
        if default is None or default not in providers:
            raise _unknown("There is no default provider.", providers)
        return providers[default].provider
    if asked in providers:
        return providers[asked].provider
    alike = [known for known in providers if _plain(known) == _plain(asked)]
    if len(alike) == 1:
        return providers[alike[0]].provider
    if alike:
        raise _unknown(f"The provider {asked[:_SHOWN]!r} may be {' or '.join(alike)}: write it as it is.", providers)
    raise _unknown(f"There is no provider {asked[:_SHOWN]!r} here.", providers)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


def _unknown(what: str, providers: Mapping[str, RegisteredProvider]) -> NotFound:
    return NotFound(
        f"{what} Providers: {', '.join(providers) or 'none'}.", param="provider_name", code="provider_not_found"
    )
