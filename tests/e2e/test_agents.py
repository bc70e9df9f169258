"""The agents of a pool: the one that fits answers, and says so in every voice."""

from harness import Client, Gateway, offline
from test_text import Person

T = "an-end-to-end-token"
TOML = """
[pools.kitchen]
description = "cooking, recipes, meals, baking"
keywords = ["recipe", "cook", "bake", "cake", "soup"]
agents.baker = { role = "bread and cake", prompt = "You bake.", keywords = ["cake", "bread"], route = ["offline"] }
agents.chef = { role = "soups and roasts", prompt = "You cook.", keywords = ["soup", "roast"] }
"""


def gateway(toml=""):
    return Gateway(toml=toml, TOKEN=T, **offline(words=40, per_second=0, first_ms=0))


async def started(client, text, **fields):
    """The `turn.started` and the whole answer to a message."""
    sent = await client.say(text, **fields)
    await client.end(sent["turn"])
    start = next(f for f in client.frames if f["type"] == "turn.started" and f["turn"] == sent["turn"])
    return start, sent


async def test_the_agent_that_fits_answers_and_history_says_who():
    async with gateway() as g:
        client = await Client.connect(g.url, token=f"{T}:alice")
        start, sent = await started(client, "my chest hurts and I have a fever")
        assert (start["pool"], start["agent"]) == ("healthcare", "triage"), start
        assert "triage answers, since" in start["routing"]["because"], start
        here = {"conversation": sent["conversation"]}
        start, _ = await started(client, "can I take ibuprofen with aspirin?", **here)
        assert (start["pool"], start["agent"]) == ("healthcare", "medication"), start
        start, _ = await started(client, "and for children?", **here)
        assert (start["pool"], start["agent"]) == ("healthcare", "medication"), start
        history = await client.ask("conversation.history", **here)
        agents = [m["agent"] for m in history["messages"] if m["role"] == "assistant"]
        assert agents == ["medication", "medication", "triage"] or agents == ["triage", "medication", "medication"]
        start, _ = await started(client, "and how fast does it work?", agent="analyst")
        assert (start["pool"], start["agent"]) == ("financial", "analyst"), start
        client.drop()


async def test_an_agent_is_asked_for_pinned_and_refused():
    async with gateway(TOML) as g:
        client = await Client.connect(g.url, token=f"{T}:alice")
        start, sent = await started(client, "ask the baker agent how long soup keeps")
        assert (start["pool"], start["agent"], start["routing"]["by"]) == ("kitchen", "baker", "message"), start
        here = {"conversation": sent["conversation"]}
        await client.ask("message.send", text="/use kitchen/chef", **here)
        start, _ = await started(client, "what goes into a cake?", **here)
        assert (start["pool"], start["agent"]) == ("kitchen", "chef"), start
        pinned = await client.ask("conversation.get", **here)
        assert (pinned["pool"], pinned["agent"]) == ("kitchen", "chef"), pinned
        pinned = await client.ask("conversation.update", agent="", **here)
        assert (pinned["pool"], pinned.get("agent")) == ("kitchen", None), pinned
        error = await client.refusal("message.send", text="hello", pool="kitchen", agent="triage")
        assert error["code"] == "invalid_argument" and "baker, chef" in error["message"], error
        client.drop()


async def test_a_task_says_who_answered_and_may_name_an_agent():
    async with gateway(TOML) as g:
        client = await Client.connect(g.url, token=f"{T}:alice")
        await client.ask("subscribe", topic="tasks")
        task = await client.ask("task.submit", text="a cake for tomorrow", pool="kitchen")
        assert "agent" not in task, task
        done = await client.frame("task", task=task["task"], status="succeeded")
        said = [done[field] for field in ("pool", "agent", "provider", "model", "finish_reason")]
        assert said == ["kitchen", "baker", "offline", "offline", "stop"] and done["usage"]["output"], done
        named = await client.ask("task.submit", text="a cake for tomorrow", agent="chef")
        assert (named["pool"], named["agent"]) == ("kitchen", "chef"), named
        done = await client.frame("task", task=named["task"], status="succeeded")
        assert done["agent"] == "chef", done
        error = await client.refusal("task.submit", text="a cake", pool="kitchen", agent="triage")
        assert error["code"] == "invalid_argument" and "baker, chef" in error["message"], error
        client.drop()


async def test_a_person_sees_who_did_a_task():
    async with Gateway(toml=TOML, **offline(words=40, per_second=0, first_ms=0)) as g:
        p = await Person.connect(g)
        await p.type("/task submit --pool kitchen a cake for today")
        seen = "\n".join(await p.see("^# Task 1 is done: "))
        assert "# Answered by baker of kitchen." in seen, seen
        await p.type("/task 1")
        seen = "\n".join(await p.see("^# Task 1: a cake"))
        assert "# succeeded in kitchen (baker), normal priority" in seen, seen
        assert "# Its newest attempt asked offline/offline, " in seen, seen


async def test_a_person_sees_who_answers_and_who_there_is():
    async with Gateway(toml=TOML, **offline(words=140, per_second=0, first_ms=0)) as g:
        p = await Person.connect(g)
        await p.type("should I pay off my mortgage or save for retirement?")
        lines = await p.see("^# .*tokens")
        assert lines[-1].startswith("#") and "# financial (planner) · offline/offline" in lines, lines
        assert any("routed to the planner agent of the financial pool" in line for line in lines), lines
        await p.type("why that one?")
        await p.see("^# financial, .*; planner answers, since .*`mortgage`")
        await p.type("why did you pick that agent?")
        await p.see("^# financial, .*; planner answers, since .*`mortgage`")
        await p.type("which agents are there?")
        await p.see("^# pool .*agents.*\n# healthcare .* medication, triage, wellness ")
        await p.type("who works in the kitchen pool?")
        await p.see("^# kitchen: .*\n#   baker: bread and cake\n#   chef: soups and roasts")
        await p.type("switch to the chef agent")
        await p.see("^# This conversation goes to the chef agent of kitchen from now on.")
        await p.type("stop using the chef agent")
        await p.see("^# Each message here is routed by itself again.")
        await p.type("what tools does the analyst have?")
        await p.see("^# pool +agent +tools +not usable\n# financial +analyst +calculate, current_time +")
        await p.type("/tools kitchen/butcher")
        await p.see("^# No agent of kitchen is called butcher.")
        await p.type("/use kitchen/butcher")
        await p.see("^# No agent of kitchen is called butcher. There are: baker, chef.")
        await p.type("/use kitchen/baker")
        await p.see("^# This conversation goes to the baker agent of kitchen from now on.")
        await p.type("a soup, please, and how to cook it")
        await p.see(r"^# kitchen \(baker\) · offline/offline")
        await p.type("/use auto")
        await p.see("^# Each message here is routed by itself again.")
