"""The real store on a simulated clock, whose calls wait until they are let on."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self, cast

from redis import Redis

from memory.layout import Script
from memory.redis import RedisStore
from tests.laws.stage import Stage

CLOCK = {
    "local clock = redis.call('TIME')": (
        "local clock = redis.call('HMGET', 'clock', 'seconds', 'microseconds')"
    )
}
PASS = """
redis.call('HSET', 'clock', 'seconds', ARGV[2], 'microseconds', ARGV[3])
local gone = {}
for _, key in ipairs(tonumber(ARGV[1]) > 0 and redis.call('KEYS', '*') or {}) do
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
    """The server's state as one who stands outside of time sees it."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_url(url)
        self._pass = self.redis.register_script(PASS)
        self.now, self.secret = 0, b""  # microseconds since 1970; see Store.pepper

    def begin(self, now: int) -> None:
        self.redis.flushall()
        self.now = now
        self.wait(0)

    def wait(self, seconds: float) -> Sequence[str]:
        """The keys that expired meanwhile."""
        self.now += int(seconds * 1_000_000)
        clock = divmod(self.now, 1_000_000)
        gone = cast("list[bytes]", self._pass(args=[int(seconds), *clock]))
        return [key.decode() for key in gone]


class SteppedStore(RedisStore):
    """A call waits to be let on, and then is answered at once."""

    def __init__(self, server: Server, changes: Mapping[str, str]) -> None:
        super().__init__("unix:///nowhere")
        self._redis = cast("Any", _Direct(server.redis))
        self._server, self.stage = server, Stage()
        self._scripts = changed(self._scripts, CLOCK | changes)

    async def pepper(self, candidate: bytes) -> bytes:
        self._server.secret = self._server.secret or candidate
        return self._server.secret

    async def scrub(self) -> bool:
        return True

    async def _ready(self, kind: str, limit: int) -> Sequence[bytes]:
        """Only of the partitions in use: 256 take long."""
        redis, now = self._server.redis, self._server.now // 1000
        keys = cast("list[bytes]", redis.keys(f"*/{kind}"))
        found = [redis.zrangebyscore(key, 0, now, 0, limit) for key in keys]
        return [member for members in found for member in cast("list[bytes]", members)]

    async def _call(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        while await self.stage.border():  # the answer is lost: asked again, some time later
            self.executed(await super()._call(ask))
        answer = await super()._call(ask)
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
        name: Script(source=source, digest=hashlib.sha1(source.encode()).hexdigest())
        for name, source in sources.items()
    }


class _Direct:
    """redis-py's blocking client in the clothes of the other: alone on its loop it is faster."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def call(*arguments: object, **options: object) -> object:
            return getattr(self._redis, name)(*arguments, **options)

        return call

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        return _Pipeline(self._redis.pipeline(transaction=transaction))


class _Pipeline:
    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pipe.reset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)

    async def execute(self) -> object:
        return self._pipe.execute()
