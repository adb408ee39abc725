"""Texts for generated arguments: ordinary ones, and those that trip programs up. Needs hypothesis."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

__all__ = ["AWKWARD", "texts"]

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-_:%{}$'\"\\<>&;|"
"""Without a slash, so that no path comes of them."""
_ODD = (
    "\x00\x07\t\n\r\x1b\x7f\x85\xa0"
    "é\u0301ßœ\u200b\u200d\u202e\u2028\ufeff\ufffd\uffff"
    "عשא中한ｅ\U0001f469\U0001f3fd\U0010ffff"
)

AWKWARD: tuple[str, ...] = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\r\n\r\n",
    "\u202eabc\u202c",
    "e\u0301\u0301\u0301",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "مرحبا",
    "\ufeff",
    "../../promptdock-no-such-folder/passwd",
    "/promptdock-no-such-folder/null",
    "file:///promptdock-no-such-folder/passwd",
    "http://192.0.2.1/latest/meta-data/",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}",
    "%s%n%x",
    "$(touch promptdock-was-here)",
    "__import__('os').getcwd()",
    "-1",
    "1e309",
    "NaN",
    "Infinity",
    "9" * 400,
    "((((((((((",
    "null",
)
"""Texts that have broken programs before. None of them does harm, not even where nobody refuses anything: the paths
lead to where nothing is, since native code removes files without anybody hearing of it."""


def texts(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Texts that fit a schema of type string.

    Args:
        schema: Its ``format``, ``pattern``, ``minLength`` and ``maxLength`` count.

    Returns:
        The strategy; what it gives still has to be checked against the schema.
    """
    least = int(schema.get("minLength", 0))
    most = schema.get("maxLength")
    known = _FORMATS.get(schema.get("format", ""))
    if known is not None:
        return known()
    if "pattern" in schema:
        return _matching(str(schema["pattern"]))
    drawn = _drawn(least, most)
    fitting = [text for text in AWKWARD if least <= len(text) and (most is None or len(text) <= most)]
    return st.one_of(drawn, st.sampled_from(fitting)) if fitting else drawn


def _drawn(least: int, most: int | None) -> st.SearchStrategy[str]:
    # drawn from lists of characters: hypothesis would otherwise write its table of all of Unicode to the disk
    limit = least + 30 if most is None else min(most, least + 30)
    character = st.one_of(st.sampled_from(_LETTERS), st.sampled_from(_ODD))
    return st.lists(character, min_size=least, max_size=limit).map("".join)


def _matching(pattern: str) -> st.SearchStrategy[str]:
    try:
        return st.from_regex(re.compile(pattern, re.ASCII), alphabet=st.sampled_from(_LETTERS))
    except (re.error, ValueError):  # a pattern of another dialect: whatever happens to fit is used
        return _drawn(0, None)


def _dates() -> st.SearchStrategy[str]:
    extremes = st.sampled_from(["0001-01-01", "9999-12-31", "2024-02-29", "1970-01-01"])
    return st.one_of(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)).map(dt.date.isoformat), extremes)


def _times() -> st.SearchStrategy[str]:
    zone = st.sampled_from(["Z", "+00:00", "-11:30", "+14:00"])
    clock = st.times().map(lambda time: time.isoformat("seconds"))
    return st.tuples(clock, zone).map("".join)


def _moments() -> st.SearchStrategy[str]:
    return st.tuples(_dates(), st.just("T"), _times()).map("".join)


def _names() -> st.SearchStrategy[str]:
    return st.sampled_from(["example.com", "localhost", "xn--bcher-kva.example", "a.b.c.example.org", "host-1.test"])


def _links() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            "https://host.invalid/",
            "http://localhost:1/x?y=%00#z",
            "https://user:word@host.invalid:8443/a/../b",
            "http://[::1]/",
            "http://192.0.2.1/latest/meta-data/",
        ]
    )


def _addresses(version: int) -> Callable[[], st.SearchStrategy[str]]:
    found = {4: ["127.0.0.1", "192.0.2.1", "255.255.255.255", "10.0.0.1"], 6: ["::1", "::", "fe80::1", "2001:db8::1"]}
    return lambda: st.sampled_from(found[version])


_FORMATS: Mapping[str, Callable[[], st.SearchStrategy[str]]] = MappingProxyType(
    {
        "date": _dates,
        "time": _times,
        "date-time": _moments,
        "duration": lambda: st.sampled_from(["PT0S", "P1D", "P3DT4H5M6S", "PT36H", "P400D"]),
        "uuid": lambda: st.uuids().map(str),
        "email": lambda: st.sampled_from(["a@example.com", "first.last+tag@sub.example.org"]),
        "hostname": _names,
        "idn-hostname": _names,
        "uri": _links,
        "uri-reference": _links,
        "ipv4": _addresses(4),
        "ipv6": _addresses(6),
    }
)
