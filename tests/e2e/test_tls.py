"""TLS on the port: a chat within it, certificates that are renewed, and clients that do not speak it."""

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from harness import Client, Gateway, Skip, check_history, offline
from test_parties import Wscat
from test_reload import told, until

QUICK = offline(words=60, per_second=400, first_ms=5)


def make(directory, name, days=90):
    """A certificate for localhost and its key, as the README makes them."""
    if not shutil.which("openssl"):
        raise Skip("needs openssl")
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", str(days), "-keyout", key, "-out", certificate, "-subj", f"/CN=localhost/O={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-addext", "basicConstraints=critical,CA:FALSE"],
        check=True, capture_output=True)
    return certificate, key


def put(g, pair):
    """As who renews does it: each file takes the place of the one before."""
    for source, name in zip(pair, ("tls.pem", "tls.key")):
        shutil.copy(source, g.home / f"{name}.new")
        os.replace(g.home / f"{name}.new", g.home / name)


def secured(days=90, **settings):
    """A gateway that speaks TLS, and the certificate that it begins with."""
    settings = {**QUICK, "TLS__CERTIFICATE": "tls.pem", "TLS__KEY": "tls.key", **settings}
    g = Gateway(tls=True, **settings)
    first = make(g.home, "first", days)
    put(g, first)
    return g, first


def trusting(pair):
    return ssl.create_default_context(cafile=pair[0])


async def shown(g):
    """The certificate that a new connection is shown, as PEM."""
    return await asyncio.to_thread(ssl.get_server_certificate, ("localhost", g.port), timeout=10)


