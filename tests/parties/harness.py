"""The gateway as a process, one client of it, and other people's programs beside it."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

import websockets

# The SDKs read keys and addresses from there, which are nobody's business here.
for _name in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_", "OPERATOROS_"))
              and name != "OPERATOROS_BIN" or name.lower().endswith("_proxy")]:
    del os.environ[_name]

BIN = os.environ.get("OPERATOROS_BIN", "operatoros")
CACHE = Path(os.environ.get("PARTIES_CACHE", "target/parties"))
REPO = Path(__file__).resolve().parents[2]
JSON = "operatoros.v1.json"
TEXT = "operatoros.v1.text"
KEY = "sk-planted-5ecret"
ENDS = ("turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted")


class Skip(Exception):
    """What the test needs is not on this machine."""


def needs(*paths):
    for path in paths:
        if not path.exists():
            raise Skip(f"{path.name} is not installed")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_env(**more):
    """The environment without anything that is a setting."""
    return {k: v for k, v in os.environ.items() if k not in ("PORT", "OPERATOROS_BIN")} | more


async def listening(port, process, log, within=60):
    deadline = time.monotonic() + within
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        assert process.returncode is None, f"it did not start:\n{log.read_text(errors='replace')}"
        assert time.monotonic() < deadline, f"no listener:\n{log.read_text(errors='replace')[-2000:]}"
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(args, port, env=None, within=60):
    """A program that listens on the port, and the directory it runs in."""
    home = Path(tempfile.mkdtemp(prefix="operatoros-parties-"))
    log = home / "log"
    process = None
    try:
        with open(log, "wb") as out:
            process = await asyncio.create_subprocess_exec(
                *map(str, args), cwd=home, env=env or clean_env(), stdout=out, stderr=out)
        await listening(port, process, log, within)
        yield process, home
    finally:
        if process and process.returncode is None:
            process.kill()
            await process.wait()
        if os.environ.get("PARTIES_KEEP"):
            print("kept:", home)
        else:
            shutil.rmtree(home, ignore_errors=True)


def provider(name, kind, base_url, model="gpt-4.1-mini", **more):
    """A table of settings."""
    table = {"kind": kind, "base_url": base_url, "api_key": KEY, "model": model, **more}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join([f"[providers.{name}]", *lines, ""])


def route(*stops, **more):
    """The general pool asks these."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"route": stops, **more}.items()]
    return "\n".join(["[pools.general]", *lines, ""])


def _kill(process):
    if process.returncode is None:
        process.kill()


class Gateway:
    """A gateway on a port and a directory of its own. `async with Gateway(...) as g`."""

    def __init__(self, *tables, **settings):
        self.toml = "\n".join(tables)
        self.settings = settings
        self.port = free_port()
        self.stack = contextlib.AsyncExitStack()

    async def __aenter__(self):
        self.config = Path(tempfile.mkdtemp(prefix="operatoros-parties-")) / "operatoros.toml"
        self.stack.callback(shutil.rmtree, self.config.parent, ignore_errors=True)
        self.config.write_text(self.toml)
        # Its own log must stay silent about keys and texts, whatever the parties say.
        settings = {"LOG": "operatoros=trace,info", **self.settings}
        env = clean_env(**{f"OPERATOROS_{k}": str(v) for k, v in settings.items()})
        args = [BIN, "--config", self.config, "--data-dir", "data", "--port", self.port]
        self.process_args, self.process_env = list(map(str, args)), env
        try:
            self.process, self.home = await self.stack.enter_async_context(
                running(args, self.port, env))
        except BaseException:
            await self.stack.aclose()
            raise
        return self

    async def restart(self, *tables):
        """Starts again with other settings and the same data, after the process has ended."""
        self.config.write_text("\n".join(tables))
        with open(self.home / "log", "ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *self.process_args, cwd=self.home, env=self.process_env, stdout=out, stderr=out)
        self.stack.callback(_kill, self.process)
        await listening(self.port, self.process, self.home / "log")

    async def __aexit__(self, kind, *_):
        log = self.log
        alive = self.process.returncode is None
        await self.stack.aclose()
        if kind is None:
            assert alive, f"the gateway ended:\n{log[-2000:]}"
            assert KEY not in log and "panicked" not in log, log[-2000:]

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def log(self):
        return (self.home / "log").read_text(errors="replace")


class Answer:
    """What a client saw of one turn."""

    def __init__(self, end, text, frames, conversation):
        self.end, self.text, self.frames, self.conversation = end, text, frames, conversation

    @property
    def kind(self):
        return self.end["type"]

    @property
    def code(self):
        return self.end.get("error", {}).get("code")

    def __repr__(self):
        return f"{self.text[:300]!r} {self.end}"


async def ask(gateway, text, within=40, **fields):
    """One question on a connection of its own."""
    async with websockets.connect(gateway.url, subprotocols=[JSON], proxy=None) as ws:
        send = {"type": "message.send", "id": "1", "text": text, "pool": "general",
                "as": "chat", **fields}
        await ws.send(json.dumps(send))
        return await asyncio.wait_for(_answer(ws), within)


async def _answer(ws):
    text, frames, conversation = b"", [], None
    async for message in ws:
        frame = json.loads(message)
        frames.append(frame)
        assert KEY not in message, frame
        match frame["type"]:
            case "error":
                raise AssertionError(frame)
            case "reply":
                conversation = frame["result"]["conversation"]
            case "turn.delta":
                text = text[:frame["offset"]] + frame["text"].encode()
            case "turn.reset":
                text = b""
            case kind if kind in ENDS:
                assert frame["length"] == len(text), frame
                return Answer(frame, text.decode(), frames, conversation or frame["conversation"])
    raise AssertionError(f"closed before the end: {ws.close_code} {frames[-3:]}")


async def whole(gateway, text="hello", expected=None, **fields):
    """A question that must be answered to its end."""
    answer = await ask(gateway, text, **fields)
    assert answer.kind == "turn.completed", f"{answer}\n{gateway.log[-1500:]}"
    assert expected is None or answer.text == expected, f"{answer}\nis not {expected!r}"
    return answer
