"""Handlers for programs that use promptdock as a library: one call to prompt a provider, one to pass bytes through."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from .provider_names import find_provider
from .turn.fold import TurnResult, fold_turn

if TYPE_CHECKING:
    from .providers.base import Provider
    from .providers.relay import RelayReply, RelayRequest
    from .service import PromptService
    from .turn.events import Event
    from .turn.request import PromptRequest

__all__ = ["ChatHandler", "Handlers", "PassthroughHandler"]


class ChatHandler(Protocol):
    """Prompts one provider, with the tools of the loaded plugins."""

    async def __call__(self, request: PromptRequest) -> TurnResult:
        """Answer a prompt and give the whole result.

        Args:
            request: The prompt. Its model is one of this provider, with or without the provider's name before it; None
                means the provider's default model.

        Returns:
            The result; a failed turn has a ``failure`` instead of a ``completion``.

        Raises:
            PromptdockError: The request cannot be answered; nothing was done.
        """
        ...

    def stream(self, request: PromptRequest) -> AsyncGenerator[Event, None]:
        """Answer a prompt, told as events; see :meth:`promptdock.PromptService.run`.

        Args:
            request: As above; whether the provider is asked to stream is the request's to say.
        """
        ...


class PassthroughHandler(Protocol):
    """Passes requests through to one provider: bytes in, bytes out."""

    def __call__(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Send a request as it is and give what comes back; see :meth:`promptdock.Provider.relay`.

        Args:
            request: The request.

        Returns:
            A context whose value is the reply, whatever its status. Its body can be read once, inside the context.
            Entering raises ``openai.OpenAIError`` when there is no reply, and BadRequest when the provider cannot be
            asked, e.g. for lack of a key.
        """
        ...


class Handlers:
    """Gives handlers by the names of providers.

    Nothing is kept: each call of a handler asks the service anew, so that a handler of the default provider follows it
    when it changes. What the calls cost is not charged anywhere; that takes a store.

    Args:
        service: An open prompt service, whose event loop the handlers are called on.
    """

    def __init__(self, service: PromptService) -> None:
        self._service = service

    @property
    def default_name(self) -> str | None:
        """Name of the default provider; None when there is none."""
        return self._service.router.default

    def names(self) -> tuple[str, ...]:
        """Names of the registered providers, in load order."""
        return tuple(self._service.catalog.providers)

    def chat(self, name: str | None = None) -> ChatHandler:
        """Give the handler that prompts a provider.

        Args:
            name: The provider; case, hyphens and underscores do not count. None and a blank one mean the default
                provider, whichever that is at the time of a call.

        Raises:
            NotFound: There is no such provider; the text lists those that there are.
        """
        handler = _Chat(self._service, name)
        handler.provider()
        return handler

    def passthrough(self, name: str | None = None) -> PassthroughHandler:
        """Give the handler that passes requests through to a provider.

        Args:
            name: As of :meth:`chat`.

        Raises:
            NotFound: As of :meth:`chat`.
        """
        handler = _Passthrough(self._service, name)
        handler.provider()
        return handler


class _Handler:
    """What a handler knows: a name."""

    def __init__(self, service: PromptService, name: str | None) -> None:
        self._service = service
        self._name = name

    def provider(self) -> Provider:
        """The provider that the name means now."""
        return find_provider(self._name, self._service.catalog.providers, default=self._service.router.default)


class _Chat(_Handler):
    async def __call__(self, request: PromptRequest) -> TurnResult:
        async with aclosing(self.stream(request)) as events:
            return await fold_turn(events)

    def stream(self, request: PromptRequest) -> AsyncGenerator[Event, None]:
        asked = request.model if request.model is not None else request.defaults.model
        own = f"{self.provider().name}/"
        return self._service.run(replace(request, model=own + (asked or "").removeprefix(own)))


class _Passthrough(_Handler):
    def __call__(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        return self.provider().relay(request)
