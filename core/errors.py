"""Every error of promptdock: a stable code, an HTTP status and a message that may be shown to the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "BadRequest",
    "BudgetExceeded",
    "ConfigurationError",
    "Conflict",
    "ErrorInfo",
    "Forbidden",
    "NotFound",
    "PayloadTooLarge",
    "PluginError",
    "PromptdockError",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "Unprocessable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    """What a caller is told about a failure; never holds a traceback or a secret.

    Attributes:
        status: HTTP status that the failure answers with.
        code: Stable machine-readable code, e.g. ``model_not_found``.
        type: OpenAI's error family, e.g. ``invalid_request_error``.
        message: One or two sentences: what went wrong, where, and what to do next.
        param: The member of the request body that is at fault, e.g. ``messages[0].role``.
        retry_after: Seconds after which a retry makes sense, when known.
    """

    status: int
    code: str
    type: str
    message: str
    param: str | None = None
    retry_after: float | None = None


class PromptdockError(Exception):
    """Base of all errors that promptdock raises on purpose.

    Args:
        message: Public text: what, where and why. It is shown to callers, so it holds no secret.
        param: The member of the request that is at fault.
        hint: What to do next, e.g. the command to type; appended to the message where there is room for it.
        code: A narrower code than the class's own.
        retry_after: Seconds after which a retry makes sense.
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"
    type: ClassVar[str] = "server_error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        hint: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.hint = hint
        self.retry_after = retry_after
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    @property
    def info(self) -> ErrorInfo:
        """The public side of this error."""
        return ErrorInfo(
            status=self.status,
            code=self.code,
            type=self.type,
            message=str(self),
            param=self.param,
            retry_after=self.retry_after,
        )


class BadRequest(PromptdockError):
    """The caller's request cannot be understood or is not allowed; nothing was done."""

    status = 400
    code = "invalid_request"
    type = "invalid_request_error"


class Unauthorized(PromptdockError):
    """The caller sent no key, or a wrong one."""

    status = 401
    code = "invalid_api_key"
    type = "authentication_error"


class BudgetExceeded(PromptdockError):
    """A budget has no room for what was asked; the provider was not asked."""

    status = 402
    code = "budget_exceeded"
    type = "insufficient_quota"


class Forbidden(PromptdockError):
    """The caller is known, and may not do this."""

    status = 403
    code = "forbidden"
    type = "permission_error"


class NotFound(PromptdockError):
    """The thing that was named does not exist here."""

    status = 404
    code = "not_found"
    type = "invalid_request_error"


class Conflict(PromptdockError):
    """The request is at odds with what is there, e.g. a name that is taken or a session that is busy."""

    status = 409
    code = "conflict"
    type = "invalid_request_error"


class PayloadTooLarge(PromptdockError):
    """The request is larger than the settings allow."""

    status = 413
    code = "payload_too_large"
    type = "invalid_request_error"


class Unprocessable(PromptdockError):
    """The request is well formed, and what it says cannot be used, e.g. the name of a tool that is not installed."""

    status = 422
    code = "unprocessable"
    type = "invalid_request_error"


class TooManyRequests(PromptdockError):
    """The caller's rate limit is reached."""

    status = 429
    code = "rate_limit_exceeded"
    type = "rate_limit_error"


class ServiceUnavailable(PromptdockError):
    """The server cannot answer now, e.g. because it is shutting down."""

    status = 503
    code = "service_unavailable"


class ConfigurationError(PromptdockError):
    """The settings are wrong; the operator has to act."""

    code = "configuration_error"


class PluginError(PromptdockError):
    """A plugin broke a rule of the host; it names the plugin and what to do about it."""

    code = "plugin_error"
