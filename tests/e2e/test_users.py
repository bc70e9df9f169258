"""Who may what: credentials in every place, and two users who must not know of each other."""

import asyncio
import json
import time

from harness import TEXT, Client, Gateway, offline
from rawsocket import Raw

T = "an-end-to-end-token"


def gateway(**more):
    return Gateway(TOKEN=T, **{**offline(words=60, per_second=60), **more})


async def test_nobody_learns_of_anothers_conversations():
    async with gateway() as g:
        alice = await Client.connect(g.url, token=f"{T}:alice")
        bob = await Client.connect(g.url, token=f"{T}:bob")
        operator = await Client.connect(g.url, token=T)
        welcomes = [await c.frame("welcome") for c in (alice, bob, operator)]
        assert len({w["user"] for w in welcomes}) == len({w["session"] for w in welcomes}) == 3
        sent = await alice.say("My secret is 4711", key="shared-key")
        where, turn, message = sent["conversation"], sent["turn"], sent["message"]
        for other in (bob, operator):
            for kind, fields in [
                    ("message.send", {"conversation": where, "text": "hi"}),
                    ("message.send", {"conversation": where, "text": "hi", "parent": message}),
                    ("message.send", {"conversation": where, "text": "/use sports"}),
                    ("turn.cancel", {"turn": turn}), ("turn.retry", {"turn": turn}),
                    ("conversation.get", {"conversation": where}),
                    ("conversation.update", {"conversation": where, "title": "mine"}),
                    ("conversation.update", {"conversation": where, "head": message}),
                    ("conversation.fork", {"conversation": where}),
                    ("conversation.fork", {"conversation": where, "at": message}),
                    ("conversation.delete", {"conversation": where}),
                    ("conversation.history", {"conversation": where}),
                    ("conversation.history", {"conversation": where, "before": message}),
                    ("conversation.follow", {"conversation": where}),
                    ("conversation.follow", {"conversation": where, "epoch": 1, "seq": 0}),
                    ("conversation.unfollow", {"conversation": where})]:
                frame = await other.refusal(kind, **fields)
                strange = {k: v if isinstance(v, int) else v.replace(where[4:], "0190b6f2c7d87b3c9a54d1e2f3a4b5c6")
                           .replace(turn[4:], "0190b6f2c7d87b3c9a54d1e2f3a4b5c6")
                           for k, v in fields.items()}
                unknown = await other.refusal(kind, **strange)
                assert frame["code"] == "not_found", (kind, frame)
                # The answer is the same as for what is not there at all.
                same = lambda f: {k: v for k, v in f.items() if k != "re"}
                assert same(frame) == same(unknown), (kind, frame, unknown)
            await other.send("hello", resume=[{"conversation": where, "epoch": 1, "seq": 0}])
            assert (await other.frame("error", code="not_found", re=None))
            own = await other.say("Mine", key="shared-key")
            assert "duplicate" not in own or not own["duplicate"], "keys are each user's own"
            assert own["conversation"] != where
            await other.end(own["turn"])
            # An id of hers in one's own conversation is as unknown.
            for field in ("parent",):
                frame = await other.refusal("message.send", text="x", conversation=own["conversation"], **{field: message})
                assert frame["code"] == "not_found", frame
            for kind, field in (("conversation.update", "head"), ("conversation.fork", "at"),
                                ("conversation.history", "before")):
                frame = await other.refusal(kind, conversation=own["conversation"], **{field: message})
                assert frame["code"] == "not_found", (kind, frame)
            listed = (await other.ask("conversation.list"))["conversations"]
            assert [c["conversation"] for c in listed] == [own["conversation"]]
        await alice.end(turn)
        for other in (bob, operator):
            assert where not in json.dumps([f for f in other.frames if f["type"] != "error"])
            assert "4711" not in json.dumps(other.frames)
        # And she has noticed nothing.
        events = [f["type"] for f in alice.frames if "seq" in f]
        assert events == ["message.accepted", "turn.started", "turn.completed", "conversation.updated"], events
        # The same user elsewhere is the same.
        twin = await Client.connect(g.url, token=f"{T}:alice")
        assert (await twin.history(where))[0]["text"] == "My secret is 4711"