async def get(g, path, pair):
    """(status, body) of a GET."""
    def ask():
        try:
            with urllib.request.urlopen(g.http + path, timeout=10, context=trusting(pair)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
    return await asyncio.to_thread(ask)


async def checked(client):
    """The check of the certificate, as /health tells it."""
    rows = (await told(client, "/health"))["data"]["checks"]
    return next((row for row in rows if row["component"] == "certificate"), None)


async def test_a_chat_over_tls():
    g, pair = secured()
    async with g:
        await until(lambda: f"listens on wss://127.0.0.1:{g.port}/ws" in g.log)
        assert 'scheme="wss"' in g.log
        async with await Client.connect(g.url, ssl=trusting(pair)) as c:
            sent = await c.say("Tell me a long story")
            assert (await c.end(sent["turn"]))["type"] == "turn.completed"
            await check_history(c, sent["conversation"], c.book)
            tls = c.ws.transport.get_extra_info("ssl_object")
            assert tls.version() == "TLSv1.3", tls.version()
            row = await checked(c)
            assert row["state"] == "ok" and " days, until " in row["says"], row
            g.signal()
            assert await c.close_code() == 4001
        assert await g.exited() == 0


async def test_the_usual_clients_over_tls():
    g, pair = secured()
    async with g:
        code, out, err = await g.cli("chat", g.url, "-m", "Hello there")
        assert code == 1 and "SSL_CERT_FILE" in err and "running" not in err, (code, out, err)
        own = {"SSL_CERT_FILE": str(pair[0])}
        code, out, err = await g.cli("chat", g.url, "-m", "Hello there", also=own)
        assert code == 0 and "No model is connected" in out, (code, out, err)
        status, body = await get(g, "/readyz", pair)
        assert (status, json.loads(body)) == (200, {"status": "ready"}), body
        assert "wscat -c wss://" in (await get(g, "/", pair))[1]
        metrics = (await get(g, "/metrics", pair))[1]
        left = next(line for line in metrics.splitlines() if line.startswith("operatoros_certificate_"))
        assert 89 * 86_400 < float(left.split()[1]) <= 90 * 86_400, left

        def talk():
            for trust in (["--ca", str(pair[0])], ["-n"]):
                cat = Wscat(g, *trust)
                cat.type("Hello from wscat")
                cat.see(r"# about .* tokens")
                cat.close()
        await asyncio.to_thread(talk)


async def test_a_renewed_certificate_is_shown_and_an_old_stream_goes_on():
    g, first = secured(**offline(words=400, per_second=100, first_ms=5))
    second, third = make(g.home, "second"), make(g.home, "third")
    async with g, await Client.connect(g.url, ssl=trusting(first)) as c:
        sent = await c.say("Tell me a long story")
        await c.frame("turn.delta", turn=sent["turn"])
        put(g, second)
        await until(lambda: g.log.count("another certificate is shown") == 1)
        assert await shown(g) == second[0].read_text()
        async with await Client.connect(g.url, ssl=trusting(second)) as other:
            put(g, third)
            g.signal(signal.SIGHUP)
            await until(lambda: g.log.count("another certificate is shown") == 2)
            assert await shown(g) == third[0].read_text()
            await other.end((await other.say("Hello"))["turn"])
        end = await c.end(sent["turn"])
        assert end["type"] == "turn.completed", end
        await check_history(c, sent["conversation"], c.book)


async def test_a_broken_pair_changes_nothing_and_is_told_in_health():
    g, first = secured()
    second = make(g.home, "second")
    async with g, await Client.connect(g.url, ssl=trusting(first)) as c:
        await c.send("subscribe", topic="status", id="s")
        shutil.copy(second[0], g.home / "tls.pem")
        refused = "the certificate's files were refused"
        await until(lambda: refused in g.log)
        assert await shown(g) == first[0].read_text()
        row = await checked(c)
        assert row["state"] == "degraded" and "the key is not the certificate's" in row["says"], row
        assert row["advice"], row
        def degraded():
            checks = [f["checks"] for f in c.frames if f["type"] == "status"]
            return any(check["check"] == "certificate" and check["state"] == "degraded"
                       for check in (checks or [[]])[-1])
        await c.until(degraded, what="a degraded certificate in the topic")
        answer = await told(c, "/reload --yes")
        assert "not the certificate's" in answer["data"]["certificate_refused"], answer
        assert "refused" in answer["text"], answer
        status, body = await get(g, "/readyz", first)
        assert status == 200 and json.loads(body)["checks"][0]["check"] == "certificate", body
        (g.home / "tls.key").unlink()
        await until(lambda: g.log.count(refused) == 3)
        assert await shown(g) == first[0].read_text()
        # It is read again by itself once it is whole.
        put(g, second)
        await until(lambda: "another certificate is shown" in g.log)
        assert (await checked(c))["state"] == "ok"
        answer = await told(c, "/reload --yes")
        assert answer["data"] == {"reloaded": True, "changed": [], "after_restart": []}, answer
    assert "BEGIN" not in g.log


async def test_a_certificate_that_runs_out_is_told_before():
    g, pair = secured(days=5)
    async with g, await Client.connect(g.url, ssl=trusting(pair)) as c:
        row = await checked(c)
        assert row["state"] == "degraded" and "certbot" in row["advice"], row
        said = await told(c, "alert me when the certificate expires in less than 6 days")
        assert said["data"]["metric"] == "certificate_expires_seconds", said
        alert = await c.frame("command.result", intent="alert.raised")
        assert "certificate expires is below 6 days" in alert["text"], alert


async def test_who_speaks_no_tls_hurts_nobody():
    g, pair = secured()
    async with g:
        silent = [await asyncio.open_connection("127.0.0.1", g.port) for _ in range(50)]
        began = time.monotonic()
        for hello in (b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n", b"\x16\x03\x01", b"\0" * 70_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", g.port)
            writer.write(hello)
            if hello.startswith(b"GET"):
                heard = await asyncio.wait_for(reader.read(), 5)
                assert len(heard) < 16 and b"HTTP" not in heard, heard
            writer.close()
        async with await Client.connect(g.url, ssl=trusting(pair)) as c:
            await c.end((await c.say("Hello"))["turn"])
        for reader, writer in silent:
            assert await asyncio.wait_for(reader.read(), 15) == b"", "it is let go"
            writer.close()
        assert 8 < time.monotonic() - began < 15
        async with await Client.connect(g.url, ssl=trusting(pair)) as c:
            await c.end((await c.say("Hello again"))["turn"])
        assert "WARN" not in g.log and "panicked" not in g.log, g.log


async def test_what_is_wrong_with_a_pair_stops_the_start():
    g, first = secured()
    try:
        second = make(g.home, "second")
        shutil.copy(second[1], g.home / "tls.key")
        code, _, err = await g.cli("serve", "--port", "0", within=10)
        assert code == 1 and "tls.key is not the key of the certificate in tls.pem" in err, err
        code, _, err = await g.cli("serve", "--port", "0", within=10, TLS__KEY="gone.key")
        assert code == 1 and "gone.key: cannot be read" in err, err
        del g.settings["TLS__KEY"]
        code, _, err = await g.cli("serve", "--port", "0", within=10)
        assert code == 1 and "tls.key is missing" in err, err
        # A gateway that `chat` starts for itself needs none.
        put(g, first)
        code, out, err = await g.cli("chat", "-m", "Hello", "--data-dir", "own", TLS__KEY="tls.key")
        assert code == 0 and "No model is connected" in out, (code, out, err)
    finally:
        await g.__aexit__()
