"""A test host behind a real server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from promptdock.testing import Host
from promptdock.testing.clients import openai_client
from promptdock.testing.live import live_host


@pytest.fixture
def opened() -> Iterator[Host]:
    """A host with one plugin."""
    with Host(["calculator"]) as host:
        yield host


def test_streams_come_over_a_socket(opened: Host) -> None:
    """Beside the in-process client of the same host; the script counts for both."""
    opened.script(["One two three.", "Four."])
    asked = [{"role": "user", "content": "Count."}]
    with live_host(opened) as live:
        body = {"model": "scripted/model", "messages": asked, "stream": True}
        headers = {"Authorization": f"Bearer {live.api_key}"}
        with httpx2.stream("POST", f"{live.url}/v1/chat/completions", json=body, headers=headers) as reply:
            data = [line.removeprefix("data: ") for line in reply.iter_lines() if line.startswith("data: {")]
        with openai_client(opened) as client:
            second = client.chat.completions.create(model="scripted/model", messages=[{"role": "user", "content": "x"}])
    said = [choice["delta"].get("content") or "" for piece in data for choice in json.loads(piece)["choices"]]
    assert "".join(said) == "One two three."
    assert len([piece for piece in said if piece]) == 3
    assert second.choices[0].message.content == "Four."


def test_another_process_can_ask(opened: Host) -> None:
    """With nothing but the URL and the key."""
    opened.script("Hello over there.")
    with live_host(opened) as live:
        script = (
            "import openai, sys\n"
            "client = openai.OpenAI(base_url=sys.argv[1] + '/v1', api_key=sys.argv[2])\n"
            "asked = [{'role': 'user', 'content': 'Hello'}]\n"
            "print(client.chat.completions.create(model='scripted/model', messages=asked).choices[0].message.content)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, live.url, live.api_key],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout == "Hello over there.\n"


def test_the_port_is_free_afterwards_and_the_host_goes_on(opened: Host) -> None:
    """Closing the server closes nothing else."""
    opened.script(["One.", "Two."])
    with live_host(opened) as live:
        client = live.openai_client()
        reply = client.chat.completions.create(model="scripted/model", messages=[{"role": "user", "content": "x"}])
        assert reply.choices[0].message.content == "One."
    assert client.is_closed()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", urlsplit(live.url).port or 0), timeout=5)
    assert opened.prompt("x").text == "Two."
