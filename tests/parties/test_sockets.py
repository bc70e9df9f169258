"""`/ws` itself under bad and odd frames: each ends soon and sanely, and harms nobody else."""

import asyncio
import json

from frames import BINARY, CLOSE, CONTINUE, PING, PONG, TEXT, Raw, close, frame
from harness import JSON, TEXT as TEXT_MODE, Gateway, whole

ASK = json.dumps({"type": "ping", "id": "ü"}, ensure_ascii=False).encode()
LINE = f"Sec-WebSocket-Protocol: {JSON}"

# The gateway closes with a code of its own where the frames themselves are wrong.
GARBLED = {1002, 1007, 4500}
# Who is still writing when it closes may see the connection reset instead.
TOO_LONG = {1009, 4500, None}

# What is sent; the close codes that are right, where none means that the connection just ends.
VIOLATIONS = {
    "unmasked": (frame(TEXT, ASK, masked=False), GARBLED),
    "a reserved bit": (frame(TEXT, ASK, rsv=4), GARBLED),
    "every reserved bit": (frame(TEXT, ASK, rsv=7), GARBLED),
    "a reserved bit in a ping": (frame(PING, b"", rsv=1), GARBLED),
    **{f"opcode {op}": (frame(op, b"x"), GARBLED) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a fragmented ping": (frame(PING, b"x", fin=False), GARBLED),
    "a long ping": (frame(PING, b"x" * 126), GARBLED),
    "a long close": (frame(CLOSE, b"\x03\xe8" + b"x" * 124), GARBLED),
    "a continuation of nothing": (frame(CONTINUE, ASK), GARBLED),
    "text inside text": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), GARBLED),
    "bad UTF-8": (frame(TEXT, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), GARBLED),
    "bad UTF-8 in pieces": (frame(TEXT, b"\xce", fin=False) + frame(CONTINUE, b"\x20"), GARBLED),
    "half a character": (frame(TEXT, b"\xe2\x82"), GARBLED),
    "a close of one byte": (frame(CLOSE, b"\x03"), GARBLED),
    "a close with bad UTF-8": (close(1000, b"\xed\xa0\x80"), GARBLED),
    **{f"close {code}": (close(code), GARBLED) for code in (0, 999, 1004, 1005, 1006, 1016, 2999)},
    "a frame too long": (frame(TEXT, b"", length=1 << 30), TOO_LONG),
    "a frame of absurd length": (frame(TEXT, b"", length=(1 << 63) - 1), TOO_LONG),
    "a message too long in pieces": (
        frame(TEXT, b"x", fin=False) + frame(CONTINUE, b"x" * 65_536, fin=False) * 40, TOO_LONG),
    "a good close": (close(1000, "bye ü".encode()), {1000}),
    "an empty close": (close(), {1005, 1000}),
    "a close of ours": (close(3999), {3999, 1000}),
    "a close and more": (close(1000) + frame(TEXT, ASK) + frame(PING), {1000}),
}

# What is sent; that it is answered like one `ping`.
SOUND = {
    "at once": [frame(TEXT, ASK)],
    "by byte": [bytes([b]) for b in frame(TEXT, ASK)],
    "in pieces": [frame(TEXT, ASK[:5], fin=False), frame(CONTINUE, ASK[5:9], fin=False),
                  frame(CONTINUE, ASK[9:])],
    "a piece a byte": [frame(TEXT, b"", fin=False),
                       *(frame(CONTINUE, bytes([b]), fin=False) for b in ASK), frame(CONTINUE)],
    "with pings between": [frame(TEXT, ASK[:5], fin=False), frame(PING, b"1"),
                           frame(CONTINUE, ASK[5:])],
    "after pongs": [frame(PONG, b"unasked"), frame(PONG), frame(TEXT, ASK)],
}


async def test_violations_close():
    async with Gateway() as g:
        for name, (sent, codes) in VIOLATIONS.items():
            for header in (LINE, LINE.replace(JSON, TEXT_MODE), "X-None: 1"):
                raw = await Raw.connect(g.port, headers=[header])
                await raw.send(sent)
                try:
                    frames, code = await raw.rest(8)
                except TimeoutError:
                    raise AssertionError(f"{name} ({header}): it hangs") from None
                assert code in codes, (name, header, code, frames)
                if code == 4500:
                    last = frames[-2][1]
                    said = last.startswith(b"! ") if TEXT_MODE in header else \
                        json.loads(last)["code"] == "bad_frame"
                    assert said, (name, header, frames)
                raw.drop()
        await whole(g, "Still there?")


