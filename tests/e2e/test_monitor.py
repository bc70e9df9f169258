"""The gateway tells how it is: health, metrics, charts, and the live status."""

import asyncio
import json
import re
import shutil
import subprocess

import urllib.error
import urllib.request

from harness import REPO, Client, Gateway, offline

T = "an-end-to-end-token"


async def get(url, **headers):
    """(status, body) of a GET."""
    def ask():
        request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
    return await asyncio.to_thread(ask)


def sample(text, name):
    """The value of the one sample of this name."""
    found = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M)
    assert len(found) == 1, f"{name}: {found}"
    return float(found[0])


async def test_metrics_count_what_happened():
    async with Gateway(**offline(words=20, per_second=400)) as g:
        async with await Client.connect(g.url) as client:
            for n in range(3):
                sent = await client.say(f"Hello {n}", pool="general")
                await client.end(sent["turn"])
            sent = await client.say('calculate {"expression": "6 * 7"}', pool="financial")
            await client.end(sent["turn"])
            status, text = await get(g.http + "/metrics")
        assert status == 200, text
        called = 'pool="financial",tool="calculate"'
        assert sample(text, f'operatoros_tool_calls_total{{{called},outcome="found"}}') == 1
        assert sample(text, f"operatoros_tool_seconds_count{{{called}}}") == 1
        assert sample(text, 'operatoros_turns_total{pool="general",outcome="completed"}') == 3
        assert sample(text, 'operatoros_first_token_seconds_count{pool="general"}') == 3
        assert sample(text, 'operatoros_turn_seconds_bucket{pool="general",le="+Inf"}') == 3
        assert sample(text, 'operatoros_attempts_total{provider="offline",model="offline"}') >= 3
        assert sample(text, "operatoros_connections") == 1
        assert sample(text, 'operatoros_check_state{check="store"}') == 0
        for bad in ("Hello", "cnv_", "usr_", "trn_"):
            assert bad not in text, f"{bad} is in the metrics"
        promtool = shutil.which("promtool")
        if promtool:
            done = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
            assert done.returncode == 0, done.stdout + done.stderr
            rules = REPO / "examples" / "prometheus-rules.yml"
            done = subprocess.run([promtool, "check", "rules", rules], text=True, capture_output=True)
            assert done.returncode == 0, done.stdout + done.stderr


async def test_metrics_want_the_token_of_whoever_is_not_near():
    async with Gateway(TOKEN=T) as g:
        url = g.http + "/metrics"
        assert (await get(url))[0] == 200, "from this machine"
        # A proxy on this machine speaks for somebody elsewhere.
        assert (await get(url, X_Forwarded_For="10.0.0.1"))[0] == 401
        assert (await get(url, X_Forwarded_For="10.0.0.1", Authorization="Bearer wrong-token"))[0] == 401
        assert (await get(url, X_Forwarded_For="10.0.0.1", Authorization=f"Bearer {T}"))[0] == 200
    async with Gateway(TOKEN=T, MONITOR__METRICS_PUBLIC="true") as g:
        assert (await get(g.http + "/metrics", X_Forwarded_For="10.0.0.1"))[0] == 200


async def test_health_says_what_to_do():
    async with Gateway(**offline(words=5)) as g:
        async with await Client.connect(g.url) as client:
            sent = await client.say("are you healthy?")
            result = await client.frame("command.result", turn=sent["turn"])
            assert result["intent"] == "health", result
            checks = {row["component"]: row for row in result["data"]["checks"]}
            assert {"database", "disk", "memory", "providers", "queue", "clock"} <= checks.keys(), checks
            assert checks["database"]["state"] == "ok"
            assert checks["providers"]["advice"], "no key is set, and it says so"
        status, text = await get(g.http + "/readyz")
        assert status == 200 and json.loads(text)["status"] == "ready", text
        assert (await get(g.http + "/healthz")) == (200, '{"status":"ok"}')


async def test_memory_is_told_by_part():
    async with Gateway(MONITOR__EVERY_MS=500, **offline(words=2_000, per_second=0)) as g:
        async with await Client.connect(g.url) as client:
            await client.ask("subscribe", topic="status", interval_ms=500)
            before = (await client.frame("status"))["memory_by_part"]
            sent = await client.say("Hello", pool="general")
            await client.end(sent["turn"])
            await asyncio.sleep(1)
            client.frames.clear()
            now = await client.frame("status")
            parts = now["memory_by_part"]
            assert parts["conversations"] > before.get("conversations", 0) + 5_000, (before, parts)
            assert parts["program"] > 1_000_000 and parts["history"] > 0 and parts["routing"] > 0, parts
            assert sum(parts.values()) >= now["memory_bytes"], now
            assert abs(sum(parts.values()) - now["memory_bytes"]) < 1_000_000, now
            sent = await client.say("what uses the memory?")
            result = await client.frame("command.result", turn=sent["turn"])
            assert result["intent"] == "health" and "program" in result["text"], result
        _, text = await get(g.http + "/metrics")
        assert sample(text, 'operatoros_memory_part_bytes{part="program"}') > 1_000_000
        assert sample(text, 'operatoros_memory_part_bytes{part="other"}') > 0


