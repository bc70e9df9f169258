"""One question worked on by several pools: answers side by side on one socket, then one of theirs."""

import asyncio
import re

import websockets

from harness import TEXT, Book, Client, Gateway, check_history, offline
from upstream import Upstream, pool

POOLS = ("general", "financial", "business", "sports")


def gateway(up, **settings):
    tables = [pool("fake", name=name) + f'prompt = "You are {name}."\n' for name in POOLS]
    return Gateway(toml="\n".join([up.provider("fake"), *tables]), **settings)


class Stage:
    """Each pool says what the test lets it say, when it lets it."""

    def __init__(self):
        self.words = {}
        self.fails = set()
        self.prompts = {}

    def says(self, name):
        return self.words.setdefault(name, asyncio.Queue())

    async def __call__(self, exchange):
        prompt, *_, question = [message["content"] for message in exchange.body["messages"]]
        name = next(name for name in POOLS if prompt.startswith(f"You are {name}."))
        self.prompts[name] = question
        if name in self.fails:
            return await exchange.status(400, {"error": {"message": "no"}})
        await exchange.begin()
        while (word := await self.says(name).get()) is not None:
            await exchange.token(word)
        await exchange.end()


async def test_two_stream_side_by_side_and_then_one_answer_names_them():
    stage = Stage()
    async with Upstream(stage) as up, gateway(up) as g:
        book = Book()
        client = await Client.connect(g.url, book)
        sent = await client.say("Lease a van?", pools=["financial", "sports"])
        whole = sent["conversation"]
        started = await client.frame("turn.started", turn=sent["turn"])
        parts = {part["pool"]: part for part in started["specialists"]}
        assert list(parts) == ["financial", "sports"], started
        for round in range(3):
            for name, part in parts.items():
                stage.says(name).put_nowait(f"{name} {round}. ")
                await client.until(lambda turn=part["turn"], said=f"{round}. ".encode():
                                   said in book.text.get(turn, b""))
        deltas = [f["conversation"] for f in client.frames if f["type"] == "turn.delta"]
        order = [part["conversation"] for part in parts.values()] * 3
        assert deltas == order, "they grow by turns, on one socket"
        for part in parts.values():
            begun = await client.frame("turn.started", turn=part["turn"])
            assert begun["parent"] == {"conversation": whole, "turn": sent["turn"]}, begun
        for name, part in parts.items():
            stage.says(name).put_nowait(None)
            await client.end(part["turn"])
            await client.frame("turn.tool", call=part["turn"], phase="finished", summary=name)
        stage.says("general").put_nowait("financial counts, sports runs.")
        stage.says("general").put_nowait(None)
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.completed", end
        for name in parts:
            told = f"## {name}\n\n{name} 0. {name} 1. {name} 2."
            assert told in stage.prompts["general"], stage.prompts
        assert book.text[sent["turn"]] == b"financial counts, sports runs."
        messages = await check_history(client, whole, book)
        assert [part["pool"] for part in messages[-1]["specialists"]] == ["financial", "sports"]
        listed = (await client.ask("conversation.list"))["conversations"]
        assert [row["conversation"] for row in listed] == [whole], "a part is in no list"
        # Another connection follows a part by its id, from its beginning.
        async with await Client.connect(g.url, other := Book()) as second:
            part = parts["sports"]
            other.at[part["conversation"]] = (1, 0)
            await second.ask("conversation.follow", conversation=part["conversation"],
                             epoch=1, seq=0)
            await second.frame("resumed", conversation=part["conversation"])
            assert other.text[part["turn"]] == b"sports 0. sports 1. sports 2. "
        # The whole takes its parts along.
        await client.ask("conversation.delete", conversation=whole)
        for part in parts.values():
            gone = await client.refusal("conversation.get", conversation=part["conversation"])
            assert gone["code"] == "not_found", gone
        client.drop()


async def test_one_that_fails_is_told_and_all_that_fail_fail_the_turn():
    stage = Stage()
    stage.fails = {"sports"}
    async with Upstream(stage) as up, gateway(up) as g:
        client = await Client.connect(g.url, book := Book())
        for name in ("financial", "general"):
            stage.says(name).put_nowait("Yes.")
            stage.says(name).put_nowait(None)
        sent = await client.say("Lease a van?", pools=["financial", "sports"])
        failed = await client.frame("turn.tool", phase="failed", summary="sports")
        assert failed["error"]["code"] == "provider_rejected", failed
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.completed", end
        text = book.text[sent["turn"]].decode()
        assert "sports (provider_rejected)" in text and "financial" in text, text
        stage.fails = {"sports", "financial"}
        sent = await client.say("Again?", pools=["financial", "sports"],
                                conversation=sent["conversation"])
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.failed" and end["error"]["code"] == "specialists_failed", end
        await check_history(client, sent["conversation"], book)
        client.drop()


