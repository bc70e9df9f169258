"""The binary's other commands: chat, config, export and import, and what it says to bad settings."""

import asyncio
import shutil

from harness import Client, Gateway, check_history, offline

QUICK = offline(words=90, per_second=0, first_ms=1)


async def test_chat_says_one_message():
    async with Gateway(**QUICK) as g:
        code, out, err = await g.cli("chat", g.url, "-m", "Hello there")
        assert code == 0 and "No model is connected" in out and "offline" in out, (code, out, err)
        code, out, err = await g.cli("chat", g.url, stdin="hi\nand again\n")
        assert code == 0, (code, out, err)
        assert "“hi”" in out and "“and again”" in out, out
        assert out.index("“hi”") < out.index("“and again”"), "one after the other"
        code, out, err = await g.cli("chat", g.url, stdin="hi")
        assert code == 0 and "“hi”" in out, "a last line without an end counts"


async def test_chat_with_and_without_the_right_token():
    async with Gateway(TOKEN="an-end-to-end-token", **QUICK) as g:
        code, out, _ = await g.cli("chat", g.url, "-m", "hi", "--token", "an-end-to-end-token", "--user", "ann")
        assert code == 0 and "No model is connected" in out
        for args in (["--token", "wrong-token"], []):
            code, out, err = await g.cli("chat", g.url, "-m", "hi", *args, within=30)
            assert code == 1 and err.startswith("operatoros: "), (args, code, out, err)
            assert "an-end-to-end-token" not in err


async def test_chat_without_a_gateway_says_what_to_do():
    async with Gateway() as g:
        await g.kill()
        code, _, err = await g.cli("chat", g.url, "-m", "hi", within=30)
        assert code == 1 and "running" in err, (code, err)


async def test_chat_survives_a_restart_in_mid_answer():
    async with Gateway(**offline(words=250, per_second=60, first_ms=5)) as g:
        chat = asyncio.create_task(g.cli("chat", g.url, "-m", "A long one", within=60))
        await asyncio.sleep(1.5)
        await g.kill()
        await asyncio.sleep(0.5)
        await g.start()
        code, out, err = await chat
        assert code == 0, (code, out, err)
        assert "connection is lost" in out + err and "connected again" in out + err, (out, err)
        # And a drain lets it finish.
        chat = asyncio.create_task(g.cli("chat", g.url, "-m", "Another", within=60))
        await asyncio.sleep(1)
        g.signal()
        code, out, err = await chat
        assert code == 0 and "tokens" in out + err, (code, out, err)
        assert await g.exited() == 0


async def test_chat_starts_a_gateway_of_its_own():
    """Only where nobody listens at the usual place."""
    async with Gateway(**QUICK) as g:
        code, out, err = await g.cli("chat", "-m", "Hello", "--data-dir", str(g.home / "own"))
        assert code == 0 and "No model is connected" in out, (code, out, err)


