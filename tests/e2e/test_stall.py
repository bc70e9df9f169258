"""Readers that stop reading: they cost a cursor, and nobody else notices."""

import asyncio
import time

from harness import Book, Client, Gateway, check_history, offline
from rawsocket import Raw

STALLED = 20


async def stalled_reader(gateway, conversation):
    """Follows the conversation, and reads nothing of it."""
    raw = await Raw.connect(gateway, receive_buffer=32 * 1024)
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
    # 12,000 words in eight seconds: 2 MB as tokens for each reader.
    async with Gateway(**offline(words=12_000, per_second=1_500)) as g:
        writer = await Client.connect(g.url, Book())
        sent = await writer.say("Say a lot")
        where, turn = sent["conversation"], sent["turn"]
        stalled = [await stalled_reader(g, where) for _ in range(STALLED)]
        live = await Client.connect(g.url, Book())
        await live.ask("conversation.follow", conversation=where)
        before = peak = g.rss_mib()
        began, worst = time.monotonic(), 0
        while turn not in writer.book.ended:
            await asyncio.sleep(0.25)
            peak = max(peak, g.rss_mib())
            have = [len(c.book.text.get(turn, b"")) for c in (live, writer)]
            worst = max(worst, max(have) - min(have))
            assert time.monotonic() - began < 60, "the answer does not end"
        took = time.monotonic() - began
        await live.end(turn, 10)
        assert took < 16, f"the answer took {took:.1f} s, due are 8"
        assert worst < 30_000, f"live readers lie {worst} bytes apart"
        # A delivery of 64 KiB each and the answer itself: nothing that grows with time.
        assert peak - before < 40, f"memory grew from {before:.0f} to {peak:.0f} MiB"
        caught_up = await asyncio.gather(*(wake_up(raw, lambda b: turn in b.ended) for raw in stalled))
        await check_history(writer, where, writer.book)
        answer = writer.book.text[turn]
        assert live.book.text[turn] == answer
        deltas = lambda frames: sum(f["type"] == "turn.delta" for f in frames)
        for book, frames in caught_up:
            assert book.text[turn] == answer
            largest = max(len(f["text"]) for f in frames if f["type"] == "turn.delta")
            assert largest > 2_000, f"what was missed comes in few and large deltas: {largest}"
        fewest = min(deltas(frames) for _, frames in caught_up)
        print(f"     deltas: live {deltas(writer.frames)}, stalled {fewest} at the least; "
              f"{took:.1f} s; {before:.0f} to {peak:.0f} MiB")


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
