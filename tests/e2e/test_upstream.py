"""Providers that misbehave: what the user gets is honest, and nothing of theirs leaks."""

import asyncio
import json
import time

from harness import Book, Client, Gateway, check_history, free_port, offline
from upstream import Upstream, answer, pool

KEY = "sk-planted-5ecret"
WORDS = "Incorrect API key provided: sk-planted-5ecret. See https://example.org/account"


def gateway(*tables, **settings):
    return Gateway(toml="\n".join(tables), LOG="operatoros=trace,info", **settings)


def no_leak(g, *clients):
    for hidden in (KEY, "planted", "Incorrect API key", "example.org/account"):
        assert hidden not in g.log, f"{hidden!r} is in the log"
        for client in clients:
            assert hidden not in json.dumps(client.frames), f"{hidden!r} is in a frame"


async def one(g, text="Hello", client=None):
    """Sends a message and gives (client, end, text)."""
    client = client or await Client.connect(g.url, Book())
    sent = await client.say(text)
    end = await client.end(sent["turn"])
    await check_history(client, sent["conversation"], client.book)
    return client, end, client.book.text.get(sent["turn"], b"").decode()


async def test_three_dialects_answer():
    async with Upstream() as up:
        for kind in ("openai-chat", "openai", "anthropic"):
            async with gateway(up.provider("fake", kind, server_state=False), pool("fake")) as g:
                client, end, text = await one(g)
                assert end["type"] == "turn.completed" and text == "Good day. All is well. ", end
                assert end["usage"]["output"] == 2 and end["provider"] == "fake", end
                sent = up.exchanges[-1]
                assert KEY in sent.head, "the key goes to the provider"
                no_leak(g, client)
                client.drop()


async def test_statuses_become_codes():
    rows = [(400, {"error": {"message": WORDS, "code": "invalid_value"}}, "provider_rejected", 1),
            (401, {"error": {"message": WORDS, "code": "invalid_api_key"}}, "provider_auth", 1),
            (403, {"error": {"message": WORDS}}, "provider_auth", 1),
            (404, {"error": {"message": WORDS, "code": "model_not_found"}}, None, 1),
            (429, {"error": {"message": WORDS, "code": "rate_limit_exceeded"}}, "provider_rate_limited", 3),
            (429, {"error": {"message": WORDS, "code": "insufficient_quota"}}, "provider_quota", 1),
            (500, {"error": {"message": WORDS}}, "provider_unavailable", 3),
            (503, WORDS, "provider_unavailable", 3),
            (529, {"type": "error", "error": {"type": "overloaded_error", "message": WORDS}}, None, 3),
            (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, "context_too_long", 1)]
    # A gateway for each: one that was refused often, or for its key, would not ask again for a while.
    for status, body, code, asked in rows:
        async with Upstream() as up, gateway(up.provider("fake"), pool("fake")) as g:
            async def refuse(exchange, status=status, body=body):
                await exchange.status(status, body, **({"retry_after": "0"} if status == 429 else {}))
            up.script = refuse
            client, end, text = await one(g)
            assert end["type"] == "turn.failed" and text == "", (status, end)
            assert code is None or end["error"]["code"] == code, (status, end)
            assert end["error"]["code"].startswith(("provider_", "context_")), (status, end)
            assert len(up.exchanges) == asked, (status, len(up.exchanges))
            no_leak(g, client)
            client.drop()


async def test_a_provider_that_fails_is_left_alone_for_a_while():
    """The next on the route answers; each model is tried by one request when its time is over."""
    async def down(exchange):
        await exchange.status(500, {"error": {"message": WORDS}})
    async with Upstream() as bad, Upstream() as good:
        bad.script = down
        async with gateway(bad.provider("bad"), good.provider("good"), pool("bad", "good")) as g:
            for turn in range(8):
                client, end, _ = await one(g)
                assert end["provider"] == "good", (turn, end)
                client.drop()
            assert len(bad.exchanges) == 5, len(bad.exchanges)
            await asyncio.sleep(5.2)
            for _ in range(3):
                client, end, _ = await one(g)
                client.drop()
            assert len(bad.exchanges) == 6, len(bad.exchanges)
    async def no_key(exchange):
        await exchange.status(401, {"error": {"message": WORDS, "code": "invalid_api_key"}})
    async with Upstream() as bad:
        bad.script = no_key
        async with gateway(bad.provider("bad"), pool("bad")) as g:
            for turn in range(3):
                client, end, _ = await one(g)
                assert end["error"]["code"] == "provider_auth" and not end["error"]["retryable"], (turn, end)
                client.drop()
            assert len(bad.exchanges) == 1, len(bad.exchanges)


