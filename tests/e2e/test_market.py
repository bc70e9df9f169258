"""Market data: a model's call asks a source, readers see whose answer it is, and what is known is not asked again."""

import json
import os
import pathlib

from harness import Client, Gateway
from test_tools import tools
from upstream import Upstream, pool

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
KEY = "planted-k3y-of-a-source"


def fixture(name):
    return json.loads((FIXTURES / name).read_text())


async def massive(exchange):
    """Knows AAPL, and has no prices of this minute."""
    if "/snapshot/" in exchange.path:
        await exchange.status(403, {"status": "NOT_AUTHORIZED", "message": f"{KEY} is not entitled"})
    else:
        known = "/AAPL/" in exchange.path
        await exchange.status(200, fixture(f"massive/{'aggs_day' if known else 'prev_close_empty'}.json"))


async def alpha_vantage(exchange):
    known = "symbol=IBM" in exchange.path
    await exchange.status(200, fixture(f"alphavantage/global_quote{'' if known else '_unknown_symbol'}.json"))


async def quotes(exchange):
    """Asks for the price of each word of the question that is in capitals, and repeats what it is told."""
    await exchange.begin()
    if results := exchange.results():
        await exchange.token(" / ".join(results))
    else:
        words = exchange.body["messages"][-1]["content"].split()
        for at, word in enumerate(word for word in words if word.isupper()):
            await exchange.call("market_quote", at + 1, symbol=word)
    await exchange.end()


async def test_a_quote_is_asked_once_of_whoever_knows_it():
    async with Upstream(quotes) as up, Upstream(massive) as first, Upstream(alpha_vantage) as second:
        toml = up.provider("fake", "openai-chat") + pool("fake") + "tools = [\"market_quote\"]\n"
        for name, source in (("massive", first), ("alpha_vantage", second)):
            toml += (f"[tools.{name}]\nbase_url = \"http://127.0.0.1:{source.port}\"\napi_key = \"{KEY}\"\n"
                     "requests_per_minute = 0\n")
        async with Gateway(toml=toml) as g:
            async with await Client.connect(g.url) as c:
                for asked in (3, 3):
                    sent = await c.say("what are AAPL AAPL and IBM and XYZQ", pool="general")
                    assert (await c.end(sent["turn"]))["type"] == "turn.completed"
                    told = {t[2] for t in tools(c, sent["turn"]) if t[0] == "finished"}
                    assert told == {
                        "AAPL 272.35 USD, +0.85 % (close of 2026-11-20, Massive)",
                        "IBM 302.55 USD, +0.55 % (close of 2026-11-20, Alpha Vantage)",
                        "nothing is known of XYZQ (Massive, Alpha Vantage)",
                    }, told
                    bars = [e.path for e in first.exchanges if "/aggs/" in e.path]
                    assert len(bars) == asked, bars
                    assert len(second.exchanges) == 2, second.exchanges
                text = c.book.text[sent["turn"]].decode()
                assert "not a live price" in text and "Source: Massive." in text, text
                assert KEY not in json.dumps(c.frames)
            assert all(KEY not in e.path and f"bearer {KEY}" in e.head.lower() for e in first.exchanges)
            assert all(f"apikey={KEY}" in e.path for e in second.exchanges)
            assert KEY not in g.log
