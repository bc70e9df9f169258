"""Providers are probed: what is wrong with one is known before anybody sends a message."""

import asyncio
import json
import time

from harness import Client, Gateway, free_port
from test_monitor import get, sample
from test_reload import adopted, told, until
from upstream import Upstream, listed, pool

WORDS = "Incorrect API key provided: sk-planted-5ecret. See https://example.org/account"


def refuses(*_):
    return 401, {"error": {"message": WORDS, "code": "invalid_api_key"}}


def gateway(*tables, seconds=300, **settings):
    toml = "\n".join([*tables, f"[monitor]\nevery_ms = 500\nprobe_seconds = {seconds}\n"])
    return Gateway(toml=toml, LOG="operatoros=trace,info", **settings)


async def health(g):
    """What is said of the providers without anybody being connected: (state, words, advice)."""
    _, text = await get(g.http + "/readyz")
    checks = {check["check"]: check for check in json.loads(text).get("checks", [])}
    check = checks.get("providers", {"state": "ok", "says": "", "advice": None})
    return check["state"], check["says"], check["advice"]


async def becomes(g, state, words="", within=5):
    deadline = time.monotonic() + within
    while True:
        found = await health(g)
        if found[0] == state and words in found[1]:
            return found
        assert time.monotonic() < deadline, f"{found} and not {state} {words!r}"
        await asyncio.sleep(0.05)


async def test_a_wrong_key_is_known_without_a_message():
    for kind in ("openai", "openai-chat", "anthropic"):
        async with Upstream() as up:
            up.models = refuses
            async with gateway(up.provider("fake", kind), pool("fake")) as g:
                _, says, advice = await becomes(g, "failing", "fake refuses its key", within=1)
                assert "nobody is left to answer for general" in says and "api_key" in advice, says
                status, text = await get(g.http + "/readyz")
                assert status == 200, "another instance would do no better"
                _, text = await get(g.http + "/metrics")
                assert sample(text, 'operatoros_provider_up{provider="fake"}') == 0
                async with await Client.connect(g.url) as client:
                    rows = (await told(client, "/providers"))["data"]["providers"]
                    row = next(row for row in rows if row["provider"] == "fake")
                    assert row["says"] == "refuses its key" and row["up"] is False, row
                    result = await told(client, "are you healthy?")
                    assert "fake refuses its key" in result["text"], result
                assert [probe.method for probe in up.probes] == ["GET"], "once, and nothing else"
                assert up.exchanges == [], "no model was asked"
                for hidden in ("planted", "Incorrect API key", "example.org/account"):
                    assert hidden not in g.log and hidden not in text, hidden


async def test_what_is_wrong_is_told_and_recovery_is_seen():
    gone = (f'[providers.gone]\nkind = "openai-chat"\nmodel = "m"\n'
            f'base_url = "http://127.0.0.1:{free_port()}/v1"\n')
    async with Upstream() as up:
        async with gateway(gone, up.provider("fake"), pool("gone", "fake"), seconds=1) as g:
            state, says, advice = await becomes(g, "degraded", "gone cannot be reached since")
            assert "base_url" in advice and "fake" not in says, (says, advice)
            for models, words in [(refuses, "fake refuses its key"),
                                  (lambda *_: (503, {}), "fake answers only errors"),
                                  (lambda *one: (404, {"error": {"code": "model_not_found"}}) if one
                                   else (200, {"data": [{"id": "other"}]}), "fake does not know the model fake")]:
                up.models = models
                await becomes(g, "failing", words)
                up.models = listed
                _, says, _ = await becomes(g, "degraded")
                assert "fake" not in says, says
            up.models = lambda *_: (404, {})
            probes = len(up.probes)
            await until(lambda: len(up.probes) > probes + 1)
            _, says, _ = await health(g)
            assert "fake" not in says, "a server without a list is well"
            assert up.exchanges == [] and {probe.method for probe in up.probes} == {"GET"}
            _, text = await get(g.http + "/metrics")
            assert sample(text, 'operatoros_provider_up{provider="fake"}') == 1
            assert 0 < sample(text, 'operatoros_provider_probe_seconds{provider="fake"}') < 1
            assert sample(text, 'operatoros_attempts_total{provider="fake",model="fake"}') == 0


async def test_new_settings_are_probed_at_once():
    async with Upstream() as up:
        up.models = lambda *_: listed() if "sk-right" in up.probes[-1].head else refuses()
        tables = lambda key: "\n".join([up.provider("fake", key=key), pool("fake"), "[monitor]\nevery_ms = 500\n"])
        async with Gateway(toml=tables("sk-wrong")) as g, await Client.connect(g.url) as client:
            await becomes(g, "failing", "refuses its key")
            await adopted(g, client, tables("sk-right"))
            await becomes(g, "ok", within=1)
            assert len(up.probes) == 2, [probe.head for probe in up.probes]


async def test_a_probe_takes_no_room_and_delays_no_start():
    async with Upstream() as up:
        up.models = lambda *_: (0, None)
        async with gateway(up.provider("fake", max_concurrent=1), pool("fake"), seconds=1) as g:
            await until(lambda: up.probes)
            async with await Client.connect(g.url) as client:
                sent = await client.say("Hello", pool="general")
                end = await client.end(sent["turn"])
                assert end["type"] == "turn.completed", end