async def test_a_refused_connection_falls_back_unseen():
    async with Upstream() as up:
        nobody = f'[providers.gone]\nkind = "openai-chat"\nbase_url = "http://127.0.0.1:{free_port()}/v1"\nmodel = "m"\n'
        async with gateway(nobody, up.provider("fake"), pool("gone", "fake")) as g:
            client, end, text = await one(g)
            assert end["type"] == "turn.completed" and end["provider"] == "fake", end
            kinds = [f["type"] for f in client.frames if "seq" in f]
            assert kinds == ["message.accepted", "turn.started", "turn.completed", "conversation.updated"], kinds
            client.drop()
        async with gateway(nobody, pool("gone")) as g:
            client, end, _ = await one(g)
            assert end["error"]["code"] == "provider_unavailable" and end["error"]["retryable"], end
            client.drop()


async def test_every_failure_before_the_first_token_falls_back_unseen():
    async def silent(exchange):
        await exchange.left(10)
    async def silent_stream(exchange):
        await exchange.begin()
        await exchange.left(10)
    async def garbage(exchange):
        await exchange.raw(b"\x00\xff\xfegarbage\r\n\r\n")
    async def html(exchange):
        await exchange.raw("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>no</html>")
    async def bad_events(exchange):
        await exchange.begin()
        await exchange.raw("data: {\"choices\": 7}\n\ndata: nonsense\n\n: comment\n\n")
    async def hang_up(exchange):
        exchange.writer.transport.abort()
    async def error_inside(exchange):
        await exchange.begin()
        await exchange.event({"error": {"message": WORDS, "code": "server_error"}})
    async def unauthorized(exchange):
        await exchange.status(401, {"error": {"message": WORDS}})
    async with Upstream() as bad, Upstream() as good:
        async with gateway(bad.provider("bad", first_token_ms=600, silence_ms=600),
                           good.provider("good"), pool("bad", "good")) as g:
            for script in (silent, silent_stream, garbage, html, bad_events, hang_up,
                           error_inside, unauthorized):
                bad.script = script
                client, end, text = await one(g)
                assert end["type"] == "turn.completed", (script.__name__, end)
                assert end["provider"] == "good" and text == "Good day. All is well. ", (script.__name__, end)
                assert not any(f["type"] == "turn.reset" for f in client.frames)
                no_leak(g, client)
                client.drop()


async def test_cut_after_the_first_token():
    async def cut(exchange):
        await exchange.begin()
        await exchange.token("Half of a sent")
        await asyncio.sleep(0.2)
        await exchange.raw('data: {"choices":[{"index":0,"delta":{"content":"en')
        exchange.writer.transport.abort()
    async def no_end(exchange):
        await exchange.begin()
        await exchange.token("Half of a sent")
    async def stall(exchange):
        await exchange.begin()
        await exchange.token("Half of a sent")
        await exchange.left(10)
    async def error_inside(exchange):
        await exchange.begin()
        await exchange.token("Half of a sent")
        await exchange.event({"error": {"message": WORDS, "code": "server_error"}})
    for restart in ("keep", "reset"):
        async with Upstream() as bad, Upstream() as good:
            async with gateway(bad.provider("bad", silence_ms=700), good.provider("good"),
                               pool("bad", "good", restart=restart)) as g:
                for script in (cut, no_end, stall, error_inside):
                    bad.script = script
                    client, end, text = await one(g)
                    resets = [f for f in client.frames if f["type"] == "turn.reset"]
                    if restart == "keep":
                        assert end["type"] == "turn.failed" and text == "Half of a sent", (script.__name__, end)
                        assert end["length"] == 14 and not resets, end
                    else:
                        assert end["type"] == "turn.completed" and len(resets) == 1, (script.__name__, end)
                        assert text == "Good day. All is well. " and end["provider"] == "good", end
                    no_leak(g, client)
                    client.drop()


async def test_a_reset_is_seen_by_those_who_come_back():
    """The text before the reset is void, also for a client that was away when it happened."""
    async def cut_later(exchange):
        await exchange.begin()
        await exchange.token("This will be void. ")
        await asyncio.sleep(0.8)
    async def slowly(exchange):
        await answer(exchange, "And this is what counts, word by word.", pause=0.1)
    async with Upstream(cut_later) as bad, Upstream(slowly) as good:
        async with gateway(bad.provider("bad"), good.provider("good"),
                           pool("bad", "good", restart="reset")) as g:
            book = Book()
            client = await Client.connect(g.url, book)
            sent = await client.say("Hello")
            await client.frame("turn.delta")
            client.drop()
            await client.reader
            assert book.text[sent["turn"]] == b"This will be void. "
            await asyncio.sleep(1.2)
            client = await Client.connect(g.url, book)
            await client.send("hello", resume=book.resume())
            end = await client.end(sent["turn"])
            assert end["type"] == "turn.completed"
            assert any(f["type"] == "turn.reset" for f in client.frames)
            await check_history(client, sent["conversation"], book)
            client.drop()


