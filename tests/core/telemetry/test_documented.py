"""The page for whoever watches a server knows what there is to be seen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from promptdock.telemetry.metrics import Metrics

PAGE = Path(__file__).parents[3] / "docs" / "observability.md"


def test_every_metric_is_documented_with_its_labels() -> None:
    """In its table; and no other is."""
    documented: dict[str, set[str]] = {}
    for names, labels in re.findall(r"^\| (`promptdock_.*?) \|(.*?)\|", PAGE.read_text(), re.MULTILINE):
        shared = labels.split(";")
        for place, name in enumerate(re.findall(r"`promptdock_(\w+)`", names)):
            of_this = shared[place] if len(shared) > 1 else labels
            documented[name.removesuffix("_total")] = set(re.findall(r"`(\w+)`", of_this))

    made: list[Any] = list(Metrics().registry._registry._collector_to_names)
    families = {
        metric._name.removeprefix("promptdock_"): set(metric._labelnames)
        for metric in made
        if hasattr(metric, "_labelnames")
    }

    assert families == documented
