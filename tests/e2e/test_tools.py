"""An agent's tools: called by a model over each dialect, carried out, shown, counted, and survived."""

import asyncio

from harness import Client, Gateway, Refused, offline
from test_text import Person
from upstream import Upstream, answer, pool

KINDS = ("openai", "openai-chat", "anthropic")
AGENTS = """
[pools.general.agents.clerk]
role = "sums"
prompt = "You reckon."
tools = ["calculate", "market_quote"]
[pools.general.agents.poet]
role = "verses"
prompt = "You rhyme."
tools = []
"""


async def reckons(exchange):
    """Says something, calls two tools, and repeats what they have found."""
    await exchange.begin()
    if results := exchange.results():
        await exchange.token("It is " + " and ".join(results))
    else:
        await exchange.token("Let me see. Wait")
        await exchange.call("calculate", 1, expression="6 * 7")
        await exchange.call("calculate", 2, expression="6 times 7")
    await exchange.end()


def settings(up, kind, more=""):
    return up.provider("fake", kind) + pool("fake") + AGENTS + more


def tools(client, turn):
    return [(f["phase"], f["call"], f.get("summary"), f.get("error", {}).get("code"))
            for f in client.frames if f["type"] == "turn.tool" and f["turn"] == turn]


async def test_a_model_calls_tools_in_each_dialect_and_goes_on():
    for kind in KINDS:
        async with Upstream(reckons) as up, Gateway(toml=settings(up, kind)) as g:
            async with await Client.connect(g.url) as c:
                sent = await c.say("what is six by seven?", agent="clerk", pool="general")
                end = await c.end(sent["turn"])
                assert end["type"] == "turn.completed", (kind, end)
                first, second = up.exchanges
                # What has no key here is not offered.
                assert first.offered() == second.offered() == ["calculate"], (kind, first.body)
                found = "6 * 7 = 42"
                assert second.results()[0] == found and "6 times 7" in second.results()[1], (kind, second.body)
                text = c.book.text[sent["turn"]].decode()
                assert text == f"Let me see. Wait\n\nIt is {found} and {second.results()[1]}", (kind, text)
                assert (end["usage"]["input"], end["usage"]["output"]) == (6, 4), (kind, end)
                ids = "call_calculate_1", "call_calculate_2"
                told = tools(c, sent["turn"])
                assert told[:3] == [("started", ids[0], "6 * 7", None), ("started", ids[1], "6 times 7", None),
                                    ("finished", ids[0], found, None)], (kind, told)
                assert told[3][:2] == ("failed", ids[1]) and told[3][3] == "tool_rejected", (kind, told)
                here = {"conversation": sent["conversation"]}
                history = await c.ask("conversation.history", **here)
                answer = next(m for m in history["messages"] if m["role"] == "assistant")
                assert answer["text"] == text and answer["usage"] == end["usage"], (kind, answer)
                # Later turns are told the answer as it was read, and a tool-less agent is offered none.
                await c.end((await c.say("thanks", agent="poet", **here))["turn"])
                assert up.exchanges[2].offered() == [] and not up.exchanges[2].results(), kind


async def test_a_model_that_takes_no_tools_is_asked_without_from_then_on():
    async def toolless(exchange):
        if exchange.offered():
            return await exchange.status(400, {"error": {"message": "fake does not support tools"}})
        await answer(exchange)

    for kind in KINDS:
        async with Upstream(toolless) as up, Gateway(toml=settings(up, kind)) as g:
            async with await Client.connect(g.url) as c:
                for _ in range(2):
                    sent = await c.say("what is six by seven?", agent="clerk", pool="general")
                    end = await c.end(sent["turn"])
                    assert end["type"] == "turn.completed", (kind, end)
                assert [bool(e.offered()) for e in up.exchanges] == [True, False, False], kind


async def test_without_a_model_a_message_names_the_tools():
    async with Gateway(**offline(words=100, per_second=0, first_ms=0)) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("calculate 6 * 7\ncurrent_time", pool="general")
            assert (await c.end(sent["turn"]))["type"] == "turn.completed"
            phases = [phase for phase, *_ in tools(c, sent["turn"])]
            assert sorted(phases) == ["finished", "finished", "started", "started"], phases
            text = c.book.text[sent["turn"]].decode()
            assert "The tool calculate answered: “6 * 7 = 42”. The tool current_time answered:" in text, text


