"""A provider's server that does what the test says: it speaks three dialects, and breaks.

A script is a coroutine `script(exchange)`; the exchange knows the request and writes raw bytes.
"""

import asyncio
import contextlib
import json


class Exchange:
    def __init__(self, head, body, reader, writer):
        self.head, self.reader, self.writer = head, reader, writer
        self.method, self.path = head.split(" ")[:2]
        self.is_probe = self.method == "GET" and "/models" in self.path
        self.body = json.loads(body) if body else {}
        self.calls = False
        self.dialect = ("responses" if self.path.endswith("/responses")
                        else "messages" if self.path.endswith("/messages") else "chat")

    async def raw(self, data):
        self.writer.write(data if isinstance(data, bytes) else data.encode())
        await self.writer.drain()

    async def begin(self):
        await self.raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                       "connection: close\r\n\r\n")
        for event in self._opening():
            await self.event(event)

    async def event(self, event):
        name = f"event: {event['type']}\n" if self.dialect != "chat" and "type" in event else ""
        await self.raw(f"{name}data: {json.dumps(event)}\n\n")

    def _opening(self):
        if self.dialect == "messages":
            return [{"type": "message_start", "message": {
                        "id": "m", "type": "message", "role": "assistant", "model": "fake",
                        "content": [], "usage": {"input_tokens": 3, "output_tokens": 0}}},
                    {"type": "content_block_start", "index": 0,
                     "content_block": {"type": "text", "text": ""}}]
        if self.dialect == "responses":
            return [{"type": "response.created", "sequence_number": 0,
                     "response": {"id": "resp_1", "status": "in_progress", "model": "fake"}}]
        return []

    async def token(self, text):
        if self.dialect == "messages":
            return await self.event({"type": "content_block_delta", "index": 0,
                                     "delta": {"type": "text_delta", "text": text}})
        if self.dialect == "responses":
            return await self.event({"type": "response.output_text.delta", "item_id": "i",
                                     "output_index": 0, "content_index": 0, "delta": text})
        await self.event({"id": "c", "object": "chat.completion.chunk", "model": "fake",
                          "choices": [{"index": 0, "delta": {"content": text}}]})

    async def call(self, tool, at=1, **arguments):
        """The model calls a tool; `end` then says that it waits for it."""
        self.calls, arguments = True, json.dumps(arguments)
        called = f"call_{tool}_{at}"
        if self.dialect == "messages":
            await self.event({"type": "content_block_start", "index": at, "content_block": {
                "type": "tool_use", "id": called, "name": tool, "input": {}}})
            await self.event({"type": "content_block_delta", "index": at,
                              "delta": {"type": "input_json_delta", "partial_json": arguments}})
            return await self.event({"type": "content_block_stop", "index": at})
        if self.dialect == "responses":
            item = {"type": "function_call", "id": f"fc_{at}", "call_id": called, "name": tool}
            for kind, more in (("added", ""), ("done", arguments)):
                await self.event({"type": f"response.output_item.{kind}", "output_index": at,
                                  "item": {**item, "arguments": more}})
            return
        function = {"name": tool, "arguments": arguments}
        await self.event({"id": "c", "object": "chat.completion.chunk", "model": "fake", "choices": [
            {"index": 0, "delta": {"tool_calls": [
                {"index": at, "id": called, "type": "function", "function": function}]}}]})

    def results(self):
        """What its tools have found, as the request tells it."""
        if self.dialect == "messages":
            blocks = [b for m in self.body["messages"] if isinstance(m["content"], list) for b in m["content"]]
            return [b["content"] for b in blocks if b["type"] == "tool_result"]
        if self.dialect == "responses":
            return [i["output"] for i in self.body["input"] if i.get("type") == "function_call_output"]
        return [m["content"] for m in self.body["messages"] if m["role"] == "tool"]

    def offered(self):
        """The tools that it may call."""
        return [tool.get("name") or tool["function"]["name"] for tool in self.body.get("tools", [])]

    async def end(self):
        if self.dialect == "messages":
            await self.event({"type": "content_block_stop", "index": 0})
            reason = "tool_use" if self.calls else "end_turn"
            await self.event({"type": "message_delta", "delta": {"stop_reason": reason},
                              "usage": {"output_tokens": 2}})
            return await self.event({"type": "message_stop"})
        if self.dialect == "responses":
            return await self.event({"type": "response.completed", "response": {
                "id": "resp_1", "status": "completed", "model": "fake", "output": [],
                "usage": {"input_tokens": 3, "output_tokens": 2}}})
        await self.event({"id": "c", "object": "chat.completion.chunk", "model": "fake",
                          "choices": [{"index": 0, "delta": {},
                                       "finish_reason": "tool_calls" if self.calls else "stop"}],
                          "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
        await self.raw("data: [DONE]\n\n")

    async def status(self, code, body=None, **headers):
        text = json.dumps(body if body is not None else {"error": {"message": "no"}})
        lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
        await self.raw(f"HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n{lines}"
                       f"content-length: {len(text.encode())}\r\nconnection: close\r\n\r\n{text}")

    async def left(self, within):
        """True when the other side closes the connection within this time."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            return await asyncio.wait_for(self.reader.read(1), within) == b""
        return False


async def answer(exchange, text="Good day. All is well.", pause=0):
    """What a healthy provider does."""
    await exchange.begin()
    for word in text.split(" "):
        await exchange.token(word + " ")
        await asyncio.sleep(pause)
    await exchange.end()


def listed(model="fake"):
    """What a healthy provider tells of its models."""
    if model != "fake":
        return 404, {"error": {"message": "no such model", "code": "model_not_found"}}
    return 200, {"object": "list", "data": [{"id": "fake", "object": "model"}]}


class Upstream:
    """`async with Upstream(script) as up`; `up.script` may be changed at any time.

    What probes ask for stands in `up.probes`, apart from `up.exchanges`; `up.models` says what they
    get: called with the name of one model, or with nothing for the list, it gives (status, body), and
    status 0 is silence.
    """

    def __init__(self, script=answer):
        self.script, self.exchanges, self.tasks = script, [], set()
        self.models, self.probes = listed, []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()

    async def _serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next((int(line.split(":")[1]) for line in head.lower().split("\r\n")
                           if line.startswith("content-length:")), 0)
            body = await reader.readexactly(length)
            exchange = Exchange(head, body, reader, writer)
            if exchange.is_probe:
                self.probes.append(exchange)
                known = exchange.path.rsplit("/models/", 1)[1:]
                status, body = self.models(*known)
                return await (exchange.status(status, body) if status else exchange.left(30))
            if exchange.path.endswith("/conversations"):
                return await exchange.status(404)
            self.exchanges.append(exchange)
            await self.script(exchange)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(asyncio.current_task())
            writer.close()

    def provider(self, name, kind="openai-chat", key="sk-planted-5ecret", **more):
        """The provider's table in operatoros.toml."""
        path = "" if kind == "anthropic" else "/v1"
        lines = {"kind": kind, "base_url": f"http://127.0.0.1:{self.port}{path}",
                 "api_key": key, "model": "fake", "connect_ms": 1000, "first_token_ms": 1500,
                 "silence_ms": 1500, "turn_ms": 20000, **more}
        table = "\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items())
        return f"[providers.{name}]\n{table}\n"


def pool(*route, restart="keep", name="general"):
    return f"[pools.{name}]\nroute = {json.dumps(list(route))}\nrestart = \"{restart}\"\n"
