"""A server that notes what it is asked and answers with recorded streams, and speaks
Conversations with the types of OpenAI's own SDK."""

import contextlib
import json
from pathlib import Path

from aiohttp import web
from openai.types.conversations import Conversation, ConversationItemList, Message

from harness import REPO, free_port

FIXTURES = REPO / "tests/fixtures"
USUAL = {"/v1/responses": "openai/responses_stream_text.sse",
         "/v1/chat/completions": "openai/chat_stream_text_usage.sse",
         "/v1/messages": "anthropic/text.sse"}


class Exchange:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    def __repr__(self):
        return f"{self.method} {self.path} {self.headers} {json.dumps(self.body)[:2000]}"


class Recorder:
    def __init__(self):
        self.exchanges = []
        self.stream = None
        self.conversations = 0
        self.port = free_port()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def at(self, path):
        return [e for e in self.exchanges if e.path == path]

    async def answer(self, request):
        body = await request.json()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.exchanges.append(Exchange(request.method, request.path, headers, body))
        if request.path in USUAL:
            stream = (FIXTURES / (self.stream or USUAL[request.path])).read_bytes()
            return web.Response(body=stream, content_type="text/event-stream", charset="utf-8")
        match request.path.strip("/").split("/"):
            case ["v1", "conversations"]:
                self.conversations += 1
                made = Conversation(id=f"conv_{self.conversations}", created_at=1, metadata={},
                                    object="conversation")
                return web.json_response(text=made.model_dump_json())
            case ["v1", "conversations", _, "items"]:
                held = Message(id="msg_1", content=[], role="user", status="completed",
                               type="message")
                items = ConversationItemList(data=[held], first_id="msg_1", last_id="msg_1",
                                             has_more=False, object="list")
                return web.json_response(text=items.model_dump_json())
        raise web.HTTPNotFound


@contextlib.asynccontextmanager
async def recorder():
    recording = Recorder()
    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", recording.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", recording.port).start()
        yield recording
    finally:
        await runner.cleanup()
