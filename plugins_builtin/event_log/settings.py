"""The settings of the event log."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["EventLogSettings"]


class EventLogSettings(BaseModel):
    """How much is logged, and how loud."""

    model_config = ConfigDict(frozen=True)

    level: Literal["debug", "info", "warning", "error"] = Field("debug", description="Level of the lines")
    include_content: bool = Field(
        default=False,
        description="Whether to log prompts, arguments, results, answers and people's names, which may be personal",
    )

    @field_validator("level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @cached_property
    def level_number(self) -> int:
        """The level as ``logging`` counts it."""
        return logging.getLevelNamesMapping()[self.level.upper()]
