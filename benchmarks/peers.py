"""Installs the peers, each into an environment of its own: ``make bench-peers``.

What cannot be installed is told and left out; the works skip it by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["NODE_PEERS", "PYTHON_PEERS", "PythonPeer", "install_all", "peer_folder", "peer_program"]

_ROOT: Final = Path(__file__).parent / ".peers"
_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True)
class PythonPeer:
    """A virtual environment with some packages.

    Attributes:
        name: What the environment's folder is called.
        packages: What pip is asked for.
    """

    name: str
    packages: tuple[str, ...]


_HANDLER: Final = ("litestar", "uvicorn")
PYTHON_PEERS: Final = (
    PythonPeer("litellm", ("litellm[proxy]",)),
    PythonPeer("smg", ("smg",)),
    PythonPeer("pydantic-ai", ("pydantic-ai-slim[openai]", *_HANDLER)),
    PythonPeer("openai-agents", ("openai-agents", *_HANDLER)),
    PythonPeer("langchain", ("langchain", "langchain-openai", *_HANDLER)),
)
NODE_PEERS: Final = {"portkey": "@portkey-ai/gateway"}
"""npm packages by the name of their folder."""


def peer_folder(name: str) -> Path:
    """Where a peer lives."""
    return _ROOT / name


def peer_program(name: str, program: str) -> Path | None:
    """A program of a peer; None where it is not installed."""
    found = [folder / program for folder in (peer_folder(name) / "bin", peer_folder(name) / "node_modules" / ".bin")]
    return next((path for path in found if path.exists()), None)


def install_all(names: Sequence[str], say: Callable[[str], None]) -> list[str]:
    """Install the peers that are named, or all of them.

    Args:
        names: Their names; empty for all.
        say: Told of each one.

    Returns:
        The names of those that could not be installed.
    """
    failed = []
    steps: dict[str, Callable[[], None]] = {peer.name: _python_step(peer) for peer in PYTHON_PEERS}
    steps |= {name: _node_step(name, package) for name, package in NODE_PEERS.items()}
    for name in names or steps:
        say(f"{name}: installing")
        try:
            steps[name]()
        except (OSError, subprocess.SubprocessError, KeyError) as error:
            failed.append(name)
            say(f"{name}: not installed: {_reason(error)}")
        else:
            say(f"{name}: installed")
    if shutil.which("nginx") is None:
        say("nginx: not on PATH; install it with the system's packages, e.g. apt-get install nginx-light")
    return failed


def _python_step(peer: PythonPeer) -> Callable[[], None]:
    def step() -> None:
        folder = peer_folder(peer.name)
        _run("venv", "--allow-existing", "--python", sys.executable, str(folder))
        _run("pip", "install", "--python", str(folder / "bin" / "python"), "--compile-bytecode", *peer.packages)

    def _run(*arguments: str) -> None:
        _checked([sys.executable, "-m", "uv", "--quiet", *arguments])

    return step


def _node_step(name: str, package: str) -> Callable[[], None]:
    def step() -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("npm is not on PATH")
        folder = peer_folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        _checked([npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", package])

    return step


def _checked(command: Sequence[str]) -> None:
    quiet = {"env": {**os.environ, "VIRTUAL_ENV": ""}, "capture_output": True, "text": True}
    subprocess.run(command, check=True, timeout=_SECONDS, **quiet)  # type: ignore[call-overload]


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = str(error.stderr or error.stdout).strip().splitlines()
        return lines[-1] if lines else f"exit code {error.returncode}"
    return str(error)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(1 if install_all(sys.argv[1:], _say) else 0)
