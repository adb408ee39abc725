"""Taking secrets out of what is recorded: by what they are called, by their value, and by how they look."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ..jsontext import JsonError, JsonObject, dumps_text, loads, well_formed
from ..providers.chunks import completion_as_chunks
from ..redaction import HIDDEN, is_secret_name, redact_text
from .secret_forms import forms_of
from .spelling import folded, spelled, spelled_anywhere

__all__ = ["SecretRemover"]

_ANYWHERE: Final = 6
"""Letters of a secret that is hidden wherever it stands; a shorter one is hidden where it is a word of its own."""
_SHORTEST: Final = 4
_NAMES_MEAN_NOTHING: Final = frozenset({"parameters", "schema", "logprobs"})
"""Members inside of which ``token`` or ``password`` is no secret: schemas describe one, and models write in tokens."""


class SecretRemover:
    """Removes secrets from JSON values.

    Args:
        secrets: The values to hide, in every form; those of less than four characters are left alone, as they would
            be found in any text.
        hide: Names of further members to hide wherever they stand, whatever they hold; in any case.
        keep: Names of members that are called like secrets and hold none, e.g. ``token`` of a tool about currencies.
            Their values are still hidden when they are, or look like, a secret.
    """

    def __init__(self, secrets: Iterable[str], *, hide: Collection[str] = (), keep: Collection[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in forms_of(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(_pattern, longest_first))) if forms else None
        self._hide = frozenset(name.lower() for name in hide)
        self._keep = frozenset(name.lower() for name in keep)

    def clean(self, value: Any) -> Any:
        """A copy of a JSON value without secrets.

        Members that are called like secrets (``api_key``, ``Authorization``, ``token``…) are hidden whole; so are the
        same inside of texts that are JSON themselves, as arguments and results of tools are. The tokens of an answer
        that was changed (``logprobs``) are left out, since together they spell what was hidden.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            cleaned = {self._plain(name): self._member(name, member) for name, member in value.items()}
            return {**cleaned, "logprobs": None} if self._tells_tokens(value, cleaned) else cleaned
        if isinstance(value, (list, tuple)):
            return [self.clean(member) for member in value]
        return self._number(value)

    def stream(self, chunks: Iterable[JsonObject]) -> list[JsonObject]:
        """The same for the chunks of a stream, whose pieces may cut a secret in two."""
        given = list(chunks)
        before = folded(given)
        whole = self.clean(before)
        pairs = zip(before["choices"], whole["choices"], strict=True)
        told = {one["index"] for one, other in pairs if one["logprobs"] is not None and other["logprobs"] is None}
        cleaned = [_without_tokens(self._chunk(chunk), told) for chunk in given]
        return cleaned if folded(cleaned) == whole else list(completion_as_chunks(whole))

    def text(self, text: str) -> str:
        """A text without secrets."""
        text = well_formed(text)
        if text.lstrip()[:1] in {"{", "["}:
            text = self._json(text)
        return redact_text(self._plain(text))

    def left_in(self, text: str) -> bool:
        """Whether any of the secrets, in any form, is still in a text; in JSON also, whether tokens spell it."""
        if self._known is None:
            return False
        try:
            value = loads(text)
        except JsonError:
            value = None
        return any(self._known.search(one) is not None for one in (text, *spelled_anywhere(value)))

    def _chunk(self, chunk: JsonObject) -> JsonObject:
        cleaned: JsonObject = self.clean(chunk)
        return cleaned

    def _tells_tokens(self, value: Mapping[str, Any], cleaned: Mapping[str, Any]) -> bool:
        """Whether the tokens of a choice tell what was, or has to be, hidden."""
        tokens = value.get("logprobs")
        if not isinstance(tokens, Mapping):
            return False
        rest, left = ({name: member for name, member in one.items() if name != "logprobs"} for one in (value, cleaned))
        return rest != left or any(self.text(text) != text for text in spelled(tokens))

    def _member(self, name: str, member: Any) -> Any:
        if name in _NAMES_MEAN_NOTHING:
            return self._by_value(member)
        lower = name.lower()
        secret = lower in self._hide or (is_secret_name(name) and lower not in self._keep)
        return HIDDEN if secret and member is not None else self.clean(member)

    def _by_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self._plain(name): self._by_value(member) for name, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._by_value(member) for member in value]
        return self.clean(value)

    def _plain(self, text: str) -> str:
        return text if self._known is None else self._known.sub(HIDDEN, text)

    def _json(self, text: str) -> str:
        try:
            value = loads(text)
        except JsonError:
            return text
        cleaned = self.clean(value)
        return text if cleaned == value else dumps_text(cleaned)

    def _number(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        return value if self._plain(repr(value)) == repr(value) else HIDDEN


def _pattern(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _ANYWHERE else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"


def _without_tokens(chunk: JsonObject, told: Collection[int]) -> JsonObject:
    """A chunk whose choices of these indices tell no tokens."""
    choices = chunk.get("choices")
    if not told or not isinstance(choices, list):
        return chunk
    kept = [{**one, "logprobs": None} if one.get("index", 0) in told and "logprobs" in one else one for one in choices]
    return {**chunk, "choices": kept}