async def test_a_provider_that_fails_is_told_at_once():
    toml = """
[providers.broken]
kind = "openai-chat"
base_url = "http://127.0.0.1:1"
model = "m"
[pools.general]
route = ["broken"]
[monitor]
every_ms = 60000
probe_seconds = 0
"""
    async with Gateway(toml=toml) as g:
        async with await Client.connect(g.url) as client:
            await client.ask("subscribe", topic="status", interval_ms=60_000)
            first = await client.frame("status")
            assert first["health"] == "ok", first
            sent = [await client.say(f"Hello {n}", pool="general") for n in range(4)]
            for turn in sent:
                assert (await client.end(turn["turn"]))["type"] == "turn.failed"
            told = await client.frame("status", health="degraded")
            check = next(c for c in told["checks"] if c["check"] == "providers")
            assert check["state"] == "failing" and "broken/m" in check["says"] and check["advice"], check
            assert told["models_down"] == 1, told


async def test_a_status_comes_as_often_as_was_asked_for():
    async with Gateway(MONITOR__EVERY_MS=500) as g:
        async with await Client.connect(g.url) as client:
            refused = await client.refusal("subscribe", topic="status", interval_ms=1)
            assert refused["code"] == "invalid_argument", refused
            await client.ask("subscribe", topic="status", interval_ms=1_000)
            await asyncio.sleep(3.7)
            seen = [f for f in client.frames if f["type"] == "status"]
            assert 3 <= len(seen) <= 5, [f["at"] for f in seen]
            revs = [f["rev"] for f in seen]
            assert revs == sorted(set(revs)), revs
            assert seen[-1]["disk_free_bytes"] > 0 and "loop_lag_ms" in seen[-1], seen[-1]


async def test_a_chart_keeps_to_the_time_zone_and_usage_says_which_days_it_counts():
    async with Gateway(MONITOR__EVERY_MS=500, TASKS__TIME_ZONE="Asia/Kolkata") as g:
        async with await Client.connect(g.url) as client:
            await asyncio.sleep(1)

            async def told(text):
                sent = await client.say(text)
                return await client.frame("command.result", turn=sent["turn"])

            today = await told("how was memory today?")
            # Midnight there is half past six here.
            first = today["data"]["points"][0]["at"]
            assert first.endswith(":30:00Z"), first
            assert "from 00:00 IST on" in today["text"], today
            minutes = await told("how was memory in the last 10 minutes")
            assert len(minutes["data"]["points"]) == 10 and minutes["data"]["every_s"] == 60, minutes
            assert minutes["text"].count("·") == 9, "nothing was measured before the start"
            assert " IST on, a minute a bar" in minutes["text"], minutes
            minute = await told("cpu over the last minute")
            assert len(minute["data"]["points"]) == 2, minute
            usage = await told("/usage today")
            assert usage["text"].startswith("Nothing was used today (UTC)."), usage
            usage = await told("usage in the last 90 minutes")
            assert usage["text"].startswith("Nothing was used last 90 minutes (days are counted whole, UTC)."), usage


async def test_a_chart_outlives_the_process():
    async with Gateway(MONITOR__EVERY_MS=500, **offline(words=5, per_second=0)) as g:
        async with await Client.connect(g.url) as client:
            sent = await client.say("Hello", pool="general")
            await client.end(sent["turn"])
            await asyncio.sleep(1.5)
        g.signal()
        await g.exited()
        assert (g.data / "history").read_text().count("\n") >= 1, "what was measured is kept"
        await g.start()
        async with await Client.connect(g.url) as client:
            await asyncio.sleep(0.5)
            sent = await client.say("how many turns ran in the last hour?")
            result = await client.frame("command.result", turn=sent["turn"])
            assert result["intent"] == "metrics.chart", result
            assert result["slots"] == {"metric": "turns_ended", "period": "last hour"}, result
            assert result["data"]["total"] == 1, result
            sent = await client.say("/chart memory")
            result = await client.frame("command.result", turn=sent["turn"])
            assert result["data"]["all"]["max"] > 1_000_000, result
            assert re.search("[▁▂▃▄▅▆▇█]", result["text"]), result
            assert len(result["data"]["points"]) == 60, "a bar a minute"
