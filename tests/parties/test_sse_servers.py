"""Streams as real servers send them: uvicorn and aiohttp, chunked, compressed, kept alive, cut."""

import asyncio
import contextlib
import gzip
import json

import uvicorn
from aiohttp import web

from harness import Gateway, ask, free_port, provider, route, whole

SAYS = "Ünïcode 🏈, two\nlines and 漢字."
PATHS = {"openai": "/v1", "openai-chat": "/v1", "anthropic": ""}


def events(kind):
    """The events of one answer, each as its bytes."""
    pieces = [SAYS[i:i + 3] for i in range(0, len(SAYS), 3)]
    named = lambda type, **data: f"event: {type}\ndata: {json.dumps({'type': type, **data}, ensure_ascii=False)}\n\n"
    plain = lambda **data: f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
    if kind == "openai":
        done = {"id": "resp_1", "status": "completed", "model": "m", "output": [],
                "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}}
        made = [*(named("response.output_text.delta", delta=p, output_index=0, content_index=0,
                        item_id="msg_1") for p in pieces),
                named("response.completed", response=done)]
    elif kind == "openai-chat":
        made = [*(plain(choices=[{"index": 0, "delta": {"content": p}}]) for p in pieces),
                plain(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
                plain(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 4}),
                "data: [DONE]\n\n"]
    else:
        made = [named("message_start", message={"id": "msg_1", "model": "m", "role": "assistant",
                                                "content": [], "usage": {"input_tokens": 3}}),
                named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
                *(named("content_block_delta", index=0, delta={"type": "text_delta", "text": p})
                  for p in pieces),
                named("content_block_stop", index=0),
                named("message_delta", delta={"stop_reason": "end_turn"},
                      usage={"output_tokens": 4}),
                named("message_stop")]
    return [event.encode() for event in made]


def each_byte(body):
    return [bytes([b]) for b in body]


# How the same answer is put into chunks.
CUTS = {
    "by event": lambda events: events,
    "at once": lambda events: [b"".join(events)],
    "by byte": lambda events: each_byte(b"".join(events)),
    "after three bytes": lambda events: [p for e in events for p in (e[:3], e[3:])],
    "with a mark": lambda events: [b"\xef\xbb\xbf", *events],
    "with CRLF": lambda events: [e.replace(b"\n", b"\r\n") for e in events],
    "with CRLF cut in two": lambda events: [
        p for e in events for p in (e[:-1].replace(b"\n", b"\r\n") + b"\r", b"\n")],
    "with comments": lambda events: [b": keep-alive\n\n", *(b": ping\n" + e for e in events)],
    "with ids and retries": lambda events: [b"retry: 10\nid: 7\n" + e for e in events],
    "without spaces": lambda events: [e.replace(b"data: ", b"data:") for e in events],
}


class App:
    """An ASGI application that answers every POST with these chunks."""

    def __init__(self):
        self.chunks, self.headers, self.pause, self.asked = [], [], 0, 0
        self.accepted = None

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        self.asked += 1
        self.accepted = dict(scope["headers"]).get(b"accept-encoding")
        type = (b"content-type", b"text/event-stream; charset=utf-8")
        await send({"type": "http.response.start", "status": 200, "headers": [type, *self.headers]})
        for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(self.pause)
        await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def uvicorn_serves(app, **options):
    port = free_port()
    options = {"http": "h11", "lifespan": "off", "log_level": "critical", **options}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **options))
    server.install_signal_handlers = lambda: None
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        await serving


