"""aimock speaks Responses, Chat Completions and Messages, and fails on demand."""

import contextlib
import itertools
import json
import shutil
import tempfile
import urllib.request
from pathlib import Path

from harness import CACHE, KEY, Gateway, Skip, ask, free_port, needs, provider, route, running, whole

# No character beyond 16 bits: aimock would cut it in two, which no provider does.
LONG = "Ünïcode and \"quotes\", a tab\t, two lines\n\nand 漢字. " * 40
KINDS = {"openai": "/v1", "openai-chat": "/v1", "anthropic": ""}


def refusal(status, type, code, message="Incorrect API key provided: sk-planted-5ecret", **more):
    return {"error": {"message": message, "type": type, "code": code}, "status": status, **more}


# message, how it is answered, faults on the way
ANSWERS = [
    ("hello", {"content": "Good day."}, {}),
    ("tell at length", {"content": LONG}, {"chunkSize": 3}),
    ("tell in one piece", {"content": LONG}, {"chunkSize": 100_000}),
    ("tell slowly", {"content": "One two three four five six."}, {"chunkSize": 4, "latency": 40}),
    ("think first", {"content": "Forty-two.", "reasoning": "Six times seven."}, {}),
    ("count", {"content": "Counted.", "usage": {
        "input_tokens": 123, "output_tokens": 45, "prompt_tokens": 123, "completion_tokens": 45}}, {}),
    ("stop at the limit", {"content": "Cut he", "finishReason": "length"}, {}),
    ("bad key", refusal(401, "authentication_error", "invalid_api_key"), {}),
    ("busy", refusal(429, "rate_limit_error", "rate_limit_exceeded", retryAfter=1), {}),
    ("broke", refusal(429, "insufficient_quota", "insufficient_quota"), {}),
    ("too long", refusal(400, "invalid_request_error", "context_length_exceeded",
                         "prompt is too long: 300000 tokens"), {}),
    ("wrong", refusal(400, "invalid_request_error", "unsupported_value", "no"), {}),
    ("down", refusal(503, "server_error", None), {}),
    ("overloaded", refusal(529, "overloaded_error", None), {}),
    ("stop short", {"content": LONG}, {"latency": 5, "truncateAfterChunks": 20}),
    ("hang up", {"content": LONG}, {"latency": 20, "disconnectAfterMs": 200}),
    ("no json", {"content": "Good day."}, {"chaos": {"malformedRate": 1}}),
    ("hang up at once", {"content": "Good day."}, {"chaos": {"disconnectRate": 1}}),
]


@contextlib.asynccontextmanager
async def aimock():
    """aimock's address."""
    program = CACHE / "node/node_modules/@copilotkit/aimock/dist/cli.js"
    if not (node := shutil.which("node")):
        raise Skip("there is no node")
    needs(program)
    fixtures = [{"match": {"userMessage": say}, "response": response, **faults}
                for say, response, faults in reversed(ANSWERS)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"fixtures": fixtures}, file)
        file.flush()
        port = free_port()
        async with running([node, program, "--port", port, "--fixtures", file.name,
                            "--validate-on-load", "--strict"], port):
            yield f"http://127.0.0.1:{port}"


def requests(base):
    """What aimock was asked, oldest first."""
    with urllib.request.urlopen(base + "/v1/_requests", timeout=10) as answer:
        return json.load(answer)


def gateway(base, kind, more="", **settings):
    table = provider("mock", kind, base + KINDS[kind], **settings)
    return Gateway(table, more, route("mock"))


async def test_whole_answers():
    async with aimock() as base:
        for kind in KINDS:
            async with gateway(base, kind) as g:
                for say in ("hello", "tell at length", "tell in one piece", "tell slowly"):
                    expected = next(r["content"] for s, r, _ in ANSWERS if s == say)
                    answer = await whole(g, say, expected)
                    assert answer.end["finish_reason"] == "stop", (kind, answer)
                deltas = [f for f in answer.frames if f["type"] == "turn.delta"]
                assert len(deltas) >= 3, f"{kind}: it did not stream: {deltas}"


async def test_usage_reasoning_and_limits():
    async with aimock() as base:
        for kind in KINDS:
            async with gateway(base, kind) as g:
                answer = await whole(g, "count", "Counted.")
                usage = answer.end["usage"]
                assert (usage["input"], usage["output"]) == (123, 45), (kind, answer)
                await whole(g, "think first", "Forty-two.")
                answer = await whole(g, "stop at the limit", "Cut he")
                assert answer.end["finish_reason"] == "length", (kind, answer)


async def test_faults_have_their_codes():
    rows = [("bad key", "provider_auth", 1), ("busy", "provider_rate_limited", 3),
            ("broke", "provider_quota", 1), ("too long", "context_too_long", 1),
            ("wrong", "provider_rejected", 1), ("down", "provider_unavailable", 3),
            ("overloaded", "provider_unavailable", 3), ("no json", "provider_protocol", 3),
            ("hang up at once", "provider_unavailable", 3)]
    async with aimock() as base:
        for kind, (say, code, asked) in itertools.product(KINDS, rows):
            # Each in a gateway of its own: one leaves a provider that failed alone for a while.
            async with gateway(base, kind) as g:
                before = len(requests(base))
                answer = await ask(g, say)
                times = len(requests(base)) - before
                assert answer.kind == "turn.failed", (kind, say, answer)
                assert (answer.code, times) == (code, asked), (kind, say, times, answer)
                assert answer.text == "", (kind, say, answer)


async def test_a_cut_answer_is_kept_and_said_to_be_cut():
    async with aimock() as base:
        for kind in KINDS:
            async with gateway(base, kind) as g:
                for say in ("stop short", "hang up"):
                    answer = await ask(g, say)
                    assert (answer.kind, answer.code) == ("turn.failed", "provider_truncated"), \
                        (kind, say, answer)
                    assert answer.text and LONG.startswith(answer.text), (kind, say, answer)


async def test_another_provider_takes_over():
    async with aimock() as base:
        for kind in KINDS:
            table = provider("mock", kind, base + KINDS[kind])
            async with Gateway(table, route("mock", "offline"), OFFLINE__WORDS=5) as g:
                for say in ("bad key", "broke", "down", "no json", "hang up at once"):
                    answer = await whole(g, say)
                    assert answer.end["provider"] == "offline", (kind, say, answer)
            again = route("mock", "offline", restart="reset")
            async with Gateway(table, again, OFFLINE__WORDS=5) as g:
                answer = await whole(g, "stop short")
                kinds = [f["type"] for f in answer.frames]
                assert "turn.reset" in kinds and answer.end["provider"] == "offline", answer


async def test_a_server_without_conversations_gets_the_history():
    async with aimock() as base:
        async with gateway(base, "openai", server_state=True) as g:
            first = await whole(g, "hello", "Good day.")
            await whole(g, "count", "Counted.", conversation=first.conversation)
            asked = [r for r in requests(base) if r["path"] == "/v1/responses"]
            said = [m["content"] for m in asked[-1]["body"]["messages"] if m["role"] != "system"]
            assert said == ["hello", "Good day.", "count"], asked[-1]
            assert KEY not in g.log
