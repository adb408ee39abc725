"""Seeing what code does besides computing: connections, files, programs, environment variables.

An observation, not a sandbox. What is seen is what Python's audit events tell (PEP 578), in the context of the watched
code and of all that inherits it: tasks, ``asyncio.to_thread``, the host's worker threads. What escapes:

- native code that does system calls of its own (most database drivers, HTTP clients written in Rust), ``ctypes``;
- traffic on a connection that was opened before; the host's own HTTP client tells of each request, though;
- threads started by ``threading`` or a ``ThreadPoolExecutor``, which inherit no context: :func:`carried_into_threads`
  catches these in a process of one's own, :func:`watching_stray_threads` in any, without telling whose they are;
  threads of native code stay unseen;
- what a child process does; that it was started is seen, except by ``multiprocessing`` with the start methods ``spawn``
  and ``forkserver``, which tell nobody on Python 3.11;
- reading environment variables, which has no audit event: :func:`environment_reads_told` adds one, in a process of
  one's own; ``os.stat``, ``os.readlink``, ``os.path.exists`` and ``os.getcwd``, which have none either.

An audit hook cannot be removed: the first :func:`watching` of a process installs one for good. Where nothing watches,
it looks at one context variable and returns.
"""

from __future__ import annotations

from .environment import environment_reads_told
from .observed import Observed
from .threads import carried_into_threads
from .watch import host_doing, watching, watching_stray_threads

__all__ = [
    "Observed",
    "carried_into_threads",
    "environment_reads_told",
    "host_doing",
    "watching",
    "watching_stray_threads",
]
