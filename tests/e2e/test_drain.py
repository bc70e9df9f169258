"""Going down with care: SIGTERM, twice, in mid-answer; and two gateways on one directory."""

import asyncio
import signal
import time

from harness import Book, Client, Gateway, check_history, offline


async def test_sigterm_lets_the_answer_finish():
    async with Gateway(**offline(words=200, per_second=100)) as g:
        client = await Client.connect(g.url)
        sent = await client.say("Finish this")
        await client.frame("turn.delta")
        g.signal()
        goaway = await client.frame("goaway")
        assert goaway["reconnect_after_ms"] > 0 and goaway["reason"], goaway
        # New work is refused, in a way that says: come again.
        frame = await client.refusal("message.send", text="more", conversation=sent["conversation"])
        assert frame["code"] == "shutting_down" and frame["retryable"], frame
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.completed", end
        assert await client.close_code() == 4001, client.closed
        assert await g.exited() == 0, g.log
        await g.start()
        async with await Client.connect(g.url) as again:
            messages = await check_history(again, sent["conversation"], client.book)
            assert len(messages) == 2


async def test_a_deadline_interrupts_and_keeps_the_text():
    async with Gateway(**offline(words=2000, per_second=50), DRAIN_SECONDS=1) as g:
        book = Book()
        client = await Client.connect(g.url, book)
        sent = await client.say("Too long to finish")
        queued = await client.say("Waits", conversation=sent["conversation"])
        await client.until(lambda: len(book.text.get(sent["turn"], b"")) > 100, 20, "some text")
        began = time.monotonic()
        g.signal(signal.SIGINT)
        end = await client.end(sent["turn"])
        assert end["type"] == "turn.interrupted" and end["length"] > 100, end
        other = await client.end(queued["turn"])
        assert other["type"] == "turn.interrupted" and other["length"] == 0, other
        assert await client.close_code() == 4001, client.closed
        assert await g.exited() == 0, g.log
        assert time.monotonic() - began < 6
        await g.start()
        async with await Client.connect(g.url, book) as again:
            await again.send("hello", resume=book.resume())
            await again.until(lambda: any(f["type"] in ("resumed", "snapshot") for f in again.frames))
            await check_history(again, sent["conversation"], book)


async def test_a_second_signal_ends_at_once():
    async with Gateway(**offline(words=5000, per_second=20), DRAIN_SECONDS=60) as g:
        client = await Client.connect(g.url)
        sent = await client.say("Never ends")
        await client.frame("turn.delta")
        g.signal()
        await client.frame("goaway")
        began = time.monotonic()
        g.signal()
        assert await g.exited(5) == 0
        assert time.monotonic() - began < 2
        await g.start()
        async with await Client.connect(g.url) as again:
            answer = (await again.history(sent["conversation"]))[-1]
            assert answer["status"] == "interrupted", answer


async def test_an_idle_gateway_is_gone_at_once():
    async with Gateway() as g:
        idle = [await Client.connect(g.url) for _ in range(20)]
        began = time.monotonic()
        g.signal()
        codes = await asyncio.gather(*(c.close_code() for c in idle))
        assert set(codes) == {4001}, codes
        assert await g.exited() == 0
        assert time.monotonic() - began < 3


async def test_no_new_connection_while_it_drains():
    async with Gateway(**offline(words=300, per_second=100)) as g:
        client = await Client.connect(g.url)
        await client.say("Hold the door")
        g.signal()
        await client.frame("goaway")
        try:
            late = await Client.connect(g.url)
        except Exception as error:  # noqa: BLE001 - the library has several
            assert "503" in str(error), error
        else:
            raise AssertionError(f"let in while draining: {late.frames}")
        client.drop()


async def test_two_gateways_cannot_share_a_directory():
    async with Gateway(**offline(words=20, per_second=0)) as g:
        code, out, err = await g.cli("serve", "--data-dir", str(g.data), "--port", "0", within=20)
        assert code == 1 and out == "", (code, out, err)
        assert str(g.data) in err and "another" in err.lower() or "use" in err.lower(), err
        assert "panicked" not in err
        for command in (["export"], ["import", "-"]):
            code, _, err = await g.cli(*command, "--data-dir", str(g.data), stdin="", within=20)
            assert code == 1 and "panicked" not in err, (code, err)
        async with await Client.connect(g.url) as c:
            sent = await c.say("Still you?")
            assert (await c.end(sent["turn"]))["type"] == "turn.completed"
        # The port, too, says what to do.
        code, _, err = await g.cli("--data-dir", str(g.home / "other"), "--port", str(g.port), within=20)
        assert code == 1 and "PORT" in err, (code, err)
