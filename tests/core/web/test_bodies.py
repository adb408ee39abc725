from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from pydantic import AwareDatetime, Field, field_validator

from promptdock import Settings
from promptdock.errors import PromptdockError, Unprocessable
from promptdock.ids import new_id
from promptdock.web.bodies import Asked, check_model
from tests.core.web.things import ThingAsked, things_app
from tests.support.server import live_server

PATH = "/api/v1/things"
MIB = 1_048_576


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with live_server(things_app(settings)) as url:
        yield url


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Everything(Asked):
    """A member of each kind."""

    flag: bool = True
    number: float = Field(default=1, ge=0, lt=2)
    whole: int = Field(default=1, gt=0, le=9)
    text: str = Field(default="xx", min_length=2, max_length=4, pattern="^[a-z]+$")
    texts: Annotated[list[str], Field(min_length=1, max_length=2)] = Field(default_factory=lambda: ["x"])
    labels: dict[str, str] = Field(default_factory=dict)
    price: Decimal = Field(default=Decimal(1), max_digits=6, decimal_places=2)
    when: AwareDatetime | None = None
    id: UUID | None = None
    color: Color = Color.RED
    period: Literal["day", "month"] = "day"
    thing: ThingAsked | None = None
    checked: str = "fine"

    @field_validator("checked")
    @classmethod
    def _check(cls, value: str) -> str:
        if value != "fine":
            raise ValueError("it must be fine")
        return value


def refusal(**members: Any) -> PromptdockError:
    with pytest.raises(Unprocessable) as caught:
        check_model(members, Everything)
    return caught.value


@pytest.mark.parametrize(
    ("members", "param", "says"),
    [
        ({"flag": 1}, "flag", "must be true or false"),
        ({"flag": "true"}, "flag", "must be true or false"),
        ({"number": "1"}, "number", "must be a number"),
        ({"number": True}, "number", "must be a number"),
        ({"number": -1}, "number", "must be 0.0 or more"),
        ({"number": 2}, "number", "must be less than 2.0"),
        ({"whole": 1.5}, "whole", "must be a whole number"),
        ({"whole": True}, "whole", "must be a whole number"),
        ({"whole": 0}, "whole", "must be more than 0"),
        ({"whole": 10}, "whole", "must be 9 or less"),
        ({"text": 5}, "text", "must be text"),
        ({"text": None}, "text", "must be text"),
        ({"text": "x"}, "text", "must have at least 2 characters"),
        ({"text": "xxxxx"}, "text", "must have at most 4 characters"),
        ({"text": "XX"}, "text", "must match ^[a-z]+$"),
        ({"texts": "x"}, "texts", "must be a list"),
        ({"texts": ["x", 5]}, "texts[1]", "must be text"),
        ({"texts": []}, "texts", "must have at least 1 items"),
        ({"texts": ["x", "x", "x"]}, "texts", "must have at most 2 items"),
        ({"labels": []}, "labels", "must be an object"),
        ({"labels": {"a": 5}}, "labels.a", "must be text"),
        ({"price": "x"}, "price", "must be a decimal number"),
        ({"price": []}, "price", "must be a decimal number"),
        ({"price": "1.001"}, "price", "must have at most 2 digits after the point"),
        ({"price": "100000"}, "price", "must have at most 4 digits before the point"),
        ({"when": "soon"}, "when", "must be a time such as 2026-01-31T12:00:00Z"),
        ({"when": 5.5}, "when", "must"),
        ({"when": "2026-01-31T12:00:00"}, "when", "must name its offset from UTC"),
        ({"id": "x"}, "id", "must be an id"),
        ({"id": 5}, "id", "must be an id"),
        ({"color": "green"}, "color", "must be one of 'red' or 'blue'"),
        ({"period": "year"}, "period", "must be one of 'day' or 'month'"),
        ({"thing": 5}, "thing", "must be an object"),
        ({"thing": {}}, "thing.name", "must be given"),
        ({"thing": {"name": "x", "parts": [{"weight": 1}, {"weight": 0}]}}, "thing.parts[1].weight", "must be more"),
        ({"thing": {"name": "x", "size": 1}}, "thing.size", "There is no member"),
        ({"checked": "foul"}, "checked", "it must be fine"),
        ({"nope": 1}, "nope", "There is no member"),
        ({"x" * 500: 1}, "x" * 64, "There is no member"),
    ],
)
def test_a_refusal_names_its_member_in_words_of_ours(members: dict[str, Any], param: str, says: str) -> None:
    error = refusal(**members)

    assert error.param == param
    assert says in str(error)
    assert "pydantic" not in str(error)
    assert str(error).endswith(".")


def test_a_refusal_never_holds_the_value() -> None:
    for members in ({"text": "sk-secret"}, {"whole": "sk-secret"}, {"color": "sk-secret"}, {"id": "sk-secret"}):
        assert "sk-secret" not in str(refusal(**members))


def test_values_that_json_has_no_form_for_are_read_from_text() -> None:
    id_ = new_id()

    read = check_model(
        {"when": "2026-01-31T12:00:00+02:00", "id": str(id_), "price": "1.5", "color": "blue"}, Everything
    )

    assert read.when == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert (read.id, read.price, read.color) == (id_, Decimal("1.5"), Color.BLUE)


def test_what_is_wrong_is_a_422_with_its_member(client: httpx.Client) -> None:
    refused = client.post(PATH, json={"name": "lamp", "parts": [{"weight": -1}]})

    assert refused.status_code == 422
    error = refused.json()["error"]
    assert (error["class"], error["code"], error["param"]) == ("Unprocessable", "unprocessable", "parts[0].weight")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name":' + b"[" * 65 + b"]" * 65 + b"}",
    ],
)
def test_t12_a_body_that_is_no_strict_json_object_is_refused(client: httpx.Client, content: bytes) -> None:
    refused = client.post(PATH, content=content)

    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid_json"


def test_other_media_types_and_large_bodies_are_refused(client: httpx.Client) -> None:
    form = client.post(PATH, data={"name": "x"})
    large = client.post(PATH, json={"name": "x" * 2 * MIB})

    assert (form.status_code, form.json()["error"]["class"]) == (415, "UnsupportedMediaType")
    assert (large.status_code, large.json()["error"]["class"]) == (413, "PayloadTooLarge")


def test_patching_changes_what_was_sent_and_nothing_else(client: httpx.Client) -> None:
    there = client.post(PATH, json={"name": "lamp", "count": 3}).headers["location"]

    def patched(**members: Any) -> tuple[str, int | None]:
        thing = client.patch(there, json=members).json()["data"]
        return thing["name"], thing["count"]

    assert patched(name="torch") == ("torch", 3)
    assert patched(count=4) == ("torch", 4)
    assert patched(count=None) == ("torch", None)
    assert client.patch(there, json={"name": None}).status_code == 422
    assert client.patch(there, json={"id": str(new_id())}).json()["error"]["param"] == "id"
    nothing = client.patch(there, json={})
    assert nothing.status_code == 400
    assert "changes nothing" in nothing.json()["error"]["description"]
    assert patched(count=1) == ("torch", 1)
