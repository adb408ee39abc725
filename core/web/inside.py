"""Who may see how the server is inside: its metrics, and why it is not well."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, Forbidden, PromptdockError
from ..rights import require_key
from .auth import authenticate

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

    from ..settings import Settings

__all__ = ["InsideAccess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideAccess:
    """What the settings say about who may look inside.

    Attributes:
        token: What opens nothing else, as callers send it; None when there is no such thing.
        is_open: Whether everybody may.
    """

    token: bytes | None = field(default=None, repr=False)
    is_open: bool = False

    @classmethod
    def of(cls, settings: Settings) -> InsideAccess:
        """Read the settings.

        Raises:
            ConfigurationError: The token is blank, so that whoever sends none would have it.
        """
        if settings.metrics_token is None:
            return cls(is_open=settings.admits_anonymous)
        token = settings.metrics_token.get_secret_value().strip()
        if not token:
            raise ConfigurationError("PROMPTDOCK_METRICS_TOKEN is blank.", hint="Give it a value, or unset it.")
        return cls(token=token.encode())

    async def require(self, request: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Refuse who may not.

        Raises:
            Unauthorized: No key was sent, or one that nobody has.
            Forbidden: The key is no superuser's.
        """
        if self.is_open or self._has_token(request):
            return
        principal = await authenticate(request)
        require_key(principal)
        if not principal.is_superuser:
            raise Forbidden(
                "How the server is inside is for superusers.", hint="Send the key of PROMPTDOCK_METRICS_TOKEN."
            )

    async def admits(self, request: ASGIConnection[Any, Any, Any, Any]) -> bool:
        """Whether somebody may; whatever keeps the server from telling is a no."""
        try:
            await self.require(request)
        except PromptdockError:
            return False
        return True

    def _has_token(self, request: ASGIConnection[Any, Any, Any, Any]) -> bool:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if self.token is None or scheme.lower() not in {"bearer", "token"}:
            return False
        return hmac.compare_digest(sent.strip().encode("latin-1", "replace"), self.token)
