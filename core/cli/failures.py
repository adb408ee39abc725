"""How the command fails: one line on stderr, with the next thing to type, and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

import click

from ..errors import PromptdockError
from ..hook_versions import PromptdockDeprecationWarning
from ..plaintext import one_line

__all__ = ["DEFECT", "FAILED", "INTERRUPTED", "CommandFailed", "next_step", "report"]

FAILED: Final = 1
MISUSED: Final = 2
DEFECT: Final = 70
INTERRUPTED: Final = 130

_ERROR: Final = "Error:"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_NUMBER: Final = re.compile(r"(?P<value>.*) is not (?:a valid|in the range) .*", re.DOTALL)

_NEXT_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "model_not_found": "Run 'promptdock providers list' to see whom you can ask.",
        "provider_not_found": "Run 'promptdock plugins list' to see what is loaded.",
        "provider_not_configured": "Run 'promptdock providers list' to see who has a key.",
    }
)


def next_step(code: str) -> str:
    """The next thing to type after an error of ours that names none itself."""
    return _NEXT_STEPS.get(code, "Run 'promptdock doctor' to check the setup.")


class CommandFailed(Exception):
    """A command did not do what it was asked for, and says so itself.

    Args:
        message: What and why, in one line; empty when it has been shown already.
        hint: The next thing to do.
    """

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def report(error: BaseException, *, debug: bool) -> int:
    """Show on stderr what went wrong.

    Args:
        error: What the command raised.
        debug: Whether to show the traceback, too.

    Returns:
        The exit code.
    """
    if isinstance(error, SystemExit):
        return _code_of(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _stop_writing()
        return FAILED
    if isinstance(error, OSError) and error.errno in _FULL:
        _stop_writing()
        _write(_joined(f"Cannot write: {os.strerror(error.errno)}", "Make room, or write somewhere else."))
        return FAILED
    if debug and not isinstance(error, click.ClickException):
        _write("".join(traceback.format_exception(error)).rstrip())
    line, code = _line(error)
    if line:
        _write(line)
    return code


def _line(error: BaseException) -> tuple[str, int]:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message(), MISUSED
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "promptdock"
        return _joined(_usage_message(error), f"Run '{path} --help' for help."), MISUSED
    if isinstance(error, click.ClickException):
        return _joined(error.format_message(), ""), FAILED
    if isinstance(error, CommandFailed):
        return _joined(error.message, error.hint), FAILED
    if isinstance(error, PromptdockError):
        return _joined(error.message, error.hint or next_step(error.code)), FAILED
    if isinstance(error, PromptdockDeprecationWarning):
        return _joined("Warnings are errors here, see -W and PYTHONWARNINGS", str(error)), FAILED
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _joined(f"This is a defect: {what}", "Run it again with --debug for the traceback."), DEFECT


def _usage_message(error: click.UsageError) -> str:
    """What click says, save where it speaks of types instead of numbers."""
    if not isinstance(error, click.BadParameter) or error.param is None:
        return error.format_message()
    kind: object = error.param.type
    if isinstance(kind, (click.types.IntParamType, click.types.FloatParamType)) and (
        found := _NO_NUMBER.fullmatch(error.message)
    ):
        words = f"{found['value']} is not {_number_phrase(kind)}"
        return click.BadParameter(words, ctx=error.ctx, param=error.param).format_message()
    return error.format_message()


def _number_phrase(kind: object) -> str:
    what = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is not None and most is not None:
        return f"{what} from {least} to {most}"
    return what if least is None else f"{what} from {least} on"


def _joined(message: str, hint: str) -> str:
    if not message:
        return ""
    sentence = one_line(message)
    end = "" if sentence.endswith((".", "?", "!")) else "."
    return one_line(f"{_ERROR} {sentence}{end} {hint}")


def _code_of(error: SystemExit) -> int:
    if isinstance(error.code, int) or error.code is None:
        return error.code or 0
    _write(one_line(str(error.code)))
    return FAILED


def _write(text: str) -> None:
    if text.startswith(_ERROR) and _coloured():
        text = click.style(_ERROR, fg="red", bold=True) + text.removeprefix(_ERROR)
    with suppress(OSError):
        click.echo(text, err=True)


def _coloured() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _stop_writing() -> None:
    """Nobody reads on; without this the interpreter would complain when it flushes stdout at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
