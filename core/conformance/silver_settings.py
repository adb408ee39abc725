"""Silver: the settings model refuses what it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from ..plugins.plugin_settings import fill_settings
from ..plugins.quarantine import Quarantine
from .canaries import inner_models
from .check import Check, Finding, Grade, NotApplicable
from .subject import Subject

__all__ = ["CHECKS"]

_MISSPELT = "promptdock_misspelt_key"
_REMEDY = 'Give the model model_config = ConfigDict(extra="forbid"), and each model inside it.'


async def _unknown_keys(subject: Subject) -> Sequence[Finding]:
    model = subject.settings_model
    if model is None:
        raise NotApplicable("it has no settings")
    return list(_findings(subject, model))


def _findings(subject: Subject, model: type[BaseModel]) -> Iterator[Finding]:
    given = subject.settings.plugins.get(subject.name, {})
    try:
        fill_settings(subject.name, model, {**given, _MISSPELT: "x"})
    except Quarantine:
        pass
    else:
        yield Finding(
            text=f"{model.__name__} takes a key that it does not know, so a misspelt setting is lost without a word.",
            remedy=_REMEDY,
        )
    for place, inner in inner_models(model):
        if inner.model_config.get("extra") != "forbid":
            yield Finding(
                subject=place,
                text=f"{inner.__name__}, which {model.__name__} holds in {place}, takes keys that it does not know.",
                remedy=_REMEDY,
            )


CHECKS: tuple[Check, ...] = (
    Check(
        id="settings-closed",
        grade=Grade.SILVER,
        title="The settings model rejects unknown keys",
        remedy=_REMEDY,
        run=_unknown_keys,
    ),
)
