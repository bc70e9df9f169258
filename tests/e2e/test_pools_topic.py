"""The pools, live: what a subscriber is told when something changed, and that it is told nothing else."""

import asyncio

import websockets
from harness import TEXT, Client, Gateway
from upstream import Upstream, answer, pool


def told(client):
    return [f for f in client.frames if f["type"] == "pools"]


def general(frame):
    return next(p for p in frame["pools"] if p["pool"] == "general")


async def test_a_program_watches_load_scale_and_a_breaker():
    async with Upstream(lambda e: answer(e, pause=0.3)) as up, Gateway(
            toml=up.provider("fake", connect_ms=200) + pool("fake")) as g:
        client = await Client.connect(g.url)
        await client.ask("subscribe", topic="pools")
        first = await client.frame("pools")
        assert first["rev"] >= 1 and general(first)["health"] == "ok", first
        assert general(first)["queued"] == {"urgent": 0, "high": 0, "normal": 0, "low": 0}
        await asyncio.sleep(1.5)
        assert len(told(client)) == 1, "nothing changed"

        sent = await client.say("Hello?", pool="general")
        await client.until(lambda: any(general(f)["running"] == 1 for f in told(client)), what="load")
        await client.until(lambda: any(general(f)["tokens_per_second"] > 0 for f in told(client)),
                           what="tokens while it streams")
        assert (await client.end(sent["turn"]))["type"] == "turn.completed"
        done = await client.until(lambda: next(
            (f for f in told(client) if general(f).get("error_rate") == 0.0), None), what="an end")
        assert general(done)["first_token_ms"]["p50"] <= general(done)["first_token_ms"]["p95"], done
        assert general(done)["models"][0]["breaker"] == "closed", done

        await client.say("/scale general 3 --yes")
        await client.until(lambda: general(told(client)[-1])["workers"] == 3, what="the new size")

        up.server.close()
        await up.server.wait_closed()
        for turn in range(2):
            sent = await client.say(f"Are you there? {turn}", pool="general")
            assert (await client.end(sent["turn"]))["type"] == "turn.failed"
        ill = await client.until(lambda: next(
            (f for f in told(client) if general(f)["health"] == "down"), None), what="the breaker")
        assert general(ill)["models"][0]["breaker"] == "open", ill
        assert not general(ill)["models"][0]["asked"] and general(ill)["error_rate"] > 0, ill

        revs = [f["rev"] for f in told(client)]
        assert revs == sorted(set(revs)), revs
        await client.ask("unsubscribe", topic="pools")
        count = len(told(client))
        await client.say("/scale general 9 --yes")
        await asyncio.sleep(1.2)
        assert len(told(client)) == count, "it was enough"
        client.drop()


async def test_a_person_watches_by_a_sentence():
    async with Gateway() as g:
        async with websockets.connect(g.url, subprotocols=[TEXT], proxy=None) as ws:
            async def until(part):
                while True:
                    message = await asyncio.wait_for(ws.recv(), 10)
                    if part in message:
                        return message
            await ws.send("show me the pools live")
            lines = (await until("# sports: 0/")).splitlines()
            assert len(lines) == 5 and all(line.startswith("# ") for line in lines), lines
            await ws.send("/scale sports 7 --yes")
            await until("# sports: 0/7 busy, 0 waiting")
            await ws.send("stop the updates")
            await until("No more updates.")
            await ws.send("how is the sports pool doing?")
            await until("0 of 7 workers are busy")
