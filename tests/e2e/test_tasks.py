"""Background tasks from outside: by sentence, by frame, by topic, and across `kill -9`."""

import asyncio

from harness import TEXT, Client, Gateway, offline
from test_text import Person

QUICK = offline(words=20, per_second=400, first_ms=5)


async def results(client, conversation):
    """The outcomes that were told in a conversation, by the number of their task."""
    told = {}
    messages = await client.history(conversation, limit=200)
    for message in messages:
        if message["role"] == "assistant" and message["text"].startswith("Task "):
            number = int(message["text"].split()[1])
            if "is done:" in message["text"] or "failed:" in message["text"]:
                told.setdefault(number, []).append(message["text"])
    return told


async def test_a_sentence_hands_a_task_in_and_its_outcome_comes_by_itself():
    async with Gateway(**QUICK) as g:
        p = await Person.connect(g)
        await p.see("^# OperatorOS")
        await p.type("submit a high-priority task to the business pool: draft an agenda")
        seen = await p.see("^# Task 1 is done: ")
        assert any(line.startswith("# Task 1 is handed in") for line in seen), seen
        await p.type("show all tasks")
        rows = "\n".join(await p.see("^# #  status"))
        assert "succeeded" in rows and "high" in rows and "business" in rows, rows
        await p.type('/task submit --at "every day at 9" say good morning')
        await p.see("^# Task 2 is handed in: it runs on .* and again every day at 9")
        await p.type("cancel task 2")
        await p.see("^# Task 2 recurs every day at 9. Cancel it\\? yes / no")
        await p.type("yes")
        await p.see("^# Task 2 is cancelled")


async def test_frames_and_the_topic():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as client:
        await client.ask("subscribe", topic="tasks")
        first = await client.ask("task.submit", text="One", priority="low", key="a")
        again = await client.ask("task.submit", text="One", key="a")
        assert again["task"] == first["task"] and again["duplicate"] is True, again
        then = await client.ask("task.submit", text="Two", after=[first["task"]])
        done = await client.frame("task", task=then["task"], status="succeeded")
        assert done["result"] and done["number"] == 2, done
        revs = [f["rev"] for f in client.frames if f["type"] == "task"]
        assert revs == sorted(revs), revs
        order = [f["task"] for f in client.frames
                 if f["type"] == "task" and f["status"] == "succeeded"]
        assert order == [first["task"], then["task"]], order
        later = await client.ask("task.submit", text="Later", run_at="2031-01-01T00:00:00Z")
        urgent = await client.ask("task.update", task=later["task"], priority="urgent")
        assert urgent["priority"] == "urgent"
        page = await client.ask("task.list", status="queued")
        assert [task["task"] for task in page["tasks"]] == [later["task"]]
        behind = await client.ask("task.submit", text="Behind", after=[later["task"]])
        circle = await client.refusal("task.update", task=later["task"], after=[behind["task"]])
        assert circle["code"] == "invalid_argument", circle
        assert (await client.ask("task.cancel", task=later["task"]))["status"] == "cancelled"
        lost = await client.frame("task", task=behind["task"], status="failed")
        assert lost["error"]["code"] == "dependency_failed", lost
        assert (await client.ask("task.retry", task=later["task"]))["status"] == "queued"


async def test_a_task_that_is_killed_runs_again_and_is_told_once():
    async with Gateway(**offline(words=60, per_second=30, first_ms=5)) as g:
        client = await Client.connect(g.url)
        conversation = (await client.ask("conversation.create"))["conversation"]
        await client.ask("subscribe", topic="tasks")
        fields = {"text": "A long one", "conversation": conversation, "max_attempts": 3}
        task = await client.ask("task.submit", **fields)
        await client.frame("task", task=task["task"], status="running", attempts=1)
        await asyncio.sleep(0.5)
        await g.kill()
        await client.reader
        await g.start()
        client = await Client.connect(g.url)
        for _ in range(200):
            now = await client.ask("task.get", task=task["task"])
            if now["status"] == "succeeded":
                break
            await asyncio.sleep(0.1)
        assert now["status"] == "succeeded" and now["attempts"] == 2, now
        await asyncio.sleep(0.3)
        assert list(await results(client, conversation)) == [1]
        await g.kill()
        await client.reader
        await g.start()
        client = await Client.connect(g.url)
        await asyncio.sleep(0.5)
        told = await results(client, conversation)
        assert [len(texts) for texts in told.values()] == [1], told
        client.drop()


async def test_a_drain_hands_a_running_task_back_and_it_does_not_count():
    slow = offline(words=100, per_second=20, first_ms=5, DRAIN_SECONDS=1)
    async with Gateway(**slow) as g:
        client = await Client.connect(g.url)
        await client.ask("subscribe", topic="tasks")
        task = await client.ask("task.submit", text="A long one", max_attempts=1)
        await client.frame("task", task=task["task"], status="running")
        g.signal()
        assert await g.exited() == 0
        await g.start()
        client = await Client.connect(g.url)
        await client.ask("subscribe", topic="tasks")
        running = await client.frame("task", task=task["task"], status="running")
        assert running["attempts"] == 1, running
        await client.frame("task", task=task["task"], status="succeeded")
        client.drop()


async def test_a_subscription_in_text_mode_is_not_needed_to_hear_of_a_task():
    async with Gateway(**QUICK) as g:
        p = await Person.connect(g, (TEXT,))
        await p.see("^# OperatorOS")
        await p.type("/tasks")
        await p.see("^# You have no tasks yet")
        await p.type('/task submit --at "in a while" x')
        await p.see("^# When shall it run\\?")
        await p.type("/task 7")
        await p.see("^# There is no task 7")
