"""What is used is counted once, whatever breaks, and budgets hold whoever races for them."""

import asyncio
import json

from harness import Client, Gateway, Refused, offline
from upstream import Upstream, pool

DAY_MS = 24 * 60 * 60 * 1000


def budgets(**tables):
    fields = lambda table: "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
    return "\n".join(f"[budgets.{name}]\n{fields(table)}\n" for name, table in tables.items())


async def usage(client, words="how much did I use today?"):
    """The data of the answer."""
    sent = await client.say(words)
    result = await client.frame("command.result", turn=sent["turn"])
    assert result["intent"] == "usage.show", result
    return result["data"]


async def test_what_was_used_is_counted_once_and_survives_kills():
    async with Gateway(**offline(words=60, per_second=300, first_ms=5)) as g:
        async with await Client.connect(g.url) as c:
            assert (await usage(c))["total"]["turns"] == 0
            ends = [await c.end((await c.say(f"n{n}"))["turn"]) for n in range(3)]
            cancelled = await c.say("stop me")
            await c.frame("turn.delta", turn=cancelled["turn"])
            await c.ask("turn.cancel", turn=cancelled["turn"])
            before = await usage(c)
            total = before["total"]
            assert total["turns"] == 4 and total["cost_usd"] == 0, total
            assert total["output"] > sum(end["usage"]["output"] for end in ends), total
            assert total["input"] > sum(end["usage"]["input"] for end in ends), total
            assert [row["pool"] for row in before["pools"]] == ["general"], before
            assert before["models"][0]["model"] == "offline/offline", before
            running = await c.say("killed under this")
            await c.until(lambda: len(c.book.text.get(running["turn"], b"")) > 100, 20, "some text")
            await asyncio.sleep(0.4)
        await g.kill()
        for _ in range(2):
            await g.start()
            async with await Client.connect(g.url) as c:
                after = (await usage(c))["total"]
                assert after["turns"] == 5, (total, after)
                assert after["output"] > total["output"] and after["input"] > total["input"], after
                assert (await usage(c, "/usage this month"))["total"] == after
                assert (await usage(c, "/usage yesterday"))["total"]["turns"] == 0
            await g.kill()


async def test_what_the_provider_counts_is_what_it_costs():
    price = "[prices.fake]\ninput = 500000\noutput = 1000000\n"
    async with Upstream() as up, Gateway(toml=up.provider("fake") + pool("fake") + price) as g:
        async with await Client.connect(g.url) as c:
            for n in range(2):
                await c.end((await c.say(f"n{n}"))["turn"])
            total = (await usage(c))["total"]
            assert (total["input"], total["output"], total["estimated"]) == (6, 4, 0), total
            assert total["cost_usd"] == 7.0, total


async def test_many_at_once_do_not_exceed_a_budget():
    toml = budgets(day={"tokens": 20_000, "per": "day"}, each={"user": "*", "tokens": 15_000, "per": "month"})
    async with Gateway(toml=toml, **offline(words=2000, per_second=0, first_ms=5)) as g:
        clients = [await Client.connect(g.url) for _ in range(8)]
        refused = []

        async def race(client):
            for n in range(20):
                try:
                    sent = await client.say(f"n{n}")
                except Refused as refusal:
                    return refused.append(refusal.frame)
                await client.end(sent["turn"])

        await asyncio.gather(*(race(client) for client in clients))
        assert refused, "nobody was refused"
        for frame in refused:
            assert frame["code"] == "budget_exhausted" and frame["retryable"], frame
            assert frame["details"]["budget"] in ("day", "each") and frame["details"]["renews_at"], frame
            assert 0 < frame["retry_after_ms"] <= 31 * DAY_MS, frame
            assert frame["execution"] == "not_started", frame
        rows = {row["budget"]: row for row in (await usage(clients[0]))["budgets"]}
        assert rows["each"]["reserved"] == 0 and 10_000 < rows["each"]["spent"] <= 15_000, rows
        assert rows["day"]["spent"] == rows["each"]["spent"], rows
        for client in clients:
            client.drop()


async def test_an_answer_ends_where_its_budget_does_and_stays_ended_after_a_kill():
    toml = budgets(day={"pool": "general", "tokens": 1_000, "per": "day"})
    async with Gateway(toml=toml, **offline(words=2000, per_second=2000, first_ms=5)) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("a long one", key="k")
            end = await c.end(sent["turn"])
            assert end["type"] == "turn.failed", end
            assert end["error"]["code"] == "budget_exhausted" and end["error"]["retryable"], end
            assert 0 < end["error"]["retry_after_ms"] <= DAY_MS and end["length"] > 200, end
            kept = (await c.history(sent["conversation"]))[-1]
            assert len(kept["text"].encode()) == end["length"], kept
            assert (await c.refusal("message.send", text="more"))["code"] == "budget_exhausted"
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as c:
            row = (await usage(c))["budgets"][0]
            assert row["spent"] + row["left"] == 1_000 and row["reserved"] == 0 and row["left"] < 200, row
            assert (await c.refusal("message.send", text="more"))["code"] == "budget_exhausted"
            # Another pool has no such budget, and the refused message was kept nowhere.
            other = await c.say("in sports", pool="sports")
            await c.frame("turn.started", turn=other["turn"])
