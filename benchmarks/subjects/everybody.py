"""The subjects by name."""

from __future__ import annotations

from typing import Final

from .gateway import App, Upstream
from .peers import LiteLLM, Nginx, Portkey, Smg
from .promptdock import MANAGED, PASSTHROUGH, SESSION, Promptdock

__all__ = [
    "BYTES", "DOCK", "DOCK_LOGGED", "DOCK_MANAGED", "DOCK_MANAGED_LOGGED", "DOCK_SESSION", "LANGCHAIN", "LITELLM",
    "NGINX", "OPENAI_AGENTS", "OPENAI_SDK", "PLAIN_RELAY", "PORTKEY", "PYDANTIC_AI", "RELAY", "SMG", "UPSTREAM",
]  # fmt: skip

_LOG: Final = ("--access-log",)
DOCK: Final = Promptdock("promptdock passthrough", PASSTHROUGH)
DOCK_LOGGED: Final = Promptdock("promptdock passthrough, logged", PASSTHROUGH, options=_LOG)
DOCK_MANAGED: Final = Promptdock("promptdock managed", MANAGED)
DOCK_MANAGED_LOGGED: Final = Promptdock("promptdock managed, logged", MANAGED, options=_LOG)
DOCK_SESSION: Final = Promptdock("promptdock session", SESSION)
RELAY: Final = App("bare relay", "relay")
PLAIN_RELAY: Final = App("bare relay, plain uvicorn", "relay", settings={"BENCH_PLAIN": "1"})
OPENAI_SDK: Final = App("Litestar + openai", "openai_sdk")
BYTES: Final = App("byte relay", "bytes_relay")
UPSTREAM: Final = Upstream()
NGINX: Final = Nginx()
PORTKEY: Final = Portkey()
LITELLM: Final = LiteLLM()
SMG: Final = Smg()
PYDANTIC_AI: Final = App("pydantic-ai", "with_pydantic_ai", peer="pydantic-ai")
OPENAI_AGENTS: Final = App("openai-agents", "with_openai_agents", peer="openai-agents")
LANGCHAIN: Final = App("LangChain", "with_langchain", peer="langchain")
