"""Secrets in text and in JSON, hidden by how they look or by what they are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

__all__ = ["HIDDEN", "is_secret_name", "mask", "redact_headers", "redact_json", "redact_text"]

HIDDEN: Final = "[hidden]"

_SHOWS_ITS_END: Final = 16
"""Four characters of a shorter secret would say too much of it."""
_DEEPEST: Final = 32
_SHORTEST_WORD: Final = 14
"""The shortest secret of letters and figures alone that is known by its looks: Google's ``AIza`` and ten more."""

_MASKED: Final = re.compile(
    r"""(?x)
    (?<![A-Za-z0-9]) pd_[A-Za-z0-9_-]{43} (?![A-Za-z0-9_-])       # our own keys
    | (?<![A-Za-z0-9]) [0-9a-fA-F]{64} (?![A-Za-z0-9])             # session keys
    """
)
_LOOKS: Final = re.compile(
    r"""(?ix)
    \b(?:bearer|basic)\s+[^\s"',;]+                                # an Authorization header
    | \b(?:sk|pk|rk|gsk|xai|fw|tgp|pplx|hf|nvapi)[-_][A-Za-z0-9*._\-]{6,}
    | \bgh[pousr]_[A-Za-z0-9]{20,}                                 # GitHub
    | \bAIza[A-Za-z0-9_\-*]{10,}                                   # Google
    | \bAKIA[A-Z0-9]{16}\b                                         # Amazon
    | \bLLM\|[^\s"',;]+                                            # Meta
    | \beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]* # a JSON web token
    | -----BEGIN\s[A-Z0-9\s]{0,40}PRIVATE\sKEY(?:\sBLOCK)?-----    # PEM, its line breaks as they are or escaped
      (?: (?!-----END) (?: [A-Z0-9+/=\s:,.()\-] | \\+(?:[nrt/]|u000[ad]) ) )*
      (?: -----END\s[A-Z0-9\s]{0,40}-----)?                        # of one that was cut, all there is
    | (?<=key\sprovided:)\s*[^\s"',;]+                             # OpenAI echoes the key after these words
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)                              # name and password in a URL
    """
)
# with the name that stays: headers as text and as pairs, parameters of a query, keys that are called so
_NAMED: Final = re.compile(
    r"""(?ix)
    ( \b(?:authorization|cookie|x-api-key)\b (?: ["']?\s*[:=]\s*(?:b?["'])? | ["'],\s*b?["'] ) ) [^"'\r\n}]+
    | ( [?&](?:key|token|access_token|session_key|secret|password)= ) [^&\s"']+
    | ( \bapi[_\-\s]?key["']?\s*[:=]\s*["']? ) [^\s"',;&]+
    """
)

_NEVER: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
_NAME: Final = re.compile(
    r"(?i)(?:.*[_-])?(?:authorization|cookie|api[_-]?key|(?:secret|access|private)[_-]key|secret|token|password)"
)


def mask(secret: str) -> str:
    """A secret for somebody who knows it: ``****`` and its last four characters, or only ``****`` when it is short."""
    return f"****{secret[-4:]}" if len(secret) >= _SHOWS_ITS_END else "****"


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret, e.g. ``api_key`` or ``Set-Cookie``."""
    return name.lower() in _NEVER or _NAME.fullmatch(name) is not None


def redact_text(text: str) -> str:
    """Hide everything that looks like a key, a token, a password in a URL, or a header that carries one.

    Args:
        text: Any text. Our own keys and session keys keep their last four characters.
    """
    if len(text) < _SHORTEST_WORD and text.isalnum():
        return text
    text = _NAMED.sub(lambda found: f"{found[1] or found[2] or found[3]}{HIDDEN}", text)
    text = _MASKED.sub(lambda found: mask(found.group()), text)
    return _LOOKS.sub(HIDDEN, text)


def redact_json(value: Any, allowed: Collection[str]) -> Any:
    """A JSON value with the members that may be shown.

    Args:
        value: A JSON value.
        allowed: Names of members that may be shown, at every depth. Members that are called like secrets never are.

    Returns:
        A copy; members that may not be shown are ``[hidden]``, and so is what looks like a secret inside the others.
    """
    return _redacted(value, frozenset(allowed), 0)


def _redacted(value: Any, allowed: frozenset[str], depth: int) -> Any:
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {
            redact_text(str(name)): _redacted(member, allowed, depth + 1)
            if name in allowed and not is_secret_name(name)
            else HIDDEN
            for name, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_redacted(member, allowed, depth + 1) for member in value]
    return value if value is None or isinstance(value, (bool, int, float)) else HIDDEN


def redact_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]], allowed: Collection[str]) -> dict[str, str]:
    """Headers with the values that may be shown.

    Args:
        headers: Names in any case.
        allowed: Names in lower case. Authorization, cookies and keys are never shown, whatever this says.

    Returns:
        By lower-case name; values that may not be shown are ``[hidden]``. Of several headers of one name, the values
        are joined with commas.
    """
    shown: dict[str, str] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        key = name.lower()
        if key not in allowed or is_secret_name(key):
            shown[key] = HIDDEN
        else:
            told = redact_text(value)
            shown[key] = f"{shown[key]}, {told}" if key in shown else told
    return shown
