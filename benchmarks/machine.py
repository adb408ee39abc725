"""What machine a run was made on: facts that matter for figures, and none that names it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from importlib import metadata
from typing import Any, Final

import psutil

from .peers import NODE_PEERS, PYTHON_PEERS, peer_folder

__all__ = ["machine_facts"]

_PACKAGES: Final = (
    "promptdock",
    "litestar",
    "uvicorn",
    "aiohttp",
    "openai",
    "msgspec",
    "sqlalchemy",
    "aiosqlite",
    "asyncpg",
)
_OPTIONAL: Final = ("uvloop", "httptools")
_SECONDS: Final = 30.0


def machine_facts() -> dict[str, Any]:
    """Cores, memory, system, and the versions of all that is measured."""
    load = psutil.getloadavg()[0]
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_at_start": round(load, 1),
        "packages": _versions(),
        "peers": _peers(),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as facts:  # noqa: PTH123  (a file of the system)
            names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in (*_PACKAGES, *_OPTIONAL):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _peers() -> dict[str, str]:
    found: dict[str, str] = {}
    for peer in PYTHON_PEERS:
        name = peer.packages[0].partition("[")[0]
        folders = sorted(peer_folder(peer.name).glob("lib/python*/site-packages"))
        distributions = metadata.distributions(name=name, path=[str(folder) for folder in folders])
        found.update((peer.name, one.version) for one in distributions)
    for folder, package in NODE_PEERS.items():
        manifest = peer_folder(folder) / "node_modules" / package / "package.json"
        if manifest.exists():
            found[folder] = str(_json(manifest.read_text(encoding="utf-8")).get("version", ""))
    return {**found, **_said("nginx", "-v"), **_said("node", "--version")}


def _json(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _said(program: str, option: str) -> dict[str, str]:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if path is None:
        return {}
    done = subprocess.run([path, option], capture_output=True, text=True, timeout=_SECONDS, check=False)
    return {program: (done.stdout or done.stderr).strip().rpartition("/")[2].removeprefix("v")}
