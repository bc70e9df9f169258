"""LiteLLM's proxy and llm-mock-api as servers that speak OpenAI's languages."""

import contextlib
import json
import sys
from pathlib import Path

from harness import (CACHE, KEY, Gateway, ask, clean_env, free_port, needs, provider, route,
                     running, whole)

SAYS = "LiteLLM says good day, with an ümlaut."


def model(name, **more):
    return {"model_name": name, "litellm_params": {"model": "openai/" + name, "api_key": "none",
                                                   **more}}


@contextlib.asynccontextmanager
async def litellm():
    program = CACHE / "litellm/bin/litellm"
    needs(program, CACHE / "litellm/installed.txt")
    port = free_port()
    config = CACHE / "litellm.json"
    config.write_text(json.dumps({
        "model_list": [
            model("good", mock_response=SAYS),
            model("busy", mock_response="litellm.RateLimitError"),
            model("broken", mock_response="litellm.InternalServerError"),
            model("far", api_base="http://127.0.0.1:9/v1"),
        ],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"num_retries": 0, "telemetry": False},
    }))
    env = clean_env(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_MODE="PRODUCTION")
    args = [program, "--config", config, "--host", "127.0.0.1", "--port", port]
    async with running(args, port, env, within=120):
        yield f"http://127.0.0.1:{port}"


async def test_litellm():
    async with litellm() as base:
        for kind, path in (("openai-chat", "/v1"), ("openai-chat", ""), ("anthropic", "")):
            table = provider("litellm", kind, base + path, model="good")
            async with Gateway(table, route("litellm")) as g:
                answer = await whole(g, "hello", SAYS)
                assert answer.end["finish_reason"] == "stop", (kind, answer)
        for name, code in (("busy", "provider_rate_limited"), ("far", "provider_unavailable"),
                           ("unheard-of", "provider_rejected")):
            table = provider("litellm", "openai-chat", base + "/v1", model=name)
            async with Gateway(table, route("litellm")) as g:
                answer = await ask(g, "hello")
                assert (answer.kind, answer.code) == ("turn.failed", code), (name, answer)
        table = provider("litellm", "openai-chat", base + "/v1", model="good").replace(KEY, "wrong")
        async with Gateway(table, route("litellm")) as g:
            answer = await ask(g, "hello")
            assert answer.code in ("provider_auth", "provider_rejected"), answer


async def test_llm_mock_api():
    program = Path(sys.executable).with_name("llm-mock-api")
    needs(program)
    rules = CACHE / "rules.json"
    long = "All of this is said, ümlauts too. " * 50
    rules.write_text(json.dumps({"rules": [{"when": "hello", "reply": "Good day."},
                                           {"when": "long", "reply": long}]}))
    port = free_port()
    args = [program, "start", "--port", port, "--rules", rules, "--chunk-size", 7,
            "--latency", 1]
    async with running(args, port):
        for kind, path in (("openai", "/v1"), ("openai-chat", "/v1"), ("anthropic", "")):
            table = provider("mock", kind, f"http://127.0.0.1:{port}{path}")
            async with Gateway(table, route("mock")) as g:
                await whole(g, "hello", "Good day.")
                await whole(g, "long", long)
