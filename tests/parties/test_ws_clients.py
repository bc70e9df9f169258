"""Other people's WebSocket clients: what they offer is accepted or declined gracefully."""

import asyncio
import json
import shutil
from pathlib import Path

import aiohttp
import websocket
import websockets
from websockets.exceptions import InvalidStatus

from harness import CACHE, JSON, TEXT, Gateway, Skip, needs
from test_autobahn import execute

PING = json.dumps({"type": "ping", "id": "1"})
UNKNOWN = ["operatoros.v9.json"]


async def test_python_websockets():
    async with Gateway() as g:
        for compression in ("deflate", None):
            async with websockets.connect(g.url, subprotocols=[JSON], proxy=None,
                                          compression=compression) as ws:
                assert ws.subprotocol == JSON and ws.protocol.extensions == []
                assert json.loads(await ws.recv())["type"] == "welcome"
                await ws.send(PING)
                assert json.loads(await ws.recv())["type"] == "pong"
                await (await ws.ping())
                await ws.close(1000, "bye")
                assert ws.close_code == 1000
        for offered, agreed in (([TEXT, JSON], TEXT), (["x", JSON], JSON), (None, None)):
            async with websockets.connect(g.url, subprotocols=offered, proxy=None) as ws:
                assert ws.subprotocol == agreed, offered
        try:
            async with websockets.connect(g.url, subprotocols=UNKNOWN, proxy=None):
                raise AssertionError("it was accepted")
        except InvalidStatus as refused:
            body = json.loads(refused.response.body)
            assert refused.response.status_code == 400, refused
            assert JSON in body["message"] and TEXT in body["message"], body


async def test_python_websocket_client():
    def talk(g):
        ws = websocket.create_connection(g.url, subprotocols=[JSON], timeout=10,
                                         header=["Sec-WebSocket-Extensions: permessage-deflate"])
        assert ws.getsubprotocol() == JSON
        assert json.loads(ws.recv())["type"] == "welcome"
        ws.send(PING)
        assert json.loads(ws.recv())["type"] == "pong"
        ws.close(1000)
        try:
            websocket.create_connection(g.url, subprotocols=UNKNOWN, timeout=10)
        except websocket.WebSocketBadStatusException as refused:
            assert refused.status_code == 400
        else:
            raise AssertionError("it was accepted")

    async with Gateway() as g:
        await asyncio.to_thread(talk, g)


async def test_python_aiohttp():
    async with Gateway() as g, aiohttp.ClientSession() as session:
        async with session.ws_connect(g.url, protocols=[JSON], compress=15, heartbeat=5) as ws:
            assert ws.protocol == JSON and not ws.compress
            assert (await ws.receive_json(timeout=10))["type"] == "welcome"
            await ws.send_str(PING)
            assert (await ws.receive_json(timeout=10))["type"] == "pong"
            await ws.close(code=1000)
            assert ws.close_code == 1000


NODE = """
const WebSocket = require("ws");
const [url, json] = process.argv.slice(1);
const fail = (why) => { console.error(why); process.exit(1); };
const good = new WebSocket(url, [json], { perMessageDeflate: { threshold: 0 } });
const seen = [];
good.on("upgrade", (r) => { if (r.headers["sec-websocket-extensions"]) fail("compressed"); });
good.on("open", () => {
  if (good.protocol !== json || good.extensions !== "") fail("negotiation " + good.extensions);
  good.send(JSON.stringify({ type: "ping", id: "1" }));
  good.send("x".repeat(100));
});
good.on("message", (m) => {
  seen.push(JSON.parse(m).type);
  if (seen.length === 4) good.close(1000, "bye");
});
good.on("error", fail);
good.on("close", (code) => {
  if (code !== 1000 || seen.join() !== "welcome,pong,reply,error") fail(code + " " + seen);
  const bad = new WebSocket(url, ["operatoros.v9.json"]);
  bad.on("open", () => fail("accepted"));
  bad.on("error", () => {});
  bad.on("unexpected-response", (_, response) => {
    let body = "";
    response.on("data", (part) => (body += part));
    response.on("end", () =>
      response.statusCode === 400 && body.includes(json) ? process.exit(0) : fail(body));
  });
});
setTimeout(() => fail("it hangs"), 10000);
"""


async def test_node_ws():
    modules = CACHE / "node/node_modules"
    if not (node := shutil.which("node")):
        raise Skip("there is no node")
    needs(modules / "ws")
    async with Gateway() as g:
        code, out = await execute(node, "-e", NODE, g.url, JSON,
                                  env={"NODE_PATH": str(modules), "PATH": str(Path(node).parent)})
        assert code == 0, out


async def test_websocat():
    program = shutil.which("websocat")
    if not program:
        raise Skip("there is no websocat")
    async with Gateway() as g:
        process = await asyncio.create_subprocess_exec(
            program, "--no-close", "--protocol", JSON, g.url, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE)
        process.stdin.write(PING.encode() + b"\n")
        lines = [json.loads(await asyncio.wait_for(process.stdout.readline(), 10)) for _ in "12"]
        process.kill()
        await process.wait()
        assert [line["type"] for line in lines] == ["welcome", "pong"], lines
