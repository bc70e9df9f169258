"""Frames that no good client sends, byte by byte where it has to be."""

import asyncio
import json
import time

from websockets.exceptions import ConnectionClosed

from harness import Client, Gateway, offline
from rawsocket import Raw

QUICK = offline(words=10, per_second=0, first_ms=1)


async def test_large_messages_and_their_limit():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        limits = (await c.frame("welcome"))["limits"]
        assert limits["frame_bytes"] == 256 * 1024 and limits["text_bytes"] == 64 * 1024, limits
        for text in ("x" * 65536, "é" * 32768, "🌍" * 16384, "\u0000\u001f\"\\" * 100, "\u2028 \ufeff"):
            sent = await c.say(text)
            await c.end(sent["turn"])
            kept = (await c.history(sent["conversation"]))[0]["text"]
            assert kept == text, (len(kept), len(text))
        for text in ("x" * 65537, "é" * 32769):
            frame = await c.refusal("message.send", text=text)
            assert frame["code"] == "too_large" and not frame["retryable"], frame
        for text in ("", "  \n"):
            assert (await c.refusal("message.send", text=text))["code"] == "invalid_argument"
        for field, value in [("key", "k" * 129), ("metadata", {"m": "x" * 4096})]:
            frame = await c.refusal("message.send", text="t", **{field: value})
            assert frame["code"] == "too_large", (field, frame)
        frame = await c.refusal("conversation.create", title="t" * 201)
        assert frame["code"] == "too_large", frame
        # Between the limit of a frame and what is still read: refused, and the connection lives.
        await c.ws.send('{"type":"ping","pad":"' + "x" * 300_000 + '"}')
        assert (await c.frame("error", code="too_large"))
        await c.ask("ping")


async def test_frames_too_large_to_read_close():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        try:
            await c.ws.send('{"type":"ping","pad":"' + "x" * 2_000_000 + '"}')
        except ConnectionClosed:
            pass  # Closed before all of it was sent, as it should be.
        assert await c.close_code() == 4500, c.closed


async def test_fragments_make_one_message():
    async with Gateway(**QUICK) as g:
        raw = await Raw.connect(g)
        assert (await raw.json())["type"] == "welcome"
        text = json.dumps({"type": "ping", "id": "ä🌍"}, ensure_ascii=False).encode()
        for at, byte in enumerate(text):
            last = at == len(text) - 1
            raw.write(bytes([byte]), opcode=1 if at == 0 else 0, fin=last)
            if at % 7 == 0:
                raw.write(b"between", opcode=9)
        got = [await raw.json(), await raw.json()]
        assert {f["type"] for f in got} == {"pong", "reply"} and got[0]["re"] == "ä🌍", got
        # Ten thousand empty fragments are no attack either.
        raw.write(b'{"type":"ping",', fin=False)
        for _ in range(10_000):
            raw.write(b"", opcode=0, fin=False)
        raw.write(b'"id":"2"}', opcode=0)
        assert (await raw.json())["type"] == "pong"


async def test_what_is_no_websocket_text():
    async with Gateway(**QUICK) as g:
        raw = await Raw.connect(g)
        await raw.json()
        raw.write(b'{"type":"ping","id":"\xff\xfe"}')
        code = await raw.until_close()
        assert code in (4500, 1007), code
        raw = await Raw.connect(g)
        await raw.json()
        raw.write(b'{"type":"ping"}', opcode=2)
        error = await raw.json()
        assert error["code"] == "bad_frame", error
        raw.write(b'{"type":"ping"}')
        assert (await raw.json())["type"] == "pong"
        for garbage in (b"\xff" * 64, bytes([0x81, 5]) + b"hello", bytes([0xf1, 0x80, 0, 0, 0, 0]),
                        bytes([0x83, 0x80, 0, 0, 0, 0]), bytes([0x89, 0xfe, 1, 0, 0, 0, 0, 0]) + b"x" * 256):
            raw = await Raw.connect(g)
            await raw.json()
            raw.writer.write(garbage)
            code = await raw.until_close()
            assert code in (4500, 1002, None), (garbage, code)
        async with await Client.connect(g.url) as c:
            await c.ask("ping")


async def test_bad_frames_are_named_and_counted():
    deep = '{"type":"message.send","id":"d","text":"x","metadata":' + '{"a":' * 10_000 + "1" + "}" * 10_001
    arrays = '{"type":"ping","id":"e","pad":' + "[" * 10_000 + "]" * 10_000 + "}"
    rows = [("nonsense", "not_json"), ("", "not_json"), ("{", "not_json"), ("[1]", "not_an_object"),
            ("7", "not_an_object"), ('"ping"', "not_an_object"), ("{}", "no_type"),
            ('{"type":"nope","id":"1"}', "unknown_type"), ('{"type":7}', None),
            ('{"type":"message.send","text":7,"id":"2"}', "wrong_shape"),
            ('{"type":"ping","type":"ping"}', None), (deep, None),
            ('{"type":"ping","id":"' + "i" * 65 + '"}', "id_too_long"),
            ('{"type":"turn.cancel"}', "wrong_shape"), ("null", "not_an_object")]
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        await c.frame("welcome")
        for text, problem in rows:
            at = len(c.frames)
            await c.ws.send(text)
            error = await c.frame("error", since=at)
            assert error["code"] == "bad_frame" and error["retryable"] is False, (text[:80], error)
            if problem:
                assert error["details"]["problem"] == problem, (text[:80], error)
        await c.ask("ping")
        # Ignored depth in an unknown field may be read or refused, and never breaks anything.
        at = len(c.frames)
        await c.ws.send(arrays)
        await c.until(lambda: len(c.frames) > at)
        await c.ask("ping")
        for _ in range(12):
            await c.ws.send("once more")
        assert await c.close_code() == 4500, c.closed
    assert "panicked" not in g.log


