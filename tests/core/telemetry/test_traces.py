"""Spans of a live server, as a collector gets them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.attributes import error_attributes, http_attributes, server_attributes, url_attributes

from promptdock import Settings
from promptdock.telemetry import conventions
from promptdock.telemetry.tracing import open_tracing
from promptdock.web import create_app
from tests.core.web.scripted import ScriptedProvider, chunk
from tests.support.server import live_server
from tests.support.services import settings_at
from tests.support.upstream import Upstream, error, text, tool_calls

ASK = {"model": "offline", "messages": [{"role": "user", "content": "What is 17 + 4?"}]}
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
SERVER, CLIENT = 2, 3
ERROR = 2


class Collector:
    """Takes what exporters send, over HTTP."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def spans(self) -> list[Any]:
        return [
            span for sent in self.requests for of in sent.resource_spans for on in of.scope_spans for span in on.spans
        ]

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]

    @property
    def services(self) -> set[str]:
        resources = [of.resource for sent in self.requests for of in sent.resource_spans]
        return {attributes(resource)["service.name"] for resource in resources}

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve for the length of a block."""
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.path == "/v1/traces"
                requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()


def attributes(thing: Any) -> dict[str, Any]:
    """The attributes of a span or a resource, as plain values."""

    def plain(value: Any) -> Any:
        kind = value.WhichOneof("value")
        return [plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)

    return {pair.key: plain(pair.value) for pair in thing.attributes}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """One that the variables name."""
    for name in [name for name in os.environ if name.startswith("OTEL_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    found = Collector()
    with found.listening() as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield found


@pytest.mark.parametrize("stream", [True, False])
def test_a_turn_is_a_span_with_its_rounds_and_tools(collector: Collector, settings: Settings, stream: bool) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "asked-1"}

    with live_server(create_app(settings)) as url:
        assert httpx.post(f"{url}/v1/chat/completions", json={**ASK, "stream": stream}, headers=headers).is_success
        httpx.get(f"{url}/readyz")

    assert collector.services == {"promptdock"}
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    (request,) = collector.named("POST /v1/chat/completions")
    (turn,) = collector.named("invoke_agent promptdock")
    first, last = collector.named("chat offline")
    (ran,) = collector.named("execute_tool calculator")
    assert len(collector.spans) == 5
    assert request.parent_span_id.hex() == PARENT
    assert turn.parent_span_id == request.span_id
    assert {span.parent_span_id for span in (first, last, ran)} == {turn.span_id}
    assert (request.kind, first.kind) == (SERVER, CLIENT)
    assert turn.start_time_unix_nano <= first.start_time_unix_nano <= first.end_time_unix_nano
    assert first.end_time_unix_nano <= ran.start_time_unix_nano <= ran.end_time_unix_nano <= last.start_time_unix_nano
    assert attributes(request)["http.route"] == "/v1/chat/completions"
    assert attributes(request)["http.response.status_code"] == 200
    of_turn = attributes(turn)
    assert of_turn["gen_ai.operation.name"] == "invoke_agent"
    assert of_turn["gen_ai.request.model"] == "offline"
    assert of_turn["gen_ai.usage.input_tokens"] > 10
    assert of_turn["promptdock.request.id"] == "asked-1"
    assert of_turn["promptdock.tools.presented"] == ["calculator.calculate"]
    of_round = attributes(first)
    assert of_round["gen_ai.operation.name"] == "chat"
    assert of_round["gen_ai.provider.name"] == "offline"
    assert of_round["gen_ai.response.finish_reasons"] == ["tool_calls"]
    assert of_round["gen_ai.request.stream"] is stream
    assert ("gen_ai.response.time_to_first_chunk" in attributes(last)) is stream
    assert attributes(ran)["promptdock.tool.id"] == "calculator.calculate"
    assert {span.status.code for span in collector.spans} == {0}
    assert not any("17 + 4" in str(attributes(span)) for span in collector.spans), "contents are not asked for"


def test_contents_are_there_for_who_asks_for_them(collector: Collector, settings: Settings) -> None:
    said = {**ASK, "messages": [{"role": "user", "content": "What is 17 + 4? My key is sk-abcdefghijklmnopqrstuv1234"}]}

    with live_server(create_app(settings.model_copy(update={"trace_contents": True}))) as url:
        httpx.post(f"{url}/v1/chat/completions", json=said)

    first, last = map(attributes, collector.named("chat offline"))
    (ran,) = map(attributes, collector.named("execute_tool calculator"))
    assert '{"type":"text","content":"What is 17 + 4?' in first["gen_ai.input.messages"]
    assert '"type":"tool_call","id":' in first["gen_ai.output.messages"]
    assert '"type":"tool_call_response"' in last["gen_ai.input.messages"]
    assert '"finish_reason":"stop"' in last["gen_ai.output.messages"]
    assert "17" in ran["gen_ai.tool.call.arguments"]
    assert "21" in ran["gen_ai.tool.call.result"]
    assert "abcdefghijklmnopqrstuv1234" not in str(collector.requests)


def test_what_fails_says_so_with_its_code(collector: Collector, upstream: Upstream, home: Path) -> None:
    upstream.script([tool_calls([("made_up", {})]), error(429)])

    with live_server(create_app(settings_at(upstream, home=home))) as url:
        asked = {"model": "fake/m1", "messages": [{"role": "user", "content": "go"}]}
        assert httpx.post(f"{url}/v1/chat/completions", json=asked).status_code == 429

    good, bad = collector.named("chat m1")
    (tool,) = collector.named("execute_tool made_up")
    (turn,) = collector.named("invoke_agent promptdock")
    (request,) = collector.named("POST /v1/chat/completions")
    assert (good.status.code, tool.status.code, bad.status.code, turn.status.code) == (0, ERROR, ERROR, ERROR)
    assert attributes(tool)["error.type"] == "unknown_tool"
    assert attributes(bad)["error.type"] == attributes(turn)["error.type"] == "rate_limit_exceeded"
    assert attributes(good)["server.address"] == "127.0.0.1"
    assert request.status.code == 0, "of a server's span, the caller's fault is no error"


def test_a_caller_who_hangs_up_ends_the_spans(collector: Collector, settings: Settings) -> None:
    provider = ScriptedProvider()
    provider.steps = [chunk("first"), threading.Event()]
    asked = {**ASK, "model": "scripted/scripted-1", "stream": True}

    with live_server(create_app(settings, extra={"scripted": provider})) as url:
        with (
            httpx.Client(timeout=30) as client,
            client.stream("POST", f"{url}/v1/chat/completions", json=asked) as reply,
        ):
            next(reply.iter_lines())
        assert provider.cancelled.wait(20)

    (turn,) = collector.named("invoke_agent promptdock")
    (asked_one,) = collector.named("chat scripted-1")
    (request,) = collector.named("POST /v1/chat/completions")
    assert attributes(turn)["error.type"] == attributes(asked_one)["error.type"] == "cancelled"
    assert attributes(request)["http.response.status_code"] == 499


def test_providers_are_told_nothing_of_the_trace(collector: Collector, upstream: Upstream, home: Path) -> None:
    upstream.script(text("Hi"))
    with live_server(create_app(settings_at(upstream, home=home))) as url:
        asked = {"model": "fake/m1", "messages": [{"role": "user", "content": "go"}]}
        httpx.post(f"{url}/v1/chat/completions", json=asked, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})

    assert "traceparent" not in upstream.calls[0].headers
    assert collector.named("chat m1") != []


def test_a_passthrough_is_a_span(collector: Collector, upstream: Upstream, home: Path) -> None:
    upstream.script(text("Hi"))
    settings = settings_at(upstream, home=home, api_key="sk-operator-0123")
    with live_server(create_app(settings)) as url:
        reply = httpx.post(
            f"{url}/api/v1/prompts/passthrough/fake/",
            json={"model": "m1", "messages": [{"role": "user", "content": "go"}]},
            headers={"Authorization": "Bearer sk-operator-0123"},
        )
        assert reply.status_code == 200

    (span,) = collector.named("passthrough fake")
    assert attributes(span)["http.response.status_code"] == 200
    assert attributes(span)["gen_ai.usage.input_tokens"] == 10
    assert span.parent_span_id == next(s.span_id for s in collector.spans if s.kind == SERVER)
    assert "sk-operator-0123" not in str(collector.requests)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "mine"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
    ],
)
def test_nobody_is_traced_who_did_not_ask(environment: dict[str, str]) -> None:
    assert open_tracing(Settings(), environment) is None


def test_an_exporter_that_there_is_not_is_told(caplog: pytest.LogCaptureFixture) -> None:
    tracing = open_tracing(Settings(), {"OTEL_TRACES_EXPORTER": "zipkin"})

    assert tracing is not None
    tracing.close()
    assert "OTEL_TRACES_EXPORTER=zipkin: there is no such exporter here" in caplog.text


EMBEDDING = """
import sys
{before}
from promptdock import Settings
from promptdock.web import create_app
from pathlib import Path
import httpx
from tests.support.server import live_server

