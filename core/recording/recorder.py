"""The recorder: stands around the providers of a service and keeps what they are asked and what they answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ..jsontext import JsonError, JsonObject, dumps, loads
from ..providers.base import Capabilities, CompletionCall, ModelInfo, Provider
from .cassette import Cassette, RecordedCall
from .failures import failure_as_json
from .normal import without_dates
from .removal import SecretRemover
from .secret_forms import secrets_of_host

if TYPE_CHECKING:
    from ..plugins.loader import LoadedPlugins
    from ..providers.relay import RelayReply, RelayRequest
    from ..settings import Settings

__all__ = ["Recorder", "RecordingProvider", "SecretLeft"]


class SecretLeft(ConfigurationError):
    """A secret would stand in the cassette, so it is not written."""

    code = "secret_in_cassette"


@dataclass(slots=True)
class _Entry:
    """One call that goes on, or is over.

    Attributes:
        provider: The provider's name.
        model: The model that was asked.
        request: What was asked.
        answer: The completion, or the chunks so far.
        failure: What was raised.
        complete: Whether it came to its end: calls that were given up are not recorded.
    """

    provider: str
    model: str
    request: JsonObject
    answer: JsonObject | list[JsonObject] | None = None
    failure: JsonObject | None = None
    complete: bool = False


class Recorder:
    """Records the upstream calls of one service.

    >>> recorder = Recorder(settings)
    ... async with open_service(settings, adapt=recorder.adapt) as service:
    ...     await service.prompt("What is the weather in Paris?")
    ... text = recorder.cassette().text()

    Args:
        settings: The service's settings.
        hide: Names of further members to hide, whatever they hold; see
            :class:`~promptdock.recording.removal.SecretRemover`.
        keep: Names of members that look like a secret's and hold none.
    """

    def __init__(self, settings: Settings, *, hide: Collection[str] = (), keep: Collection[str] = ()) -> None:
        self._settings = settings
        self._hide, self._keep = hide, keep
        self._secrets: set[str] = set()
        self._entries: list[_Entry] = []

    def adapt(self, loaded: LoadedPlugins) -> LoadedPlugins:
        """Put the recorder around all providers; for ``open_service(adapt=…)``."""
        self._secrets |= secrets_of_host(self._settings, loaded.catalog)
        providers = {
            name: replace(registered, provider=RecordingProvider(registered.provider, self._entries))
            for name, registered in loaded.catalog.providers.items()
        }
        return replace(loaded, catalog=replace(loaded.catalog, providers=MappingProxyType(providers)))

    def cassette(self, *, command: str = "", after: Cassette | None = None) -> Cassette:
        """What was recorded so far, without secrets.

        Args:
            command: The command line that recorded it.
            after: What was recorded earlier, to stand in front.

        Raises:
            SecretLeft: A secret would still be in it.
        """
        remover = SecretRemover(self._secrets, hide=self._hide, keep=self._keep)
        calls = [_recorded(entry, remover) for entry in self._entries if entry.complete]
        before = after or Cassette(calls=())
        commands = (*before.commands, *([remover.text(command)] if command else []))
        cassette = Cassette(calls=(*before.calls, *calls), commands=commands)
        if remover.left_in(cassette.text()):
            raise SecretLeft(
                "The cassette would hold a secret of the settings or of the environment.",
                hint="One of them is a word of the cassette's own form, or stands in the file that is appended to: "
                "change that secret, or start a new file.",
            )
        return cassette


class RecordingProvider(Provider):
    """Asks another provider, and keeps what was said.

    Args:
        provider: Whom to ask.
        entries: Where it is kept.
    """

    def __init__(self, provider: Provider, entries: list[_Entry]) -> None:
        self._provider = provider
        self._entries = entries
        self.name = provider.name
        self.default_model = provider.default_model
        self.default_temperature = provider.default_temperature
        self.default_max_completion_tokens = provider.default_max_completion_tokens
        self.known_models = provider.known_models
        self.base_url = provider.base_url
        self.key_hint = provider.key_hint
        self.configured = provider.configured

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Answer a call in one piece; see :meth:`Provider.complete`."""
        entry = self._begin(call)
        try:
            completion = await self._provider.complete(call)
        except Exception as error:
            entry.failure, entry.complete = failure_as_json(error), True
            raise
        entry.answer, entry.complete = _copied(completion, self.name), True
        return completion

    async def stream(self, call: CompletionCall) -> AsyncGenerator[JsonObject, None]:
        """Answer a call piece by piece; see :meth:`Provider.stream`."""
        entry = self._begin(call)
        entry.answer = pieces = []
        chunks: AsyncIterator[JsonObject] = self._provider.stream(call)
        try:
            async for chunk in chunks:
                pieces.append(_copied(chunk, self.name))
                yield chunk
            entry.complete = True
        except Exception as error:
            entry.failure, entry.complete = failure_as_json(error), True
            raise
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()

    def relay(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Pass a request through; what is passed through is not recorded."""
        return self._provider.relay(request)

    async def models(self) -> Sequence[ModelInfo]:
        """The models on offer."""
        return await self._provider.models()

    def capabilities(self, model: str) -> Capabilities:
        """What a model can do."""
        return self._provider.capabilities(model)

    async def aclose(self) -> None:
        """Close the provider."""
        await self._provider.aclose()

    def _begin(self, call: CompletionCall) -> _Entry:
        parts: dict[str, Any] = {
            "messages": call.messages,
            "tools": call.tools or None,
            "tool_choice": call.tool_choice,
            "temperature": call.temperature,
            "max_completion_tokens": call.max_completion_tokens,
            "options": dict(call.options) or None,
        }
        request = _copied({name: part for name, part in parts.items() if part is not None}, self.name)
        entry = _Entry(self.name, call.model, request)
        self._entries.append(entry)
        return entry


def _copied(value: Any, provider: str) -> JsonObject:
    """A copy, so that nobody changes what is kept."""
    try:
        copy: JsonObject = loads(dumps(value))
    except JsonError as error:
        raise ConfigurationError(f"What provider {provider} is asked or answers cannot be recorded: {error}.") from None
    return copy


def _recorded(entry: _Entry, remover: SecretRemover) -> RecordedCall:
    answer = entry.answer
    return RecordedCall(
        provider=entry.provider,
        model=entry.model,
        # part by part: a secret that is the name of one shall stop the writing, not spoil the file
        request={name: remover.clean(part) for name, part in without_dates(entry.request).items()},
        completion=remover.clean(answer) if isinstance(answer, dict) else None,
        chunks=tuple(remover.stream(answer)) if isinstance(answer, list) else None,
        failure=remover.clean(entry.failure),
    )
