"""What a store holds, and what of it would stay for good."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

PEPPER = "tk:pepper"  # the store's own secret
LISTS = ("behind", "due", "expiring", "journal", "leaving", "quiet")  # by when to look at something
YEARS = 10 * 365 * 86_400_000  # milliseconds: longer than anything is kept


async def held(store: Redis) -> Mapping[str, int]:
    """How many keys of each kind there are, but for the store's secret."""
    keys = [key.decode() async for key in store.scan_iter("tk:*", 1_000)]
    return Counter(_kind(key) for key in keys if key != PEPPER)


async def lasting(store: Redis) -> Mapping[str, int]:
    """Of these, which neither expire nor are lists that the sweep empties."""
    keys = [key.decode() async for key in store.scan_iter("tk:*", 1_000)]
    kinds = [_kind(key) for key in keys if key != PEPPER and await store.pttl(key) == -1]
    return Counter(kind for kind in kinds if kind not in LISTS)


async def age(store: Redis, by: int = YEARS) -> None:
    """By milliseconds, as if its clock went on: what expires is gone, what is due is due."""
    async with store.pipeline(transaction=True) as older:  # nobody sees half of it
        async for key in store.scan_iter("tk:*", 1_000):
            listed = _kind(key.decode()) in LISTS
            rows: Any = await store.zrange(key, 0, -1, withscores=True) if listed else ()
            if rows:  # else it was emptied meanwhile
                older.zadd(key, {name: at - by for name, at in rows}, xx=True)
            if (ends := await store.pexpiretime(key)) > 0:
                older.pexpireat(key, max(ends - by, 1))
        await older.execute()


def _kind(key: str) -> str:
    return key.rpartition("/")[2]
