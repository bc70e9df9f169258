"""The gateway from outside: a process that can be killed, and clients that break their sockets.

Nothing here knows the gateway's code; it speaks the published protocol and reads /proc.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import tempfile
import time
import urllib.request
from pathlib import Path

import websockets
from websockets.exceptions import ConnectionClosed

BIN = os.environ.get("OPERATOROS_BIN", "operatoros")
ROUNDS = int(os.environ.get("E2E_ROUNDS", "10"))
SEED = int(os.environ.get("E2E_SEED", str(int(time.time()))))
REPO = Path(__file__).resolve().parents[2]
JSON = "operatoros.v1.json"
TEXT = "operatoros.v1.text"
ENDS = ("turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted")


class Skip(Exception):
    """What the test needs is not on this machine."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_env(**settings):
    """The environment without anything that is a setting, plus `settings` by their short names."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("OPERATOROS_", "OPENAI_", "ANTHROPIC_", "OTEL_")) and k != "PORT"
           and not k.lower().endswith("_proxy")}
    env.update({f"OPERATOROS_{k}": str(v) for k, v in settings.items()})
    return env


class Gateway:
    """A gateway on a port and a directory of its own. `async with Gateway(...) as g`."""

    def __init__(self, toml="", data=None, port=None, tls=False, **settings):
        self.home = Path(tempfile.mkdtemp(prefix="operatoros-e2e-"))
        self.data = Path(data) if data else self.home / "data"
        self.port = port or free_port()
        self.tls = tls
        self.settings = settings
        self.log_path = self.home / "gateway.log"
        (self.home / "operatoros.toml").write_text(toml)
        self.process = None

    async def __aenter__(self):
        try:
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if os.environ.get("E2E_KEEP"):
            print("kept:", self.home)
        else:
            shutil.rmtree(self.home, ignore_errors=True)

    @property
    def url(self):
        return f"wss://localhost:{self.port}/ws" if self.tls else f"ws://127.0.0.1:{self.port}/ws"

    @property
    def http(self):
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def env(self):
        return clean_env(**self.settings)

    def args(self, *more):
        return [BIN, *more, "--data-dir", str(self.data), "--port", str(self.port)]

    async def start(self, wait=True):
        began = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.args(), cwd=self.home, env=self.env(), stdout=log, stderr=log)
        while wait:
            if self.process.returncode is not None:
                raise AssertionError(f"the gateway did not start:\n{self.log}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                break
            assert time.monotonic() - began < 30, f"no listener within 30 s:\n{self.log}"
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def kill(self):
        self.process.kill()
        await self.process.wait()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    async def exited(self, within=30):
        return await asyncio.wait_for(self.process.wait(), within)

    def rss_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    async def cli(self, *args, stdin=None, within=60, also=None, **settings):
        """Runs the binary with other arguments, and with variables that are no settings in `also`:
        (code, stdout, stderr)."""
        process = await asyncio.create_subprocess_exec(
            BIN, *args, cwd=self.home,
            env={**clean_env(**{**self.settings, **settings}), **(also or {})},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        given = stdin.encode() if isinstance(stdin, str) else stdin
        try:
            out, err = await asyncio.wait_for(process.communicate(given), within)
        except BaseException:
            process.kill()
            raise
        return process.returncode, out.decode(), err.decode()

    async def post(self, path, headers=None):
        """(status, body) of a POST without a body."""
        def ask():
            request = urllib.request.Request(
                self.http + path, method="POST", headers=headers or {}, data=b"")
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()
        return await asyncio.to_thread(ask)


def offline(words=200, per_second=200, first_ms=20, **more):
    """Settings of the offline provider, as environment."""
    return {"OFFLINE__WORDS": words, "OFFLINE__WORDS_PER_SECOND": per_second,
            "OFFLINE__FIRST_WORD_MS": first_ms, **more}


class Refused(Exception):
    def __init__(self, frame):
        super().__init__(f"{frame['code']}: {frame['message']}")
        self.frame, self.code = frame, frame["code"]


class Client:
    """A JSON connection that keeps every frame it saw and checks what each one promises."""

    def __init__(self, ws, book=None):
        self.ws = ws
        self.book = book if book is not None else Book()
        self.frames = []
        self.replies = {}
        self.ids = itertools.count(1)
        self.news = asyncio.Event()
        self.closed = None
        self.reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url, book=None, token=None, **options):
        options.setdefault("subprotocols", [JSON])
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        ws = await websockets.connect(
            url, additional_headers=headers, max_size=None, proxy=None, compression=None,
            ping_interval=None, close_timeout=2, open_timeout=15, **options)
        return cls(ws, book)

    async def _read(self):
        try:
            async for message in self.ws:
                frame = json.loads(message)
                self.frames.append(frame)
                self.book.take(frame)
                if frame["type"] in ("reply", "error") and "re" in frame:
                    assert frame["re"] not in self.replies, f"answered twice: {frame}"
                    self.replies[frame["re"]] = frame
                self._wake()
        except ConnectionClosed:
            pass
        finally:
            self.closed = (self.ws.close_code, self.ws.close_reason)
            self._wake()

    def _wake(self):
        news, self.news = self.news, asyncio.Event()
        news.set()

    async def until(self, ready, within=20, what="what was waited for"):
        """Waits until `ready()` gives something; fails when the connection ends before."""
        deadline = time.monotonic() + within
        while True:
            if self.reader.done() and not self.reader.cancelled() and self.reader.exception():
                raise self.reader.exception()
            news = self.news
            if (found := ready()) not in (None, False):
                return found
            if self.closed:
                raise AssertionError(f"closed {self.closed} before {what} came; "
                                     f"last: {self.frames[-3:]}")
            left = deadline - time.monotonic()
            assert left > 0, f"{what} did not come within {within} s; last: {self.frames[-3:]}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), left)

    async def frame(self, kind, within=20, since=0, **fields):
        """The first frame of this type with these fields."""
        def look():
            for frame in self.frames[since:]:
                if frame["type"] == kind and all(frame.get(k) == v for k, v in fields.items()):
                    return frame
            return None
        return await self.until(look, within, f"{kind} {fields}")

    async def end(self, turn, within=30):
        """The event that ends the turn."""
        def look():
            return next((f for f in self.frames if f["type"] in ENDS and f["turn"] == turn), None)
        return await self.until(look, within, f"the end of {turn}")

    async def send(self, type, **fields):
        if "as_" in fields:
            fields["as"] = fields.pop("as_")
        await self.ws.send(json.dumps({"type": type, **fields}))

    async def ask(self, type, within=20, **fields):
        """Sends a request and gives its result; raises `Refused`."""
        re = f"r{next(self.ids)}"
        await self.send(type, id=re, **fields)
        frame = await self.until(lambda: self.replies.get(re), within, f"the reply to {type}")
        if frame["type"] == "error":
            raise Refused(frame)
        return frame["result"]

    async def say(self, text="Hello", **fields):
        return await self.ask("message.send", text=text, **fields)

    async def refusal(self, type, **fields):
        try:
            result = await self.ask(type, **fields)
        except Refused as refused:
            return refused.frame
        raise AssertionError(f"{type} {fields} was not refused: {result}")

    async def history(self, conversation, **fields):
        return (await self.ask("conversation.history", conversation=conversation, **fields))["messages"]

    async def close_code(self, within=20):
        await asyncio.wait_for(asyncio.shield(self.reader), within)
        return self.closed[0]

    def drop(self):
        """Breaks the socket without a goodbye."""
        self.ws.transport.abort()

    async def close(self):
        await self.ws.close()
        await self.reader

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.ws.transport.abort()
        self.reader.cancel()


class Book:
    """What a client knows across its connections. Every frame is checked against the rules."""

    def __init__(self):
        self.at = {}        # conversation -> (epoch, seq)
        self.events = {}    # (conversation, epoch, seq) -> event
        self.text = {}      # turn -> bytes
        self.ended = {}     # turn -> event
        self.open = {}      # conversation -> turn that was growing
        self.snapshots = 0
        self.repeated = 0

    def take(self, frame):
        kind = frame["type"]
        if kind == "turn.delta":
            self._delta(frame)
        elif kind == "snapshot":
            self._snapshot(frame)
        elif "seq" in frame and "conversation" in frame and kind != "resumed":
            self._event(frame)

    def _delta(self, frame):
        turn, offset, text = frame["turn"], frame["offset"], frame["text"].encode()
        have = self.text.get(turn, b"")
        assert offset <= len(have), f"a hole: {offset} > {len(have)} in {turn}"
        assert frame["end"] == offset + len(text), f"end is not offset + length: {frame}"
        # What is sent again must be what was there.
        assert have[offset:offset + len(text)] == text[:len(have) - offset], f"rewritten: {frame}"
        self.text[turn] = have[:offset] + text
        self.open[frame["conversation"]] = turn

    def _snapshot(self, frame):
        self.snapshots += 1
        self.at[frame["conversation"]] = (frame["epoch"], frame["seq"])
        for message in frame["messages"]:
            if message["role"] == "assistant" and message.get("status") != "running":
                self.text[message["turn"]] = message["text"].encode()
                self.ended.setdefault(message["turn"], {"type": "turn." + message["status"],
                                                        "length": len(message["text"].encode()),
                                                        "told_by": "snapshot"})
        self.open.pop(frame["conversation"], None)
        if growing := frame.get("turn"):
            assert len(growing["text"].encode()) == growing["end"], frame
            self.text[growing["turn"]] = growing["text"].encode()
            self.open[frame["conversation"]] = growing["turn"]

    def _event(self, frame):
        where, epoch, seq = frame["conversation"], frame["epoch"], frame["seq"]
        had = self.at.get(where)
        if had is not None:
            assert (epoch, seq) == (had[0], had[1] + 1), f"{had} then {frame}"
        self.at[where] = (epoch, seq)
        self.events[(where, epoch, seq)] = frame
        kind, turn = frame["type"], frame.get("turn")
        if kind == "turn.started":
            self.text.setdefault(turn, b"")
            self.open[where] = turn
        elif kind == "turn.reset":
            self.text[turn] = b""
        elif kind in ENDS:
            # A snapshot's messages may be newer than its position; what follows repeats them.
            before = self.ended.get(turn, {"told_by": "snapshot", "type": kind})
            assert before.get("told_by") and before["type"] == kind, f"ended twice: {before}, {frame}"
            self.ended[turn] = frame
            assert len(self.text.get(turn, b"")) == frame["length"], \
                f"{len(self.text.get(turn, b''))} bytes at the end {frame}"
            self.open.pop(where, None)

    def resume(self):
        """What goes into `hello.resume`."""
        entries = []
        for where, (epoch, seq) in self.at.items():
            entry = {"conversation": where, "epoch": epoch, "seq": seq}
            if turn := self.open.get(where):
                entry |= {"turn": turn, "offset": len(self.text.get(turn, b""))}
            entries.append(entry)
        return entries


async def check_history(client, conversation, book):
    """What was put together is what the history says, to the byte."""
    messages = await client.history(conversation, limit=200)
    for message in messages:
        if message["role"] == "assistant" and message["turn"] in book.ended:
            assert book.text.get(message["turn"], b"") == message["text"].encode(), \
                f"{book.text.get(message['turn'])[-80:]!r} is not {message['text'][-80:]!r}"
            end = book.ended[message["turn"]]
            assert end["length"] == len(message["text"].encode()), end
            assert end["type"] == "turn." + message["status"], (end, message["status"])
    return messages
