"""Sockets that break dozens of times in each answer: nothing is lost, nothing comes twice."""

import asyncio
import random

from harness import ROUNDS, SEED, Book, Client, Gateway, check_history, offline

CONVERSATIONS = 4


async def test_an_answer_survives_dozens_of_drops():
    chance = random.Random(SEED)
    async with Gateway(**offline(words=900, per_second=220)) as g:
        book, drops = Book(), 0
        client = await Client.connect(g.url, book)
        turns = {}
        for n in range(CONVERSATIONS):
            sent = await client.say(f"Question {n}: Grüße, 世界 🌍 “quoted” {'ä' * n}")
            turns[sent["turn"]] = sent["conversation"]
        while not all(turn in book.ended for turn in turns):
            await asyncio.sleep(chance.uniform(0, 0.12))
            client.drop()
            await client.reader
            drops += 1
            client = await Client.connect(g.url, book)
            await client.send("hello", resume=book.resume())
        assert drops >= 24, f"only {drops} drops"
        for conversation in turns.values():
            messages = await check_history(client, conversation, book)
            assert [m["role"] for m in messages] == ["user", "assistant"]
        assert book.snapshots == 0, "the log reaches back, so no snapshot is needed"
        for conversation in turns.values():
            seqs = [s for c, _, s in book.events if c == conversation]
            assert seqs == list(range(1, len(seqs) + 1)), seqs
        client.drop()


async def test_a_forgetful_client_gets_everything_again():
    """Positions from the past, from nowhere and from the future."""
    async with Gateway(**offline(words=300, per_second=0)) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("What?")
            await c.end(sent["turn"])
            where, epoch = sent["conversation"], c.book.at[sent["conversation"]][0]
            whole = c.book.text[sent["turn"]].decode()
            last = c.book.at[where][1]
        for seq, turn, offset in [(0, None, None), (1, sent["turn"], 0), (2, sent["turn"], 17),
                                  (2, sent["turn"], 10**6), (last, None, None)]:
            book = Book()
            async with await Client.connect(g.url, book) as c:
                place = {"conversation": where, "epoch": epoch, "seq": seq}
                if turn:
                    place |= {"turn": turn, "offset": offset}
                    # A position beyond the end is corrected by an empty delta at the true end.
                    book.text[turn] = whole.encode()[:offset]
                book.at[where] = (epoch, seq)
                await c.send("hello", resume=[place])
                await c.frame("resumed", conversation=where)
                assert sorted(s for _, _, s in book.events) == list(range(seq + 1, last + 1))
                if seq < last:
                    assert book.text[sent["turn"]].decode() == whole
        for epoch_off, seq in [(-1, 3), (0, last + 50), (7, 1)]:
            async with await Client.connect(g.url, Book()) as c:
                await c.send("hello", resume=[
                    {"conversation": where, "epoch": max(0, epoch + epoch_off), "seq": seq}])
                snapshot = await c.frame("snapshot", conversation=where)
                assert snapshot["seq"] == last and snapshot["messages"][-1]["text"] == whole
        async with await Client.connect(g.url) as c:
            await c.send("hello", resume=[{"conversation": "cnv_nonsense", "epoch": 1, "seq": 1}])
            error = await c.frame("error", code="not_found")
            assert error["details"]["conversation"] == "cnv_nonsense", error


async def test_readers_that_come_and_go_see_one_text():
    """Many readers of one growing answer, each with drops of its own."""
    chance = random.Random(SEED + 1)

    async def reader(url, where, turn):
        book = Book()
        client = await Client.connect(url, book)
        await client.ask("conversation.follow", conversation=where)
        while turn not in book.ended:
            await asyncio.sleep(chance.uniform(0.02, 0.4))
            if turn in book.ended:
                break
            client.drop()
            await client.reader
            client = await Client.connect(url, book)
            await client.send("hello", resume=book.resume())
            if where not in book.at:
                await client.ask("conversation.follow", conversation=where)
        client.drop()
        return book.text[turn]

    async with Gateway(**offline(words=500, per_second=200)) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("Read this, all of you")
            where, turn = sent["conversation"], sent["turn"]
            texts = await asyncio.gather(*(reader(g.url, where, turn) for _ in range(12)))
            await c.end(turn)
            answer = (await check_history(c, where, c.book))[-1]["text"].encode()
            assert all(text == answer for text in texts)


async def test_many_short_turns_under_drops():
    """Events rather than text: each number once and in order, with a log longer than memory."""
    chance = random.Random(SEED + 2)
    async with Gateway(**offline(words=3, per_second=0, first_ms=1)) as g:
        book = Book()
        client = await Client.connect(g.url, book)
        where = (await client.ask("conversation.create"))["conversation"]
        turns = set()
        for n in range(12 * ROUNDS):
            message = {"conversation": where, "text": f"m{n}", "key": f"k{n}"}
            if chance.random() < 0.3:
                # Dropped before the reply: sent again with the same key.
                await client.send("message.send", **message)
                client.drop()
                await client.reader
                client = await Client.connect(g.url, book)
                await client.send("hello", resume=book.resume())
            sent = await client.say(**message)
            if sent["state"] == "queued":
                await client.end(sent["turn"])
            turns.add(sent["turn"])
        await client.until(lambda: turns <= set(book.ended), 30, "all ends")
        assert len(turns) == 12 * ROUNDS
        asked = [f["text"] for f in book.events.values() if f["type"] == "message.accepted"]
        assert len(asked) == len(set(asked)), "a message was accepted twice"
        # What happened while nobody followed comes as a snapshot instead.
        assert len(asked) == 12 * ROUNDS or book.snapshots
        kept, page = [], {"cursor": None}
        while "cursor" in page:
            page = await client.ask("conversation.history", conversation=where, before=page["cursor"])
            kept = [m["text"] for m in page["messages"] if m["role"] == "user"] + kept
        assert kept == [f"m{n}" for n in range(12 * ROUNDS)], "a key doubled or lost a message"
        seqs = sorted(s for _, _, s in book.events)
        assert seqs == list(range(1, len(seqs) + 1)) or book.snapshots
        # A reader from the very beginning either gets all of them, or a snapshot.
        late = Book()
        late.at[where] = (book.at[where][0], 0)
        async with await Client.connect(g.url, late) as c:
            await c.send("hello", resume=[{"conversation": where, "epoch": late.at[where][0], "seq": 0}])
            await c.until(lambda: late.at[where] == book.at[where] or late.snapshots, 20, "the rest")
        client.drop()
