from __future__ import annotations

import re
from typing import Any

import httpx


def test_the_page_asks_no_other_host(client: httpx.Client) -> None:
    page = client.get("/schema")

    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in re.sub(r"<!DOCTYPE html>", "", page.text)
    for path in re.findall(r'(?:src|href|url)[=:] ?"([^"]+)"', page.text):
        assert client.get(path).status_code == 200


def test_the_pages_files_are_whole_and_are_not_sent_twice(client: httpx.Client) -> None:
    script = client.get("/schema/assets/swagger-ui-bundle.js")

    assert script.headers["content-type"].startswith("text/javascript")
    assert len(script.content) > 1_000_000
    again = client.get("/schema/assets/swagger-ui-bundle.js", headers={"If-None-Match": script.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_only_the_pages_files_are_served(client: httpx.Client) -> None:
    for path in ("LICENSE", "..%2F..%2F__init__.py", "%2e%2e%2fdocs.py"):
        assert client.get(f"/schema/assets/{path}").status_code == 404


def test_the_document_describes_the_chat_completion(client: httpx.Client) -> None:
    document = client.get("/schema/openapi.json").json()

    chat = document["paths"]["/v1/chat/completions"]["post"]
    asked = chat["requestBody"]["content"]["application/json"]["schema"]
    assert asked["required"] == ["model", "messages"]
    assert set(chat["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    refused = chat["responses"]["400"]["content"]["application/json"]["schema"]
    assert refused == {"$ref": "#/components/schemas/ErrorResponse"}


def test_every_reply_in_the_document_has_the_request_id_and_every_error_one_of_two_shapes(
    client: httpx.Client,
) -> None:
    document = client.get("/schema/openapi.json").json()

    for path, item in document["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                assert "X-Request-ID" in response["headers"]
                if status >= "400":
                    assert _error_shape(response) == ("ErrorResponse" if path.startswith("/v1/") else "Problem")


def _error_shape(response: dict[str, Any]) -> str:
    (content,) = response["content"].values()
    return str(content["schema"]["$ref"].rpartition("/")[2])
