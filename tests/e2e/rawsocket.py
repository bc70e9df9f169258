"""A WebSocket made by hand, for frames that no library sends and readers that do not read."""

import asyncio
import base64
import json
import os
import socket
import struct


class Raw:
    """A WebSocket whose frames are made by hand."""

    @classmethod
    async def connect(cls, gateway, protocol="operatoros.v1.json", path="/ws", extra="",
                      receive_buffer=None):
        raw, sock = cls(), socket.socket()
        if receive_buffer:
            # The kernel takes megabytes for a reader that does not read, unless told not to.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", gateway.port))
        raw.reader, raw.writer = await asyncio.open_connection(
            sock=sock, limit=receive_buffer or 1 << 22)
        key = base64.b64encode(os.urandom(16)).decode()
        offer = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
        raw.writer.write((f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                          f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          f"Sec-WebSocket-Key: {key}\r\n{offer}{extra}\r\n").encode())
        raw.head = (await raw.reader.readuntil(b"\r\n\r\n")).decode()
        return raw

    def write(self, payload, opcode=1, fin=True):
        payload = payload.encode() if isinstance(payload, str) else payload
        head = bytes([(0x80 if fin else 0) | opcode])
        size = len(payload)
        head += (bytes([0x80 | size]) if size < 126 else
                 struct.pack("!BH", 0x80 | 126, size) if size < 65536 else
                 struct.pack("!BQ", 0x80 | 127, size))
        mask = b"\x01\x02\x03\x04"
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if size < 70_000 else \
            (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
             ).to_bytes(size, "big")
        self.writer.write(head + mask + masked)

    async def read(self, within=10):
        """(opcode, payload) of the next frame; None at the end."""
        try:
            head = await asyncio.wait_for(self.reader.readexactly(2), within)
            size = head[1] & 0x7f
            if size == 126:
                size = struct.unpack("!H", await self.reader.readexactly(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", await self.reader.readexactly(8))[0]
            return head[0] & 0x0f, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def json(self, within=10):
        while (frame := await self.read(within)) is not None:
            if frame[0] == 1:
                return json.loads(frame[1])
            assert frame[0] in (9, 10), frame
        return None

    def ask(self, **frame):
        self.write(json.dumps(frame))

    async def until_close(self, within=20):
        """The close code, after whatever else comes."""
        while (frame := await self.read(within)) is not None:
            if frame[0] == 8:
                self.writer.close()
                return struct.unpack("!H", frame[1][:2])[0]
        return None
