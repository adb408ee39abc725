"""A turn with one tool: pydantic-ai behind a Litestar handler, nothing stored."""

from __future__ import annotations

import os
from typing import Any

import uvicorn
from litestar import Litestar, Request, post
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

PROVIDER = OpenAIProvider(base_url=os.environ["BENCH_UPSTREAM"], api_key="sk-bench")


def calculator(expression: str) -> str:
    """Add numbers.

    Args:
        expression: A sum, e.g. 1 + 2.
    """
    return str(sum(int(part) for part in expression.split("+")))


AGENT = Agent(OpenAIChatModel("bench", provider=PROVIDER), tools=[calculator])


@post("/v1/chat/completions", status_code=200)
async def answer(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Answer the newest message."""
    body = await request.json()
    done = await AGENT.run(body["messages"][-1]["content"])
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": done.output}}]}


if __name__ == "__main__":
    app = Litestar([answer], openapi_config=None, logging_config=None)
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False, server_header=False)
