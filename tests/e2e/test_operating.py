"""Operating the gateway in plain language: commands, questions back, demonstrations, titles."""

import asyncio

from harness import Client, Gateway, offline
from test_text import Person

QUICK = offline(words=40, per_second=400, first_ms=5)


async def test_a_question_back_survives_a_restart():
    async with Gateway(**QUICK) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("How do bonds work?")
            await c.end(sent["turn"])
            where = sent["conversation"]
            asked = await c.say("please delete this conversation", conversation=where)
            result = await c.frame("command.result", turn=asked["turn"])
            assert result["intent"] == "conversation.delete", result
            assert [offer["say"] for offer in result["data"]["offers"]] == ["yes", "no"], result
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as c:
            listed = (await c.ask("conversation.list"))["conversations"]
            assert [row["conversation"] for row in listed] == [where]
            await c.say("Yes.", conversation=where)
            await c.frame("conversation.deleted", conversation=where)
            assert (await c.ask("conversation.list"))["conversations"] == []


async def test_ordinary_talk_commands_nothing():
    talk = ("what is the status of my visa application?", "help me write a letter",
            "delete duplicate rows in SQL", "tell me a story", "yes", "next")
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        where = None
        for text in talk:
            sent = await c.say(text, **({"conversation": where} if where else {}))
            where = sent["conversation"]
            await c.frame("turn.started", turn=sent["turn"])
            assert (await c.end(sent["turn"]))["finish_reason"] == "stop", text


async def test_a_command_under_a_key_is_done_once():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        first = await c.say("start a new conversation", key="once")
        result = await c.frame("command.result", turn=first["turn"])
        again = await c.say("start a new conversation", key="once")
        assert again["duplicate"] and again["turn"] == first["turn"], again
        listed = {row["conversation"] for row in (await c.ask("conversation.list"))["conversations"]}
        assert listed == {first["conversation"], result["data"]["conversation"]}, listed


async def test_a_conversation_is_titled_summarised_and_found():
    async with Gateway(**QUICK) as g:
        p = await Person.connect(g)
        await p.type("Hello! Can you tell me how mortgages work?")
        await p.see("^# .*tokens")
        await p.type("list my conversations")
        await p.see(r"^# #\s+title.*\n# 1\*\s+How mortgages work\s+2\b")
        await p.type("summarize this conversation")
        await p.see("^# How mortgages work: about .*\n# - You asked: ")
        await p.type("search my history for mortgages")
        await p.see("^# .*How mortgages work, just now: .*mortgages")
        await p.type("/delete 7")
        await p.see("^# There is no conversation 7")


async def test_a_demo_goes_on_after_a_restart():
    async with Gateway(**QUICK) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("start the gateway demo")
            where = sent["conversation"]
            step = await c.frame("command.result", conversation=where, intent="demo.step")
            assert step["slots"]["step"] == 1, step
            await c.say("next", conversation=where)
            await c.frame("command.result", conversation=where, intent="pools.list")
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as c:
            await c.say("next", conversation=where)
            step = await c.frame("command.result", conversation=where, intent="demo.step")
            assert step["slots"]["step"] == 2, step
            await c.say("stop the demo", conversation=where)
            await asyncio.sleep(0.3)
            seen = len(c.frames)
            await asyncio.sleep(4.5)
            assert len(c.frames) == seen, c.frames[seen:]


async def test_a_demo_hands_in_a_task_and_has_the_status_told():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        sent = await c.say("start the gateway demo")
        where = sent["conversation"]
        for _ in range(40):
            if any(f["type"] == "status" for f in c.frames):
                break
            await c.say("next", conversation=where)
            await asyncio.sleep(0.3)
        status = await c.frame("status")
        assert status["health"] == "ok" and status["connections"] == 1, status
        await c.frame("command.result", conversation=where, intent="task.submit")
        await c.frame("command.result", conversation=where, intent="task.result")