@contextlib.asynccontextmanager
async def aiohttp_serves(answer):
    app, port = web.Application(), free_port()
    app.router.add_route("POST", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def gateway(base, kind, *more, **settings):
    table = provider("party", kind, base + PATHS[kind], server_state=False, **settings)
    return Gateway(table, *(more or [route("party")]))


async def test_uvicorn_in_every_cut():
    app = App()
    async with uvicorn_serves(app) as base:
        for kind in PATHS:
            async with gateway(base, kind) as g:
                for name, cut in CUTS.items():
                    app.chunks = [c for c in cut(events(kind)) if c]
                    answer = await whole(g, name, SAYS)
                    assert answer.end["usage"]["output"] == 4, (kind, name, answer)


async def test_uvicorn_without_the_last_line_ends():
    app = App()
    async with uvicorn_serves(app) as base:
        async with gateway(base, "openai-chat") as g:
            # The [DONE] is cut off, the reason to stop was there.
            app.chunks = events("openai-chat")[:-1]
            await whole(g, "no [DONE]", SAYS)
            app.chunks = events("openai-chat")[:3]
            answer = await ask(g, "no end")
            assert answer.code == "provider_truncated", answer
            assert answer.text == SAYS[:9], answer


async def test_tokens_are_handed_on_as_they_come():
    app = App()
    app.pause = 0.15
    async with uvicorn_serves(app) as base:
        for kind in PATHS:
            async with gateway(base, kind) as g:
                app.chunks = events(kind)
                answer = await whole(g, "slowly", SAYS)
                deltas = [f for f in answer.frames if f["type"] == "turn.delta"]
                assert len(deltas) >= 8, (kind, len(deltas))


async def test_compression_is_not_asked_for_and_not_taken_for_text():
    app = App()
    async with uvicorn_serves(app) as base:
        for kind in PATHS:
            async with gateway(base, kind, route("party"), first_token_ms=5_000) as g:
                app.headers, app.chunks = [], events(kind)
                await whole(g, "plain", SAYS)
                assert app.accepted == b"identity", app.accepted
                app.headers = [(b"content-encoding", b"gzip")]
                app.chunks = [gzip.compress(b"".join(events(kind)))]
                answer = await ask(g, "gzip all the same")
                assert (answer.kind, answer.code) == ("turn.failed", "provider_protocol"), answer
                assert answer.text == "", answer


async def test_aiohttp_chunked_closed_and_whole():
    current = {"kind": "openai", "how": ""}

    async def answer(request):
        await request.read()
        made = events(current["kind"])
        if current["how"] == "whole":
            return web.Response(body=b"".join(made), content_type="text/event-stream")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        if current["how"] == "chunked":
            response.enable_chunked_encoding()
        else:
            # The end of the connection is the end of the body.
            response.force_close()
            response._length_check = False
        await response.prepare(request)
        for event in made:
            await response.write(event)
            await asyncio.sleep(0)
        await response.write_eof()
        return response

    async with aiohttp_serves(answer) as base:
        for kind in PATHS:
            async with gateway(base, kind) as g:
                for how in ("chunked", "closed", "whole"):
                    current.update(kind=kind, how=how)
                    await whole(g, how, SAYS)


async def test_aiohttp_hangs_up():
    """Connections that the server resets, before and inside an answer."""
    current = {"after": 0}

    async def answer(request):
        await request.read()
        if current["after"] == 0:
            request.transport.abort()
            return web.Response()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for event in events("openai-chat")[:current["after"]]:
            await response.write(event)
        await asyncio.sleep(0.2)
        request.transport.abort()
        return response

    async with aiohttp_serves(answer) as base:
        async with gateway(base, "openai-chat") as g:
            for after, code in ((0, "provider_unavailable"), (3, "provider_truncated")):
                current["after"] = after
                said = await ask(g, "hello")
                assert (said.code, said.text) == (code, SAYS[:3 * after]), said


async def test_connections_that_the_server_closes_when_idle():
    """A request on a connection that was closed meanwhile must not fail, nor go out twice."""
    app = App()
    async with uvicorn_serves(app, timeout_keep_alive=1) as base:
        async with gateway(base, "openai-chat", route("party", "offline")) as g:
            app.chunks = events("openai-chat")
            for pause in (0.0, 0.9, 0.97, 1.0, 1.03, 1.1, 1.5):
                await asyncio.sleep(pause)
                asked = app.asked
                answer = await whole(g, "again", SAYS)
                assert answer.end["provider"] == "party" and app.asked == asked + 1, answer


async def test_silence_and_slowness_have_their_ends():
    app = App()
    async with uvicorn_serves(app) as base:
        made = events("openai-chat")
        slow = {"first_token_ms": 600, "silence_ms": 600}
        async with gateway(base, "openai-chat", **slow) as g:
            # Nothing but comments is no first token; comments inside an answer are life.
            app.chunks, app.pause = [b": still here\n\n"] * 60, 0.1
            answer = await ask(g, "only comments")
            assert answer.kind == "turn.failed" and answer.code == "deadline_exceeded", answer
            app.chunks, app.pause = [made[0], *[b": ping\n\n"] * 20, *made[1:]], 0.1
            await whole(g, "a long thought", SAYS)
            app.chunks, app.pause = made, 1.5
            answer = await ask(g, "too slow")
            assert answer.code in ("deadline_exceeded", "provider_truncated"), answer