settings = Settings(home=Path(sys.argv[1]), plugins_allow=("calculator", "offline"), default_provider="offline")
with live_server(create_app(settings)) as url:
    asked = {{"model": "offline", "messages": [{{"role": "user", "content": "What is 17 + 4?"}}]}}
    assert httpx.post(f"{{url}}/v1/chat/completions", json=asked).is_success
{after}
"""
SETS_A_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)
"""
HIDES_IT = """
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def run(script: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the tracer provider of a process can be set once."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-c", script, str(home)],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=Path(__file__).parents[3],
        env={**clean, **environment},
    )


def test_the_provider_of_a_program_that_embeds_us_gets_the_spans(home: Path) -> None:
    after = "print(*sorted(span.name for span in memory.get_finished_spans()), sep='; ')"
    done = run(EMBEDDING.format(before=SETS_A_PROVIDER, after=after), home)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        "POST /v1/chat/completions; chat offline; chat offline; execute_tool calculator; invoke_agent promptdock"
    )


def test_nothing_of_it_is_imported_when_it_is_not_on(home: Path) -> None:
    after = "print([name for name in sys.modules if name.startswith(('opentelemetry.trace', 'opentelemetry.sdk'))])"
    done = run(EMBEDDING.format(before="", after=after), home)

    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_who_wants_traces_and_lacks_the_extra_is_told_what_to_install(home: Path) -> None:
    done = run(EMBEDDING.format(before=HIDES_IT, after=""), home, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")

    assert done.returncode == 0, done.stderr
    assert "Traces are wanted, but opentelemetry is missing: pip install 'promptdock[otel]'" in done.stderr


def test_our_names_are_those_of_the_conventions() -> None:
    theirs = {
        value
        for module in (gen_ai_attributes, error_attributes, http_attributes, server_attributes, url_attributes)
        for value in vars(module).values()
        if isinstance(value, str)
    }
    ours = {
        value
        for name, value in vars(conventions).items()
        if name.isupper() and isinstance(value, str) and "." in value and not value.startswith("promptdock.")
    }
    assert ours - theirs == set()
    assert len(ours) > 20
