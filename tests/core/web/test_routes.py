from __future__ import annotations

import re

import httpx
import pytest


def prompt(text: str = "What is 17 + 4?", **members: object) -> dict[str, object]:
    return {"model": "offline", "messages": [{"role": "user", "content": text}], **members}


def test_a_prompt_runs_with_a_tool_and_is_answered(client: httpx.Client) -> None:
    reply = client.post("/v1/chat/completions", json=prompt())

    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    body = reply.json()
    assert "21" in body["choices"][0]["message"]["content"]
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert body["promptdock"] == {"rounds": 2, "max_rounds_reached": False}


def test_models_are_listed_and_found_by_ids_with_slashes(client: httpx.Client) -> None:
    listed = client.get("/v1/models").json()

    assert listed["object"] == "list"
    assert {"offline", "offline/offline"} <= {model["id"] for model in listed["data"]}
    for path in ("offline/offline", "offline%2Foffline"):
        found = client.get(f"/v1/models/{path}").json()
        assert found == {"id": "offline/offline", "created": 0, "owned_by": "offline", "object": "model"}


def test_an_unknown_model_lists_the_near_matches(client: httpx.Client) -> None:
    reply = client.get("/v1/models/offlin")

    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"
    assert "offline" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "thing", "members"),
    [
        (
            "plugins",
            "Plugin",
            {"name", "distribution", "version", "state", "reason", "remedy", "hooks", "load_ms", "warnings"},
        ),
        ("tools", "Tool", {"id", "name", "description", "parameters", "plugin"}),
        ("providers", "Provider", {"name", "plugin", "default_model", "configured"}),
    ],
)
def test_what_is_installed_is_listed(client: httpx.Client, path: str, thing: str, members: set[str]) -> None:
    listed = client.get(f"/api/v1/{path}").json()

    assert set(listed) == {"data", "api", "metadata"}
    assert listed["api"] == "promptdock/v1"
    assert listed["metadata"] == {"command": "list", "thing": thing, "next": None}
    assert all(set(item) == members for item in listed["data"])
    assert listed["data"]


def test_health_and_readiness(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert ready["quarantined"] == []


def test_t57_getting_the_prompt_endpoint_is_not_allowed(client: httpx.Client) -> None:
    reply = client.get("/v1/chat/completions")

    assert reply.status_code == 405
    assert set(reply.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
    assert reply.json()["error"]["code"] == "method_not_allowed"
    assert client.options("/v1/chat/completions").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nope", 404),
        ("GET", "/v1/models/nope", 404),
        ("DELETE", "/v1/models", 405),
        ("POST", "/v1/chat/completions", 400),
    ],
)
def test_t60_errors_under_v1_have_openais_shape(client: httpx.Client, method: str, path: str, status: int) -> None:
    reply = client.request(method, path)

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"
    assert list(reply.json()) == ["error"]
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
    assert "Traceback" not in reply.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/schema/nope", 404, "not_found"),
        ("GET", "/schema/assets/nope.js", 404, "not_found"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("GET", "/apiary", 404, "not_found"),
    ],
)
def test_t60_errors_elsewhere_are_problem_details(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    reply = client.request(method, path)

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["instance"] == path
    assert problem["request_id"] == reply.headers["x-request-id"]
    assert {"type", "title", "detail"} <= set(problem)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/nope", "/nope", "/healthz", "/schema", "/v1/chat/completions"])
def test_every_reply_has_a_request_id(client: httpx.Client, path: str) -> None:
    ids = [client.get(path).headers.get_list("x-request-id") for _ in range(2)]

    assert all(len(found) == 1 and re.fullmatch("req_[0-9a-f]{32}", found[0]) for found in ids)
    assert ids[0] != ids[1]


def test_a_legal_request_id_of_the_callers_is_kept(client: httpx.Client) -> None:
    reply = client.get("/nope", headers={"X-Request-ID": "mine-1.a_b"})

    assert reply.headers["x-request-id"] == "mine-1.a_b"
    assert reply.json()["request_id"] == "mine-1.a_b"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "ü"])
def test_an_illegal_request_id_is_replaced(client: httpx.Client, given: str) -> None:
    reply = client.get("/healthz", headers=[(b"X-Request-ID", given.encode())])

    assert reply.headers["x-request-id"].startswith("req_")
