"""Scores and odds, from the question to the source and back; what fails on the way fails no answer."""

from data_sources import KEY, DataSources
from harness import Client, Gateway
from test_tools import tools
from upstream import Upstream, pool


def calls(tool, **arguments):
    """A model that calls this and repeats what was found."""
    async def script(exchange):
        await exchange.begin()
        if results := exchange.results():
            await exchange.token("I am told: " + results[0])
        else:
            await exchange.call(tool, **arguments)
        await exchange.end()
    return script


def settings(up, data, *names, **more):
    return up.provider("fake", "openai") + pool("fake", name="sports") + data.settings(*names, **more)


async def answer(client, agent="odds"):
    sent = await client.say("how do the Gulls stand?", agent=agent, pool="sports")
    end = await client.end(sent["turn"])
    assert end["type"] == "turn.completed", end
    return client.book.text[sent["turn"]].decode(), tools(client, sent["turn"])[-1]


async def test_scores_come_from_espn_and_from_the_odds_api_where_that_fails():
    ask = calls("sports_scores", league="NFL", team="gulls")
    async with DataSources() as data, Upstream(ask) as up:
        async with Gateway(toml=settings(up, data, "espn", "odds_api")) as g, await Client.connect(g.url) as c:
            text, told = await answer(c, "statistician")
            assert "live, Q3 10:32: Mesa Rattlers 14 at Harbor City Gulls 21" in text, text
            assert told[2] == "Gulls 21 : 14 Rattlers, Q3 10:32 (ESPN)", told
            data.broken.add("espn")
            up.script = calls("sports_scores", league="NFL", date="2026-11-22")
            assert not data.of("odds_api")
            text, told = await answer(c)
            assert data.of("espn")[-1].endswith("?dates=20261122") and data.of("odds_api"), data.asked
            # The statistician has no odds to call.
            offered = up.exchanges[0].offered()
            assert offered == ["calculate", "current_time", "sports_scores"], offered


async def test_odds_are_asked_for_once_and_the_key_is_nowhere():
    ask = calls("sports_odds", league="NFL", market="all")
    async with DataSources() as data, Upstream(ask) as up:
        async with Gateway(toml=settings(up, data, "odds_api")) as g, await Client.connect(g.url) as c:
            for _ in range(3):
                text, told = await answer(c)
                assert "Harbor City Gulls -165 (62.3 %, fair 59.9 %)" in text and "overround 3.9 %" in text, text
                assert told[2] == "Harbor City Gulls -165, Mesa Rattlers +140, DraftKings (The Odds API)", told
            assert len(data.asked) == 1 and "regions=us&markets=h2h%2Cspreads%2Ctotals" in data.asked[0][1], data.asked
            frames = str(c.frames) + str([e.body for e in up.exchanges]) + g.log_path.read_text()
            assert KEY not in frames


async def test_a_refused_key_is_told_in_our_words_and_the_answer_goes_on():
    async with DataSources() as data, Upstream(calls("sports_odds", league="NBA")) as up:
        toml = settings(up, data, "odds_api", key="another-k3y")
        async with Gateway(toml=toml) as g, await Client.connect(g.url) as c:
            text, told = await answer(c)
            assert "The Odds API refuses the key" in text and told[3] == "tool_unavailable", (text, told)
            assert "another-k3y" not in str(c.frames) + g.log_path.read_text()


async def test_without_a_key_the_model_is_not_offered_what_nobody_can_answer():
    async with DataSources() as data, Upstream() as up:
        async with Gateway(toml=settings(up, data)) as g, await Client.connect(g.url) as c:
            sent = await c.say("odds?", agent="odds", pool="sports")
            assert (await c.end(sent["turn"]))["type"] == "turn.completed"
            assert up.exchanges[0].offered() == ["calculate", "current_time"]
