"""A person typing: every slash line, answers by the sentence, and the way over to JSON."""

import asyncio
import json
import re

import websockets

from harness import TEXT, Client, Gateway, offline
from upstream import Upstream, pool

QUICK = offline(words=80, per_second=400, first_ms=5)


class Person:
    """A text connection and all the lines that came."""

    @classmethod
    async def connect(cls, gateway, subprotocols=(TEXT,)):
        self = cls()
        self.lines, self.at = [], 0
        self.ws = await websockets.connect(gateway.url, subprotocols=list(subprotocols) or None,
                                           proxy=None, compression=None)
        return self

    async def type(self, line):
        self.at = len(self.lines)
        await self.ws.send(line)

    async def see(self, pattern, within=10):
        """Reads until a message that came since the last line matches; gives all since then."""
        try:
            async with asyncio.timeout(within):
                while True:
                    since = self.lines[self.at:]
                    if any(re.search(pattern, line, re.S) for line in since):
                        return since
                    self.lines.append(await self.ws.recv())
        except TimeoutError:
            raise AssertionError(f"{pattern!r} did not come; these did: {self.lines[self.at:]}") from None


async def test_every_slash_line():
    async with Gateway(**QUICK) as g:
        p = await Person.connect(g)
        await p.see("^# OperatorOS.*/help")
        await p.type("/help")
        help_ = "\n".join(await p.see("^# .*//x"))
        for line in ("/status", "/pools", "/tasks", "/use", "/new", "/stop", "/retry", "/history",
                     "/login", "/json", "//x"):
            assert line in help_, (line, help_)
        assert all(row.startswith("# ") for row in help_.split("\n")), help_
        await p.type("/status")
        await p.see("^# ok: up .* connections?")
        await p.type("/pools")
        await p.see("^# pool .*\n# business .*\n# financial .*\n# general .*\n# healthcare .*\n# sports ")
        await p.type("/tasks")
        await p.see("^[#!] ")
        for early in ("/stop", "/retry"):
            await p.type(early)
            await p.see("^! ")
        await p.type("/history")
        await p.see("^# > /pools")
        await p.type("/nonsense")
        await p.see("^! There is no /nonsense here")
        await p.type("")
        await p.type("   ")
        await p.type("/use nowhere")
        await p.see("^# No pool is called nowhere")
        await p.type("/use sports")
        await p.see("^# .*sports from now on")
        await p.type("Who won?")
        lines = await p.see(r"^# .*tokens")
        assert lines[0] == "# sports (statistician) · offline/offline", lines
        answer = [line for line in lines if not line.startswith(("#", "!"))]
        assert "".join(answer).startswith("No model is connected"), lines
        assert len(answer) > 1, "by the sentence, not in one piece"
        await p.type("/use auto")
        await p.see("^# ")
        await p.type("//etc/hosts is a file")
        lines = await p.see(r"^# .*tokens")
        assert any("“/etc/hosts is a file”" in line for line in lines), lines
        await p.type("/retry")
        lines = await p.see(r"^# .*tokens")
        assert any("“/etc/hosts is a file”" in line for line in lines), lines
        await p.type("/history")
        lines = await p.see("> /etc/hosts is a file")
        assert any(line == "# > Who won?" for line in lines), lines
        await p.type("/new")
        await p.see("^# a new conversation")
        await p.type("/history")
        await p.see("^! ")
        await p.type("Afresh")
        lines = await p.see(r"^# .*tokens")
        assert any("It opens this conversation" in line for line in lines), lines
        await p.type("/json")
        welcome = json.loads((await p.see('"welcome"'))[-1])
        assert welcome["type"] == "welcome"
        await p.type('{"type":"ping","id":"1"}')
        await p.see('"pong"')


async def test_stop_and_the_rest_of_the_answer():
    async with Gateway(**offline(words=400, per_second=100)) as g:
        p = await Person.connect(g)
        await p.type("Talk")
        await p.see("offline provider speaks")
        await p.type("/stop")
        await p.see("^# stopped")
        await p.type("/stop")
        await p.see("^! ")
        await p.type("First")
        await p.see("^# general")
        await p.type("Second")
        await p.see("^# waiting, number 1")
        await p.type("/stop")
        await p.ws.close()


