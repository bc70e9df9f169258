"""Branches, queues, cancels, pages, and several connections of one user."""

import asyncio

from harness import ENDS, Book, Client, Gateway, check_history, offline

QUICK = offline(words=12, per_second=0, first_ms=1)
SLOW = offline(words=200, per_second=50, first_ms=5)


async def talk(client, *texts, where=None, **fields):
    """Sends each text and waits for its answer; gives what `message.send` gave."""
    results = []
    for text in texts:
        sent = await client.say(text, **fields, **({"conversation": where} if where else {}))
        where = sent["conversation"]
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.completed", end
        results.append(sent)
    return results


def texts(messages):
    return [m["text"] for m in messages if m["role"] == "user"]


async def test_branches():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        one, two, three = await talk(c, "one", "two", "three")
        where = one["conversation"]
        history = await c.history(where)
        assert texts(history) == ["one", "two", "three"]
        for before, after in zip(history, history[1:]):
            assert after["parent"] == before["message"], (before, after)
        assert "parent" not in history[0], history[0]
        first_head = history[-1]["message"]

        # Another answer to the same message: a sibling.
        again = await c.ask("turn.retry", turn=three["turn"])
        assert again["message"] == three["message"] and again["turn"] != three["turn"]
        await c.end(again["turn"])
        branch = await c.history(where)
        assert texts(branch) == ["one", "two", "three"] and len(branch) == 6
        assert branch[-1]["message"] != first_head and branch[-1]["parent"] == three["message"]

        # Edit the second message: its parent is the first answer.
        (edited,) = await talk(c, "two, edited", where=where, parent=history[1]["message"])
        branch = await c.history(where)
        assert texts(branch) == ["one", "two, edited"], texts(branch)
        # And the very first one.
        await talk(c, "one, edited", where=where, parent="root")
        assert texts(await c.history(where)) == ["one, edited"]

        # Back to the first branch, for every connection.
        updated = await c.ask("conversation.update", conversation=where, head=first_head)
        assert updated["head"] == first_head, updated
        assert texts(await c.history(where)) == ["one", "two", "three"]
        event = await c.frame("conversation.updated", head=first_head)
        assert event["seq"]
        await talk(c, "four", where=where)
        assert texts(await c.history(where)) == ["one", "two", "three", "four"]
        for field, wrong in (("head", "msg_0190b6f2c7d87b3c9a54d1e2f3a4b5c6"), ("head", "x")):
            frame = await c.refusal("conversation.update", conversation=where, **{field: wrong})
            assert frame["code"] == "not_found", frame
        # A retry of a turn on another branch makes that branch current.
        back = await c.ask("turn.retry", turn=edited["turn"])
        await c.end(back["turn"])
        assert texts(await c.history(where)) == ["one", "two, edited"]


async def test_fork():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        one, two = await talk(c, "one", "two")
        where = one["conversation"]
        history = await c.history(where)
        fork = await c.ask("conversation.fork", conversation=where, at=history[1]["message"], title="copy")
        assert fork["conversation"] != where and fork["title"] == "copy", fork
        copied = await c.history(fork["conversation"])
        assert [m["text"] for m in copied] == [m["text"] for m in history[:2]]
        await talk(c, "elsewhere", where=fork["conversation"])
        assert texts(await c.history(fork["conversation"])) == ["one", "elsewhere"]
        assert texts(await c.history(where)) == ["one", "two"]
        whole = await c.ask("conversation.fork", conversation=where)
        assert texts(await c.history(whole["conversation"])) == ["one", "two"]
        await c.ask("conversation.delete", conversation=where)
        assert texts(await c.history(whole["conversation"])) == ["one", "two"]


async def test_pages_of_history_and_of_conversations():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        sent = await talk(c, *[f"m{n}" for n in range(13)])
        where = sent[0]["conversation"]
        pages, before = [], None
        while True:
            page = await c.ask("conversation.history", conversation=where, limit=4,
                               **({"before": before} if before else {}))
            assert 0 < len(page["messages"]) <= 4
            pages.insert(0, page["messages"])
            before = page.get("cursor")
            if not before:
                break
        assert texts(sum(pages, [])) == [f"m{n}" for n in range(13)]
        for n in range(7):
            await c.ask("conversation.create", title=f"c{n}")
        names, cursor = [], None
        while True:
            page = await c.ask("conversation.list", limit=3, **({"cursor": cursor} if cursor else {}))
            names += [row["conversation"] for row in page["conversations"]]
            cursor = page.get("cursor")
            if not cursor:
                break
        assert len(names) == len(set(names)) == 8, names
        for limit in (0, -1, 1.5, "x"):
            frame = await c.refusal("conversation.list", limit=limit)
            assert frame["code"] in ("invalid_argument", "bad_frame"), (limit, frame)
        for field, kind in (("before", "conversation.history"), ("cursor", "conversation.list")):
            fields = {"conversation": where} if kind.endswith("history") else {}
            frame = await c.refusal(kind, **fields, **{field: "nonsense"})
            assert frame["code"] in ("invalid_argument", "not_found"), frame


