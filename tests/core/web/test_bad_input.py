from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

PATH = "/v1/chat/completions"
MIB = 1_048_576


def body(content: str = "Hello", **members: object) -> dict[str, object]:
    return {"model": "offline", "messages": [{"role": "user", "content": content}], **members}


@pytest.fixture(autouse=True)
def still_serving(client: httpx.Client) -> Iterator[None]:
    """After each bad request the server answers a good one."""
    yield
    assert client.post(PATH, json=body()).status_code == 200


def error_of(reply: httpx.Response, status: int) -> dict[str, str]:
    assert reply.status_code == status, reply.text
    assert set(reply.json()) == {"error"}
    error: dict[str, str] = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_a_body_of_two_megabytes_is_refused(client: httpx.Client) -> None:
    error = error_of(client.post(PATH, json=body("x" * 2 * MIB)), 413)

    assert error["code"] == "payload_too_large"
    assert str(MIB) in error["message"]


def test_a_chunked_body_of_two_megabytes_is_refused(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(32):
            yield b"x" * 65_536

    error = error_of(client.post(PATH, content=pieces(), headers={"content-type": "application/json"}), 413)

    assert error["code"] == "payload_too_large"


def test_a_body_without_an_end_is_cut_off(client: httpx.Client) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        while sent < 128 * MIB:
            yield b"x" * 65_536
            sent += 65_536

    try:
        status = client.post(PATH, content=pieces()).status_code
    except httpx.TransportError:
        status = 413  # the connection was closed before the reply could be read

    assert status == 413
    assert sent < 64 * MIB


def test_ten_thousand_messages_are_refused(client: httpx.Client) -> None:
    error = error_of(client.post(PATH, json=body(messages=[{"role": "user", "content": "x"}] * 10_000)), 400)

    assert error["code"] == "too_many_messages"
    assert error["param"] == "messages"


@pytest.mark.parametrize("depth", [65, 1_000, 100_000])
def test_deeply_nested_json_is_refused(client: httpx.Client, depth: int) -> None:
    nested = b'{"model":"offline","messages":' + b"[" * depth + b"]" * depth + b"}"

    assert error_of(client.post(PATH, content=nested), 400)["code"] == "invalid_json"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b'{"model":"offline","messages":[{"role":"user","content":"\xff\xfe"}]}',
        b'{"model":"offline","messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"model":"offline","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
        b'{"model":"offline","messages":[{"role":"user","content":"x"}],"temperature":1e999}',
    ],
)
def test_t12_a_body_that_is_not_json_is_refused_in_json(client: httpx.Client, content: bytes) -> None:
    assert error_of(client.post(PATH, content=content), 400)["code"] == "invalid_json"


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_another_content_type_is_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    error = error_of(client.post(PATH, content=b"{}", headers=headers), 415)

    assert error["code"] == "unsupported_media_type"


@pytest.mark.parametrize("declared", [None, "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_however_it_is_declared(client: httpx.Client, declared: str | None) -> None:
    content = httpx.Request("POST", "http://x", json=body()).content
    headers = {} if declared is None else {"content-type": declared}

    assert client.post(PATH, content=content, headers=headers).status_code == 200


@pytest.mark.parametrize("model", ["offlime", "offline/nope", "nope/offline", "/", "offline//", "x" * 5_000])
@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_or_provider_lists_the_near_matches(client: httpx.Client, model: str, stream: bool) -> None:
    error = error_of(client.post(PATH, json=body(model=model, stream=stream)), 404)

    assert error["code"] == "model_not_found"
    assert "offline" in error["message"]
    assert len(error["message"]) < 500


def test_t10_and_t11_bad_messages_are_refused(client: httpx.Client) -> None:
    assert error_of(client.post(PATH, json=body(messages=[{"role": "robot", "content": "x"}])), 400)["param"] == (
        "messages[0].role"
    )
    assert error_of(client.post(PATH, json={"model": "offline"}), 400)["param"] == "messages"


def test_a_tool_choice_of_nobodys_is_refused(client: httpx.Client) -> None:
    choice = {"type": "function", "function": {"name": "zzz"}}

    assert error_of(client.post(PATH, json=body(tool_choice=choice)), 400)["param"] == "tool_choice"


def test_an_unknown_route_is_refused(client: httpx.Client) -> None:
    error_of(client.post("/v1/nope", json=body()), 404)
    assert client.post("/nope", json=body()).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/%ff", "/v1/%00", "/v1/models/%ff%fe", "/v1/models/" + "x/" * 2_000, "//", "/v1//"])
def test_no_path_is_a_failure_of_the_server(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code in {200, 400, 404}