async def test_violations_after_a_question():
    async with Gateway(OFFLINE__WORDS="500", OFFLINE__WORDS_PER_SECOND="100") as g:
        for name in ("unmasked", "bad UTF-8", "opcode 3", "a frame too long", "a good close"):
            sent, codes = VIOLATIONS[name]
            raw = await Raw.connect(g.port, headers=[LINE])
            send = {"type": "message.send", "text": "hello", "id": "1", "as": "chat"}
            await raw.send(frame(TEXT, json.dumps(send).encode()), pause=0.5)
            await raw.send(sent)
            frames, code = await raw.rest(8)
            assert code in codes, (name, code, frames[-2:])
            assert any(b"turn.delta" in payload for _, payload in frames), name
        await whole(g, "Still there?")


async def test_sound_frames_are_answered():
    async with Gateway() as g:
        for name, sent in SOUND.items():
            raw = await Raw.connect(g.port, headers=[LINE])
            await raw.send(*sent)
            kinds, pongs = [], 0
            while "pong" not in kinds:
                opcode, payload = await raw.next()
                pongs += opcode == PONG
                if opcode == TEXT:
                    kinds.append(json.loads(payload)["type"])
            assert kinds == ["welcome", "pong"], (name, kinds)
            assert pongs == sum(part[0] & 15 == PING for part in sent if len(part) > 1), name
            await raw.send(close(1000))
            frames, code = await raw.rest()
            assert code == 1000, (name, code, frames)
            raw.drop()


async def test_pings_are_answered_in_order():
    async with Gateway() as g:
        raw = await Raw.connect(g.port, headers=[LINE])
        await raw.send(*(frame(PING, f"{n}".encode() * 40) for n in range(10)))
        seen = []
        while len(seen) < 10:
            opcode, payload = await raw.next()
            if opcode == PONG:
                seen.append(payload)
        # A pong may stand for the pings before it, never out of order.
        assert seen == [f"{n}".encode() * 40 for n in range(10)], seen
        raw.drop()


async def test_binary_is_refused_or_read():
    async with Gateway() as g:
        raw = await Raw.connect(g.port, headers=[LINE])
        await raw.send(frame(BINARY, ASK))
        kinds = []
        while len(kinds) < 2:
            got = await raw.next()
            assert got is not None, kinds
            if got[0] == TEXT:
                kinds.append(json.loads(got[1]))
        assert kinds[1]["type"] in ("error", "pong"), kinds
        if kinds[1]["type"] == "error":
            assert kinds[1]["code"] == "bad_frame", kinds
            await raw.send(frame(TEXT, ASK))
            while (got := await raw.next())[0] != TEXT:
                pass
            assert json.loads(got[1])["type"] == "pong"
        raw.drop()


async def test_half_a_connection_costs_nothing():
    """Ends of connections at every point: none leaves anything behind."""
    async with Gateway() as g:
        whole_frame = frame(TEXT, ASK * 20)
        for cut in (0, 1, 2, 5, 8, 50, len(whole_frame)):
            raws = [await Raw.connect(g.port, headers=[LINE]) for _ in range(10)]
            for number, raw in enumerate(raws):
                await raw.send(whole_frame[:cut])
                if number % 2:
                    raw.drop()
                else:
                    raw.writer.write_eof()
            for raw in raws[::2]:
                await raw.rest(8)
                raw.drop()
        await asyncio.sleep(0.5)
        sockets = [line for line in open(f"/proc/{g.process.pid}/net/tcp")
                   if f":{g.port:04X} " in line.split("  ")[0] + " " and " 01 " in line]
        descriptors = len(list(__import__("os").scandir(f"/proc/{g.process.pid}/fd")))
        assert descriptors < 60, (descriptors, sockets)
        await whole(g, "Still there?")


async def test_handshakes_that_are_none():
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    good = ["Host: x", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Version: 13", key]
    rows = [
        ("GET", good, 101),
        ("GET", [*good[:3], "Sec-WebSocket-Version: 8", key], 400),
        ("GET", good[:4], 400),
        ("GET", ["Host: x"], 400),
        ("GET", ["Host: x", "Connection: Upgrade", *good[3:]], 400),
        ("POST", good, 405),
        ("GET", [*good, "Sec-WebSocket-Protocol: operatoros.v9.json"], 400),
        ("GET", [*good, "Sec-WebSocket-Protocol: chat, operatoros.v9.json, operatoros.v1.text"], 101),
        ("GET", [*good, "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: soap"], 101),
        ("GET", [*good, "Sec-WebSocket-Extensions: permessage-deflate; x=\"unfinished"], 101),
    ]
    async with Gateway() as g:
        for method, headers, expected in rows:
            reader, writer = await asyncio.open_connection("127.0.0.1", g.port)
            writer.write("\r\n".join([f"{method} /ws HTTP/1.1", *headers, "", ""]).encode())
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
            assert head.startswith(f"HTTP/1.1 {expected}"), (method, headers, head)
            if expected == 101:
                assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
                assert "extensions" not in head.lower(), head
            if "v9.json" in headers[-1] and expected == 400:
                body = await asyncio.wait_for(reader.read(4096), 10)
                assert JSON.encode() in body and TEXT_MODE.encode() in body, body
            writer.transport.abort()
