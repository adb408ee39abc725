"""Reads of environment variables, which have no audit event of their own, made heard; for a process of one's own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Environ = os._Environ[Any]  # noqa: SLF001
else:
    _Environ = os._Environ  # noqa: SLF001

__all__ = ["environment_reads_told"]


class _Told(_Environ):
    """``os.environ`` that tells the name of each variable that is read; ``in`` and ``get`` read through here, too."""

    def __getitem__(self, key: Any) -> Any:
        sys.audit("promptdock.environ.get", key)
        return super().__getitem__(key)


@contextlib.contextmanager
def environment_reads_told() -> Iterator[None]:
    """Let ``os.environ``, ``os.environb`` and ``os.getenv`` tell of reads while this is open.

    The mappings stay the same objects, so that code which has imported them is heard, too; only their class is another
    one for a while. That is a change to the whole process: use it in one that does nothing else.

    What the standard library reads for needs of its own, such as ``TMPDIR``, does not count as an effect. Programs in C
    that read the environment are not heard.
    """
    mappings = [os.environ, *([os.environb] if os.supports_bytes_environ else [])]
    before = [type(mapping) for mapping in mappings]
    for mapping in mappings:
        mapping.__class__ = _Told
    try:
        yield
    finally:
        for mapping, kind in zip(mappings, before, strict=True):
            mapping.__class__ = kind
