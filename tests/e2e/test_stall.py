"""Readers that stop reading: they cost a cursor, and nobody else notices."""

import asyncio
import time

from harness import Book, Client, Gateway, check_history, offline


def pause(client):
    client.ws.transport.pause_reading()


def resume(client):
    client.ws.transport.resume_reading()


async def test_stalled_readers_slow_nobody():
    # 60,000 words at 6,000 a second: about 360 KB in ten seconds, far beyond any socket buffer
    # of 30 readers together with what they hold back.
    async with Gateway(**offline(words=60_000, per_second=6_000)) as g:
        writer = await Client.connect(g.url)
        sent = await writer.say("Say a lot")
        where, turn = sent["conversation"], sent["turn"]
        stalled = [await Client.connect(g.url, Book()) for _ in range(30)]
        live = [await Client.connect(g.url, Book()) for _ in range(5)]
        for client in stalled + live:
            await client.ask("conversation.follow", conversation=where)
        for client in stalled:
            pause(client)
        before, began = g.rss_mib(), time.monotonic()
        worst, peak = 0.0, before
        while turn not in writer.book.ended:
            await asyncio.sleep(0.25)
            peak = max(peak, g.rss_mib())
            have = [len(c.book.text.get(turn, b"")) for c in live + [writer]]
            worst = max(worst, max(have) - min(have))
            assert time.monotonic() - began < 60, "the answer does not end"
        took = time.monotonic() - began
        for client in live:
            await client.end(turn, 10)
        assert took < 25, f"the answer took {took:.1f} s, due are 10"
        assert worst < 200_000, f"live readers lie {worst} bytes apart"
        # 30 x (64 KiB of delivery + socket) and the answer itself; nothing that grows with time.
        assert peak - before < 60, f"memory grew from {before:.0f} to {peak:.0f} MiB"
        for client in stalled:
            resume(client)
        for client in stalled:
            await client.end(turn, 30)
        await check_history(writer, where, writer.book)
        answer = writer.book.text[turn]
        for client in stalled + live:
            assert client.book.text[turn] == answer
            client.drop()
        deltas = [sum(f["type"] == "turn.delta" for f in c.frames) for c in (stalled[0], live[0])]
        assert deltas[0] < deltas[1], f"a slow reader gets fewer deltas: {deltas}"


test_stalled_readers_slow_nobody.alone = True


async def test_a_stalled_reader_of_many_turns_gets_a_snapshot_or_all():
    async with Gateway(**offline(words=2_000, per_second=0, first_ms=1)) as g:
        writer = await Client.connect(g.url)
        where = (await writer.ask("conversation.create"))["conversation"]
        slow = await Client.connect(g.url, Book())
        await slow.ask("conversation.follow", conversation=where)
        pause(slow)
        turns = []
        for n in range(300):
            sent = await writer.say(f"m{n}", conversation=where)
            turns.append(sent["turn"])
            await writer.end(sent["turn"])
        assert g.rss_mib() < 300, g.rss_mib()
        resume(slow)
        await slow.until(lambda: slow.book.at[where] == writer.book.at[where], 30, "the rest")
        assert turns[-1] in slow.book.ended
        await check_history(writer, where, slow.book)


async def test_a_reader_that_never_reads_cannot_flood_either():
    """Asks for big pages and reads none of them: refused or slowed, never buffered without end."""
    async with Gateway(**offline(words=8_000, per_second=0, first_ms=1)) as g:
        async with await Client.connect(g.url) as c:
            where = None
            for n in range(6):
                sent = await c.say(f"m{n}", **({"conversation": where} if where else {}))
                where = sent["conversation"]
                await c.end(sent["turn"])
        greedy = await Client.connect(g.url)
        pause(greedy)
        before = g.rss_mib()
        async def flood():
            for n in range(3_000):
                await greedy.send("conversation.history", id=str(n), conversation=where, limit=200)
                await asyncio.sleep(0.002)
        flooding = asyncio.create_task(flood())
        peak = before
        for _ in range(20):
            await asyncio.sleep(0.3)
            peak = max(peak, g.rss_mib())
            async with await Client.connect(g.url) as c:
                began = time.monotonic()
                await c.ask("ping", within=5)
                assert time.monotonic() - began < 2, "others wait for it"
        flooding.cancel()
        assert peak - before < 120, f"memory grew from {before:.0f} to {peak:.0f} MiB"
        greedy.drop()
