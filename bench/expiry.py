"""Makes everything in a store older, as if its clock went on by itself."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

YEARS = 3 * 365 * 86_400_000  # milliseconds: longer than anything is kept
PEPPER = "tk:pepper"  # the store's own secret
LISTS = ("expiring", "quiet", "behind", "due")  # of conversations, by when to look at them


async def age(store: Redis, by: int = YEARS) -> None:
    """By so many milliseconds. What expires is gone, what is due is due."""
    async for key in store.scan_iter("tk:*", 1_000):
        ends = await store.pexpiretime(key)
        if key.decode().rpartition("/")[2] in LISTS:
            rows: Any = await store.zrange(key, 0, -1, withscores=True)
            await store.zadd(key, {name: at - by for name, at in rows})
        if ends > 0:
            await store.pexpireat(key, max(ends - by, 1))


async def leftover(store: Redis) -> Mapping[str, int]:
    """How many keys of each kind there are."""
    return Counter(
        [key.decode().rpartition("/")[2] async for key in store.scan_iter("tk:*", 1_000)]
    )
