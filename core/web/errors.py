"""Errors as replies: OpenAI's shape under ``/v1``, our envelope under ``/api``, problem details elsewhere."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from ..error_table import describe
from ..errors import ErrorInfo, PromptdockError
from ..jsontext import JsonObject, dumps
from .announce import announce_refusal
from .envelope import error_envelope
from .paths import Territory, path_of
from .request_id import request_id

__all__ = ["ErrorReplies", "TurnError", "openai_error"]

_log = logging.getLogger("promptdock.web")

_SHOWN: Final = 200
"""The most characters of a path in a message."""

_CODES: Final[Mapping[int, str]] = {
    401: "invalid_api_key",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


class TurnError(Exception):
    """A turn ended without an answer, and nothing was sent yet.

    Args:
        info: What the caller is told.
        headers: Further headers of the reply, e.g. the key of the session that was made.
    """

    def __init__(self, info: ErrorInfo, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(info.message)
        self.info = info
        self.headers = dict(headers or {})


def openai_error(info: ErrorInfo) -> JsonObject:
    """OpenAI's ``ErrorResponse``."""
    return {"error": {"message": info.message, "type": info.type, "param": info.param, "code": info.code}}


class ErrorReplies:
    """Turns an exception into a reply, in the format of the path that was asked for.

    Args:
        territory: Knows the format of each path.
    """

    def __init__(self, territory: Territory) -> None:
        self._territory = territory

    def __call__(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Litestar's exception handler."""
        scope = request.scope
        if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            info = _refused(error, scope, whole=self._territory.whole)
        else:
            info = _told(error, scope)
        announce_refusal(scope, info)
        given = getattr(error, "headers", None) or {}
        headers = {**{name.lower(): value for name, value in given.items()}, **_headers(info)}
        body, media_type = self._form(info, scope)
        return Response(dumps(body), status_code=info.status, media_type=media_type, headers=headers)

    def _form(self, info: ErrorInfo, scope: Mapping[str, Any]) -> tuple[JsonObject, str]:
        if self._territory.speaks_openai(scope):
            return openai_error(info), "application/json"
        if self._territory.speaks_envelope(scope):
            return error_envelope(info, scope), "application/json"
        return _problem(info, path_of(scope), request_id(scope)), "application/problem+json"


def _told(error: Exception, scope: Mapping[str, Any]) -> ErrorInfo:
    """What the caller is told; whatever nobody foresaw goes to the log and is answered neutrally."""
    if isinstance(error, TurnError):
        return error.info  # the engine has logged it
    info = error.info if isinstance(error, PromptdockError) else describe(error)
    if info.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        asked = request_id(scope)
        told = {"request_id": asked}
        _log.error("request %s: %s %s failed", asked, scope["method"], path_of(scope), exc_info=error, extra=told)
    return info


def _refused(error: HTTPException, scope: Mapping[str, Any], *, whole: bool) -> ErrorInfo:
    """What Litestar itself refuses, in our words."""
    path = path_of(scope)[:_SHOWN]
    message, param = error.detail, None
    if error.status_code == HTTPStatus.NOT_FOUND:
        message = f"There is nothing at {path!r}."
        message += " GET /schema shows what there is." if whole else ""
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("allow", "")
        message = f"{scope['method']} is not allowed at {path!r}; allowed: {allowed}."
    elif isinstance(error, ValidationException):
        message, param = _invalid(error)
    code = _CODES.get(error.status_code, "invalid_request")
    return ErrorInfo(status=error.status_code, code=code, type="invalid_request_error", message=message, param=param)


def _invalid(error: ValidationException) -> tuple[str, str | None]:
    """What Litestar says of the first parameter that it cannot read, without the URL that it puts before."""
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    name = first.get("key") if isinstance(first, Mapping) else None
    if not isinstance(name, str):
        return "The request's parameters are not valid.", None
    return f"The parameter {name!r} is not valid: {first.get('message')}.", name


def _headers(info: ErrorInfo) -> dict[str, str]:
    headers = {}
    if info.retry_after is not None:
        headers["retry-after"] = str(max(0, math.ceil(info.retry_after)))
    if info.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="promptdock"'
    return headers


def _problem(info: ErrorInfo, path: str, request: str) -> JsonObject:
    """Problem details: RFC 9457."""
    problem: JsonObject = {
        "type": "about:blank",
        "title": _title(info.status),
        "status": info.status,
        "detail": info.message,
        "instance": path,
        "code": info.code,
        "request_id": request,
    }
    if info.param is not None:
        problem["param"] = info.param
    return problem


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