async def test_cancel_resume_and_kill():
    stage = Stage()
    async with Upstream(stage) as up, gateway(up) as g:
        client = await Client.connect(g.url, book := Book())
        sent = await client.say("Lease a van?", pools=["financial", "sports"], key="once")
        started = await client.frame("turn.started", turn=sent["turn"])
        parts = {part["pool"]: part for part in started["specialists"]}
        for part in parts.values():
            await client.frame("turn.started", turn=part["turn"])
        stage.says("financial").put_nowait("Count. ")
        await client.until(lambda: book.text.get(parts["financial"]["turn"]))
        # The socket breaks; whoever comes back takes up the whole and the parts.
        client.drop()
        stage.says("financial").put_nowait("More. ")
        stage.says("sports").put_nowait("Run. ")
        client = await Client.connect(g.url, book)
        await client.send("hello", resume=book.resume())
        await client.until(lambda: book.text.get(parts["sports"]["turn"]) == b"Run. ")
        await client.until(lambda: book.text[parts["financial"]["turn"]] == b"Count. More. ")
        again = await client.say("Lease a van?", pools=["financial", "sports"], key="once")
        assert again["duplicate"] and again["turn"] == sent["turn"], again
        await client.ask("turn.cancel", turn=sent["turn"])
        for turn in (sent["turn"], *(part["turn"] for part in parts.values())):
            end = await client.end(turn)
            assert end["type"] == "turn.cancelled", end
        assert len(up.exchanges) == 2, "nothing was asked twice"
        # And a crash: the whole and its parts end as interrupted.
        sent = await client.say("And now?", pools=["financial", "sports"],
                                conversation=sent["conversation"])
        started = await client.frame("turn.started", turn=sent["turn"])
        turns = {sent["conversation"]: sent["turn"],
                 **{part["conversation"]: part["turn"] for part in started["specialists"]}}
        for part in started["specialists"]:
            await client.frame("turn.started", turn=part["turn"])
        client.drop()
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as client:
            for conversation, turn in turns.items():
                answer = (await client.history(conversation))[-1]
                assert (answer["turn"], answer["status"]) == (turn, "interrupted"), answer


async def test_a_sentence_asks_all_and_text_mode_tells_them_apart():
    async with Gateway(**offline(words=60, per_second=400)) as g:
        async with await Client.connect(g.url, book := Book()) as client:
            sent = await client.say("ask all specialists about leasing a van")
            started = await client.frame("turn.started", turn=sent["turn"])
            names = [part["pool"] for part in started["specialists"]]
            assert names == ["business", "financial", "healthcare", "sports"], names
            await client.end(sent["turn"])
            text = book.text[sent["turn"]].decode()
            for name in names:
                assert name in text, text
        async with websockets.connect(g.url, subprotocols=[TEXT], proxy=None) as ws:
            await ws.send("/ask financial,sports leasing a van")
            lines = []
            while not lines or "tokens" not in lines[-1]:
                lines.append(await asyncio.wait_for(ws.recv(), 10))
            assert "# asking financial, sports" in lines, lines
            for name in ("financial", "sports", "general"):
                who = re.compile(rf"# {name}( \(\w+\))? · offline")
                assert any(who.match(line) for line in lines), lines


async def test_a_message_that_spans_pools_asks_them_where_settings_say_so():
    both = "How do I price my product, and how do I pay less tax on the profit?"
    for consult, asked in (("asked", None), ("spanning", ["business", "financial"])):
        async with Gateway(ROUTING__CONSULT=consult, **offline(words=40, per_second=400)) as g:
            async with await Client.connect(g.url) as client:
                sent = await client.say(both)
                started = await client.frame("turn.started", turn=sent["turn"])
                names = [part["pool"] for part in started.get("specialists", [])] or None
                assert names == asked, started
                assert (await client.end(sent["turn"]))["type"] == "turn.completed"
