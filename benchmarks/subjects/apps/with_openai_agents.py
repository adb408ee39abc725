"""A turn with one tool: the OpenAI Agents SDK behind a Litestar handler, nothing stored, no traces."""

from __future__ import annotations

import os
from typing import Any

import uvicorn
from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from litestar import Litestar, Request, post
from openai import AsyncOpenAI


def calculator(expression: str) -> str:
    """Add numbers.

    Args:
        expression: A sum, e.g. 1 + 2.
    """
    return str(sum(int(part) for part in expression.split("+")))


set_tracing_disabled(True)
CLIENT = AsyncOpenAI(base_url=os.environ["BENCH_UPSTREAM"], api_key="sk-bench")
MODEL = OpenAIChatCompletionsModel(model="bench", openai_client=CLIENT)
AGENT = Agent(name="bench", model=MODEL, tools=[function_tool(calculator)])


@post("/v1/chat/completions", status_code=200)
async def answer(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Answer the newest message."""
    body = await request.json()
    done = await Runner.run(AGENT, body["messages"][-1]["content"])
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": done.final_output}}]}


if __name__ == "__main__":
    app = Litestar([answer], openapi_config=None, logging_config=None)
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False, server_header=False)
