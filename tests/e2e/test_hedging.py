"""A provider that keeps silent, and another that is asked as well: one is heard, both are paid."""

import asyncio
import time

from harness import Client, Gateway
from upstream import Upstream, answer, pool


def silent(seconds):
    async def script(exchange):
        exchange.was_left = await exchange.left(seconds)
        if not exchange.was_left:
            await answer(exchange, "Late but here.")
    return script


def hedged(slow, quick):
    return (slow.provider("slow", first_token_ms=9000) + quick.provider("quick")
            + pool("slow", "quick") + "hedge_ms = 300\n"
            + "[prices.fake]\ninput = 1.0\noutput = 2.0\n")


async def test_the_one_who_speaks_first_is_heard_alone():
    async with Upstream(silent(6)) as slow, Upstream() as quick, Gateway(
            toml=hedged(slow, quick)) as g:
        client = await Client.connect(g.url)
        began = time.monotonic()
        sent = await client.say("Hello?", pool="general")
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.completed" and end["provider"] == "quick", end
        assert 0.3 <= time.monotonic() - began < 3, "it did not wait for the slow one"
        text = client.book.text[sent["turn"]].decode()
        assert text.strip() == "Good day. All is well.", text
        await client.until(lambda: getattr(slow.exchanges[0], "was_left", None), what="the silent one is left")
        assert (len(slow.exchanges), len(quick.exchanges)) == (1, 1)
        assert end["usage"] == {"input": 3, "output": 2} | {k: end["usage"][k] for k in
                                                           end["usage"] if k not in ("input", "output")}
        await client.say("/usage")
        told = await client.frame("command.result", intent="usage.show")
        assert "slow" in str(told["data"]) and "quick" in str(told["data"]), told["data"]
        client.drop()


async def test_the_first_is_heard_where_it_is_quick_enough():
    async with Upstream(silent(0.8)) as slow, Upstream(silent(5)) as quick, Gateway(
            toml=hedged(slow, quick)) as g:
        client = await Client.connect(g.url)
        sent = await client.say("Hello?", pool="general")
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.completed" and end["provider"] == "slow", end
        assert client.book.text[sent["turn"]].decode().strip() == "Late but here."
        await client.until(lambda: getattr(quick.exchanges[0], "was_left", None), what="the other is left")
        await asyncio.sleep(0.1)
        client.drop()
