"""A cassette: recorded calls of providers, as a JSON file that people can read and review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import ConfigurationError
from ..jsontext import JsonError, JsonObject, loads

__all__ = ["FORMAT", "VERSION", "Cassette", "RecordedCall", "pretty"]

FORMAT: Final = "promptdock cassette"
VERSION: Final = 1

_LINE: Final = 100
"""What fits into so many characters stands on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One upstream call and what came back.

    Attributes:
        provider: Name of the provider.
        model: The model that was asked.
        request: ``messages``, ``tools`` and the other parts of the call.
        completion: The answer to a call that did not stream.
        chunks: The pieces of a stream, up to its end or its failure.
        failure: What was raised; see :func:`promptdock.recording.failures.failure_as_json`.
    """

    provider: str
    model: str
    request: JsonObject
    completion: JsonObject | None = None
    chunks: tuple[JsonObject, ...] | None = None
    failure: JsonObject | None = None

    def as_json(self) -> JsonObject:
        """The call as it stands in the file."""
        told: JsonObject = {"provider": self.provider, "model": self.model, "request": self.request}
        if self.completion is not None:
            told["completion"] = self.completion
        if self.chunks is not None:
            told["chunks"] = list(self.chunks)
        if self.failure is not None:
            told["failure"] = self.failure
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Cassette:
    """Recorded calls, in the order in which they were made.

    Attributes:
        calls: The calls.
        commands: The command lines that recorded them, to be typed again; none when a program did.
    """

    calls: tuple[RecordedCall, ...]
    commands: tuple[str, ...] = ()

    def text(self) -> str:
        """The file's text."""
        head: JsonObject = {"format": FORMAT, "version": VERSION}
        if self.commands:
            head["recorded_by"] = list(self.commands)
        return pretty({**head, "calls": [call.as_json() for call in self.calls]}) + "\n"

    @classmethod
    def read(cls, path: Path) -> Cassette:
        """Read a file.

        Raises:
            ConfigurationError: There is none, or it is no cassette of a version that is known here.
        """
        try:
            data = loads(path.read_bytes())
        except FileNotFoundError:
            raise ConfigurationError(
                f"There is no cassette {path}.", hint=f"Record one with: promptdock record TEXT -o {path}"
            ) from None
        except OSError as error:
            raise ConfigurationError(f"The cassette {path} cannot be read: {error.strerror}.") from None
        except JsonError as error:
            raise _unusable(path, f"it is not JSON: {error}") from None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise _unusable(path, f"it does not say that its format is {FORMAT!r}")
        if data.get("version") != VERSION:
            raise _unusable(path, f"its version is {data.get('version')!r}, and this promptdock reads {VERSION}")
        calls, commands = data.get("calls"), data.get("recorded_by", [])
        if not isinstance(calls, list):
            raise _unusable(path, "'calls' is no list")
        if not isinstance(commands, list):
            raise _unusable(path, "'recorded_by' is no list")
        return cls(
            calls=tuple(_call(call, f"calls[{place}]", path) for place, call in enumerate(calls)),
            commands=tuple(str(command) for command in commands),
        )


def pretty(value: Any, indent: str = "", *, flat: bool = False) -> str:
    """JSON for people: what is short stands on one line, and so does each chunk; the rest has a line for each member.

    Args:
        value: A JSON value.
        indent: What stands before each of its lines.
        flat: Whether it stands on one line in any case.
    """
    line = json.dumps(value, ensure_ascii=False)
    if flat or len(indent) + len(line) <= _LINE or not isinstance(value, (dict, list)) or not value:
        return line
    inner = f"{indent}  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"{inner}{pretty(member, inner)}" for member in value) + f"\n{indent}]"
    members = (f"{inner}{json.dumps(name, ensure_ascii=False)}: {_member(name, value[name], inner)}" for name in value)
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def _member(name: str, member: Any, indent: str) -> str:
    if name != "chunks" or not isinstance(member, list) or not member:
        return pretty(member, indent)
    inner = f"{indent}  "
    return "[\n" + ",\n".join(f"{inner}{pretty(chunk, flat=True)}" for chunk in member) + f"\n{indent}]"


def _call(value: object, place: str, path: Path) -> RecordedCall:
    if not isinstance(value, dict):
        raise _unusable(path, f"{place} is no object")
    request = value.get("request")
    if not isinstance(request, dict) or not _are_objects(request.get("messages")):
        raise _unusable(path, f"{place}.request has no list of messages")
    if not _are_objects(request.get("tools", [])):
        raise _unusable(path, f"{place}.request.tools is no list of tools")
    completion, chunks, failure = (value.get(name) for name in ("completion", "chunks", "failure"))
    if chunks is not None and not _are_objects(chunks):
        raise _unusable(path, f"{place}.chunks is no list of objects")
    if any(answer is not None and not isinstance(answer, dict) for answer in (completion, failure)):
        raise _unusable(path, f"{place} has a completion or a failure that is no object")
    if completion is None and chunks is None and failure is None:
        raise _unusable(path, f"{place} has neither a completion, nor chunks, nor a failure")
    return RecordedCall(
        provider=str(value.get("provider", "")),
        model=str(value.get("model", "")),
        request=request,
        completion=completion,
        chunks=None if chunks is None else tuple(chunks),
        failure=failure,
    )


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _unusable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is no cassette that can be played: {why}.", hint="Record it again with: promptdock record"
    )
