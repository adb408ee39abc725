"""``python -m promptdock.conformance JOB``: the process of its own in which each plugin is checked."""

from __future__ import annotations

import sys

from .child import main

main(sys.argv[1:])
