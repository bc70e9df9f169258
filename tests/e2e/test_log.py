"""What is logged: enough to find a turn again, and no secret and no word of a message, whatever the level."""

import asyncio
import json
import re
import urllib.error
import urllib.request

from harness import Client, Gateway
from upstream import Upstream, answer, pool

KEY = "sk-planted-key-7f31"
TOKEN = "planted-token-51c2"
ASKED, SAID = "planted-question-90aa", "planted-answer-33be"
SECRETS = (KEY, TOKEN, "planted-wrong-token", "planted-url-password")
EVERYTHING = {"TOKEN": TOKEN, "LOG": "operatoros=trace,debug"}


async def fetch(g, path):
    """(status, body) of a GET."""
    def ask():
        try:
            with urllib.request.urlopen(g.http + path, timeout=5) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
    return await asyncio.to_thread(ask)


async def refuses(exchange):
    """As a provider does that repeats what it was given."""
    await exchange.status(401, {"error": {"message": f"Incorrect API key provided: {KEY}. You said {ASKED}.",
                                          "code": "invalid_api_key"}}, x_request_id="req_1")


async def breaks(exchange):
    await exchange.begin()
    await exchange.token(SAID + " ")
    await exchange.event({"error": {"message": f"your key {KEY} is overloaded", "type": "server_error"}})


async def test_no_secret_and_no_message_is_logged_at_any_level():
    async with Upstream(answer) as up:
        toml = up.provider("near", key=KEY) + pool("near")
        async with Gateway(toml=toml, **EVERYTHING) as g:
            async with await Client.connect(g.url, token=f"{TOKEN}:alice") as c:
                for script in (lambda exchange: answer(exchange, f"{SAID} {SAID}"), refuses, breaks):
                    up.script = script
                    sent = await c.say(f"{ASKED} of mine")
                    await c.end(sent["turn"])
                await c.say(f"/task submit {ASKED} in the background")
                await c.say(f"/search {SAID}")
                # A line of settings that was mistyped, with a key in it.
                (g.home / "operatoros.toml").write_text(toml + f'api_kei = "{KEY}"\n')
                await c.say("/reload --yes", as_="command")
                result = await c.frame("command.result", intent="settings.reload")
                assert not result["data"]["reloaded"], result
                for bad in ("{not json", json.dumps({"type": "message.send", "text": 3, "token": TOKEN})):
                    await c.ws.send(bad)
                await c.refusal("conversation.get", conversation="cnv_none")
                frames = json.dumps(c.frames)
            try:
                await Client.connect(g.url, token="planted-wrong-token")
            except Exception as refused:
                frames += str(refused)
            for path in ("/metrics", "/healthz", "/readyz", "/nothing"):
                frames += (await fetch(g, path))[1]
            log = g.log
    assert len(log.splitlines()) > 20 and "DEBUG" in log, "the level was set"
    for secret in SECRETS:
        assert secret not in log, next(line for line in log.splitlines() if secret in line)
        assert secret not in frames, secret
    for words in (ASKED, SAID):
        assert words not in log, next(line for line in log.splitlines() if words in line)


async def test_each_line_about_a_turn_names_its_trace():
    trace = "0af7651916cd43dd8448eb211c80319c"
    for log_format in ("text", "json"):
        async with Upstream(refuses) as up:
            toml = up.provider("near", key=KEY) + pool("near")
            async with Gateway(toml=toml, LOG="operatoros=debug,warn", LOG_FORMAT=log_format) as g:
                async with await Client.connect(g.url) as c:
                    sent = await c.say("Hello", traceparent=f"00-{trace}-b7ad6b7169203331-01")
                    await c.end(sent["turn"])
                    other = await c.say("Hello", traceparent="nonsense")
                    await c.end(other["turn"])
                about = [line for line in g.log.splitlines()
                         if "refused" in line or "turn failed" in line or "turn ended" in line]
                # A provider whose key was refused is not asked again so soon.
                assert len(about) == 5, g.log
                for line in about:
                    turn = next(t for t in (sent["turn"], other["turn"]) if t in line)
                    assert (trace in line) == (turn == sent["turn"]), line
                    if log_format == "json":
                        spans = json.loads(line)["spans"]
                        assert spans, line
                        span = spans[0]
                        assert span["turn"] == turn and span["trace"], line
                    else:
                        assert re.search(r"turn\{trace=[0-9a-f]{32} ", line), line
