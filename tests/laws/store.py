"""The real store on a simulated clock, whose calls wait until they are let on."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from memory.layout import Script
from memory.redis import RedisStore
from tests.laws.stage import Stage
from tests.laws.wire import Client, Command, Wire

CLOCK = {
    "local clock = redis.call('TIME')": (
        "local clock = redis.call('HMGET', 'clock', 'seconds', 'microseconds')"
    )
}
PASS = """
local gone = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('TTL', key)
  if left >= 0 and left <= tonumber(ARGV[1]) then
    gone[#gone + 1] = key
    redis.call('DEL', key)
  elseif left >= 0 then
    redis.call('EXPIRE', key, left - ARGV[1])
  end
end
return gone
"""  # as if so many seconds had passed: what is to expire meanwhile goes


class Server:
    """The server, and its clock."""

    def __init__(self, url: str) -> None:
        self.wire = Wire(url)
        self.secret = b""  # see Store.pepper
        self.now = 0  # microseconds since 1970
        self._set = False

    def clear(self, now: int) -> None:
        self.wire.ask(("FLUSHALL",))
        self.now, self._set = now, False

    def wait(self, seconds: float) -> Sequence[str]:
        """The keys that expired meanwhile."""
        self.now, self._set = self.now + int(seconds * 1_000_000), False
        if seconds < 1:
            return ()
        return [key.decode() for key in self.wire.ask(("EVAL", PASS, 0, int(seconds)))[0]]

    def clock(self) -> Sequence[Command]:
        """What has to be said before a script is run."""
        seconds, microseconds = divmod(self.now, 1_000_000)
        known, self._set = self._set, True
        words = ("HSET", "clock", "seconds", seconds, "microseconds", microseconds)
        return () if known else (words,)


class SteppedStore(RedisStore):
    """A call waits to be let on, and then is answered at once."""

    def __init__(self, server: Server, changes: Mapping[str, str]) -> None:
        super().__init__("unix:///nowhere")
        client = Client(server.wire, server.clock)
        self._redis, self._connection = cast("Any", client), cast("Any", client)
        self._server, self.stage = server, Stage()
        self._scripts = changed(self._scripts, {**CLOCK, **changes})
        # Else the first play has steps that the others have not.
        server.wire.ask(*(("SCRIPT", "LOAD", each.source) for each in self._scripts.values()))

    async def pepper(self, candidate: bytes) -> bytes:
        self._server.secret = self._server.secret or candidate
        return self._server.secret

    async def scrub(self) -> bool:
        return True

    async def _ready(self, kind: str, limit: int, before: int = 0) -> Sequence[bytes]:
        """Only of the partitions in use: 256 take long."""
        ask, now = self._server.wire.ask, self._server.now // 1000 - before
        lists = [("ZRANGEBYSCORE", key, 0, now) for key in ask(("KEYS", f"*/{kind}"))[0]]
        return [member for members in ask(*lists) for member in members][:limit]

    async def _call(self, ask: Callable[[], Awaitable[Any]], *, timed: bool = True) -> Any:
        while await self.stage.border():  # the answer is lost: asked again, some time later
            self.executed(await super()._call(ask, timed=True))
        answer = await super()._call(ask, timed=True)
        self.executed(answer)
        return answer

    def executed(self, answer: Any) -> None:
        """In the very step; perhaps nobody will hear of it."""


def changed(scripts: Mapping[str, Script], changes: Mapping[str, str]) -> dict[str, Script]:
    """The scripts with these passages replaced; each has to occur."""
    sources = {name: script.source for name, script in scripts.items()}
    for old, new in changes.items():
        assert any(old in source for source in sources.values()), f"no script says {old}"
        sources = {name: source.replace(old, new) for name, source in sources.items()}
    return {
        name: Script(source=source, digest=hashlib.sha1(source.encode()).hexdigest())  # noqa: S324
        for name, source in sources.items()
    }