async def test_create_get_update_delete():
    async with Gateway(**SLOW) as g, await Client.connect(g.url) as c, await Client.connect(g.url) as twin:
        made = await c.ask("conversation.create", title="Plans", pool="business")
        where = made["conversation"]
        assert (made["title"], made["pool"], made["messages"]) == ("Plans", "business", 0), made
        assert (await twin.ask("conversation.get", conversation=where))["title"] == "Plans"
        await twin.ask("conversation.follow", conversation=where)
        await c.ask("conversation.update", conversation=where, title="Other", pool="sports")
        event = await twin.frame("conversation.updated")
        assert event["title"] == "Other" and event["pool"] == "sports", event
        sent = await c.say("Who won?", conversation=where)
        started = await twin.frame("turn.started", turn=sent["turn"])
        assert started["pool"] == "sports" and started["routing"]["by"] == "pinned", started
        assert (await c.refusal("conversation.create", pool="nope"))["code"] == "unknown_pool"
        assert (await c.refusal("message.send", text="x", pool="nope"))["code"] == "unknown_pool"
        assert (await c.refusal("conversation.update", conversation=where, pool="nope"))["code"] == "unknown_pool"
        # Deleted in mid-answer: it ends for everybody, and then there is nothing.
        await c.frame("turn.delta")
        await twin.ask("conversation.delete", conversation=where)
        await c.frame("conversation.deleted", conversation=where)
        ends = [f for f in c.frames if f["type"] in ENDS]
        assert len(ends) == 1, ends
        for kind in ("conversation.get", "conversation.history", "conversation.follow", "conversation.delete"):
            assert (await c.refusal(kind, conversation=where))["code"] == "not_found", kind
        assert (await c.refusal("turn.retry", turn=sent["turn"]))["code"] == "not_found"
        assert (await c.ask("conversation.list"))["conversations"] == []


async def test_queue_positions_and_cancel():
    async with Gateway(**SLOW) as g, await Client.connect(g.url) as c:
        first = await c.say("one")
        where = first["conversation"]
        waiting = [await c.say(f"w{n}", conversation=where) for n in range(4)]
        assert [w["position"] for w in waiting] == [1, 2, 3, 4], waiting
        assert all(w["state"] == "queued" for w in waiting)
        for n, w in enumerate(waiting):
            event = await c.frame("turn.queued", turn=w["turn"], position=n + 1)
            assert "seq" in event
        # Cancel one that waits: those behind move up, without a number.
        await c.ask("turn.cancel", turn=waiting[1]["turn"])
        assert (await c.end(waiting[1]["turn"]))["length"] == 0
        for w, position in ((waiting[2], 2), (waiting[3], 3)):
            moved = await c.frame("turn.queued", turn=w["turn"], position=position)
            assert "seq" not in moved, moved
        assert (await c.refusal("turn.cancel", turn=waiting[1]["turn"]))["code"] == "turn_ended"
        # Cancel what runs: the next one starts.
        await c.frame("turn.delta", turn=first["turn"])
        await c.ask("turn.cancel", turn=first["turn"])
        end = await c.end(first["turn"])
        assert end["type"] == "turn.cancelled" and end["length"] > 0, end
        await c.frame("turn.started", turn=waiting[0]["turn"])
        assert (await c.refusal("turn.retry", turn=waiting[2]["turn"]))["code"] == "conflict"
        assert (await c.refusal("turn.cancel", turn=first["turn"]))["code"] == "turn_ended"
        for w in (waiting[0], waiting[2], waiting[3]):
            await c.ask("turn.cancel", turn=w["turn"])
            await c.end(w["turn"])
        await check_history(c, where, c.book)
        statuses = [m["status"] for m in await c.history(where) if m["role"] == "assistant"]
        assert statuses == ["cancelled"] * 5, statuses


async def test_a_full_queue_is_refused():
    async with Gateway(**SLOW) as g, await Client.connect(g.url) as c:
        where = (await c.say("one"))["conversation"]
        for n in range(32):
            await c.say(f"w{n}", conversation=where)
        frame = await c.refusal("message.send", text="too many", conversation=where)
        assert frame["code"] == "queue_full" and frame["retryable"], frame
        assert frame["execution"] == "not_started", frame
        last = await c.say("stop all that", conversation=where, if_busy="interrupt")
        await c.frame("turn.started", turn=last["turn"])
        ended = [f["type"] for f in c.frames if f["type"] in ENDS]
        assert ended == ["turn.cancelled"] * 33, ended


