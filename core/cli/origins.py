"""Where each setting comes from that is not at its default: a variable or the settings file. Secrets stay hidden."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..jsontext import JsonError, JsonObject, loads
from ..plaintext import one_line, shorten
from ..settings import ProviderSettings, Settings
from .secrets import is_open

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["PREFIX", "Origin", "read_file", "read_origins", "unknown_variables"]

PREFIX: Final = "PROMPTDOCK_"
"""What the names of all our variables begin with."""

_OWN_VARIABLES = frozenset({"PROMPTDOCK_DEBUG", "PROMPTDOCK_SERVE_GRACE"})
_HIDDEN = "(hidden)"
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting that somebody made.

    Attributes:
        name: The setting, e.g. ``providers.openai.base_url``.
        source: The variable or the file that it comes from.
        value: What it says, or ``(hidden)``.
        overridden: Whether something else wins over it.
    """

    name: str
    source: str
    value: str
    overridden: bool = False

    def as_json(self) -> JsonObject:
        """The origin as ``doctor --json`` prints it."""
        return {"name": self.name, "source": self.source, "value": self.value, "overridden": self.overridden}


def read_file(path: Path | None) -> Mapping[str, Any]:
    """Read the settings file; empty when there is none, or when it cannot be read."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def read_origins(
    environment: Mapping[str, str], file: Path | None, models: Mapping[str, type[BaseModel]] | None = None
) -> list[Origin]:
    """Find every setting that is made somewhere.

    Args:
        environment: The process's variables.
        file: The settings file, or None.
        models: Settings models by plugin id; the settings of other plugins stay hidden.

    Returns:
        Those of the environment, which win, then those of the file; by name.
    """
    models = models or {}
    variables = sorted(_from_environment(environment, models), key=lambda origin: origin.name)
    variables += _vendor_keys(environment, {origin.name for origin in variables})
    taken = {origin.name for origin in variables}
    in_file = [
        Origin(name, str(file), _shown(name, value, models), overridden=name in taken)
        for name, value in sorted(_leaves(read_file(file)))
        if name.partition(".")[0] in Settings.model_fields
    ]
    return [*variables, *in_file]


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Variables with our prefix that no setting reads, most likely misspelt."""
    return sorted(
        name
        for name in environment
        if name.upper().startswith(PREFIX) and name.upper() not in _OWN_VARIABLES and not _is_known(_dotted(name))
    )


def _from_environment(environment: Mapping[str, str], models: Mapping[str, type[BaseModel]]) -> Iterator[Origin]:
    for variable, text in environment.items():
        if not variable.upper().startswith(PREFIX) or not _is_known(name := _dotted(variable)):
            continue
        members = list(_leaves(_decoded(text), name)) if text.lstrip().startswith("{") else []
        for leaf, value in members or [(name, text)]:
            yield Origin(leaf, f"${variable}", _shown(leaf, value, models))


def _vendor_keys(environment: Mapping[str, str], taken: Collection[str]) -> Iterator[Origin]:
    """The vendors' own variables: the first that is set counts, unless our own setting says something else."""
    from ..providers.vendors import VENDORS

    for vendor in VENDORS:
        name = f"providers.{vendor.name}.api_key"
        found = [variable for variable in vendor.key_variables if environment.get(variable)]
        for number, variable in enumerate(found):
            yield Origin(name, f"${variable}", _HIDDEN, overridden=number > 0 or name in taken)


def _dotted(variable: str) -> str:
    return variable.upper().removeprefix(PREFIX).lower().replace("__", ".")


def _is_known(name: str) -> bool:
    head, _, rest = name.partition(".")
    if head not in Settings.model_fields:
        return False
    if head == "providers" and "." in rest:
        return rest.partition(".")[2] in ProviderSettings.model_fields
    return True


def _decoded(text: str) -> Any:
    try:
        return loads(text)
    except JsonError:
        return text


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else str(key))
    elif name:
        yield name, value


def _shown(name: str, value: Any, models: Mapping[str, type[BaseModel]]) -> str:
    """What may be shown of a value: nothing of keys, or of what no model says anything about."""
    head, _, rest = name.partition(".")
    owner, _, path = rest.partition(".")
    if head == "plugins":
        shown = owner in models and is_open(models[owner], path.split("."))
    elif head == "providers":
        shown = is_open(ProviderSettings, path.split("."))
    else:
        shown = is_open(Settings, [head])
    if not shown:
        return _HIDDEN
    return one_line(shorten(_USERINFO.sub(f"{_HIDDEN}@", str(value)), _LONGEST))
