"""The provider for every server that speaks the OpenAI protocol."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..errors import BadRequest, ConfigurationError, ServiceUnavailable
from ..jsontext import JsonObject
from .base import Capabilities, CompletionCall, ModelInfo, Provider, masked
from .quirks import Quirks, quirks_of
from .relay import RelayReply, RelayRequest
from .transports import Endpoint, Transport

if TYPE_CHECKING:
    from ..settings import ProviderSettings

__all__ = ["OpenAICompatibleProvider"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_MODELS_KEPT = 256
_LONGEST_KEPT = 200
_WITH_TOOLS, _WITHOUT_TOOLS = Capabilities(), Capabilities(tools=False)


class OpenAICompatibleProvider(Provider):
    """Completes chats at one OpenAI-compatible server.

    >>> OpenAICompatibleProvider(
    ...     name="acme", base_url="https://api.acme.example/v1", key_variables=["ACME_API_KEY"], default_model="acme-1"
    ... )
    OpenAICompatibleProvider(name='acme', base_url='https://api.acme.example/v1', configured=False)

    Nothing is opened before the first call. Timeouts, retries and the transport come from ``settings``.

    Args:
        name: The name before the slash in ``provider/model``: lower-case letters, digits, ``_`` and ``-``.
        base_url: Root of its API, with or without a slash at the end; the operator's own wins.
        api_key: The key that is sent; None sends none. The operator's own wins.
        key_variables: Environment variables that may hold the key, most usual first. Naming any says that the vendor
            wants a key: without one, calls fail with an error that says what to set.
        default_model: Asked when a prompt names no model; the operator's own wins.
        default_temperature: Sent when nobody says one; the operator's own wins.
        default_max_completion_tokens: Sent when nobody says one; the operator's own wins.
        settings: What the operator configured for this provider, as ``register_providers`` is told.
        quirks: Where all its models differ from the protocol; what the table says about single models still applies.
        headers: Further headers of every request.

    Raises:
        ConfigurationError: The name or the base URL cannot be used.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str | None = None,
        api_key: str | SecretStr | None = None,
        key_variables: Sequence[str] = (),
        default_model: str | None = None,
        default_temperature: float | None = None,
        default_max_completion_tokens: int | None = None,
        settings: ProviderSettings | None = None,
        quirks: Quirks | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if settings is None:
            from ..settings import ProviderSettings

            settings = ProviderSettings.model_validate({})
        self.name = _checked_name(name)
        self.default_model = _first(settings.default_model, default_model)
        self.default_temperature = _first(settings.default_temperature, default_temperature)
        self.default_max_completion_tokens = _first(
            settings.default_max_completion_tokens, default_max_completion_tokens
        )
        keys = (settings.api_key, api_key, *(os.environ.get(variable) for variable in key_variables))
        self._endpoint = Endpoint(
            base_url=_checked_url(name, _first(settings.base_url, base_url)),
            api_key=_first(*map(_secret, keys)),
            headers=dict(headers or {}),
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            max_retries=settings.max_retries,
        )
        self.base_url = _shown_url(self._endpoint.base_url)
        # a user in the URL is sent in the key's place
        sent = None if self._endpoint.has_user else self._endpoint.api_key
        self.key_hint = None if sent is None else masked(sent.get_secret_value())
        # a server that the operator put in the vendor's place, e.g. a gateway, may want no key
        needs_key = bool(key_variables) and settings.base_url is None
        self.configured = not needs_key or self._endpoint.api_key is not None
        self._key_variables = tuple(key_variables)
        self._quirks = quirks
        self._known_quirks: dict[str, Quirks] = {}
        self._can_be_sent = _can_be_sent(self._endpoint.api_key)
        self._transport = _transport(settings.transport, self._endpoint)
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, base_url={self.base_url!r}, configured={self.configured!r})"

    async def complete(self, call: CompletionCall) -> JsonObject:
        """Answer a call in one piece; see :meth:`Provider.complete`.

        Raises:
            openai.OpenAIError: Any failure of the upstream call.
            BadRequest: The provider has no key.
        """
        return await self._ready().complete(self._body(call, stream=False))

    def stream(self, call: CompletionCall) -> AsyncGenerator[JsonObject, None]:
        """Answer a call piece by piece; see :meth:`Provider.stream`. Usage is always asked for.

        What fails is raised to whoever iterates, never by the call itself: ``openai.OpenAIError`` for any failure of
        the upstream call, ``BadRequest`` when the provider has no key.
        """
        try:
            return self._ready().stream(self._body(call, stream=True))
        except Exception as error:  # noqa: BLE001  (whoever iterates hears it, as of any stream)
            return _failed(error)

    def relay(self, request: RelayRequest) -> AbstractAsyncContextManager[RelayReply]:
        """Send a caller's request as it is, with our key; see :meth:`Provider.relay`. Quirks are not applied.

        Redirects are replies, not followed, and nothing is tried again.

        Raises:
            openai.OpenAIError: There is no reply.
            BadRequest: The provider has no key.
        """
        return self._ready().relay(request)

    async def models(self) -> Sequence[ModelInfo]:
        """The models that the server lists.

        Raises:
            openai.OpenAIError: The list cannot be had.
            BadRequest: The provider has no key.
        """
        answer = await self._ready().models()
        listed = answer.get("data") if isinstance(answer, dict) else answer  # Together AI gives a bare list
        entries = listed if isinstance(listed, list) else ()
        return [_model(entry, self.name) for entry in entries if isinstance(entry, dict) and entry.get("id")]

    def capabilities(self, model: str) -> Capabilities:
        """What the quirk table knows about a model."""
        return _WITH_TOOLS if self._quirks_of(model).tools else _WITHOUT_TOOLS

    async def aclose(self) -> None:
        """Close the connections; calls from now on fail."""
        self._closed = True
        await self._transport.aclose()

    def _body(self, call: CompletionCall, *, stream: bool) -> JsonObject:
        return self._quirks_of(call.model).applied(call.shared_body(), stream=stream)

    def _quirks_of(self, model: str) -> Quirks:
        """What the table says, looked up once a model; callers name models as they like, so not all are kept."""
        known = self._known_quirks.get(model)
        if known is None:
            known = quirks_of(self.name, model, self._quirks)
            if len(model) > _LONGEST_KEPT:
                return known
            if len(self._known_quirks) >= _MODELS_KEPT:
                self._known_quirks.clear()
            self._known_quirks[model] = known
        return known

    def _ready(self) -> Transport:
        if self._closed:
            raise ServiceUnavailable(f"The provider {self.name} is closed: the server is shutting down.")
        if not self.configured:
            ours = f"PROMPTDOCK_PROVIDERS__{self.name.upper()}__API_KEY"
            raise BadRequest(
                f"{self.name} has no API key: set {' or '.join([*self._key_variables, ours])}.",
                code="provider_not_configured",
                param="model",
            )
        if not self._can_be_sent:
            raise BadRequest(
                f"The API key of {self.name} holds characters that no request can carry: look for blanks, line ends "
                "and letters outside of ASCII.",
                code="provider_not_configured",
                param="model",
            )
        return self._transport


