"""Readers that stop reading: they cost a cursor, and nobody else notices."""

import asyncio
import time

from harness import Book, Client, Gateway, check_history, offline
from rawsocket import Raw
from upstream import Upstream, pool

STALLED = 12


async def stalled_reader(gateway, conversation):
    """Follows the conversation, and reads nothing of it."""
    raw = await Raw.connect(gateway, receive_buffer=64 * 1024)
    raw.ask(type="conversation.follow", conversation=conversation)
    return raw


async def wake_up(raw, done, within=40):
    """Reads all that has been missed; gives (book, frames)."""
    book, frames = Book(), []
    deadline = time.monotonic() + within
    while not done(book):
        frame = await raw.json(within=max(0.1, deadline - time.monotonic()))
        assert frame is not None, f"closed before it had caught up: {frames[-1:]}"
        book.take(frame)
        frames.append(frame)
    raw.writer.close()
    return book, frames


async def test_stalled_readers_slow_nobody():
    """Each has 10 MB to read, of which a kernel may hold 4."""
    turns, tokens, size = 6, 200, 8_000
    async def fast(exchange):
        await exchange.begin()
        for n in range(tokens):
            await exchange.token(f"{n:08}" * (size // 8))
            await asyncio.sleep(0.005)
        await exchange.end()
    async with Upstream(fast) as up, Gateway(toml=up.provider("fake") + pool("fake")) as g:
        writer, live = await Client.connect(g.url, Book()), await Client.connect(g.url, Book())
        where = (await writer.ask("conversation.create"))["conversation"]
        await live.ask("conversation.follow", conversation=where)
        stalled = [await stalled_reader(g, where) for _ in range(STALLED)]
        before = peak = g.rss_mib()
        began, worst, asked = time.monotonic(), 0, []
        for n in range(turns):
            sent = await writer.say(f"Say a lot, {n}", conversation=where)
            asked.append(sent["turn"])
            while sent["turn"] not in writer.book.ended:
                await asyncio.sleep(0.1)
                peak = max(peak, g.rss_mib())
                have = [len(c.book.text.get(sent["turn"], b"")) for c in (live, writer)]
                worst = max(worst, max(have) - min(have))
                assert time.monotonic() - began < 60, "the answers do not end"
        took = time.monotonic() - began
        await live.end(asked[-1], 10)
        assert took < 4 * turns, f"the answers took {took:.1f} s, due is one a second"
        assert worst < 400_000, f"live readers lie {worst} bytes apart"
        # A delivery each and an answer or two: 10 MB for each reader would be another 120 MiB.
        assert peak - before < 100, f"memory grew from {before:.0f} to {peak:.0f} MiB"
        writing = peak
        caught_up = asyncio.gather(*(wake_up(r, lambda b: asked[-1] in b.ended) for r in stalled))
        while not caught_up.done():
            await asyncio.sleep(0.1)
            peak = max(peak, g.rss_mib())
        assert peak - before < 150, f"catching up took from {before:.0f} to {peak:.0f} MiB"
        await check_history(writer, where, writer.book)
        count = lambda frames: sum(f["type"] == "turn.delta" for f in frames)
        for book, frames in await caught_up:
            for turn in asked:
                assert book.text.get(turn, writer.book.text[turn]) == writer.book.text[turn]
            assert book.text[asked[-1]] == live.book.text[asked[-1]]
            assert count(frames) < count(writer.frames), "a slow reader gets fewer deltas"
        print(f"     {took:.1f} s for {turns} answers; deltas: live {count(writer.frames)}, stalled "
              f"{min(count(f) for _, f in caught_up.result())} to "
              f"{max(count(f) for _, f in caught_up.result())}; {before:.0f} to {writing:.0f}, then {peak:.0f} MiB")


test_stalled_readers_slow_nobody.alone = True


async def test_a_stalled_reader_of_many_turns_gets_a_snapshot_or_all():
    async with Gateway(**offline(words=2_000, per_second=0, first_ms=1)) as g:
        writer = await Client.connect(g.url)
        where = (await writer.ask("conversation.create"))["conversation"]
        slow = await stalled_reader(g, where)
        turns = []
        for n in range(300):
            sent = await writer.say(f"m{n}", conversation=where)
            turns.append(sent["turn"])
            await writer.end(sent["turn"])
        assert g.rss_mib() < 300, g.rss_mib()
        book, _ = await wake_up(slow, lambda b: b.at.get(where) == writer.book.at[where])
        assert turns[-1] in book.ended
        await check_history(writer, where, book)


async def test_a_reader_that_never_reads_cannot_flood_either():
    """Asks for big pages and reads none of them: it is made to wait, never buffered without end."""
    async with Gateway(**offline(words=8_000, per_second=0, first_ms=1)) as g:
        async with await Client.connect(g.url) as c:
            where = None
            for n in range(6):
                sent = await c.say(f"m{n}", **({"conversation": where} if where else {}))
                where = sent["conversation"]
                await c.end(sent["turn"])
        greedy = [await Raw.connect(g, receive_buffer=4096) for _ in range(4)]
        before = peak = g.rss_mib()
        for _ in range(20):
            for raw in greedy:
                for n in range(20):
                    raw.ask(type="conversation.history", id=str(n), conversation=where, limit=200)
            await asyncio.sleep(0.25)
            peak = max(peak, g.rss_mib())
            async with await Client.connect(g.url) as c:
                began = time.monotonic()
                await c.ask("ping", within=5)
                assert time.monotonic() - began < 2, "others wait for it"
        assert peak - before < 60, f"memory grew from {before:.0f} to {peak:.0f} MiB"
        for raw in greedy:
            raw.writer.transport.abort()
