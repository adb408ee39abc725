"""promptdock with OpenTelemetry's traces, sent to a collector."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.requests import Ask
from benchmarks.stage import Stage

from .promptdock import Promptdock
from .subject import Subject, Target

__all__ = ["Traced"]


class Traced(Subject):
    """promptdock whose spans go to the upstream, which is a collector as well.

    Args:
        dock: What is asked of it.
        share: Of all requests, how many are traced.
    """

    def __init__(self, dock: Promptdock, share: float) -> None:
        self.name = f"{dock.name}, {share:.0%} traced"
        self._dock, self._share = dock, share

    def start(self, stage: Stage, upstream: int, ask: Ask) -> Target:
        """With the variables that OpenTelemetry has for it."""
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{upstream}",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": f"{self._share:g}",
        }
        return replace(self._dock, settings={**self._dock.settings, **variables}).start(stage, upstream, ask)
