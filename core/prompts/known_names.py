"""Whether what a stored thing names is there: a name that is mistyped must not be stored and never count."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Final

from ..errors import Unprocessable
from ..plugins.catalog import Catalog

__all__ = ["check_known", "check_plugin", "check_priced"]

_SHOWN: Final = 100
"""The most characters of a name in a message."""


def check_known(name: str, known: Collection[str], what: str, param: str, otherwise: str = "") -> None:
    """Check a name.

    Args:
        name: As it was given.
        known: Those that there are.
        what: What it is a name of.
        param: The member that it was given as.
        otherwise: What to say when none of those that there are is near.

    Raises:
        Unprocessable: It is not known; near matches are listed.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name[:_SHOWN], known, n=3, cutoff=0.5)
    hint = f"Did you mean {', '.join(near)}?" if near else otherwise or None
    raise Unprocessable(f"There is no {what} {name[:_SHOWN]!r} here.", param=param, hint=hint)


def check_plugin(catalog: Catalog, plugin: str) -> None:
    """Check the id of a plugin, which was found, whatever became of it.

    Raises:
        Unprocessable: There is none.
    """
    check_known(plugin, [record.name for record in catalog.plugins], "plugin", "plugin")


def check_priced(catalog: Catalog, *, provider: str | None, plugin: str | None, tool: str | None) -> None:
    """Check what a price is of; models are the vendor's to know.

    Raises:
        Unprocessable: There is no such provider, plugin or tool.
    """
    if provider is not None:
        check_known(provider, catalog.providers, "provider", "provider")
    if plugin is not None:
        check_plugin(catalog, plugin)
    if tool is not None:
        check_known(tool, catalog.tools, "tool", "tool", "Tools are named as plugin.tool.")
