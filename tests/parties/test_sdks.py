"""The official SDKs ask as the gateway asks, and read as it reads.

What the gateway sent is handed to the SDK as arguments: what the SDK then sends must be the same,
and its types must accept it.
"""

import asyncio

import anthropic
import openai
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.conversations.conversation_create_params import ConversationCreateParams
from openai.types.conversations.item_create_params import ItemCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic import TypeAdapter

from harness import KEY, Gateway, ask, provider, route, whole
from recorder import FIXTURES, recorder

# kind, where the SDK finds it, its path, the model that is asked
KINDS = [("openai", "/v1", "/v1/responses", "gpt-6-luna"),
         ("openai-chat", "/v1", "/v1/chat/completions", "gpt-6-luna"),
         ("openai-chat", "/v1", "/v1/chat/completions", "gpt-4.1-mini"),
         ("anthropic", "", "/v1/messages", "claude-sonnet-5-5"),
         ("anthropic", "", "/v1/messages", "claude-haiku-4-5")]
TYPES = {"/v1/responses": ResponseCreateParamsStreaming,
         "/v1/chat/completions": CompletionCreateParamsStreaming,
         "/v1/messages": MessageCreateParamsStreaming}


def sdk(recording, kind):
    if kind == "anthropic":
        return anthropic.AsyncAnthropic(base_url=recording.base, api_key=KEY, max_retries=0)
    return openai.AsyncOpenAI(base_url=recording.base + "/v1", api_key=KEY, max_retries=0)


def key(exchange):
    """The key in either of the headers that Anthropic reads; OpenAI reads the second."""
    bearer = exchange.headers.get("authorization", "").removeprefix("Bearer ")
    return exchange.headers.get("x-api-key") or bearer


def create(client, path):
    """The SDK's method for this path."""
    return {"/v1/responses": lambda: client.responses.create,
            "/v1/chat/completions": lambda: client.chat.completions.create,
            "/v1/messages": lambda: client.messages.create}[path]()


def valid(kind, body):
    """Fails where the SDK's type does not fit the body; gives what it does not know of it."""
    TypeAdapter(kind).validate_python(body, strict=False)
    return set(body) - set(kind.__required_keys__ | kind.__optional_keys__)


async def test_requests_are_the_sdks():
    async with recorder() as recording:
        for kind, base, path, model in KINDS:
            table = provider("party", kind, recording.base + base, model=model, server_state=False)
            pool = route("party", temperature=0.5, effort="low")
            async with Gateway(table, pool) as g:
                first = await whole(g, "First, please.")
                await whole(g, "And \"second\" 🏈.", conversation=first.conversation)
            ours = recording.at(path)[-1]
            # Anthropic's SDK speaks a version that no longer has it; ours, with older models, does.
            old = {"temperature"} if model == "claude-haiku-4-5" else set()
            assert valid(TYPES[path], ours.body) == old, ours
            known = {name: value for name, value in ours.body.items() if name not in old}
            more = {name: ours.body[name] for name in old}
            async with sdk(recording, kind) as client:
                async for _ in await create(client, path)(**known, extra_body=more):
                    pass
            theirs = recording.at(path)[-1]
            assert theirs is not ours and theirs.body == ours.body, (ours, theirs)
            assert (theirs.method, theirs.path) == (ours.method, ours.path)
            assert theirs.headers["content-type"] == ours.headers["content-type"]
            assert key(theirs) == key(ours) == KEY, (theirs.headers, ours.headers)
            versions = [e.headers.get("anthropic-version") for e in (theirs, ours)]
            # Ours is the older one, which compatible servers know too.
            assert versions[0] >= versions[1] == "2023-06-01" if kind == "anthropic" else \
                versions == [None, None], versions
            roles = [m.get("role") for m in ours.body.get("messages", ours.body.get("input"))]
            assert roles[-3:] == ["user", "assistant", "user"], ours


