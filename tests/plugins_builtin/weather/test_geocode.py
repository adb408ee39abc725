"""Reading coordinates, and choosing among places of one name."""

from __future__ import annotations

from typing import Any

import pytest

from promptdock import ToolError
from promptdock_builtin.weather.geocode import choose, read_coordinates


def place(name: str, admin1: str, country: str, code: str, latitude: float = 1.0) -> dict[str, Any]:
    return {
        "name": name,
        "admin1": admin1,
        "country": country,
        "country_code": code,
        "latitude": latitude,
        "longitude": 2.0,
    }


SPRINGFIELDS = [
    place("Springfield", "Missouri", "United States", "US"),
    place("Springfield", "Illinois", "United States", "US"),
    place("Springfield", "Queensland", "Australia", "AU"),
    place("Springfield", "Ontario", "Canada", "CA"),
    place("Springfield", "Scotland", "United Kingdom", "GB"),
    place("Springfield", "Île-de-France", "France", "FR"),
]


@pytest.mark.parametrize(
    ("qualifiers", "region"),
    [
        ([], "Missouri"),
        (["Illinois"], "Illinois"),
        (["IL"], "Illinois"),
        (["il 62701"], "Illinois"),
        (["IL", "USA"], "Illinois"),
        (["U.S.A."], "Missouri"),
        (["QLD"], "Queensland"),
        (["Australia"], "Queensland"),
        (["ON", "Canada"], "Ontario"),
        (["UK"], "Scotland"),
        (["Great Britain"], "Scotland"),
        (["scotland"], "Scotland"),
        (["ile de france"], "Île-de-France"),
        (["FR"], "Île-de-France"),
        (["Narnia"], "Missouri"),
        (["62701"], "Missouri"),
    ],
)
def test_the_words_behind_the_name_pick_the_place(qualifiers: list[str], region: str) -> None:
    """Names, codes and short names count; what fits nowhere leaves the geocoder's first."""
    chosen = choose(SPRINGFIELDS, qualifiers)
    assert chosen is not None
    assert region in chosen.name


def test_most_fitting_words_win() -> None:
    places = [
        place("Portland", "Oregon", "United States", "US"),
        place("Portland", "Victoria", "Australia", "AU"),
        place("Portland", "Maine", "United States", "US"),
    ]
    chosen = choose(places, ["ME", "US"])
    assert chosen is not None
    assert chosen.name == "Portland, Maine, United States"


def test_nothing_found_is_none() -> None:
    assert choose([], ["France"]) is None
    assert choose(SPRINGFIELDS, ["Narnia"], must_fit=True) is None


def test_a_name_repeated_by_its_region_stands_once() -> None:
    chosen = choose([place("Singapore", "", "Singapore", "SG")], [])
    assert chosen is not None
    assert chosen.name == "Singapore"


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("48.85,2.35", 48.85, 2.35),
        ("48.85 , 2.35", 48.85, 2.35),
        ("(-33.87, 151.21)", -33.87, 151.21),
        ("0,0", 0, 0),
        ("-0.0, -0", 0, 0),
        ("+90,-180", 90, -180),
        ("48.85° N, 2.35° E", 48.85, 2.35),
        ("33.87 s; 70.6 w", -33.87, -70.6),
    ],
)
def test_coordinates_are_read(text: str, latitude: float, longitude: float) -> None:
    found = read_coordinates(text)
    assert found is not None
    assert (found.latitude, found.longitude) == (latitude, longitude)
    assert "-0" not in found.name.split(", ")


@pytest.mark.parametrize("text", ["Paris", "10115", "Paris, 2", "48.85", "1,2,3", "٤٨,٢", "1e3,2", "nan,nan"])
def test_other_text_is_no_coordinates(text: str) -> None:
    assert read_coordinates(text) is None


@pytest.mark.parametrize("text", ["90.1,0", "0,180.5", "-91,0", "999,999"])
def test_coordinates_outside_the_globe_are_an_error(text: str) -> None:
    with pytest.raises(ToolError, match="outside the globe"):
        read_coordinates(text)