async def test_large_events_and_many_small_ones():
    async def megabyte(exchange):
        await exchange.begin()
        await exchange.token("x" * 1_000_000)
        await exchange.end()
    async def dust(exchange):
        await exchange.begin()
        for n in range(20_000):
            await exchange.token("a" if n % 2 else "🌍")
        await exchange.end()
    async def bytewise(exchange):
        await exchange.begin()
        event = ('data: ' + json.dumps({"choices": [{"index": 0, "delta": {"content": "ä🌍"}}]},
                                       ensure_ascii=False) + '\r\n\r\n').encode()
        for byte in event * 3:
            await exchange.raw(bytes([byte]))
            await asyncio.sleep(0.001)
        await exchange.end()
    async def too_large(exchange):
        await exchange.begin()
        await exchange.token("x" * 3_000_000)
        await exchange.end()
    async def endless(exchange):
        await exchange.begin()
        for _ in range(600):
            await exchange.token("y" * 10_000)
        await exchange.end()
    async with Upstream() as up, gateway(up.provider("fake"), pool("fake")) as g:
        for script, length in ((megabyte, 1_000_000), (dust, 50_000), (bytewise, 18)):
            up.script = script
            client, end, text = await one(g)
            assert end["type"] == "turn.completed" and end["length"] == length, (script.__name__, end)
            assert all(len(f["text"].encode()) <= 65536 for f in client.frames if f["type"] == "turn.delta")
            client.drop()
        for script, code in ((too_large, "provider_protocol"), (endless, "answer_too_long")):
            up.script = script
            client, end, _ = await one(g)
            assert end["type"] == "turn.failed" and end["error"]["code"] == code, (script.__name__, end)
            client.drop()
        assert g.rss_mib() < 200, g.rss_mib()


async def test_cancel_closes_the_upstream_at_once():
    left = asyncio.Queue()
    async def endless(exchange):
        await exchange.begin()
        await exchange.token("On and on ")
        await left.put(await exchange.left(10))
    async def silent(exchange):
        await left.put(await exchange.left(10))
    async with Upstream(endless) as up, gateway(
            up.provider("fake", first_token_ms=30_000, silence_ms=30_000), pool("fake")) as g:
        for script, text in ((endless, b"On and on "), (silent, b"")):
            up.script = script
            count = len(up.exchanges)
            client = await Client.connect(g.url, Book())
            sent = await client.say("Go on")
            if text:
                await client.frame("turn.delta")
            while len(up.exchanges) == count:
                await asyncio.sleep(0.01)
            began = time.monotonic()
            await client.ask("turn.cancel", turn=sent["turn"])
            end = await client.end(sent["turn"])
            assert end["type"] == "turn.cancelled" and end["length"] == len(text), end
            assert await asyncio.wait_for(left.get(), 5) is True
            assert time.monotonic() - began < 1, "the upstream is left at once"
            await check_history(client, sent["conversation"], client.book)
            client.drop()


async def test_a_slow_provider_is_no_failure():
    async def slow(exchange):
        await answer(exchange, "One word at a time", pause=0.5)
    async with Upstream(slow) as up, gateway(up.provider("fake", silence_ms=1500), pool("fake")) as g:
        client, end, text = await one(g)
        assert end["type"] == "turn.completed" and text == "One word at a time ", end
        client.drop()


async def test_kill_with_a_provider_that_hangs():
    async def hang(exchange):
        await exchange.begin()
        await exchange.token("Saved by the checkpoint. ")
        await exchange.left(30)
    async with Upstream(hang) as up, gateway(up.provider("fake", silence_ms=60_000), pool("fake")) as g:
        client = await Client.connect(g.url, Book())
        sent = await client.say("Hold")
        await client.frame("turn.delta")
        await asyncio.sleep(0.6)
        await g.kill()
        await g.start()
        again = await Client.connect(g.url)
        kept = (await again.history(sent["conversation"]))[-1]
        assert (kept["status"], kept["text"]) == ("interrupted", "Saved by the checkpoint. "), kept
        up.script = answer
        retried = await again.ask("turn.retry", turn=sent["turn"])
        end = await again.end(retried["turn"])
        assert end["type"] == "turn.completed", end
        again.drop()


async def test_the_history_goes_to_the_provider():
    async with Upstream() as up, gateway(up.provider("fake"), pool("fake")) as g:
        client = await Client.connect(g.url)
        first = await client.say("My name is Ada")
        await client.end(first["turn"])
        second = await client.say("What is my name?", conversation=first["conversation"])
        await client.end(second["turn"])
        said = [(m["role"], m["content"]) for m in up.exchanges[-1].body["messages"]
                if m["role"] in ("user", "assistant")]
        assert [role for role, _ in said] == ["user", "assistant", "user"], said
        assert "Ada" in json.dumps(said[0]) and "What is my name?" in json.dumps(said[-1]), said
        client.drop()


async def test_the_offline_provider_fails_honestly():
    async with Gateway(**offline(words=50, per_second=0, OFFLINE__FAIL_AFTER_WORDS=7)) as g:
        client, end, text = await one(g)
        assert end["type"] == "turn.failed" and end["error"]["code"] == "provider_truncated", end
        assert len(text.split()) == 7 and end["length"] == len(text.encode())
        client.drop()