async def test_conversations_are_the_sdks():
    async with recorder() as recording:
        table = provider("party", "openai", recording.base + "/v1", server_state=True)
        async with Gateway(table, route("party")) as g:
            first = await whole(g, "First, please.")
            await asyncio.sleep(0.5)
            second = await whole(g, "Second.", conversation=first.conversation)
            assert second.text == first.text
            await asyncio.sleep(0.5)
            await whole(g, "Third.", conversation=first.conversation)
        # It is handed over once: what is asked and said from then on joins it by itself.
        (made,) = recording.at("/v1/conversations")
        assert not valid(ConversationCreateParams, made.body)
        assert [i["role"] for i in made.body["items"]] == ["user", "assistant"], made
        asked = recording.at("/v1/responses")
        for later, says in zip(asked[1:], ["Second.", "Third."], strict=True):
            assert later.body["conversation"] == "conv_1" and later.body["store"], later
            assert [i["content"] for i in later.body["input"]] == [says], later
        assert "instructions" in asked[1].body and "previous_response_id" not in asked[1].body
        assert not valid(ResponseCreateParamsStreaming, asked[1].body)
        async with sdk(recording, "openai") as client:
            await client.conversations.create(**made.body)
            await client.conversations.items.create("conv_9", items=made.body["items"])
            async for _ in await client.responses.create(**asked[1].body):
                pass
        theirs = recording.exchanges[-3:]
        assert theirs[0].body == made.body and theirs[0].path == made.path, theirs
        assert theirs[1].path == "/v1/conversations/conv_9/items"
        assert not valid(ItemCreateParams, theirs[1].body)
        assert theirs[2].body == asked[1].body, theirs[2]


async def test_a_long_conversation_is_handed_over_in_the_sdks_way():
    async with recorder() as recording:
        # It has a long history before it meets a server that keeps conversations.
        table = provider("party", "openai", recording.base + "/v1", server_state=False)
        pool = route("party")
        async with Gateway(table, pool) as g:
            answer = await whole(g, "Message 0.")
            for number in range(1, 13):
                answer = await whole(g, f"Message {number}.", conversation=answer.conversation)
            g.process.terminate()
            await g.process.wait()
            await g.restart(table.replace("server_state = false", "server_state = true"), pool)
            await whole(g, "Message 13.", conversation=answer.conversation)
            await asyncio.sleep(0.5)
        (made,) = recording.at("/v1/conversations")
        (more,) = recording.at("/v1/conversations/conv_1/items")
        assert (len(made.body["items"]), len(more.body["items"])) == (20, 8), (made, more)
        assert not valid(ItemCreateParams, more.body)


async def read_by_sdk(client, path, body):
    """The text that the SDK reads, and whether it read to the end."""
    text, ended = "", False
    try:
        body = dict(body)
        more = {name: body.pop(name) for name in body.keys() & {"temperature"}}
        async for event in await create(client, path)(**body, extra_body=more):
            if path == "/v1/responses":
                if event.type in ("response.output_text.delta", "response.refusal.delta"):
                    text += event.delta
                ended |= event.type in ("response.completed", "response.incomplete")
            elif path == "/v1/chat/completions":
                for choice in event.choices:
                    text += choice.delta.content or choice.delta.refusal or ""
                    ended |= choice.finish_reason is not None
            else:
                if event.type == "content_block_delta" and event.delta.type == "text_delta":
                    text += event.delta.text
                ended |= event.type == "message_stop"
    except (openai.APIError, anthropic.APIError):
        ended = False
    return text, ended


async def test_streams_are_read_as_the_sdks_read_them():
    async with recorder() as recording:
        for kind, base, path, model in KINDS:
            family = "anthropic/*" if kind == "anthropic" else \
                "openai/responses_stream*" if kind == "openai" else "openai/chat_stream*"
            table = provider("party", kind, recording.base + base, model=model, server_state=False)
            async with sdk(recording, kind) as client:
                for fixture in sorted(FIXTURES.glob(family + ".sse")):
                    recording.stream = fixture.relative_to(FIXTURES)
                    # A gateway of its own: one leaves a provider that failed alone for a while.
                    # Without tools, since a recording that calls one calls it for ever.
                    async with Gateway(table, route("party", tools=[])) as g:
                        answer = await ask(g, "Go on.")
                    text, ended = await read_by_sdk(client, path, recording.at(path)[-1].body)
                    # Between two messages of one answer the gateway makes a paragraph.
                    assert answer.text.replace("\n\n", "") == text.replace("\n\n", ""), \
                        (fixture.name, text, answer)
                    whole = answer.kind == "turn.completed"
                    assert whole == ended, (fixture.name, ended, answer)
                recording.stream = None
