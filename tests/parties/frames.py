"""WebSocket frames by hand, well-formed or not, on a plain socket."""

import asyncio
import base64
import os
import struct

TEXT, BINARY, CLOSE, PING, PONG, CONTINUE = 1, 2, 8, 9, 10, 0


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, length=None):
    """One frame; `length` lies about the payload's."""
    size = len(payload) if length is None else length
    head = bytes([fin << 7 | rsv << 4 | opcode])
    mark = masked << 7
    if size < 126:
        head += bytes([mark | size])
    elif size < 1 << 16:
        head += bytes([mark | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


class Raw:
    """A socket after its handshake."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port, path="/ws", headers=()):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 *headers, "", ""]
        writer.write("\r\n".join(lines).encode())
        raw = cls(reader, writer)
        raw.head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        return raw

    async def send(self, *parts, pause=0.0):
        for part in parts:
            self.writer.write(part)
            try:
                await self.writer.drain()
            except OSError:
                return
            if pause:
                await asyncio.sleep(pause)

    async def next(self, within=10):
        """(opcode, payload) of the next frame; none at the end."""
        try:
            first, second = await asyncio.wait_for(self.reader.readexactly(2), within)
            size = second & 127
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
            assert not second & 128 and not first & 0x70, "a server's frame is plain"
            return first & 15, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def rest(self, within=10):
        """All frames until the connection ends, and the close code (none without a close)."""
        frames, code = [], None
        async with asyncio.timeout(within):
            while (got := await self.next(within)) is not None:
                frames.append(got)
                if got[0] == CLOSE:
                    code = struct.unpack(">H", got[1][:2])[0] if got[1] else 1005
        return frames, code

    def drop(self):
        self.writer.transport.abort()
