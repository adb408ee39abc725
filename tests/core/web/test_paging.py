from __future__ import annotations

import base64
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from promptdock import Settings
from promptdock.ids import new_id
from promptdock.web.paging import Page, cursor_for
from tests.core.web.things import things_app
from tests.support.server import live_server

PATH = "/api/v1/things"


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with live_server(things_app(settings)) as url:
        for number in range(7):
            httpx.post(url + PATH, json={"name": f"n{number}"})
        yield url


def test_a_list_is_read_page_by_page_to_its_end(client: httpx.Client) -> None:
    names: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = client.get(PATH, params={"limit": "3", **after}).json()
        names.append([thing["name"] for thing in page["data"]])
        if page["metadata"]["next"] is None:
            break
        after = {"after": page["metadata"]["next"]}

    assert names == [["n0", "n1", "n2"], ["n3", "n4", "n5"], ["n6"]]


def test_the_link_leads_to_the_next_page_and_keeps_the_filters(client: httpx.Client) -> None:
    page = client.get(PATH, params=[("filter", "a b&c"), ("filter", "é"), ("limit", "5")])
    link = page.headers["link"]
    target = link.removeprefix("<").partition(">")[0]

    assert link.endswith('>; rel="next"')
    assert httpx.QueryParams(target.partition("?")[2]).get_list("filter") == ["a b&c", "é"]
    rest = client.get(target)
    assert [thing["name"] for thing in rest.json()["data"]] == ["n5", "n6"]
    assert "link" not in rest.headers


def test_a_page_that_ends_where_the_list_ends_is_the_last() -> None:
    ids = sorted(new_id() for _ in range(3))

    assert Page(limit=3).cut(ids, lambda id_: id_) == (ids, None)
    assert Page(limit=2).cut(ids, lambda id_: id_) == (ids[:2], cursor_for(ids[1]))
    assert Page(limit=2).cut([], lambda id_: id_) == ([], None)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "x", "", " 5", "+5", "1e2", "٣", "9" * 5000])
def test_a_limit_that_is_none_is_refused(client: httpx.Client, limit: str) -> None:
    refused = client.get(PATH, params={"limit": limit})

    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "limit"


@pytest.mark.parametrize("limit", ["1", "200"])
def test_limits_at_the_ends_are_taken(client: httpx.Client, limit: str) -> None:
    assert client.get(PATH, params={"limit": limit}).status_code == 200


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


ID = UUID("01a220e3-8f7e-7330-9193-16df4e9b28af")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "x" * 48,
        "é" * 48,
        str(ID),
        encoded("x"),
        encoded("'; drop table things; --------------"),
        cursor_for(UUID("e988aad7-f5f0-4d45-b909-95a58380bfbf")),
        cursor_for(ID)[:-1],
        encoded(str(ID).upper()),
        encoded(f"{{{ID.hex}}}xx"),
        encoded(str(ID))[:-1] + "\n",
        "A" * 5_000,
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(client: httpx.Client, cursor: str) -> None:
    refused = client.get(PATH, params={"after": cursor})

    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "after"


@pytest.mark.parametrize("name", ["limit", "after"])
def test_saying_it_twice_is_refused(client: httpx.Client, name: str) -> None:
    value = {"limit": "5", "after": cursor_for(ID)}[name]

    assert client.get(PATH, params=[(name, value), (name, value)]).json()["error"]["param"] == name


def test_a_cursor_is_the_same_for_the_same_id() -> None:
    assert cursor_for(ID) == cursor_for(UUID(str(ID)))
    assert len(cursor_for(ID)) == 48