async def test_every_way_to_say_who_one_is():
    async with gateway() as g:
        user = None
        for way in ("header", "subprotocol", "ticket", "hello"):
            if way == "header":
                c = await Client.connect(g.url, token=f"{T}:alice")
            elif way == "subprotocol":
                # A colon is no character of a subprotocol, so libraries refuse it; browsers, too.
                raw = await Raw.connect(g, f"operatoros.v1.json, bearer.{T}:alice")
                assert "bearer" not in raw.head, raw.head
                assert (await raw.json())["user"] == user
                raw.writer.close()
                continue
            elif way == "ticket":
                status, body = await g.post("/v1/tickets", {"Authorization": f"Bearer {T}:alice"})
                assert status == 201, (status, body)
                ticket = json.loads(body)["ticket"]
                c = await Client.connect(f"{g.url}?ticket={ticket}")
            else:
                c = await Client.connect(g.url)
                frame = await c.refusal("conversation.list")
                assert frame["code"] == "not_authenticated", frame
                await c.ask("hello", token=f"{T}:alice")
            welcome = await c.frame("welcome")
            assert welcome["anonymous"] is False
            assert user in (None, welcome["user"]), way
            user = welcome["user"]
            await c.ask("conversation.list")
            c.drop()
        # A ticket is good once.
        c = await Client.connect(f"{g.url}?ticket={ticket}")
        assert await c.close_code() == 4501, c.closed
        assert c.frames[-1]["code"] == "not_authenticated", c.frames
        for log in (g.log,):
            assert T not in log and ticket not in log
        assert (await g.post("/v1/tickets"))[0] == 401
        assert (await g.post("/v1/tickets", {"Authorization": "Bearer wrong"}))[0] == 401


async def test_the_bearer_subprotocol_is_not_echoed():
    async with gateway() as g:
        c = await Client.connect(g.url, subprotocols=["operatoros.v1.json", f"bearer.{T}"])
        assert (await c.frame("welcome"))["anonymous"] is False
        assert c.ws.subprotocol == "operatoros.v1.json", c.ws.subprotocol
        c.drop()
        c = await Client.connect(g.url, subprotocols=["operatoros.v1.json", f"bearer.{T}x"])
        assert await c.close_code() == 4501
        assert [f["type"] for f in c.frames] == ["error"], c.frames


async def test_wrong_credentials():
    async with gateway() as g:
        for token in (T + "x", "x" + T, T[:-1], T + ":", "x", T + ":" + "n" * 65):
            try:
                c = await Client.connect(g.url, token=token)
            except Exception as error:  # noqa: BLE001
                assert "401" in str(error), error
            else:
                raise AssertionError(f"{token} was let in: {c.frames}")
            c = await Client.connect(g.url)
            await c.send("hello", id="h", token=token)
            assert await c.close_code() == 4501, c.closed
            assert [f["code"] for f in c.frames] == ["not_authenticated"], c.frames
        # The first credentials that are present count, good ones further on do not help.
        try:
            await Client.connect(g.url, token="wrong", subprotocols=["operatoros.v1.json", f"bearer.{T}"])
        except Exception as error:  # noqa: BLE001
            assert "401" in str(error), error
        else:
            raise AssertionError("let in")


async def test_who_says_nothing_is_closed_after_ten_seconds():
    async with gateway() as g:
        async def silent():
            c = await Client.connect(g.url)
            began = time.monotonic()
            assert await c.close_code() == 4501, c.closed
            assert 9 < time.monotonic() - began < 13
            assert c.frames[-1]["code"] == "not_authenticated", c.frames
        async def chatty():
            """Frames without credentials do not buy time."""
            c = await Client.connect(g.url)
            began = time.monotonic()
            while not c.closed and time.monotonic() - began < 20:
                try:
                    await c.send("ping")
                except Exception:  # noqa: BLE001 - it is closed, which is what is waited for
                    break
                await asyncio.sleep(1)
            assert await c.close_code(3) == 4501, c.closed
            assert 9 < time.monotonic() - began < 13, time.monotonic() - began
        async def undecided():
            c = await Client.connect(g.url, subprotocols=None)
            assert await c.close_code() == 4501, c.closed
        await asyncio.gather(silent(), chatty(), undecided())


async def test_a_person_logs_in():
    import websockets
    async with gateway() as g:
        async with websockets.connect(g.url, subprotocols=[TEXT], proxy=None) as ws:
            assert "/login" in await ws.recv()
            await ws.send("hello?")
            assert (await ws.recv()).startswith("!")
            await ws.send("/login wrong")
            assert (await ws.recv()).startswith("!")
            await ws.send(f"/login {T}:alice")
            assert "alice" in await ws.recv()
            await ws.send("hello")
            assert "general" in await ws.recv()


async def test_a_public_address_needs_a_token():
    async with Gateway() as g:
        code, _, err = await g.cli("serve", "--bind", "0.0.0.0:0", "--data-dir", str(g.home / "d"), within=15)
        assert code == 1 and "token" in err, (code, err)
