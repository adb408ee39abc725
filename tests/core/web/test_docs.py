from __future__ import annotations

import re
from typing import Any

import httpx

SHAPES = {
    "v1": "ErrorResponse",
    "api": "ErrorEnvelope",
    "prompt": "ErrorEnvelope",
    "config": "ErrorEnvelope",
    "readyz": "Readiness",
}


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


def test_every_reply_in_the_document_has_the_request_id_and_every_error_the_shape_of_its_path(
    client: httpx.Client,
) -> None:
    document = client.get("/schema/openapi.json").json()

    for path, item in document["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                assert "X-Request-ID" in response["headers"]
                if status >= "400":
                    assert _error_shape(response) == SHAPES.get(path.split("/")[1], "Problem")


def _error_shape(response: dict[str, Any]) -> str:
    (content,) = response["content"].values()
    return str(content["schema"]["$ref"].rpartition("/")[2])


def test_lists_are_documented_with_what_they_hold(client: httpx.Client) -> None:
    document = client.get("/schema/openapi.json").json()

    schemas = document["components"]["schemas"]
    for thing in ("Plugin", "Tool", "Provider"):
        listed = schemas[f"{thing}List"]
        assert listed["properties"]["data"]["items"] == {"$ref": f"#/components/schemas/{thing}"}
        assert set(listed["required"]) == {"data", "metadata"}
        assert listed["properties"]["api"]["const"] == "promptdock/v1"
    assert set(schemas["Metadata"]["required"]) == {"command", "thing"}
    assert set(schemas["EnvelopedError"]["properties"]) == {
        "class",
        "code",
        "description",
        "status",
        "request_id",
        "param",
    }
