"""Parties that others wrote: the examples, wscat at a terminal, and a browser."""

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pexpect
import websockets

from harness import REPO, Client, Gateway, Skip, offline

CACHE = Path(os.environ.get("E2E_CACHE", REPO / "target" / "e2e"))
NODE = CACHE / "node"
QUESTION = "Grüße 🌍, what is this?"


class Proxy:
    """Passes bytes on, and cuts each of the first connections after a while; `deaf` ones hear nothing
    behind the welcome."""

    def __init__(self, port, cuts, after, deaf=False):
        self.to, self.cuts, self.after, self.deaf, self.made = port, cuts, after, deaf, 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        self.made += 1
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        cut = self.made <= self.cuts

        async def pump(source, sink, deaf=False):
            if deaf:
                head = await source.readuntil(b"\r\n\r\n") + await source.readexactly(4)
                # The welcome is longer than 125 bytes, so its length is in the latter two.
                sink.write(head + await source.readexactly(int.from_bytes(head[-2:], "big")))
            while data := await source.read(65536):
                if not deaf:
                    sink.write(data)
            sink.close()

        try:
            both = asyncio.gather(pump(reader, back), pump(there, writer, cut and self.deaf))
            await asyncio.wait_for(both, self.after if cut else None)
        except (TimeoutError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            back.transport.abort()


async def answer_of(gateway, status="completed"):
    """The only answer there is."""
    async with await Client.connect(gateway.url) as c:
        rows = (await c.ask("conversation.list"))["conversations"]
        assert len(rows) == 1, f"sent {len(rows)} times: {rows}"
        asked, answered = await c.history(rows[0]["conversation"])
        assert asked["text"] == QUESTION and answered["status"] == status, (asked, answered)
        return answered["text"]


def begin(command, url):
    return asyncio.create_subprocess_exec(
        *command, url, QUESTION, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=NODE if NODE.is_dir() else None)


async def printed(command, url):
    process = await begin(command, url)
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, err.decode()
    return out.decode().rstrip("\n"), err.decode()


async def run_example(*command):
    """Whatever happens to its connections, an example prints the whole answer, and nothing twice."""
    await cut_five_times(command)
    await cut_before_it_is_told_of_its_message(command)
    await killed_in_mid_answer(command)


async def cut_five_times(command):
    async with Gateway(**offline(words=600, per_second=100)) as g, Proxy(g.port, 5, 0.45) as proxy:
        out, err = await printed(command, proxy.url)
        assert proxy.made > 5, f"only {proxy.made} connections: {err}"
        assert out == await answer_of(g), (out[:300], err)


async def cut_before_it_is_told_of_its_message(command):
    """What comes back is the reply alone, and a snapshot in which the answer has ended."""
    async with Gateway(**offline(words=60, per_second=200)) as g, Proxy(g.port, 1, 2, deaf=True) as proxy:
        out, err = await printed(command, proxy.url)
        assert proxy.made == 2, f"{proxy.made} connections: {err}"
        assert out == await answer_of(g), (out[:300], err)


async def killed_in_mid_answer(command):
    """Of the answer less is kept than was shown."""
    async with Gateway(**offline(words=600, per_second=100)) as g:
        process = await begin(command, g.url)
        out = b""
        while len(out) < 600:
            out += await asyncio.wait_for(process.stdout.read(4096), 15)
        await g.kill()
        await g.start()
        rest, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode in (0, 1), (process.returncode, err.decode())
        out, kept = (out + rest).decode().rstrip("\n"), await answer_of(g, "interrupted")
        assert out.startswith(kept) and len(kept) > 100, (out, kept)
        assert out.count(kept[:100]) == 1, out


async def test_python_example():
    await run_example(sys.executable, str(REPO / "examples/python_client.py"))


async def test_node_example():
    if not shutil.which("node") or not (NODE / "node_modules/ws").is_dir():
        raise Skip("needs node and the npm package ws")
    # A module is looked for beside the file that imports it.
    copy = NODE / "node_client.mjs"
    shutil.copy(REPO / "examples/node_client.mjs", copy)
    await run_example("node", str(copy))


async def test_rust_example():
    binary = os.environ.get("E2E_RUST_CLIENT", "")
    if not os.access(binary, os.X_OK):
        raise Skip("needs E2E_RUST_CLIENT, the built example; the run script builds it")
    await run_example(binary)


class Wscat:
    """wscat at a terminal of its own."""

    def __init__(self, gateway, *args):
        binary = NODE / "node_modules/.bin/wscat"
        if not binary.exists():
            raise Skip("needs the npm package wscat")
        self.child = pexpect.spawn(str(binary), ["-c", gateway.url, *args], encoding="utf-8",
                                   timeout=15, dimensions=(50, 2000), env={**os.environ, "TERM": "dumb"})
        self.child.expect("Connected")

    def type(self, line):
        self.child.sendline(line)

    def see(self, pattern):
        self.child.expect(pattern)
        return self.child.before + self.child.after

    def lines(self, until):
        """What the other side said, without what the terminal adds."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.see(until))
        return re.split(r"\r?\n|\r", text)

    def close(self):
        self.child.close(force=True)


async def test_wscat_speaks_text_and_json():
    async with Gateway(**offline(words=120, per_second=400)) as g:
        def talk():
            for args in ([], ["-s", "operatoros.v1.text"]):
                cat = Wscat(g, *args)
                cat.type("Hello from wscat")
                cat.see("# general · offline/offline")
                cat.see("No model is connected")
                cat.see("Hello from wscat")
                cat.see(r"# about .* tokens")
                cat.type("/status")
                cat.see("# ok: up")
                cat.close()
            cat = Wscat(g, "-s", "operatoros.v1.json")
            cat.see('"type":"welcome"')
            cat.type('{"type":"message.send","id":"1","text":"Hello in JSON"}')
            cat.see('"type":"message.accepted"')
            cat.see('"type":"turn.delta"')
            cat.see('"type":"turn.completed"')
            cat.close()
        await asyncio.to_thread(talk)


def transcript():
    """(typed line, lines that follow) of examples/wscat.txt."""
    steps = []
    for line in (REPO / "examples/wscat.txt").read_text().splitlines():
        if line.startswith("> "):
            steps.append((line[2:], []))
        elif line.startswith("< ") and steps:
            steps[-1][1].append(line[2:])
    return steps


def fixed(line):
    """What does not change from run to run: no number, no id, no JSON beyond its type."""
    if line.startswith("{"):
        return json.loads(line)["type"]
    return re.sub(r"\d[\d.:,]*", "N", line).rstrip()


async def test_the_wscat_transcript():
    steps = transcript()
    assert len(steps) >= 6
    async with Gateway() as g:
        async with websockets.connect(g.url, subprotocols=["operatoros.v1.text"], proxy=None) as ws:
            await ws.recv()
            for typed, expected in steps:
                await ws.send(typed)
                wanted, got = [fixed(line) for line in expected], []
                while not set(wanted) <= set(got):
                    try:
                        said = await asyncio.wait_for(ws.recv(), 15)
                    except TimeoutError:
                        missing = [line for line in wanted if line not in got]
                        raise AssertionError(f"after {typed!r}: no {missing}, but {got}") from None
                    got += [fixed(line) for line in said.split("\n")]
        def replay():
            cat = Wscat(g, "-s", "operatoros.v1.text")
            for typed, expected in steps:
                cat.type(typed)
                for line in expected:
                    # The fixed part up to the first number; of JSON, up to its type.
                    cat.see(re.escape(",".join(line.split(",")[:1]) if line.startswith("{")
                                      else re.split(r"\d", line)[0]))
            cat.close()
        await asyncio.to_thread(replay)


PAGE = """
const { chromium } = require("playwright-core");
(async () => {
  const [page_url, gateway, question] = process.argv.slice(2);
  const browser = await chromium.launch({
    executablePath: process.env.E2E_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage();
  await page.goto(page_url + "?" + encodeURIComponent(gateway));
  await page.waitForFunction(() => document.querySelector("#state").textContent === "connected");
  await page.fill("input", question);
  await page.press("input", "Enter");
  const sizes = new Set();
  for (;;) {
    const [state, size] = await page.evaluate(() => [
      document.querySelector("#state").textContent,
      document.querySelector(".answer")?.textContent.length ?? 0]);
    sizes.add(size);
    if (state === "turn.completed") break;
    await new Promise((r) => setTimeout(r, 50));
  }
  const said = await page.evaluate(() => [...document.querySelectorAll("main p")].map((p) => p.textContent));
  console.log(JSON.stringify({ said, sizes: sizes.size }));
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
"""


async def test_the_browser_example():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium or not (NODE / "node_modules/playwright-core").is_dir():
        raise Skip("needs chromium and the npm package playwright-core")
    script = NODE / "page.cjs"
    script.write_text(PAGE)
    async with Gateway(**offline(words=600, per_second=100)) as g, Proxy(g.port, 3, 1.0) as proxy:
        process = await asyncio.create_subprocess_exec(
            "node", str(script), (REPO / "examples/browser.html").as_uri(), proxy.url, QUESTION,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=NODE,
            env={**os.environ, "E2E_CHROMIUM": chromium})
        try:
            out, err = await asyncio.wait_for(process.communicate(), 90)
        except TimeoutError:
            process.kill()
            raise
        assert process.returncode == 0, err.decode()
        seen = json.loads(out)
        assert seen["said"] == [QUESTION, await answer_of(g)], seen
        assert seen["sizes"] > 5, "it grows before one's eyes"
        assert proxy.made > 3, f"{proxy.made} connections"
