"""From what people call a place to where it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from promptdock import ToolError

from .regions import COUNTRY_NAMES, REGION_CODES
from .upstream import Upstream

__all__ = ["Place", "choose", "find_place", "read_coordinates"]

_MAX_LENGTH = 200
_FEW, _MANY = 10, 50
_COORDINATES = re.compile(
    r"\(?\s*(?P<latitude>[+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*(?P<south>[NS])?\s*[,;]"
    r"\s*(?P<longitude>[+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*(?P<west>[EW])?\s*\)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the map.

    Attributes:
        name: Its name with region and country, as the geocoder writes them; for coordinates, these.
        latitude: Degrees, north positive.
        longitude: Degrees, east positive.
    """

    name: str
    latitude: float
    longitude: float


async def find_place(upstream: Upstream, url: str, location: str) -> Place:
    """Find a place.

    Args:
        upstream: Open-Meteo.
        url: Its geocoding API.
        location: A name; a name with region or country behind commas; or ``latitude, longitude`` in degrees.

    Returns:
        The place that fits best.

    Raises:
        ToolError: There is no such place, or the service cannot be asked.
    """
    location = " ".join(location.split())
    if not location.strip(", "):
        raise ToolError("The location is empty; name a city, e.g. 'Paris, France'.")
    if len(location) > _MAX_LENGTH:
        raise ToolError(f"The location is longer than {_MAX_LENGTH} characters; name a city, e.g. 'Paris, France'.")
    place = read_coordinates(location)
    if place is not None:
        return place
    # the geocoder knows names only: "Paris, France" as a whole finds nothing
    name, *qualifiers = [part.strip() for part in location.split(",") if part.strip()]
    found = choose(await _search(upstream, url, name, many=bool(qualifiers)), qualifiers)
    if found is None and not qualifiers and " " in name:
        # "Austin TX": here the last word has to fit, for a name of two words may just be unknown
        name, last = name.rsplit(" ", 1)
        found = choose(await _search(upstream, url, name, many=True), [last], must_fit=True)
    if found is None:
        raise ToolError(f"No place called {location!r} was found; check the spelling, or name a larger place nearby.")
    return found


def read_coordinates(text: str) -> Place | None:
    """Read ``48.85, 2.35`` or ``48.85° N, 2.35° E``.

    Returns:
        The place, or None when the text is not of this form.

    Raises:
        ToolError: The numbers lie outside the globe.
    """
    match = _COORDINATES.fullmatch(text)
    if match is None:
        return None
    latitude = _degrees(match["latitude"], match["south"])
    longitude = _degrees(match["longitude"], match["west"])
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ToolError(
            f"The coordinates {text!r} lie outside the globe; latitude goes from -90 to 90, longitude from -180 to 180."
        )
    return Place(f"{latitude:.8g}, {longitude:.8g}", latitude, longitude)


def _degrees(number: str, side: str | None) -> float:
    sign = -1 if side is not None and side in "SsWw" else 1
    return sign * float(number) + 0.0  # minus zero becomes zero


async def _search(upstream: Upstream, url: str, name: str, *, many: bool) -> list[dict[str, Any]]:
    """Ask the geocoder; with a region to tell places apart by, look further down its list."""
    data = await upstream.ask(url, {"name": name, "count": _MANY if many else _FEW, "language": "en", "format": "json"})
    results = data.get("results", [])  # left out when nothing is found
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise ToolError("The geocoder's answer cannot be read: 'results' is not a list of places.")
    return results


def choose(results: Sequence[dict[str, Any]], qualifiers: Sequence[str], *, must_fit: bool = False) -> Place | None:
    """Pick the result that fits most of what was said behind the name; of equal ones the geocoder's first.

    Args:
        results: The geocoder's results, best first.
        qualifiers: Regions and countries, by name or short name.
        must_fit: Take none rather than one that fits no qualifier.

    Returns:
        The place, or None when there is none.

    Raises:
        ToolError: The chosen result has no coordinates.
    """
    wanted = [word for word in map(_plain, qualifiers) if word]

    def fit(result: dict[str, Any]) -> int:
        names = _names(result)
        return sum(word in names for word in wanted)

    best = max(results, key=fit, default=None)  # max gives the first of equals
    if best is None or (must_fit and not fit(best)):
        return None
    latitude, longitude = best.get("latitude"), best.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        raise ToolError("The geocoder's answer cannot be read: a place has no coordinates.")
    return Place(_label(best), float(latitude), float(longitude))


def _label(result: dict[str, Any]) -> str:
    parts = [result.get(key) for key in ("name", "admin1", "country")]
    return ", ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part))


def _names(result: dict[str, Any]) -> set[str]:
    """All that a result's region and country are called, in plain letters."""
    keys = ("admin1", "admin2", "admin3", "admin4", "country", "country_code")
    names = {_plain(part) for key in keys if isinstance(part := result.get(key), str)}
    country = str(result.get("country_code", "")).upper()
    names.update(COUNTRY_NAMES.get(country, ()))
    if country in REGION_CODES:
        codes = REGION_CODES[country]
        names.update(codes[name] for name in tuple(names) if name in codes)
    return names - {""}


def _plain(text: str) -> str:
    """Lower case, no accents, no punctuation, no post code: 'Île-de-France' and 'TX 78701' as people type them."""
    letters = unicodedata.normalize("NFKD", text).replace(".", "").casefold()
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(word for word in re.findall(r"\w+", letters) if not word.isdigit())
