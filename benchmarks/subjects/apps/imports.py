"""A bare Litestar app with the imports that promptdock's server has, given as a list of modules."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn
from litestar import Litestar, get


@get("/readyz")
async def healthy() -> dict[str, str]:
    """Say that it answers."""
    return {"status": "ready"}


if __name__ == "__main__":
    for name in Path(sys.argv[1]).read_text(encoding="utf-8").split():
        with suppress(ImportError):  # some modules are made by others, under names that cannot be imported
            importlib.import_module(name)
    app = Litestar([healthy], openapi_config=None, logging_config=None)
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False, server_header=False)
