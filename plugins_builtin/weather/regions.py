"""Short names of regions: what people write after the comma, and the geocoder does not know."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["COUNTRY_NAMES", "REGION_CODES"]

_UNITED_STATES = (
    "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,"
    "DC District of Columbia,FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,"
    "KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,"
    "MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,"
    "NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,PR Puerto Rico,"
    "RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,"
    "WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming"
)
_CANADA = (
    "AB Alberta,BC British Columbia,MB Manitoba,NB New Brunswick,NL Newfoundland and Labrador,NS Nova Scotia,"
    "NT Northwest Territories,NU Nunavut,ON Ontario,PE Prince Edward Island,QC Quebec,SK Saskatchewan,YT Yukon"
)
_AUSTRALIA = (
    "ACT Australian Capital Territory,NSW New South Wales,NT Northern Territory,QLD Queensland,SA South Australia,"
    "TAS Tasmania,VIC Victoria,WA Western Australia"
)


def _codes(text: str) -> MappingProxyType[str, str]:
    pairs = (entry.split(" ", 1) for entry in text.split(","))
    return MappingProxyType({name.casefold(): code.casefold() for code, name in pairs})


REGION_CODES = MappingProxyType({"US": _codes(_UNITED_STATES), "CA": _codes(_CANADA), "AU": _codes(_AUSTRALIA)})
"""By country code: the short name of each first-level region, by its full name; in lower case."""

COUNTRY_NAMES = MappingProxyType(
    {
        "AE": ("uae",),
        "CZ": ("czech republic",),
        "GB": ("uk", "great britain", "britain"),
        "NL": ("holland",),
        "US": ("usa", "us of a", "united states of america", "america"),
    }
)
"""Further names of countries, by country code; in lower case."""
