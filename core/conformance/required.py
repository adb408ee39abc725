"""Secrets that a plugin's settings demand and the operator did not set: made up, so that it can be checked at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ..hook_table import read_hooks
from ..plugins.catalog import PluginRecord, PluginState
from ..plugins.discovery import Candidate
from ..plugins.inspection import inspect_plugin, new_manager
from ..plugins.plugin_settings import fill_settings
from ..plugins.quarantine import Quarantine
from ..settings import Settings
from .canaries import Canary, planted, secret_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["completed", "lacks_settings", "with_required_secrets"]

_FILLER = "1"
"""Text, number, time and switch at once, for what has to stand beside a secret."""
_ROUNDS = 10


def lacks_settings(record: PluginRecord) -> bool:
    """Whether a plugin was not loaded for want of settings."""
    return record.state is PluginState.QUARANTINED and ": Field required" in (record.reason or "")


def with_required_secrets(settings: Settings, candidate: Candidate) -> tuple[Settings, Sequence[str]]:
    """Make up the secrets without which a plugin's settings are not valid. This imports the plugin.

    Args:
        settings: The host's settings.
        candidate: The plugin.

    Returns:
        The settings, and the names of what was made up. Other fields that are missing stay so.
    """
    model = _model(candidate)
    if model is None:
        return settings, ()
    given = settings.plugins.get(candidate.name, {})
    missing = set(_missing(candidate.name, model, given))
    wanted = {path: str(Canary.of(".".join(path))) for path in secret_fields(model) if path[0] in missing}
    own = dict(given)
    for path, canary in wanted.items():
        trial = completed(model, planted(own, {path: canary}), {path: canary})
        if path[0] not in {fault[0] for fault in _faults(candidate.name, model, trial)}:
            own = trial
    made_up = tuple(f"plugins.{candidate.name}.{name}" for name in sorted(own.keys() - given.keys()))
    if not made_up:
        return settings, ()
    return settings.model_copy(update={"plugins": {**settings.plugins, candidate.name: own}}), made_up


def completed(
    model: type[BaseModel], values: Mapping[str, Any], fields: Mapping[tuple[str, ...], object]
) -> dict[str, Any]:
    """Add to made-up objects what has to stand beside a secret.

    Args:
        model: The settings model.
        values: Settings, as :func:`planted` gives them.
        fields: What was planted.

    Returns:
        The settings, in which objects on the ways to these fields are filled as far as that is easy.
    """
    firsts = {path[0] for path in fields if len(path) > 1}
    filled = dict(values)
    for _ in range(_ROUNDS):
        try:
            model.model_validate(filled)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=False, include_input=False)
            gaps = [item["loc"] for item in errors if item["type"] == "missing" and item["loc"][0] in firsts]
            changed = [_fill(filled, gap) for gap in gaps if len(gap) > 1]
        except Exception:  # noqa: BLE001  (a validator of the plugin's; the loader will tell)
            return filled
        else:
            return filled
        if not any(changed):
            return filled
    return filled


def _fill(values: dict[str, Any], place: Sequence[int | str]) -> bool:
    """Fill what is missing at a place, in copies; names of the members of a union, which are no steps, are left out."""
    here: Any = values
    for step in place[:-1]:
        inner = here[step] if (isinstance(here, list) and isinstance(step, int)) else None
        inner = here.get(step) if isinstance(here, dict) else inner
        if isinstance(inner, (dict, list)):
            here[step] = inner = inner.copy()
            here = inner
    if not isinstance(here, dict) or place[-1] in here:
        return False
    here[place[-1]] = _FILLER
    return True


def _model(candidate: Candidate) -> type[BaseModel] | None:
    """The settings model, if the plugin gets so far as to name it; if not, the loader will say why."""
    try:
        table = read_hooks()
        plugin = candidate.load()
        calls = inspect_plugin(new_manager(table), candidate.name, plugin, candidate.version, table)
        models = [
            call.answer(call.function(**call.arguments({}))) for call in calls if call.serves == "register_settings"
        ]
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  (whatever it raises)
        return None
    model = models[0] if models else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _missing(name: str, model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    yield from (first for first, kind in _faults(name, model, values) if kind == "missing")


def _faults(name: str, model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that are not valid, as the host reads them: by the name that fills them, and what is wrong."""
    try:
        fill_settings(name, model, values)
        return
    except Quarantine:
        pass
    except Exception:  # noqa: BLE001  (a validator of the plugin's; the loader will tell)
        return
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            if item["loc"]:
                yield str(item["loc"][0]), "missing" if len(item["loc"]) == 1 and item["type"] == "missing" else "other"
