"""A pool that has more to do than it can: fair between users, honest to those who wait, scaled live."""

import asyncio
import signal
import time

from harness import Client, Gateway, offline

T = "an-end-to-end-token"


def busy_pool(workers, wait_ms=60_000):
    return f"[pools.general]\nworkers = {workers}\nwait_ms = {wait_ms}\n"


def gateway(toml):
    """Each answer takes about half a second."""
    return Gateway(toml=toml, TOKEN=T, **offline(words=10, per_second=20, first_ms=0))


async def crowd(g, users, turns):
    """Users who send so many messages each, all at once."""
    clients = [await Client.connect(g.url, token=f"{T}:heavy{n}") for n in range(users)]
    sent = [c.say(f"{turn} of many") for c in clients for turn in range(turns)]
    return clients, await asyncio.gather(*sent)


async def test_one_light_user_beside_many_heavy_ones():
    async with gateway(busy_pool(4)) as g:
        heavy, _ = await crowd(g, users=20, turns=8)
        light = await Client.connect(g.url, token=f"{T}:light")
        for _ in range(3):
            began = time.monotonic()
            sent = await light.say("Just one")
            end = await light.end(sent["turn"])
            assert end["type"] == "turn.completed", end
            waited = end["timing_ms"]["queued"] / 1_000
            # One round of workers takes half a second; a fair share of the crowd's would be ten.
            assert waited < 1.2, f"waited {waited} s of {time.monotonic() - began:.1f}"
        for client in [light, *heavy]:
            client.drop()


async def test_positions_fall_while_one_waits_and_scaling_drops_nobody():
    async with gateway(busy_pool(1)) as g:
        client = await Client.connect(g.url, token=f"{T}:alice")
        sent = [await client.say(f"Number {n}") for n in range(12)]
        assert [s.get("position") for s in sent] == [None, *range(1, 12)], sent
        last = sent[-1]["turn"]
        await client.until(lambda: [f for f in client.frames if f["type"] == "turn.queued"
                                    and f["turn"] == last and f["position"] < 10], what="a lower place")
        (g.home / "operatoros.toml").write_text(busy_pool(50))
        g.signal(signal.SIGUSR1)
        began = time.monotonic()
        ends = [await client.end(s["turn"]) for s in sent]
        assert all(end["type"] == "turn.completed" for end in ends), ends
        assert time.monotonic() - began < 3, "fifty workers need no five seconds"
        (g.home / "operatoros.toml").write_text("[pools.general]\nworkers = 0\n")
        g.signal(signal.SIGUSR1)
        await asyncio.sleep(0.2)
        assert "everything stays as it is" in g.log and g.process.returncode is None
        client.drop()


async def test_a_turn_waits_only_so_long():
    async with gateway(busy_pool(1, wait_ms=700)) as g:
        client = await Client.connect(g.url, token=f"{T}:alice")
        sent = [await client.say(f"Number {n}") for n in range(4)]
        ends = [await client.end(s["turn"]) for s in sent]
        assert [end["type"] for end in ends[:2]] == ["turn.completed"] * 2, ends
        for end in ends[2:]:
            error = end["error"]
            assert error["code"] == "deadline_exceeded" and error["retryable"], end
            assert error["retry_after_ms"] >= 500, end
        client.drop()