async def test_if_busy():
    async with Gateway(**SLOW) as g, await Client.connect(g.url) as c:
        first = await c.say("one")
        where = first["conversation"]
        frame = await c.refusal("message.send", text="no", conversation=where, if_busy="reject")
        assert frame["code"] == "busy" and frame["retryable"], frame
        await c.frame("turn.delta")
        second = await c.say("now", conversation=where, if_busy="interrupt")
        assert (await c.end(first["turn"]))["type"] == "turn.cancelled"
        await c.frame("turn.started", turn=second["turn"])
        await c.ask("turn.cancel", turn=second["turn"])
        await c.end(second["turn"])
        third = await c.say("free", conversation=where, if_busy="reject")
        assert third["state"] == "running", third
        assert (await c.refusal("message.send", text="x", if_busy="perhaps"))["code"] == "bad_frame"


async def test_keys():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c, await Client.connect(g.url) as twin:
        first = await c.say("one", key="k")
        await c.end(first["turn"])
        for client in (c, twin):
            again = await client.say("something else", key="k")
            assert again["duplicate"] is True
            assert {k: again[k] for k in ("conversation", "message", "turn")} == \
                   {k: first[k] for k in ("conversation", "message", "turn")}
        elsewhere = await c.ask("conversation.create")
        again = await c.say("one", key="k", conversation=elsewhere["conversation"])
        assert again["duplicate"] is True and again["conversation"] == first["conversation"]
        # The twin follows what it adopted.
        assert any(f["type"] == "snapshot" for f in twin.frames)
        # Ten at once, over two connections: one message.
        results = await asyncio.gather(*(x.say("race", key="r") for x in (c, twin) for _ in range(5)))
        assert len({r["turn"] for r in results}) == 1
        assert sum(not r.get("duplicate") for r in results) == 1
        listed = (await c.ask("conversation.list"))["conversations"]
        assert len(listed) == 3, listed
        # A command with a key is not noted twice either.
        a = await c.say("/help", key="cmd", conversation=first["conversation"])
        b = await c.say("/help", key="cmd", conversation=first["conversation"])
        assert b["duplicate"] and a["turn"] == b["turn"]
        # Refused messages do not use their key up.
        assert (await c.refusal("message.send", text="x", key="again", pool="nope"))["code"] == "unknown_pool"
        assert "duplicate" not in await c.say("x", key="again")


async def test_connections_of_one_user_are_equal():
    async with Gateway(**SLOW) as g:
        clients = [await Client.connect(g.url, Book()) for _ in range(6)]
        sent = await clients[0].say("Everybody listen")
        where, turn = sent["conversation"], sent["turn"]
        for c in clients[1:]:
            following = await c.ask("conversation.follow", conversation=where)
            assert following["conversation"] == where
        await asyncio.gather(*(c.frame("turn.delta", turn=turn) for c in clients))
        clients[0].drop()
        await asyncio.sleep(0.3)
        await clients[3].ask("turn.cancel", turn=turn)
        ends = await asyncio.gather(*(c.end(turn) for c in clients[1:]))
        assert {e["type"] for e in ends} == {"turn.cancelled"} and len({e["length"] for e in ends}) == 1
        for c in clients[1:]:
            await check_history(c, where, c.book)
        # Who unfollows hears no more.
        await clients[1].ask("conversation.unfollow", conversation=where)
        at = len(clients[1].frames)
        more = await clients[2].say("More", conversation=where)
        await clients[2].frame("turn.delta", turn=more["turn"])
        await asyncio.sleep(0.2)
        assert clients[1].frames[at:] == []
        for c in clients:
            c.drop()


async def test_commands():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        sent = await c.say("/status")
        result = await c.frame("command.result", turn=sent["turn"])
        assert result["intent"] == "status" and result["data"]["health"] == "ok", result
        end = await c.end(sent["turn"])
        assert end["finish_reason"] == "command"
        where = sent["conversation"]
        pools = await c.say("/pools", conversation=where)
        rows = (await c.frame("command.result", turn=pools["turn"]))["data"]["pools"]
        assert {r["pool"] for r in rows} == {"healthcare", "financial", "sports", "business", "general"}
        await c.say("/use sports", conversation=where)
        assert (await c.frame("conversation.updated"))["pool"] == "sports"
        chat = await c.say("/status", conversation=where, as_="chat")
        assert (await c.frame("turn.started", turn=chat["turn"]))["pool"] == "sports"
        await c.end(chat["turn"])
        plain = await c.say("help", conversation=where, as_="command")
        assert (await c.frame("command.result", turn=plain["turn"]))["intent"] == "help"
        frame = await c.refusal("message.send", text="tell me a story", conversation=where, as_="command")
        assert frame["code"] == "invalid_argument", frame
        assert texts(await c.history(where))[:2] == ["/status", "/pools"]


async def test_metadata_and_unicode_survive_a_restart():
    async with Gateway(**QUICK) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("Ünïcödé 🌍\n\t\"\\ \u202e", metadata={"page": [1, {"ä": None}]})
            await c.end(sent["turn"])
            before = await c.history(sent["conversation"])
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as c:
            assert await c.history(sent["conversation"]) == before
            assert before[0]["metadata"] == {"page": [1, {"ä": None}]}, before[0]
