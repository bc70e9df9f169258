"""`kill -9` at any moment: what was accepted is there, what ended has ended, once."""

import asyncio
import random

from harness import ENDS, ROUNDS, SEED, Book, Client, Gateway, check_history, offline


async def test_kill_at_random_moments():
    chance = random.Random(SEED)
    async with Gateway(**offline(words=60, per_second=150, first_ms=5)) as g:
        accepted, finished, seen, keys, slowest = {}, {}, {}, {}, 0.0
        for n in range(ROUNDS):
            book = Book()
            client = await Client.connect(g.url, book)
            talks = [asyncio.create_task(talk(client, chance, f"{n}.{i}", keys)) for i in range(4)]
            await asyncio.sleep(chance.uniform(0.02, 1.2))
            await g.kill()
            await client.reader
            for talk_ in talks:
                talk_.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            note(book, accepted, finished, seen)
            slowest = max(slowest, await g.start())
            client = await Client.connect(g.url)
            await look_again(client, accepted, finished, seen)
            await keys_hold(client, chance, accepted, keys)
            client.drop()
        assert len(accepted) >= ROUNDS, "hardly anything was accepted"
        assert slowest < 5, f"a restart took {slowest:.1f} s"


async def talk(client, chance, name, keys):
    """Sends messages with keys, one after the other, until the socket breaks."""
    where = None
    for n in range(100):
        key, text = f"{name}.{n}", f"Question {name}.{n} 🌍"
        keys[key] = {"text": text, "conversation": where, "sent": None}
        sent = await client.say(text, key=key, **({"conversation": where} if where else {}))
        keys[key]["sent"], where = sent, sent["conversation"]
        if chance.random() < 0.7:
            await client.end(sent["turn"])


def note(book, accepted, finished, seen):
    for (where, epoch, _), event in book.events.items():
        if event["type"] == "message.accepted":
            accepted[event["turn"]] = (where, epoch, event["message"], event["text"])
        if event["type"] in ENDS:
            finished[event["turn"]] = (event["type"], book.text.get(event["turn"], b""))
    seen.update({t: text for t, text in book.text.items() if t not in finished})


async def look_again(client, accepted, finished, seen):
    """Every accepted message is in its history, every answer has ended, as it had been seen."""
    rows = {}
    for where in {where for where, *_ in accepted.values()}:
        messages = await client.history(where, limit=200)
        rows |= {(m["turn"], m["role"]): m for m in messages}
    for turn, (where, _, message, text) in accepted.items():
        asked, answered = rows.get((turn, "user")), rows.get((turn, "assistant"))
        assert asked and answered, f"{turn} of {where} is gone"
        assert (asked["message"], asked["text"]) == (message, text)
        kept = answered["text"].encode()
        if turn in finished:
            assert ("turn." + answered["status"], kept) == finished[turn], (answered, finished[turn])
        else:
            # Its end may have been durable before anyone saw it.
            assert answered["status"] in ("interrupted", "completed"), answered
            was = seen.get(turn, b"")
            assert kept.startswith(was) or was.startswith(kept), (kept[-60:], was[-60:])
            finished[turn] = ("turn." + answered["status"], kept)


async def keys_hold(client, chance, accepted, keys):
    """A key sent again after the crash gives the first result, or is carried out once."""
    for key in chance.sample(sorted(keys), min(6, len(keys))):
        known = keys[key]
        fields = {"conversation": known["conversation"]} if known["conversation"] else {}
        again = await client.say(known["text"], key=key, **fields)
        if known["sent"]:
            assert again.get("duplicate") is True, (known, again)
            assert again["turn"] == known["sent"]["turn"], (known, again)
        elif not again.get("duplicate"):
            await client.end(again["turn"])
        twice = await client.say(known["text"], key=key, **fields)
        assert twice["turn"] == again["turn"] and twice["duplicate"] is True
        known["sent"] = again


async def test_a_resuming_client_sees_one_end_across_the_kill():
    async with Gateway(**offline(words=400, per_second=100, first_ms=5)) as g:
        book = Book()
        client = await Client.connect(g.url, book)
        sent = await client.say("A long one, please")
        queued = await client.say("And then this", conversation=sent["conversation"])
        assert queued["state"] == "queued" and queued["position"] == 1, queued
        await client.until(lambda: len(book.text.get(sent["turn"], b"")) > 600, 20, "some text")
        saw = book.text[sent["turn"]]
        epoch = book.at[sent["conversation"]][0]
        await g.kill()
        await client.reader
        await g.start()
        client = await Client.connect(g.url, book)
        await client.send("hello", resume=book.resume())
        snapshot = await client.frame("snapshot", conversation=sent["conversation"])
        assert snapshot["epoch"] > epoch
        statuses = {m["turn"]: m["status"] for m in snapshot["messages"] if m["role"] == "assistant"}
        assert statuses == {sent["turn"]: "interrupted", queued["turn"]: "interrupted"}, statuses
        kept = book.text[sent["turn"]]
        assert saw.startswith(kept) or kept.startswith(saw)
        # A checkpoint is at most 250 ms old; a generous second of text may be missing.
        assert len(kept) > len(saw) - 1200, (len(kept), len(saw))
        # And the conversation goes on.
        third = await client.say("Still there?", conversation=sent["conversation"])
        assert (await client.frame("turn.started", turn=third["turn"]))["epoch"] > epoch
        client.drop()


async def test_kill_during_recovery_and_twice():
    async with Gateway(**offline(words=400, per_second=100, first_ms=5)) as g:
        client = await Client.connect(g.url)
        turns = [await client.say(f"n{n}") for n in range(20)]
        await asyncio.sleep(0.3)
        await g.kill()
        for pause in (0.0, 0.01, 0.03, 0.06):
            await g.start(wait=False)
            await asyncio.sleep(pause)
            await g.kill()
        await g.start()
        client = await Client.connect(g.url)
        for sent in turns:
            answer = (await client.history(sent["conversation"]))[-1]
            assert answer["status"] == "interrupted", answer
        await check_history(client, turns[0]["conversation"], client.book)
        # One end for each: replay the log from the start, a snapshot says it in one piece.
        for sent in turns:
            await client.ask("conversation.follow", conversation=sent["conversation"], epoch=1, seq=0)
        ends = [f for f in client.frames if f["type"] in ENDS]
        assert len(ends) == len({f["turn"] for f in ends})
        client.drop()
