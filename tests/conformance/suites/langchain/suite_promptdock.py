"""langchain-tests' standard chat-model suite against a promptdock server with the offline provider.

Set BASE_URL (default http://127.0.0.1:8000/v1), API_KEY and MODEL.
"""

from __future__ import annotations

import os
from typing import Any

from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class TestPromptdock(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": os.environ.get("MODEL", "offline"),
            "base_url": os.environ.get("BASE_URL", "http://127.0.0.1:8000/v1"),
            "api_key": os.environ.get("API_KEY", "x"),
            "stream_usage": True,  # ChatOpenAI asks other base URLs than OpenAI's own for usage only when told to
        }

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return os.environ.get("MODEL", "offline")

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True
