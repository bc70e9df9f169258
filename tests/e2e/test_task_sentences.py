"""Background tasks by sentence: when they run, what they wait for, and what is tried again."""

import asyncio

from harness import Client, Gateway, offline
from test_text import Person

QUICK = offline(words=20, per_second=400, first_ms=5)
FAILING = {**QUICK, "OFFLINE__FAIL_AFTER_WORDS": 3}


async def test_a_sentence_says_when():
    async with Gateway(**QUICK) as g:
        p = await Person.connect(g)
        await p.type("submit a task to the business pool tomorrow at 9: draft the agenda")
        await p.see("^# Task 1 is handed in: it runs on .* at 09:00 UTC")
        await p.type("when task 1 is done, submit a task to sports: list the fixtures")
        await p.see("^# Task 2 is handed in: it runs once those before it are done")
        await p.type("every weekday at 8:30 in Europe/Berlin, have the financial pool summarise the market news")
        await p.see(r"^# Task 3 is handed in: it runs on .* and again every weekday at 8:30 \(Europe/Berlin\)")
        await p.type("every blue moon, submit a task: howl")
        await p.see("^# general")
        await p.type("run task 1 after task 2")
        await p.see("^# The tasks would wait for each other in a circle")
        await p.type("run task 1 after task 3")
        await p.see("^# Task 3 recurs, so it is never done")
        await p.type("move task 1 to monday at 9")
        await p.see("^# Task 1: it runs on Mon .* at 09:00 UTC")
        await p.type("move task 1 to yesterday")
        await p.see("^# ")
        await p.type("move task 99 to monday at 9")
        await p.see("^# There is no task 99")
        await p.type("/task at 1 every day at 9")
        await p.see("^# Other tasks wait for task 1 to be done, so it cannot recur")
        await p.type("/task at 1 soon")
        await p.see("^# When shall it run\\? “soon” names no such time")
        await p.type("show queued tasks")
        rows = "\n".join(await p.see("^# #  status"))
        for text in ("draft the agenda", "list the fixtures", "summarise the market news"):
            assert text in rows, rows


async def test_a_task_that_waits_is_put_off_and_gets_a_rule():
    async with Gateway(**QUICK) as g:
        client = await Client.connect(g.url)
        p = await Person.connect(g)
        await p.type("run it tomorrow at noon")
        await p.see("^# general|^# .* · offline")
        await p.type("submit a task to the business pool: draft the agenda, on 2035-03-01 at 9:00")
        await p.see("^# Task 1 is handed in: it runs on Thu 1 Mar 2035 at 09:00 UTC")
        await p.type("delay it by 2 hours")
        await p.see("^# Task 1: it runs on Thu 1 Mar 2035 at 11:00 UTC")
        await p.type("delay task 1 by a day")
        await p.see("^# Task 1: it runs on Fri 2 Mar 2035 at 11:00 UTC")
        await p.type("make it repeat every day at 9")
        await p.see("^# Task 1: it runs on .* at 09:00 UTC, and again every day at 9 \\(UTC\\)")
        await p.type("move it to friday")
        await p.see("^# Task 1: it runs on Fri .* at 09:00 UTC, and again every day at 9")
        await p.type("stop repeating it")
        await p.see("^# Task 1: it runs on Fri .* at 09:00 UTC, and not again. “cancel task 1” takes it back")
        [task] = (await client.ask("task.list"))["tasks"]
        assert "every" not in task, task
        changed = await client.ask("task.update", task=task["task"], every="every monday at 8", time_zone="Asia/Tokyo")
        assert (changed["every"], changed["time_zone"]) == ("every monday at 8", "Asia/Tokyo"), changed
        assert changed["run_at"].endswith("T23:00:00.000Z"), changed
        changed = await client.ask("task.update", task=task["task"], every="")
        assert "every" not in changed and changed["run_at"].endswith("T23:00:00.000Z"), changed
        refused = await client.refusal("task.update", task=task["task"], every="every blue moon")
        assert refused["code"] == "invalid_argument" and "every day at 9" in refused["message"], refused
        await p.type("is it done?")
        await p.see("^# Task 1: draft the agenda")
        await p.type("cancel it")
        await p.see("^# Task 1 is cancelled")
        client.drop()


async def test_what_failed_is_listed_and_tried_again():
    async with Gateway(**FAILING) as g:
        client = await Client.connect(g.url)
        await client.ask("task.submit", text="One", max_attempts=1)
        await client.ask("task.submit", text="Two", max_attempts=1)
        p = await Person.connect(g)
        async def failed():
            tasks = (await client.ask("task.list", status="failed"))["tasks"]
            return {task["number"] for task in tasks}

        while await failed() != {1, 2}:
            await asyncio.sleep(0.05)
        await p.type("show the dead letters")
        rows = "\n".join(await p.see("^# #  status"))
        assert "One" in rows and "Two" in rows and "failed" in rows, rows
        await p.type("retry task 1")
        await p.see("^# Task 1 is tried again: it runs as soon as it is its turn")
        while await failed() != {1, 2}:
            await asyncio.sleep(0.05)
        await p.type("retry all failed tasks")
        await p.see("^# 2 tasks came to nothing. Try them again\\? yes / no")
        await p.type("yes")
        await p.see("^# 2 tasks are tried again")
        await p.type("retry task 7")
        await p.see("^# There is no task 7")
        client.drop()


async def test_a_long_list_goes_on():
    async with Gateway(**QUICK) as g:
        client = await Client.connect(g.url)
        for number in range(1, 31):
            await client.ask("task.submit", text=f"Number {number}.", run_at="2035-01-01T00:00:00Z")
        p = await Person.connect(g)
        await p.type("show queued tasks")
        first = "\n".join(await p.see("say “more”"))
        assert "Number 30." in first and "Number 1." not in first, first
        await p.type("more")
        second = "\n".join(await p.see("^# # +status"))
        assert "Number 30." not in second and "Number 1" in second, second
        client.drop()
