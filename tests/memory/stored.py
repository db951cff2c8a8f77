"""What a store holds, key by key."""

import re

from memory.layout import Holder
from tests.memory.actor import PLACE
from tests.memory.conftest import straight_to

TIMES = {b"until", b"began", b"wait"}
TIMED = (b"/due", b"/journal", b"/expiring", b"/quiet", b"/behind", b"/leaving")


async def dump(url: str, home: Holder = PLACE) -> dict[bytes, object]:
    """All keys with their values and whether they expire, but for the times of leases.

    Of the log only the order: an index may be told of a message twice.
    """
    held: dict[bytes, object] = {}
    async with straight_to(url, home) as redis:
        for key in map(raw, sorted(await redis.keys("*"))):
            value: object
            match await redis.type(key):
                case b"hash":
                    fields = await redis.hgetall(key)
                    value = {
                        name: re.sub(rb" \d{13}$", b" a time", raw(fields[name]))
                        for name in fields.keys() - TIMES
                    }
                case b"set":
                    value = await redis.smembers(key)
                case b"zset":
                    timed = key.endswith(TIMED)
                    value = await redis.zrange(key, 0, -1, withscores=not timed)
                case b"list":
                    newest_first = reversed(await redis.lrange(key, 0, -1))
                    value = list(dict.fromkeys(newest_first))
                case _ if key.endswith((b"/epoch", b"/count")):
                    value = "a time, or a number that grows"
                case _:
                    value = await redis.get(key)
            expires = await redis.ttl(key) > 0
            held[re.sub(rb"/\d{5}$", b"/DAY", key)] = (value, expires)
    return held


def raw(answer: bytes | str | None) -> bytes:
    assert isinstance(answer, bytes)
    return answer
