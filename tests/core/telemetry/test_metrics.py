"""What ``GET /metrics`` says of a live server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptdock import Settings, hookimpl, tool
from promptdock.web import PromptdockPlugin, create_app
from tests.core.web.scripted import ScriptedProvider, chunk
from tests.support.metrics import Readings, readings, readings_once
from tests.support.server import live_server
from tests.support.services import settings_at
from tests.support.upstream import Upstream, error, text, tool_calls

CHAT = "/v1/chat/completions"


def ask(words: str = "What is 17 + 4?", model: str = "offline", **members: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": words}], **members}


def test_a_turn_is_counted_from_its_request_to_its_tool(client: httpx.Client) -> None:
    for stream in (False, True):
        assert client.post(CHAT, json=ask(stream=stream)).status_code == 200

    seen = readings(client)

    assert seen.get("requests_total", method="POST", route=CHAT, status="200") == 2
    assert seen.get("request_duration_seconds_count", method="POST", route=CHAT) == 2
    assert seen.get("request_received_bytes_total") > 100
    assert seen.get("request_sent_bytes_total") > 500
    assert seen.get("turns_total", state="finished") == 2
    assert seen.get("turn_duration_seconds_count") == 2
    assert seen.get("turn_rounds_sum") == 4
    assert seen.get("provider_calls_total", provider="offline", kind="turn", outcome="ok") == 4
    assert seen.get("provider_call_duration_seconds_count", provider="offline", kind="turn") == 4
    assert seen.get("provider_first_token_seconds_count", provider="offline") == 1
    assert seen.get("provider_tokens_total", provider="offline", kind="prompt") > 100
    assert seen.get("provider_tokens_total", provider="offline", kind="completion") > 10
    of_tool = {"plugin": "calculator", "tool": "calculator.calculate"}
    assert seen.get("tool_calls_total", outcome="ok", **of_tool) == 2
    assert seen.get("tool_duration_seconds_count", **of_tool) == 2
    assert seen.get("selection_duration_seconds_count") == 2
    assert seen.get("tools_presented_sum") == 2
    assert seen.get("turns_in_progress") == seen.get("streams_open") == 0
    assert seen.get("requests_in_progress") == 1, "the look itself"


def test_names_say_their_unit_and_whose_they_are(client: httpx.Client) -> None:
    client.post(CHAT, json=ask())

    for name in readings(client).names:
        assert name.startswith(("promptdock_", "process_"))
        if name.endswith("_sum"):
            assert name.endswith(("_seconds_sum", "_turn_rounds_sum", "_tools_presented_sum"))


def test_unknown_paths_and_methods_make_no_series_of_their_own(client: httpx.Client) -> None:
    for number, method in enumerate(("PROPFIND", "PURGE", "MKCOL", "LOCK", "COPY")):
        client.get(f"/nobody/{number}")
        client.get(f"/v1/models/nobody-{number}")
        client.request(method, "/healthz")
    client.get(CHAT)

    seen = readings(client)

    assert seen.get("requests_total", method="GET", route="unknown", status="404") == 5
    assert seen.get("requests_total", method="GET", route="/v1/models/{model}", status="404") == 5
    assert seen.get("requests_total", method="other", route="unknown", status="405") == 5
    assert {labels["method"] for labels in seen.labels("requests_total")} == {"GET", "other"}


def test_a_refused_key_is_counted_as_what_the_caller_got(client: httpx.Client) -> None:
    wrong = {"Authorization": "Bearer nobodys"}

    assert client.post(CHAT, json=ask(), headers=wrong).status_code == 401
    assert client.get("/api/v1/accounts").status_code == 401

    seen = readings(client)
    assert seen.get("requests_total", method="POST", route=CHAT, status="401") == 1
    assert seen.get("requests_total", method="GET", route="/api/v1/accounts", status="401") == 1
    assert seen.get("requests_total", method="POST", route=CHAT, status="200") == 0


def test_failures_are_counted_by_few_words(client: httpx.Client, provider: ScriptedProvider) -> None:
    provider.steps = [RuntimeError("nobody foresaw this")]
    for stream in (False, True):
        assert client.post(CHAT, json=ask(model="scripted/scripted-1", stream=stream)).status_code == 500
    provider.steps = [chunk("Hel"), RuntimeError("nor this")]
    assert client.post(CHAT, json=ask(model="scripted/scripted-1", stream=True)).status_code == 200

    seen = readings(client)
    assert seen.get("requests_total", method="POST", route=CHAT, status="500") == 2
    assert seen.get("turns_total", state="failed") == 3
    assert seen.get("provider_calls_total", provider="scripted", kind="turn", outcome="failed") == 3
    assert seen.get("provider_first_token_seconds_count", provider="scripted") == 1
    assert seen.get("turns_in_progress") == seen.get("streams_open") == 0


@pytest.mark.parametrize("stream", [True, False])
def test_a_caller_who_hangs_up_is_counted_so(
    client: httpx.Client, url: str, provider: ScriptedProvider, stream: bool
) -> None:
    asked = threading.Event()
    provider.steps = [chunk("first"), asked.set, threading.Event()]

    with httpx.Client(base_url=url, timeout=30) as leaving:
        if stream:
            with leaving.stream("POST", CHAT, json=ask(model="scripted/scripted-1", stream=True)) as reply:
                next(reply.iter_lines())
                assert readings(client).get("streams_open") == 1
        else:
            with pytest.raises(httpx.ReadTimeout):
                leaving.post(CHAT, json=ask(model="scripted/scripted-1"), timeout=0.5)
            assert asked.wait(20)

    readings_once(client, lambda found: found.get("turns_total", state="cancelled") > 0)
    seen = readings_once(client, lambda found: found.get("requests_in_progress") == 1)
    assert seen.get("requests_total", method="POST", route=CHAT, status="499") == 1
    assert seen.get("provider_calls_total", provider="scripted", kind="turn", outcome="cancelled") == 1
    assert seen.get("turns_in_progress") == seen.get("streams_open") == 0


class Witness:
    """A plugin whose hook fails, beside one that does not, with a tool that fails."""

    @tool
    @staticmethod
    def never_works() -> str:
        """Fail."""
        raise OSError("no")

    @hookimpl
    def register_tools(self) -> list[Any]:
        return [Witness.never_works]

    @hookimpl
    def turn_started(self, event: Any) -> None:
        raise ValueError("not today")

    @hookimpl
    def prepare_completion(self, call: Any) -> None:
        """Leave it as it is."""


class Broken:
    """A plugin that is put into quarantine."""

    @hookimpl
    def register_tools(self) -> list[Any]:
        raise RuntimeError("never")


@pytest.fixture
def witnessed(upstream: Upstream, home: Path) -> Iterator[tuple[httpx.Client, Upstream]]:
    settings = settings_at(upstream, home=home, strict=False)
    plugins = {"witness": Witness(), "broken": Broken()}
    with live_server(create_app(settings, extra=plugins)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client, upstream


def test_tools_hooks_and_plugins_in_quarantine(witnessed: tuple[httpx.Client, Upstream]) -> None:
    client, upstream = witnessed
    upstream.script([tool_calls([("never_works", {})]), tool_calls([("made_up_by_a_model", {})]), text("done")])

    assert client.post(CHAT, json=ask(model="fake/m1")).status_code == 200

    seen = readings_once(
        client,
        lambda found: found.get("hook_calls_total", plugin="witness", hook="turn_started", outcome="failed") > 0,
    )
    failed = {"plugin": "witness", "tool": "witness.never_works", "outcome": "tool_failed"}
    assert seen.get("tool_calls_total", **failed) == 1
    assert seen.get("tool_calls_total", plugin="unknown", tool="unknown", outcome="unknown_tool") == 1
    assert seen.get("hook_calls_total", plugin="witness", hook="turn_started", outcome="failed") == 1
    assert seen.get("hook_calls_total", plugin="witness", hook="prepare_completion", outcome="ok") == 3
    assert seen.get("hook_duration_seconds_count", plugin="witness", hook="prepare_completion") == 3
    assert seen.get("plugin_quarantined", plugin="broken") == 1
    assert seen.get("plugins", state="quarantined") == 1


def test_passthroughs_count_as_upstream_calls(upstream: Upstream, home: Path) -> None:
    settings = settings_at(upstream, home=home, api_key="sk-operator-0123")
    headers = {"Authorization": "Bearer sk-operator-0123"}
    body = {"model": "m1", "messages": [{"role": "user", "content": "Hello"}]}
    upstream.script([text("Hi"), error(429), error(500)])

    with (
        live_server(create_app(settings)) as url,
        httpx.Client(base_url=url, timeout=30, headers=headers) as client,
    ):
        for status in (200, 429, 500):
            reply = client.post("/api/v1/prompts/passthrough/fake/", json=body)
            assert reply.status_code == status
        seen = readings(client)

    for outcome in ("ok", "rate_limited", "failed"):
        assert seen.get("provider_calls_total", provider="fake", kind="passthrough", outcome=outcome) == 1
    assert seen.get("provider_tokens_total", provider="fake", kind="prompt") > 0


def test_openmetrics_is_spoken_to_whoever_asks_for_it(client: httpx.Client) -> None:
    plain = client.get("/metrics")
    open_metrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert open_metrics.text.endswith("# EOF\n")


def test_two_apps_in_one_process_count_for_themselves(settings: Settings) -> None:
    with live_server(create_app(settings)) as one, live_server(create_app(settings)) as other:
        httpx.get(f"{one}/v1/models")
        first, second = (Readings(httpx.get(f"{url}/metrics").text) for url in (one, other))

    assert first.get("requests_total", method="GET", route="/v1/models", status="200") == 1
    assert second.get("requests_total", method="GET", route="/v1/models", status="200") == 0


def test_an_app_of_somebody_elses_counts_our_requests_alone(settings: Settings) -> None:
    from litestar import Litestar, get

    @get("/theirs")
    async def theirs() -> str:
        return "theirs"

    app = Litestar([theirs], plugins=[PromptdockPlugin(settings, path="/llm")])
    with live_server(app) as url, httpx.Client(base_url=url) as client:
        client.get("/theirs")
        client.get("/llm/v1/models")
        seen = Readings(client.get("/llm/metrics").text)

    assert [labels["route"] for labels in seen.labels("requests_total")] == ["/llm/v1/models"]


def test_without_the_setting_there_is_no_such_route(settings: Settings) -> None:
    off = settings.model_copy(update={"metrics": False, "loop_stall_ms": 0})

    with live_server(create_app(off)) as url:
        assert httpx.get(f"{url}/metrics").status_code == 404
        assert httpx.post(f"{url}{CHAT}", json=ask()).status_code == 200


@pytest.mark.parametrize(
    ("key", "token", "sent", "status"),
    [
        (None, None, None, 200),
        ("sk-operator-0123", None, None, 401),
        ("sk-operator-0123", None, "sk-operator-0123", 200),
        ("sk-operator-0123", "scrape-me-please", None, 401),
        ("sk-operator-0123", "scrape-me-please", "nobodys-key", 401),
        ("sk-operator-0123", "scrape-me-please", "scrape-me-please", 200),
        (None, "scrape-me-please", None, 401),
        (None, "scrape-me-please", "scrape-me-please", 200),
    ],
)
def test_who_may_read_them(
    settings: Settings, key: str | None, token: str | None, sent: str | None, status: int
) -> None:
    secrets = {"api_key": key, "metrics_token": token}
    guarded = settings.model_copy(
        update={name: None if value is None else SecretStr(value) for name, value in secrets.items()}
    )
    headers = {} if sent is None else {"Authorization": f"Bearer {sent}"}

    with live_server(create_app(guarded)) as url:
        assert httpx.get(f"{url}/metrics", headers=headers).status_code == status
        assert (httpx.get(f"{url}/readyz", headers=headers).json()["parts"][-1]["detail"] is None) is (status != 200)
        if sent is not None and sent == token:
            assert httpx.get(f"{url}/v1/models", headers=headers).status_code == 401, "it opens nothing else"


def test_the_errors_of_that_route_are_problem_details(settings: Settings) -> None:
    guarded = settings.model_copy(update={"api_key": SecretStr("sk-operator-0123")})

    with live_server(create_app(guarded)) as url:
        refused = httpx.get(f"{url}/metrics")

    assert refused.headers["content-type"] == "application/problem+json"
