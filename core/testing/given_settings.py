"""Settings that are given by a test, and by nothing else."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from ..errors import ConfigurationError
from ..settings import Settings

__all__ = ["given_settings"]


class _GivenSettings(Settings):
    """Reads neither the environment nor ``promptdock.toml``."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the signature is pydantic-settings')
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def given_settings(members: Mapping[str, Any]) -> Settings:
    """Make settings of what a test gives.

    Args:
        members: Values by their names in ``promptdock.toml``.

    Raises:
        ConfigurationError: A name is unknown, or a value not valid.
    """
    for name in members:
        if name not in Settings.model_fields:
            near = difflib.get_close_matches(name, Settings.model_fields, n=1)
            raise ConfigurationError(
                f"There is no setting {name!r}.", hint=f"Did you mean {near[0]!r}?" if near else "See docs/settings.md."
            )
    try:
        return _GivenSettings(**members)
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise ConfigurationError(f"The settings of this host are not valid: {places}.") from None