async def _failed(error: Exception) -> AsyncGenerator[JsonObject, None]:
    """A stream that fails before its first piece."""
    pieces: tuple[JsonObject, ...] = ()
    for piece in pieces:
        yield piece
    raise error


def _can_be_sent(key: SecretStr | None) -> bool:
    text = "" if key is None else key.get_secret_value()
    return text.isascii() and text.isprintable() and " " not in text


def _transport(kind: str, endpoint: Endpoint) -> Transport:
    if kind == "sdk":
        from .transports.sdk import SdkTransport

        return SdkTransport(endpoint)
    from .transports.wire import WireTransport

    return WireTransport(endpoint)


def _model(entry: JsonObject, provider: str) -> ModelInfo:
    created = entry.get("created")
    return ModelInfo(
        # Google lists "models/…", and takes the names without
        str(entry["id"]).removeprefix("models/"),
        owned_by=str(entry.get("owned_by") or provider),
        created=created if isinstance(created, int) else 0,
    )


def _first(*values: Any) -> Any:
    """The first value that somebody gave; 0 is one."""
    return next((value for value in values if value is not None), None)


def _secret(key: str | SecretStr | None) -> SecretStr | None:
    """The key without blanks around it; an empty one is none."""
    text = key.get_secret_value() if isinstance(key, SecretStr) else key or ""
    return SecretStr(text.strip()) if text.strip() else None


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for a provider.", hint="Use lower-case letters, digits, '_' and '-'."
        )
    return name


def _shown_url(base_url: str) -> str:
    """The URL without a user or password."""
    parts = urlsplit(base_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _checked_url(name: str, base_url: str | None) -> str:
    try:
        parts = urlsplit((base_url or "").strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if base_url is None or not usable:
        raise ConfigurationError(
            f"The provider {name} has no usable base URL.",
            hint=f"Set PROMPTDOCK_PROVIDERS__{name.upper()}__BASE_URL to one that starts with http:// or https://.",
        )
    return base_url.strip().rstrip("/")
