"""What other people's clients and suites expect of an OpenAI endpoint, against a real `promptdock serve`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.environments import Environment

HERE = Path(__file__).parent / "conformance"
KEY = "My API Key"  # the one that openai's own tests send
MODEL = "gpt-6-astra"  # the one that they name

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("conformance")]


@dataclass(frozen=True)
class Served:
    """A running server and its root URL."""

    url: str

    @property
    def environ(self) -> dict[str, str]:
        """What the scripts and suites are told."""
        return {
            "BASE_URL": f"{self.url}/v1",
            "API_KEY": KEY,
            "MODEL": MODEL,
            "TEST_API_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": KEY,
        }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`promptdock serve` as an operator starts it: a key, a model alias, the offline provider."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environ |= {
        "PROMPTDOCK_HOME": str(home),
        "PROMPTDOCK_API_KEY": KEY,
        "PROMPTDOCK_DEFAULT_PROVIDER": "offline",
        "PROMPTDOCK_MODEL_ALIASES": f'{{"{MODEL}": "offline/offline"}}',
    }
    log = (home / "serve.log").open("wb")
    command = [sys.executable, "-m", "promptdock", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=home, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/healthz", server, home / "serve.log")
        yield Served(url)
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(30)
        log.close()
    assert code == 0
    assert "Traceback" not in (home / "serve.log").read_text()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server does not answer:\n{log.read_text()}")


def run(command: list[str], cwd: Path, served: Served, **environ: str) -> str:
    """Run a program against the server and give what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PROMPTDOCK_"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=kept | served.environ | environ,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.parametrize(("script", "count"), [("validate_schema.py", 84), ("openai_python_client.py", 31)])
def test_scripts_pass_every_check(served: Served, script: str, count: int) -> None:
    """Nothing fails, nothing is soft, nothing is left out."""
    said = run([sys.executable, str(HERE / script)], HERE, served, STRICT_AUTO="1", PYTHONDONTWRITEBYTECODE="1")
    assert f"{count} PASS, 0 FAIL, 0 SOFT, 0 SKIP" in said


def test_langchains_standard_suite_passes(served: Served, tmp_path: Path) -> None:
    """Every test of it that needs no network. (Names like OpenAI's would make LangChain take another endpoint.)"""
    environment = Environment.create(tmp_path / "langchain", "-r", HERE / "suites" / "langchain.txt")
    suite = HERE / "suites" / "langchain"
    command = [str(environment.folder / "venv" / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    said = run(
        [*command, "-c", str(suite / "pytest.ini"), str(suite / "suite_promptdock.py")],
        tmp_path,
        served,
        MODEL="offline",
    )
    (passed,) = re.findall(r"(\d+) passed", said)
    assert int(passed) >= 44
    assert "failed" not in said.splitlines()[-1]


def test_openais_own_tests_pass(served: Served, tmp_path: Path) -> None:
    """Those of chat completions and models, from the source distribution of the openai package."""
    requirements = HERE / "suites" / "openai.txt"
    (version,) = re.findall(r"^openai\S*==(\S+)$", requirements.read_text(), re.MULTILINE)
    fetch = ["-m", "pip", "download", "--no-deps", "--no-binary", "openai", "--dest", str(tmp_path)]
    subprocess.run(
        [sys.executable, *fetch, f"openai=={version}"], check=True, capture_output=True, timeout=300, cwd=tmp_path
    )
    with tarfile.open(tmp_path / f"openai-{version}.tar.gz") as source:
        source.extractall(tmp_path, filter="data")
    environment = Environment.create(tmp_path / "openai", "-r", requirements)
    tests = [f"tests/api_resources/{name}" for name in ("chat/test_completions.py", "test_models.py")]
    chosen = "create or ((TestModels or TestAsyncModels) and (retrieve or list))"
    command = [str(environment.folder / "venv" / "bin" / "python"), "-m", "pytest", "-q", "-n", "0"]
    said = run([*command, "-k", chosen, *tests], tmp_path / f"openai-{version}", served)
    assert "75 passed" in said
    assert "failed" not in said.splitlines()[-1]
