"""A turn with one tool: a LangChain agent behind a Litestar handler, nothing stored."""

from __future__ import annotations

import os
from typing import Any

import uvicorn
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from litestar import Litestar, Request, post


def calculator(expression: str) -> str:
    """Add the numbers of a sum, e.g. 1 + 2."""
    return str(sum(int(part) for part in expression.split("+")))


MODEL = ChatOpenAI(model="bench", base_url=os.environ["BENCH_UPSTREAM"], api_key="sk-bench")
AGENT = create_agent(MODEL, tools=[calculator])


@post("/v1/chat/completions", status_code=200)
async def answer(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Answer the newest message."""
    body = await request.json()
    done = await AGENT.ainvoke({"messages": body["messages"][-1:]})
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": done["messages"][-1].content}}]}


if __name__ == "__main__":
    app = Litestar([answer], openapi_config=None, logging_config=None)
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False, server_header=False)