async def test_the_first_message_decides():
    async with Gateway(**QUICK) as g:
        p = await Person.connect(g, subprotocols=())
        await p.type("hello")
        await p.see(r"^# .*tokens")
        p = await Person.connect(g, subprotocols=())
        await p.type(' {"type":"ping"}')
        assert json.loads((await p.see("welcome"))[0])["type"] == "welcome"


async def test_a_line_of_the_answer_never_looks_like_ours():
    async def script(exchange):
        await exchange.begin()
        for piece in ("# A head", "ing\n", "! not an error\n", "plain", ".\n", "#", "last"):
            await exchange.token(piece)
            await asyncio.sleep(0.05)
        await exchange.end()
    async with Upstream(script) as up, Gateway(toml=up.provider("fake") + pool("fake")) as g:
        p = await Person.connect(g)
        await p.type("Go")
        lines = "\n".join(await p.see(r"^# .*tokens")).split("\n")
        for line in (" # A heading", " ! not an error", "plain.", " #last"):
            assert line in lines, (line, lines)


async def test_the_second_user_of_a_connection_hears_nothing_of_the_first():
    async with Gateway(TOKEN="an-end-to-end-token", **offline(words=300, per_second=100)) as g:
        p = await Person.connect(g)
        await p.type("/login an-end-to-end-token:alice")
        await p.see("alice")
        await p.type("My secret is 4711")
        await p.see("^# general")
        async with await Client.connect(g.url, token="an-end-to-end-token:alice") as alice:
            listed = (await alice.ask("conversation.list"))["conversations"]
        await p.type("/login an-end-to-end-token:bob")
        await p.see("bob")
        await asyncio.sleep(0.3)
        await p.type("/json")
        since = await p.see('"welcome"')
        await asyncio.sleep(0.6)
        await p.type(json.dumps({"type": "message.send", "id": "1", "text": "hi",
                                 "conversation": listed[0]["conversation"]}))
        since = await p.see('"re":"1"')
        assert len(since) == 1 and json.loads(since[0])["code"] == "not_found", since


async def test_a_person_sees_the_gateway_go():
    async with Gateway(**offline(words=150, per_second=100)) as g:
        p = await Person.connect(g)
        await p.type("Talk")
        await p.see("^# general")
        g.signal()
        await p.see("^# the gateway is going down")
        await p.see(r"^# .*tokens")
        assert await g.exited() == 0


async def test_the_way_over_to_json_in_the_middle_of_an_answer():
    async with Gateway(**offline(words=60, per_second=60, first_ms=5)) as g:
        p = await Person.connect(g)
        await p.type("What is a rights issue?")
        await p.see("No model is connected")
        await p.type("/json")
        await p.see('"turn.completed"')
        frames = [json.loads(line) for line in p.lines if line.startswith("{")]
        kinds = [frame["type"] for frame in frames]
        assert kinds[:2] == ["welcome", "snapshot"], kinds
        assert frames[1]["messages"][0]["text"] == "What is a rights issue?", frames[1]
        grown = frames[1]["turn"]["text"]
        for delta in (frame for frame in frames if frame["type"] == "turn.delta"):
            assert delta["offset"] == len(grown.encode()), (delta, grown)
            grown += delta["text"]
        assert frames[-1]["length"] == len(grown.encode()), frames[-1]


async def test_a_first_line_that_is_refused_leaves_room_for_the_next():
    budget = "[budgets.none]\npool = \"sports\"\ntokens = 1\nper = \"day\"\n"
    async with Gateway(toml=budget, **QUICK) as g:
        p = await Person.connect(g)
        await p.type("Who won the basketball game last night?")
        await p.see("^! .*budget")
        await p.type("What is a rights issue?")
        await p.see("No model is connected")