async def test_export_and_import():
    async with Gateway(**QUICK) as g:
        async with await Client.connect(g.url) as c:
            kept = {}
            for n in range(5):
                sent = await c.say(f"Question {n} 🌍", key=f"k{n}", metadata={"n": n})
                await c.end(sent["turn"])
                again = await c.ask("turn.retry", turn=sent["turn"])
                await c.end(again["turn"])
                kept[sent["conversation"]] = await c.history(sent["conversation"])
            first = await c.say("Question 0 🌍", key="k0")
        g.signal()
        assert await g.exited() == 0
        file = g.home / "all.jsonl"
        code, out, err = await g.cli("export", str(file), "--data-dir", str(g.data))
        assert code == 0 and "records exported" in err, (code, out, err)
        code, out, _ = await g.cli("export", "--data-dir", str(g.data))
        assert code == 0 and out == file.read_text(), "to a pipe as to a file"
        code, _, err = await g.cli("export", str(file), "--data-dir", str(g.data))
        assert code == 1 and "panicked" not in err, "an export overwrites nothing"
        code, _, err = await g.cli("import", str(file), "--data-dir", str(g.home / "new"))
        assert code == 0, err
        code, _, err = await g.cli("import", str(file), "--data-dir", str(g.home / "new"))
        assert code == 1 and "panicked" not in err, "into an empty store only"
        code, _, err = await g.cli("import", "-", "--data-dir", str(g.home / "piped"), stdin=file.read_text())
        assert code == 0, err
        code, _, err = await g.cli("import", "-", "--data-dir", str(g.home / "bad"),
                                   stdin=file.read_text()[: file.stat().st_size // 3])
        assert code == 1 and "panicked" not in err, (code, err)
    async with Gateway(**QUICK) as g:
        (g.home / "all.jsonl").write_text(out)
        g.signal()
        await g.exited()
        shutil.rmtree(g.data)
        code, _, err = await g.cli("import", str(g.home / "all.jsonl"), "--data-dir", str(g.data))
        assert code == 0, err
        await g.start()
        async with await Client.connect(g.url) as c:
            for conversation, messages in kept.items():
                assert await c.history(conversation) == messages
            again = await c.say("Question 0 🌍", key="k0")
            assert again["duplicate"] and again["turn"] == first["turn"], "keys move along"
            sent = await c.say("Go on", conversation=next(iter(kept)))
            await c.end(sent["turn"])


async def test_config_shows_no_secret_and_reads_back():
    async with Gateway() as g:
        env = {"TOKEN": "an-end-to-end-token", "OFFLINE__WORDS": 7,
               "PROVIDERS__OPENAI__API_KEY": "sk-planted-5ecret"}
        code, out, err = await g.cli("config", **env)
        assert code == 0 and "words = 7" in out, (code, out, err)
        assert "planted" not in out + err and "an-end-to-end-token" not in out + err
        (g.home / "again.toml").write_text(out)
        code, again, err = await g.cli("config", "--config", str(g.home / "again.toml"))
        assert code == 0 and "words = 7" in again, (code, err)


async def test_bad_settings_are_named():
    async with Gateway() as g:
        rows = [({"DRAIN_SECONDS": "-1"}, "DRAIN_SECONDS"), ({"DRAIN_SECOND": "1"}, "DRAIN_SECONDS"),
                ({"BIND": "nowhere"}, "BIND"), ({"TOKEN": "short"}, "TOKEN"),
                ({"POOLS__SPORTS__ROUTE": "nobody"}, "nobody"),
                ({"OFFLINE__WORDS": "many"}, "OFFLINE__WORDS"), ({"CONFIG": "/nonexistent.toml"}, "nonexistent")]
        for env, named in rows:
            code, out, err = await g.cli("serve", "--port", "0", within=10, **env)
            assert code == 1 and named in err and out == "", (env, code, out, err)
            assert len(err) < 1000 and "panicked" not in err, err
        for text, named in [("bind = 7", "bind"), ("nonsense", "operatoros.toml"), ("[pools.x]\nworkers = 0", "workers"),
                            ("drain_second = 1", "drain_seconds")]:
            (g.home / "operatoros.toml").write_text(text)
            code, _, err = await g.cli("serve", "--port", "0", within=10)
            assert code == 1 and named in err, (text, code, err)
        for args in (["--port", "70000"], ["sever"], ["--bind", "x"]):
            code, _, err = await g.cli(*args, within=10)
            assert code == 2 and "Usage" in err or "tip" in err or "--help" in err, (args, code, err)
        code, out, _ = await g.cli("--version")
        assert code == 0 and out.startswith("operatoros "), out


async def test_a_damaged_directory():
    """It starts with what is whole or says what is broken; it never panics or empties it."""
    async with Gateway(**QUICK) as g:
        async with await Client.connect(g.url) as c:
            sents = [await c.say(f"Remember {n}") for n in range(30)]
            for sent in sents:
                await c.end(sent["turn"])
        g.signal()
        assert await g.exited() == 0
        whole = g.home / "whole"
        shutil.copytree(g.data, whole)
        files = sorted(p for p in whole.rglob("*") if p.is_file() and p.stat().st_size > 0)
        outcomes = []
        for file in files:
            for damage in ("zeros", "cut", "gone"):
                shutil.rmtree(g.data)
                shutil.copytree(whole, g.data)
                spoil(g.data / file.relative_to(whole), damage)
                outcomes.append((file.name, damage, await see_what_stands(g, sents)))
        assert any(o == "refused" for *_, o in outcomes) or all(o == "whole" for *_, o in outcomes), outcomes
        print("     " + ", ".join(f"{n} {d}: {o}" for n, d, o in outcomes))
        # A path that is no directory, and one that must not be written.
        (g.home / "file").write_text("x")
        for path in (g.home / "file", "/proc/nothing"):
            code, _, err = await g.cli("serve", "--port", "0", "--data-dir", str(path), within=10)
            assert code == 1 and "panicked" not in err and str(path) in err, (path, code, err)


def spoil(path, damage):
    if damage == "gone":
        return path.unlink()
    size = path.stat().st_size
    with open(path, "r+b") as f:
        if damage == "cut":
            return f.truncate(size // 2)
        f.seek(size // 4)
        f.write(b"\0" * min(4096, size // 2))
    return None


async def see_what_stands(g, sents):
    """`refused` (a clear error), `whole`, or how many conversations are left."""
    try:
        await g.start()
    except AssertionError:
        assert g.process.returncode == 1, g.log
        last = [line for line in g.log.splitlines() if line.startswith("operatoros: ")][-1:]
        assert last and "panicked" not in g.log, g.log[-2000:]
        return "refused"
    found = 0
    async with await Client.connect(g.url) as c:
        for sent in sents:
            try:
                messages = await check_history(c, sent["conversation"], c.book)
            except Exception:  # noqa: BLE001 - counted
                continue
            found += len(messages) == 2
    await g.kill()
    assert "panicked" not in g.log, g.log[-2000:]
    return "whole" if found == len(sents) else f"{found} of {len(sents)}"
