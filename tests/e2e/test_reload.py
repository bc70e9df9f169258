"""Settings that are read again: on a signal, on a word, and when their file changes in whatever way."""

import asyncio
import os
import pty
import signal
import time

from harness import Client, Gateway, Refused, check_history, clean_env, offline

QUICK = offline(words=40, per_second=400, first_ms=5)


async def until(ready, within=10, what="what was waited for"):
    deadline = time.monotonic() + within
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not come within {within} s"
        await asyncio.sleep(0.05)


async def told(client, text, **fields):
    """What a command says."""
    sent = await client.say(text, as_="command", **fields)
    return await client.frame("command.result", turn=sent["turn"])


async def pools(client):
    return {pool["pool"]: pool for pool in (await told(client, "/pools"))["data"]["pools"]}


def write(g, toml):
    (g.home / "operatoros.toml").write_text(toml)


async def adopted(g, client, toml, change=write):
    """Changes the file and waits until the gateway has found that out."""
    before = g.log.count("the settings were read again")
    change(g, toml)
    await until(lambda: g.log.count("the settings were read again") > before, what=toml)
    return await pools(client)


async def test_a_start_logs_its_phases():
    async with Gateway(**QUICK) as g:
        for phase in ("settings", "store opened", "router fitted", "providers", "turns recovered",
                      "tasks taken up", "listening"):
            line = next(line for line in g.log.splitlines() if f'phase="{phase}"' in line)
            assert " ms=" in line, line
        assert next(line for line in g.log.splitlines() if " started " in line and " ms=" in line)


async def test_pools_come_change_and_go_by_their_file():
    law = '[pools.legal]\ndescription = "law"\nkeywords = ["tort", "subpoena"]\n'
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        assert "legal" not in await pools(c)
        now = await adopted(g, c, law + "workers = 3\n")
        assert now["legal"]["workers"] == 3 and now["sports"]["workers"] == 2048
        # Messages are routed to it, commands know its name, a conversation can be pinned to it.
        sent = await c.say("My neighbour got a subpoena in a tort case")
        started = await c.frame("turn.started", turn=sent["turn"])
        assert started["pool"] == "legal" and started["routing"]["by"] == "scored", started
        await c.end(sent["turn"])
        where = sent["conversation"]
        moved = await c.say("switch to the legal pool", conversation=where)
        assert (await c.frame("command.result", turn=moved["turn"]))["data"]["pinned"] == "legal"
        # A sentence scales it until the file says something else.
        await told(c, "/scale legal 5 --yes")
        now = await adopted(g, c, law + 'workers = 3\nprompt = "Be brief."\n')
        assert now["legal"]["workers"] == 5, now["legal"]
        now = await adopted(g, c, law + "workers = 4\n")
        assert now["legal"]["workers"] == 4, now["legal"]
        # It goes; the conversation that was pinned to it falls back and says so.
        assert "legal" not in await adopted(g, c, "# nothing is set here\n")
        sent = await c.say("And what now?", conversation=where)
        started = await c.frame("turn.started", turn=sent["turn"])
        assert started["pool"] != "legal"
        assert "legal is pinned here, but there is no such pool now" in started["routing"]["because"]
        await c.end(sent["turn"])
        refusal = await c.refusal("message.send", text="x", pool="legal")
        assert refusal["code"] == "unknown_pool", refusal


def replace(g, toml):
    """As editors do it: another file takes its name."""
    (g.home / "operatoros.toml.new").write_text(toml)
    os.replace(g.home / "operatoros.toml.new", g.home / "operatoros.toml")


def swap(g, toml):
    """As a mounted ConfigMap does it: a link to the directory points elsewhere."""
    where = g.home / f"..{time.monotonic_ns()}"
    where.mkdir()
    (where / "operatoros.toml").write_text(toml)
    (g.home / "..data_tmp").symlink_to(where.name)
    os.replace(g.home / "..data_tmp", g.home / "..data")


async def test_the_file_is_watched_however_it_is_changed():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        for workers, change in enumerate((write, replace, write, replace, swap, swap), start=3):
            if change is swap and not (g.home / "..data").exists():
                def first(g, toml):
                    swap(g, toml)
                    (g.home / "link").symlink_to("..data/operatoros.toml")
                    os.replace(g.home / "link", g.home / "operatoros.toml")
                now = await adopted(g, c, f"[pools.sports]\nworkers = {workers}\n", first)
            else:
                now = await adopted(g, c, f"[pools.sports]\nworkers = {workers}\n", change)
            assert now["sports"]["workers"] == workers, (change, now["sports"])


async def test_a_bad_file_changes_nothing_and_is_told_in_health():
    async with Gateway(toml="[pools.sports]\nworkers = 3\n", **QUICK) as g:
        async with await Client.connect(g.url) as c:
            write(g, '[pools.sports]\nworkers = 9\nprompts = "sk-planted-in-settings"\n')
            await until(lambda: "the settings were refused" in g.log)
            health = (await told(c, "/health settings"))["data"]
            assert health["health"] == "degraded", health
            says = health["checks"][0]["says"]
            assert "there is no setting pools.sports.prompts" in says, says
            assert "sk-planted" not in says + g.log
            assert (await pools(c))["sports"]["workers"] == 3
            answer = await told(c, "/reload --yes")
            assert not answer["data"]["reloaded"] and "stays as it is" in answer["text"], answer
            # A file that went away is no reason to begin anew.
            (g.home / "operatoros.toml").unlink()
            await until(lambda: "cannot be read" in g.log)
            assert (await pools(c))["sports"]["workers"] == 3
            now = await adopted(g, c, "[pools.sports]\nworkers = 4\n")
            assert now["sports"]["workers"] == 4
            health = (await told(c, "/health settings"))["data"]
            assert health["health"] == "ok", health