async def test_a_person_sees_what_is_called_between_the_words():
    async with Upstream(reckons) as up, Gateway(toml=settings(up, "openai-chat")) as g:
        p = await Person.connect(g)
        await p.type("/use general/clerk")
        await p.see("^# ")
        await p.type("what is six by seven?")
        told = "\n".join(await p.see("^# .*tokens"))
        order = ["Let me see.", "Wait", "# calling calculate: 6 * 7", "# calculate: 6 * 7 = 42", "It is 6 * 7"]
        places = [told.index(words) for words in order]
        assert places == sorted(places), told


async def test_a_task_uses_tools_and_is_charged_for_each_request():
    price = "[prices.fake]\ninput = 1_000_000\noutput = 0\n"
    async with Upstream(reckons) as up, Gateway(toml=settings(up, "openai", price)) as g:
        async with await Client.connect(g.url) as c:
            await c.ask("subscribe", topic="tasks")
            task = await c.ask("task.submit", text="ask the clerk agent what six by seven is", pool="general")
            done = await c.frame("task", task=task["task"], status="succeeded")
            assert "It is 6 * 7 = 42" in done["result"], done
            sent = await c.say("how much did I use today?")
            total = (await c.frame("command.result", turn=sent["turn"]))["data"]["total"]
            assert (total["turns"], total["input"], total["cost_usd"]) == (1, 6, 6), total


async def test_a_kill_between_call_and_answer_leaves_what_was_said_and_what_it_cost():
    async def hangs(exchange):
        if not exchange.results():
            return await reckons(exchange)
        await exchange.begin()
        await exchange.token("It is")
        await exchange.left(30)

    async with Upstream(hangs) as up, Gateway(toml=settings(up, "anthropic")) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("what is six by seven?", agent="clerk", pool="general")
            await c.until(lambda: c.book.text.get(sent["turn"], b"").endswith(b"It is"), 10, "text")
            await asyncio.sleep(0.5)
        await g.kill()
        await g.start()
        async with await Client.connect(g.url) as c:
            history = await c.ask("conversation.history", conversation=sent["conversation"])
            answer = next(m for m in history["messages"] if m["role"] == "assistant")
            assert answer["status"] == "interrupted", answer
            assert answer["text"] == "Let me see. Wait\n\nIt is", answer
            up.script = reckons
            again = await c.ask("turn.retry", turn=sent["turn"])
            assert (await c.end(again["turn"]))["type"] == "turn.completed"


async def test_a_budget_holds_between_two_requests_of_one_answer():
    async def greedy(exchange):
        await exchange.begin()
        await exchange.call("calculate", 1, expression="1 + 1")
        await exchange.event({"id": "c", "object": "chat.completion.chunk", "model": "fake", "choices": [
            {"index": 0, "delta": {}, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 9_900, "completion_tokens": 90}})
        await exchange.raw("data: [DONE]\n\n")

    budget = "[budgets.day]\ntokens = 10_000\nper = \"day\"\nhard = true\n"
    async with Upstream(greedy) as up, Gateway(toml=settings(up, "openai-chat", budget)) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("what is one and one?", agent="clerk", pool="general")
            end = await c.end(sent["turn"])
            assert end["type"] == "turn.failed" and end["error"]["code"] == "budget_exhausted", end
            assert len(up.exchanges) == 1
            try:
                await c.say("and now?", agent="clerk", pool="general")
                raise AssertionError("there is nothing left")
            except Refused as refused:
                assert refused.code == "budget_exhausted", refused.frame


async def test_tools_of_settings_are_checked_and_change_live():
    async with Upstream() as up, Gateway(toml=settings(up, "openai-chat")) as g:
        async with await Client.connect(g.url) as c:
            ask = lambda: c.say("hello", agent="poet", pool="general")
            await c.end((await ask())["turn"])
            path = g.home / "operatoros.toml"
            path.write_text(path.read_text().replace("tools = []", 'tools = ["current_time"]'))
            await c.end((await c.say("/reload --yes"))["turn"])
            await c.end((await ask())["turn"])
            assert [e.offered() for e in up.exchanges] == [[], ["current_time"]]
            path.write_text(path.read_text().replace('"current_time"', '"levitate"'))
            sent = await c.say("/reload --yes")
            result = await c.frame("command.result", turn=sent["turn"])
            assert "levitate" in result["text"] and "calculate" in result["text"], result
            await c.end((await ask())["turn"])
            assert up.exchanges[-1].offered() == ["current_time"]
