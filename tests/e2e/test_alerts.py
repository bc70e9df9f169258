"""Alerts: rules and watches, the topic, a kill -9 between, and a webhook that fails at first."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

from harness import Client, Gateway
from test_text import Person

CROWDED = """
[alerts.crowded]
metric = "connections"
above = 0
for_seconds = 0
clear_for_seconds = 4
severity = "critical"

[alerts.memory]
enabled = false
"""
KEY = b"a key of thirty-two bytes, or so"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


async def test_a_number_has_the_unit_of_what_is_watched():
    async with Gateway() as g:
        p = await Person.connect(g)
        await p.type("warn me when the database is slower than 20 ms")
        await p.see("^# Alert 1: I tell you here when commit is above 20 ms\\.")
        await p.type("tell me when latency is above 1.5 seconds for 2 minutes")
        await p.see("^# Alert 2: I tell you here when first token p95 is above 1500 ms for 2 minutes\\.")
        await p.type("tell me when memory is above 500 ms")
        await p.see("^# How much\\? memory is a number of bytes or a percentage\\. Say for example: tell me when "
                    "memory is above 2 GB, or 80 %\\.")
        await p.type("stop telling me about the latency")
        await p.see("^# Alert 2 is removed")


class Receiver:
    """A server that answers posts with these statuses, then with 204, and checks signatures."""

    def __init__(self, *statuses):
        self.statuses, self.posts = list(statuses), []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def take(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        # A signature is no word: its letters are as they were written.
        signature = next(line.split(": ", 1)[1] for line in head.split("\r\n")
                         if line.lower().startswith("webhook-signature"))
        body = await reader.readexactly(int(headers["content-length"]))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert signature == f"v1,{right}", signature
        assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
        verify_elsewhere(head, body)
        status = self.statuses.pop(0) if self.statuses else 204
        self.posts.append((headers["webhook-id"], json.loads(body), status))
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def until(self, count, within=30):
        began = time.monotonic()
        while len(self.posts) < count:
            assert time.monotonic() - began < within, self.posts
            await asyncio.sleep(0.05)


def verify_elsewhere(head, body):
    """The same with the specification's own library, where it is installed."""
    try:
        from standardwebhooks import Webhook
    except ImportError:
        return
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    Webhook(SECRET).verify(body.decode(), {k.lower(): v for k, v in headers.items()})


async def test_an_alert_is_raised_stays_open_through_a_kill_and_is_cleared():
    async with Gateway(CROWDED) as g:
        async with await Client.connect(g.url) as c:
            await c.ask("subscribe", topic="alerts")
            raised = await c.frame("alert")
            assert (raised["alert"], raised["severity"], raised["resolved"]) == \
                ("crowded", "critical", False), raised
            assert [a["alert"] for a in raised["active"]] == ["crowded"], raised
            sent = await c.say("which alerts are active?")
            listed = await c.frame("command.result", turn=sent["turn"])
            assert listed["data"]["active"][0]["incident"] == raised["incident"], listed
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as c:
            await c.ask("subscribe", topic="alerts")
            again = await c.frame("alert")
            assert again["incident"] == raised["incident"] and not again["resolved"], again
        # Nobody is connected; what there was is known afterwards.
        await asyncio.sleep(8)
        async with await Client.connect(g.url) as c:
            sent = await c.say("what alerts were there today?")
            listed = await c.frame("command.result", turn=sent["turn"])
            assert [a["incident"] for a in listed["data"]["alerts"]] == [raised["incident"]], listed


async def test_a_watch_is_told_where_it_was_asked_for_once_also_through_a_kill():
    async with Gateway() as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("tell me when there are more than 1 connections")
            where = sent["conversation"]
            result = await c.frame("command.result", turn=sent["turn"])
            assert result["intent"] == "alert.set" and result["slots"]["above"] == 1, result
            async with await Client.connect(g.url):
                told = await c.frame("command.result", conversation=where, intent="alert.raised")
                assert told["slots"] == {"alert": 1}, told
                await g.kill()
                await g.start()
        async with await Client.connect(g.url) as c:
            cleared = None
            for _ in range(60):
                await asyncio.sleep(0.5)
                turns = (await c.ask("conversation.history", conversation=where))["messages"]
                told = [m["text"] for m in turns if m["role"] == "assistant"]
                cleared = [text for text in told if "no longer" in text]
                if cleared:
                    break
            assert len(cleared) == 1, told
            assert sum("connections is above 1: 2" in text for text in told) == 1, told
            sent = await c.say("remove alert 1", conversation=where)
            result = await c.frame("command.result", turn=sent["turn"])
            assert result["data"] == {"removed": [1]}, result


async def test_a_person_is_told_of_alerts_line_by_line():
    async with Gateway(CROWDED.replace("above = 0", "above = 1")) as g:
        p = await Person.connect(g)
        await p.type("keep me posted on alerts")
        await p.see("^# Alerts come as they are raised")
        async with await Client.connect(g.url):
            await p.see(r"^# critical: connections is above 1: 2 \(crowded\)")
        await p.see(r"^# over: connections is no longer above 1")
        await p.type("/alerts")
        await p.see("^# Nothing needs attention.")


async def test_a_webhook_is_tried_until_it_takes_the_alert_also_after_a_kill():
    async with Receiver(500, 302, 503) as hook:
        settings = {"WEBHOOK__URL": hook.url, "WEBHOOK__SECRET": SECRET}
        async with Gateway(CROWDED, **settings) as g:
            async with await Client.connect(g.url):
                await hook.until(2)
                await g.kill()
                await g.start()
                await hook.until(4)
            ids = {post[0] for post in hook.posts}
            assert len(ids) == 1 and [post[2] for post in hook.posts] == [500, 302, 503, 204], hook.posts
            _, body, _ = hook.posts[-1]
            assert body["type"] == "alert.raised" and body["data"]["alert"] == "crowded", body
            await hook.until(5)
            last, body, _ = hook.posts[-1]
            assert body["type"] == "alert.cleared" and body["data"]["resolved"], body
            assert last == ids.pop().replace(".1", ".2")
            assert hook.url not in g.log and SECRET not in g.log