async def test_unknown_ids_by_the_thousand():
    async with Gateway(**QUICK) as g:
        before = g.rss_mib()
        async def ask_for_many(start):
            async with await Client.connect(g.url) as c:
                for n in range(start, start + 380):
                    kind, field = [("conversation.get", "conversation"), ("turn.cancel", "turn"),
                                   ("conversation.history", "conversation"),
                                   ("turn.retry", "turn"), ("conversation.follow", "conversation")][n % 5]
                    prefix = "trn_" if field == "turn" else "cnv_"
                    await c.send(kind, id=f"u{n}", **{field: f"{prefix}{n:032x}"})
                await c.until(lambda: len(c.replies) == 380, 30, "all refusals")
                assert {f["code"] for f in c.replies.values()} == {"not_found"}
        for batch in range(9):
            await asyncio.gather(*(ask_for_many(batch * 1140 + n * 380) for n in range(3)))
        assert g.rss_mib() - before < 60, (before, g.rss_mib())
        async with await Client.connect(g.url) as c:
            for wrong in ("", "x", "cnv_", "trn_0190b6f2c7d87b3c9a54d1e2f3a4b5c6", "cnv_" + "z" * 60):
                assert (await c.refusal("conversation.get", conversation=wrong))["code"] == "not_found"


async def test_floods_are_refused_then_closed():
    async with Gateway(**QUICK) as g:
        async with await Client.connect(g.url) as c, await Client.connect(g.url) as calm:
            for n in range(1_600):
                await c.send("ping", id=f"f{n}")
            refused = await c.frame("error", code="rate_limited")
            assert refused["retry_after_ms"] > 0 and refused["retryable"] and "re" in refused, refused
            began = time.monotonic()
            await calm.ask("ping")
            assert time.monotonic() - began < 1
            await asyncio.sleep(1)
            await c.ask("ping")  # Who waits is let in again.
            async def go_on():
                for n in range(20_000):
                    await c.send("ping", id=f"g{n}")
            going = asyncio.create_task(go_on())
            code = await c.close_code()
            assert code == 4029, c.closed
            going.cancel()
            await calm.ask("ping")


async def test_subprotocols():
    async with Gateway(**QUICK) as g:
        raw = await Raw.connect(g, "operatoros.v9.json")
        assert " 400 " in raw.head.splitlines()[0], raw.head
        body = (await raw.reader.read(2000)).decode()
        assert "operatoros.v1.json" in body and "operatoros.v1.text" in body, body
        raw = await Raw.connect(g, "operatoros.v9.json, operatoros.v1.json")
        assert "101" in raw.head and "operatoros.v1.json" in raw.head, raw.head
        raw = await Raw.connect(g, "chat")
        assert "101" in raw.head and "sec-websocket-protocol" not in raw.head.lower(), raw.head
        raw = await Raw.connect(g, None)
        raw.write('  {"type":"ping","id":"1"}')
        assert [(await raw.json())["type"] for _ in range(2)] == ["welcome", "pong"]


async def test_hello_rules():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        welcome = await c.frame("welcome")
        assert c.frames[0] == welcome and welcome["protocol"].startswith("operatoros.v1"), welcome
        assert welcome["anonymous"] is True and welcome["heartbeat_ms"] == 25_000, welcome
        await c.ask("hello", client={"name": "e2e", "version": "1"}, unknown="ignored")
        assert (await c.refusal("hello"))["code"] == "conflict"
        await c.ask("ping")


async def test_http_that_is_slow_or_broken():
    """Who sends a head drop by drop, or none, is left after ten seconds."""
    async def probe(gateway, data, drip=b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        began = time.monotonic()
        writer.write(data)

        async def drop_by_drop():
            while drip:
                writer.write(drip)
                await asyncio.sleep(1)
        dripping = asyncio.create_task(drop_by_drop())
        try:
            said = await asyncio.wait_for(reader.read(300), 15)
        except ConnectionError:
            said = b""
        dripping.cancel()
        writer.transport.abort()
        return said, time.monotonic() - began

    async with Gateway(**QUICK) as g:
        head = b"GET / HTTP/1.1\r\nHost: x\r\n"
        for said, took in await asyncio.gather(probe(g, b""), probe(g, head), probe(g, head, b"X-a: b\r\n")):
            assert b" 200 " not in said and 8 < took < 13, (said, took)
        for data, status in [(b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
                             (b"nonsense\r\n\r\n", b"400"), (b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
                             (b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
                             (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
                             (b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", b"200")]:
            said, _ = await probe(g, data)
            assert said.split(b" ")[1] == status, (data[:40], said)
