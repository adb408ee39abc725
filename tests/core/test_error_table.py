"""The one table from every exception to what a caller is told."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import subprocess
import sys
import time
from email.utils import formatdate

import httpx2
import openai
import pytest

from promptdock.error_table import describe, retry_after, row_of, scrub
from promptdock.errors import BadRequest, PromptdockError, ServiceUnavailable

REQUEST = httpx2.Request("POST", "https://api.example/v1/chat/completions")


def status_error(
    kind: type[openai.APIStatusError], status: int, body: object = None, headers: dict[str, str] | None = None
) -> openai.APIStatusError:
    """An exception as the package builds it."""
    return kind("told", response=httpx2.Response(status, headers=headers, request=REQUEST), body=body)


def exception_classes() -> list[type[BaseException]]:
    """All exception classes that the installed openai package defines, in any of its modules."""
    for module in pkgutil.walk_packages(openai.__path__, "openai.", onerror=lambda _: None):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except (ImportError, openai.OpenAIError):  # an extra that is not installed
                continue
    found: set[type[BaseException]] = set()
    parents: list[type[BaseException]] = [BaseException]
    while parents:
        fresh = set(parents.pop().__subclasses__()) - found
        found |= fresh
        parents += fresh
    return sorted((kind for kind in found if kind.__module__.split(".")[0] == "openai"), key=str)


def test_every_exception_class_of_the_openai_package_has_a_row() -> None:
    """A class that a new release brings fails here until somebody decides what it means."""
    classes = exception_classes()
    assert len(classes) >= 40
    default = row_of(Exception)
    assert [kind for kind in classes if row_of(kind) == default] == []


def test_rows_need_no_import_of_what_they_name() -> None:
    code = "import sys, promptdock.error_table as t; t.describe(ValueError()); sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("kind", "status", "expected", "code"),
    [
        (openai.BadRequestError, 400, 400, "invalid_request"),
        (openai.AuthenticationError, 401, 502, "upstream_auth"),
        (openai.OAuthError, 401, 502, "upstream_auth"),
        (openai.APIStatusError, 402, 502, "upstream_auth"),
        (openai.PermissionDeniedError, 403, 502, "upstream_auth"),
        (openai.NotFoundError, 404, 404, "model_not_found"),
        (openai.APIStatusError, 405, 502, "upstream_error"),
        (openai.APIStatusError, 408, 504, "upstream_timeout"),
        (openai.ConflictError, 409, 409, "conflict"),
        (openai.APIStatusError, 413, 413, "payload_too_large"),
        (openai.UnprocessableEntityError, 422, 422, "invalid_request"),
        (openai.RateLimitError, 429, 429, "rate_limit_exceeded"),
        (openai.InternalServerError, 500, 502, "upstream_error"),
        (openai.InternalServerError, 503, 502, "upstream_error"),
    ],
)
def test_status_errors(kind: type[openai.APIStatusError], status: int, expected: int, code: str) -> None:
    error = (
        openai.OAuthError(response=httpx2.Response(status, request=REQUEST), body=None)
        if kind is openai.OAuthError
        else status_error(kind, status)
    )
    info = describe(error)
    assert (info.status, info.code) == (expected, code)
    assert info.message


def test_t50_a_rate_limit_passes_retry_after_on() -> None:
    info = describe(status_error(openai.RateLimitError, 429, headers={"Retry-After": "17"}))
    assert (info.status, info.type, info.retry_after) == (429, "rate_limit_error", 17.0)


def test_a_spent_quota_keeps_the_code_that_tells_clients_to_stop() -> None:
    info = describe(status_error(openai.RateLimitError, 429, {"code": "insufficient_quota", "message": "Pay!"}))
    assert (info.status, info.code) == (429, "insufficient_quota")
    assert "Pay" not in info.message


@pytest.mark.parametrize("kind", [openai.AuthenticationError, openai.PermissionDeniedError])
def test_t51_a_refused_key_is_our_fault_and_not_shown(kind: type[openai.APIStatusError]) -> None:
    body = {"message": "Incorrect API key provided: sk-abcdef1234567890.", "code": "invalid_api_key"}
    info = describe(status_error(kind, 401, body))
    assert (info.status, info.code) == (502, "upstream_auth")
    assert "sk-" not in info.message


def test_t52_an_unknown_model_comes_with_the_vendors_words() -> None:
    info = describe(status_error(openai.NotFoundError, 404, {"message": "The model `gpt-9` does not exist"}))
    assert (info.status, info.code) == (404, "model_not_found")
    assert info.message == "The model `gpt-9` does not exist"


def test_t53_timeout_and_no_connection() -> None:
    assert describe(openai.APITimeoutError(REQUEST)).status == 504
    assert describe(openai.APIConnectionError(request=REQUEST)).status == 502


@pytest.mark.parametrize("status", [400, 422])
def test_t54_a_content_filter_and_a_length_limit_are_never_500(status: int) -> None:
    kind = openai.BadRequestError if status == 400 else openai.UnprocessableEntityError
    filtered = describe(status_error(kind, status, {"message": "Filtered.", "code": "content_filter"}))
    assert (filtered.status, filtered.code, filtered.message) == (422, "content_filter", "Filtered.")
    assert describe(openai.ContentFilterFinishReasonError()).status == 422
    long = status_error(kind, status, {"message": "Too long.", "code": "context_length_exceeded", "param": "messages"})
    info = describe(long)
    assert (info.status, info.code, info.param) == (status, "context_length_exceeded", "messages")
    cut = openai.types.chat.ChatCompletion.model_construct(usage=None)
    assert describe(openai.LengthFinishReasonError(completion=cut)).status == 413


def test_t55_a_subclass_fares_as_its_parent() -> None:
    class Throttled(openai.RateLimitError):
        """Of some third party."""

    class Slow(openai.APITimeoutError):
        """Of some third party."""

    assert describe(status_error(Throttled, 429)).status == 429
    assert describe(Slow(REQUEST)).status == 504


def test_our_own_errors_speak_for_themselves() -> None:
    class Odd(BadRequest):
        """Of a plugin."""

    info = describe(Odd("No.", param="x", hint="Do y.", code="odd", retry_after=3))
    assert (info.status, info.code, info.param, info.message, info.retry_after) == (400, "odd", "x", "No. Do y.", 3)
    assert describe(ServiceUnavailable("Later.")).status == 503
    assert describe(PromptdockError("Broken.")).status == 500


@pytest.mark.parametrize("error", [ValueError("secret /etc/x"), KeyError("k"), RuntimeError("sk-1"), SystemExit(1)])
def test_anything_else_is_an_internal_error_without_details(error: BaseException) -> None:
    info = describe(error)
    assert (info.status, info.code) == (500, "internal_error")
    assert str(error) not in info.message or not str(error)


def test_a_cancelled_call_is_not_an_internal_error() -> None:
    assert describe(asyncio.CancelledError()).code == "cancelled"


def test_an_exception_whose_attributes_fail_is_still_described() -> None:
    class Hostile(openai.APIStatusError):
        def __getattribute__(self, name: str) -> object:
            if name in {"response", "body", "code", "param", "status_code"}:
                raise RuntimeError("no")
            return object.__getattribute__(self, name)

    assert describe(Hostile.__new__(Hostile)).status == 502


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "a"}, "a"),
        ({"message": {"detail": [{"msg": "a", "loc": ["body"]}]}}, "a"),
        ([{"error": {"message": "a"}}], "a"),
        ({"error": "a"}, "a"),
        ("a", "a"),
        ("<html>", "The provider refused the request."),
        ("", "The provider refused the request."),
        (None, "The provider refused the request."),
        (7, "The provider refused the request."),
    ],
)
def test_the_vendors_words_are_found_in_any_shape(body: object, words: str) -> None:
    assert describe(status_error(openai.BadRequestError, 400, body)).message == words


@pytest.mark.parametrize("code", ["two words", "x" * 65, "<b>", 7])
def test_a_code_that_is_none_is_not_passed_on(code: object) -> None:
    assert describe(status_error(openai.BadRequestError, 400, {"message": "a", "code": code})).code == "invalid_request"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: {}. See the docs.",
        "header Authorization: Bearer {} was refused",
        "api_key={} is wrong",
        'the "api-key": "{}" is wrong',
        "no {} here",
    ],
)
@pytest.mark.parametrize(
    "key", ["sk-proj-abcDEF123456", "sk-ant-api03-xyz_1234567", "gsk_aaaaaaaaaa", "AIzaSyA12345678901234"]
)
def test_keys_are_hidden_wherever_they_stand(text: str, key: str) -> None:
    assert key not in scrub(text.format(key))


def test_scrubbed_text_is_one_short_line_without_a_traceback() -> None:
    shown = scrub("Wrong.\n\nTraceback (most recent call last):\n  File x\n" + "y" * 10_000)
    assert shown == "Wrong."
    assert len(scrub("word " * 1000)) == 500
    assert scrub("a skill-based task-runner") == "a skill-based task-runner"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "99999999"}, 86_400.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 99 Foo 99999 07:28:00 GMT"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_retry_after_is_read_and_bounded(headers: dict[str, str] | None, seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    seconds = retry_after({"retry-after": formatdate(time.time() + 100, usegmt=True)})
    assert seconds is not None
    assert 60 < seconds <= 100
