"""Gateways of others, each as its makers say it is to be run, with one worker and without logs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.peers import peer_folder, peer_program
from benchmarks.stage import Stage

from .gateway import Gateway

__all__ = ["LiteLLM", "Nginx", "Portkey", "Smg"]

_NOT_INSTALLED: Final = "not installed: make bench-peers"

_NGINX: Final = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    keepalive_requests 1000000000;
    location / {{
      proxy_pass http://up;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""
_LITELLM: Final = """\
model_list:
  - model_name: bench
    litellm_params: {{model: openai/bench, api_base: "http://127.0.0.1:{upstream}/v1", api_key: sk-bench}}
litellm_settings: {{telemetry: false}}
general_settings: {{master_key: sk-bench}}
"""


class Nginx(Gateway):
    """A reverse proxy, which looks into nothing."""

    name = "nginx"

    def missing(self) -> str | None:
        """Whether it is on PATH."""
        return None if self._program() else "not on PATH"

    def command(self, stage: Stage, upstream: int, port: int) -> tuple[list[str | Path], dict[str, str]]:
        """One worker, its files in a folder of ours."""
        folder = stage.new_folder("nginx")
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, upstream=upstream, port=port), encoding="utf-8")
        folder.chmod(0o755)
        return [self._program() or "nginx", "-e", folder / "error.log", "-p", folder, "-c", config], {}

    def _program(self) -> str | None:
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class Portkey(Gateway):
    """``@portkey-ai/gateway``, of npm."""

    name = "Portkey"

    def missing(self) -> str | None:
        """Whether it, and node, are there."""
        if shutil.which("node") is None:
            return "node is not on PATH"
        return None if peer_program("portkey", "gateway") else _NOT_INSTALLED

    def command(self, stage: Stage, upstream: int, port: int) -> tuple[list[str | Path], dict[str, str]]:
        """Without its web page."""
        script = peer_folder("portkey") / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
        return ["node", script, f"--port={port}", "--headless"], {"NODE_ENV": "production"}

    def headers(self, upstream: int) -> Mapping[str, str]:
        """Its caller says where the provider is."""
        where = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1"}
        return {**where, "Authorization": "Bearer sk-bench"}


class LiteLLM(Gateway):
    """The proxy of ``litellm``, without a database."""

    name = "LiteLLM"
    seconds = 120.0

    def missing(self) -> str | None:
        """Whether it is installed."""
        return None if peer_program("litellm", "litellm") else _NOT_INSTALLED

    def command(self, stage: Stage, upstream: int, port: int) -> tuple[list[str | Path], dict[str, str]]:
        """With one model and a master key."""
        config = stage.new_folder("litellm") / "config.yaml"
        config.write_text(_LITELLM.format(upstream=upstream), encoding="utf-8")
        program = peer_program("litellm", "litellm") or "litellm"
        env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
        return [program, "--config", config, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"], env


class Smg(Gateway):
    """``smg``, a gateway that is written in Rust."""

    name = "smg"

    def missing(self) -> str | None:
        """Whether it is installed."""
        return None if peer_program("smg", "smg") else _NOT_INSTALLED

    def command(self, stage: Stage, upstream: int, port: int) -> tuple[list[str | Path], dict[str, str]]:
        """As a router to one OpenAI worker."""
        program = peer_program("smg", "smg") or "smg"
        where = ["--host", "127.0.0.1", "--port", str(port), "--worker-urls", f"http://127.0.0.1:{upstream}"]
        return [program, "launch", "--backend", "openai", *where, "--log-level", "error"], {}
