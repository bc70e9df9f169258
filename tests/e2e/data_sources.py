"""Sources of data that answer as recorded: each below a path of its own, from `tests/fixtures`.

`asked` holds path and query of each request, the key in it. A wrong key is refused as the source does it.
"""

import asyncio
import re

from harness import REPO

KEY = "k3y-planted-5ecret"
FIXTURES = REPO / "tests" / "fixtures"
# Which table of `[tools]`, how its key travels, the refusal of another key, and what answers which path.
SOURCES = {
    "odds_api": (r"[?&]apiKey=" + KEY + r"(&|$)", "odds_api/error_401_invalid_key.http", {
        r"/v4/sports/americanfootball_nfl/scores\?": "odds_api/scores.json",
        r"/v4/sports/americanfootball_nfl/odds\?.*oddsFormat=american": "odds_api/odds_american.http",
        r"/v4/sports/americanfootball_nfl/odds\?": "odds_api/odds_decimal.json",
        r"/v4/sports/\w+/(odds|scores)\?": "odds_api/odds_empty.json",
        r"": "odds_api/error_404_unknown_sport.http",
    }),
    "espn": (None, None, {
        r"/apis/site/v2/sports/football/nfl/scoreboard$": "espn/scoreboard_in.json",
        r"/apis/site/v2/sports/\w+/[\w.-]+/scoreboard\?(.*&)?dates=\d{8}-": "espn/error_400_daterange.http",
        r"/apis/site/v2/sports/\w+/[\w.-]+/scoreboard": "espn/scoreboard_empty.json",
    }),
}


class DataSources:
    """`async with DataSources() as data`; `data.broken` names sources that only fail."""

    def __init__(self):
        self.asked, self.broken = [], set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    def of(self, source):
        """What this one was asked."""
        return [path for name, path in self.asked if name == source]

    def settings(self, *names, key=KEY):
        """Their tables in operatoros.toml."""
        switch = {name: "enabled = true" if name == "espn" else f'api_key = "{key}"' for name in names}
        return "".join(f'[tools.{name}]\nbase_url = "http://127.0.0.1:{self.port}/{name}"\n{switch[name]}\n'
                       for name in names)

    async def _serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                _, source, path = re.match(r"(GET) /(\w+)(/\S*)", head.decode()).groups()
                self.asked.append((source, path))
                writer.write(self._answer(source, path))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, source, path):
        key, refusal, answers = SOURCES[source]
        if source in self.broken:
            return b"HTTP/1.1 503 Oh\r\ncontent-length: 0\r\n\r\n"
        if key and not re.search(key, path):
            return (FIXTURES / refusal).read_bytes()
        name = next((name for pattern, name in answers.items() if re.match(pattern, path)), None)
        if not name:
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        body = (FIXTURES / name).read_bytes()
        if name.endswith(".http"):
            return body
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
