"""What a tool does to the world besides computing: the words in which tools declare it."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Effect"]


class Effect(StrEnum):
    """One kind of effect; ``@tool(effects=["network"])`` declares it, and ``promptdock plugin check`` compares."""

    NETWORK = "network"
    """Opens connections, sends datagrams, looks names up."""

    FILES = "files"
    """Reads, writes, lists or removes files that are not its own code."""

    SUBPROCESS = "subprocess"
    """Starts programs, or sends signals to processes."""

    ENVIRONMENT = "environment"
    """Reads or changes environment variables."""
