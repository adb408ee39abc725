"""Why nothing was written."""

from __future__ import annotations

from ..errors import PromptdockError

__all__ = ["NameRefused", "ScaffoldRefused"]


class ScaffoldRefused(PromptdockError):
    """A plugin was not written; the disk is as it was before."""

    code = "scaffold_refused"


class NameRefused(ScaffoldRefused):
    """No plugin can have the name that was asked for."""

    code = "scaffold_name_refused"