async def test_what_needs_a_restart_says_so_by_name():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        asked = await c.say("reload the settings")
        result = await c.frame("command.result", turn=asked["turn"])
        assert [offer["say"] for offer in result["data"]["offers"]] == ["yes", "no"], result
        write(g, 'echo = true\nlog_format = "json"\n[offline]\nwords = 7\n')
        done = await c.say("yes", conversation=asked["conversation"])
        result = await c.frame("command.result", turn=done["turn"])
        # The environment sets the words, so the file changes nothing there.
        assert result["data"]["after_restart"] == ["echo", "log_format"], result
        assert result["data"]["changed"] == [], result
        assert "takes effect after a restart: echo, log_format" in result["text"], result
        assert "takes effect after a restart: echo, log_format" in g.log
        health = (await told(c, "/health settings"))["data"]["checks"][0]
        assert health["state"] == "ok" and "after a restart: echo" in health["says"], health


async def test_a_stream_over_many_reloads_is_whole():
    toml = "[pools.slow]\ndescription = \"slow\"\nkeywords = [\"tortoise\"]\n"
    async with Gateway(toml=toml, **offline(words=400, per_second=100, first_ms=5)) as g:
        async with await Client.connect(g.url) as c:
            sent = await c.say("Tell me of the tortoise", pool="slow")
            await c.frame("turn.delta", turn=sent["turn"])
            for turn in range(20):
                write(g, f"[pools.slow]\ndescription = \"slow {turn}\"\n" if turn % 2 else "")
                g.signal(signal.SIGHUP if turn % 3 else signal.SIGUSR1)
                await asyncio.sleep(0.1)
            end = await c.end(sent["turn"])
            assert end["type"] == "turn.completed", end
            await check_history(c, sent["conversation"], c.book)
            # A router is fitted for each, unless several of them come to one.
            await until(lambda: g.log.count("the settings were read again") >= 3, within=20)
            assert g.process.returncode is None


async def test_tasks_budgets_and_prices_change_live():
    async with Gateway(**QUICK) as g, await Client.connect(g.url) as c:
        sent = await c.say("How do bonds work?")
        await c.end(sent["turn"])
        spent = '[budgets.all]\ntokens = 1\nper = "day"\n'
        await adopted(g, c, spent)
        # What was spent before there was a budget counts for it.
        try:
            again = await c.say("And stocks?")
        except Refused as refused:
            assert refused.code == "budget_exhausted", refused.frame
        else:
            raise AssertionError(f"a spent budget lets it pass: {again}")
        usage = (await told(c, "/usage"))["data"]
        assert usage["budgets"][0]["spent"] > 1, usage["budgets"]
        await adopted(g, c, spent.replace("tokens = 1", "tokens = 1000000"))
        await c.end((await c.say("And stocks?"))["turn"])
        await adopted(g, c, '[tasks]\nmax_attempts = 7\ntime_zone = "Europe/Berlin"\n')
        task = await c.ask("task.submit", text="count the sheep", run_at="2030-01-01T00:00:00Z")
        assert task["max_attempts"] == 7, task


async def test_the_log_changes_live():
    async with Gateway(toml='log = "operatoros=info,warn"\n', **QUICK) as g:
        async with await Client.connect(g.url) as c:
            for level, heard in (("warn", False), ("info", True), ("error", False)):
                write(g, f'log = "operatoros={level}"\n')
                changed = (await told(c, "/reload --yes"))["data"]["changed"]
                assert changed in (["log"], []), changed
                await asyncio.sleep(0.1)
                before = len(g.log)
                await told(c, "/scale sports 5 --yes")
                assert ("scaled" in g.log[before:]) == heard, (level, g.log[before:])


async def test_a_hang_up_reloads_a_daemon_and_ends_a_gateway_whose_terminal_is_gone():
    async with Gateway(toml="", **QUICK) as g, await Client.connect(g.url) as c:
        write(g, "[pools.sports]\nworkers = 3\n")
        g.signal(signal.SIGHUP)
        await until(lambda: "in force now: pools.sports.workers" in g.log, within=2)
        assert (await pools(c))["sports"]["workers"] == 3
    g = Gateway(toml="", **QUICK)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(g.home)
        os.execve(g.args()[0], g.args(), clean_env(**g.settings))
    said = b""
    while b"Talk to it" not in said:
        said += os.read(terminal, 4096)
    os.kill(child, signal.SIGHUP)
    while b"nothing in the settings is different" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)
    for _ in range(100):
        gone, _ = os.waitpid(child, os.WNOHANG)
        if gone:
            break
        await asyncio.sleep(0.1)
    assert gone == child, "it goes on without its terminal"
    await g.__aexit__()
