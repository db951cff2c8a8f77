"""The store on Redis 7.0 or newer, or Valkey: one Lua script for each step (see scripts/)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    NoScriptError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as NoAnswer

from memory import answers
from memory.answers import Answer
from memory.lua import PARTITIONS, listing, plain, prefix, quoted_thread, scripts
from memory.store import (
    Arrival,
    Changes,
    Concluded,
    Debris,
    Fold,
    Forgotten,
    Found,
    Held,
    Leaf,
    Lease,
    Noted,
    Place,
    Received,
    Reply,
    Sealed,
    Seen,
    Snapshot,
    StoreDown,
)

CONNECTIONS = 64  # redis-py fails a call that would need its 101st
HELD = 1_000  # messages of a whole conversation read at once
CHANGES = 200  # of a channel's log read at once
SEGMENTS = 16  # read for a turn: more than a prompt takes
DAY = 86_400
DOWN = (
    *(Disconnected, NoAnswer, OSError),
    *(BusyLoadingError, ClusterDownError, ReadOnlyError, TryAgainError),  # a failover under way
)


class RedisStore:
    """See `Store`. Times in seconds; redis-py's own retries, which repeat writes, are off."""

    def __init__(
        self,
        url: str,
        *,
        lease: float = 30.0,
        grace: float = 13.0,
        message_days: int = 30,
        summary_days: int = 90,
        timeout: float = 2.0,
        pauses: Sequence[float] = (0.2, 0.8),
        most: int = 500,
    ) -> None:
        # The deadline of a call is ours: redis-py 8.1 with a socket_timeout loses most
        # cancellations (37 of 40 tries), and a task that cannot be cancelled never stops.
        self._redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=timeout
        )
        self._timeout = timeout
        self._lease, self._grace = int(lease * 1000), int(grace * 1000)
        self._kept = (message_days * DAY, max(message_days, summary_days) * DAY)
        self._pauses, self._most = pauses, most
        self._scripts = scripts()
        self._free = asyncio.Semaphore(CONNECTIONS)
        self.round_trips = 0

    async def close(self) -> None:
        await self._redis.aclose()

    async def receive(self, place: Place, arrival: Arrival, sealed: Sealed) -> Received:
        a = arrival
        head = (a.id, a.fingerprint, a.twin, a.sent, a.version, a.called, a.person, a.writer)
        tail = (place.audience, quoted_thread(place), *self._kept)
        key = (sealed.wrapped, sealed.fresh, sealed.blob)
        return answers.received(await self._run("receive", place, *head, a.follow, *key, *tail))

    async def claim(self, place: Place, fingerprint: bytes, twin: bytes, token: str) -> bool:
        return bool(await self._run("claim", place, fingerprint, twin, token))

    async def begin(
        self, place: Place, token: str, candidate: str, seen: Seen | None
    ) -> Lease | Debris | None:
        known = (seen.epoch, seen.number, CHANGES) if seen else (0, 0, 0)
        head = (token, candidate, self._lease, self._grace, self._most, SEGMENTS)
        answer = await self._run("begin", place, *head, *known)
        match answer[0]:
            case b"turn":
                return answers.lease(place, answer)
            case b"debris":
                return Debris(turn=answer[1].decode(), ids=answers.ids(answer[2]))
        return None

    async def changes(self, place: Place, seen: Seen) -> Changes:
        answer = await self._run("changes", place, seen.epoch, seen.number, CHANGES)
        return answers.changes(place, answer)

    async def note(self, place: Place, lease: Lease, posted: Sequence[str], text: bytes) -> Noted:
        times = (self._lease, self._grace)
        head = (lease.turn, lease.fence, *times, lease.snapshot.revision, text)
        return answers.noted(await self._run("note", place, *head, *posted))

    async def conclude(self, place: Place, lease: Lease, reply: Reply) -> Concluded:
        head = (lease.turn, lease.fence, lease.snapshot.revision, reply.sealed.wrapped)
        posts = (json.dumps(reply.final), json.dumps(reply.removed))
        tail = (reply.sent, reply.sealed.blob, quoted_thread(place), *self._kept)
        return answers.concluded(await self._run("conclude", place, *head, *posts, *tail))

    async def withdraw(self, place: Place, lease: Lease, removed: Sequence[str]) -> Concluded:
        posts = json.dumps(list(removed))
        return answers.concluded(await self._run("withdraw", place, lease.turn, lease.fence, posts))

    async def release(
        self, place: Place, lease: Lease, *, clean: bool, failed: bool, wait: float
    ) -> None:
        times = (self._grace, int(wait * 1000))
        await self._run("release", place, lease.turn, lease.fence, clean, failed, *times)

    async def clear(self, place: Place, debris: Debris) -> None:
        await self._run("clear", place, debris.turn, json.dumps(debris.ids))

    async def stop(self, place: Place, turn: str) -> None:
        await self._run("stop", place, turn)

    async def overdue(self, limit: int) -> Sequence[Place]:
        return await self._listed("due", limit)

    async def expiring(self, limit: int) -> Sequence[Place]:
        return await self._listed("expiring", limit)

    async def _listed(self, kind: str, limit: int) -> Sequence[Place]:
        seconds, microseconds = await self._call(self._redis.time)
        now = seconds * 1000 + microseconds // 1000

        async def look() -> Answer:
            async with self._redis.pipeline(transaction=False) as pipe:
                for number in range(PARTITIONS):
                    pipe.zrangebyscore(listing(number, kind), 0, now, 0, limit)
                return await pipe.execute()

        found = [key for keys in await self._call(look) for key in keys]
        return [Place.parse(key.decode()) for key in found[:limit]]

    async def defer(self, place: Place, seconds: float) -> bool:
        kept = self._kept[0]
        return bool(await self._run("defer", place, int(seconds * 1000), kept))

    async def held(self, place: Place) -> Held:
        pages, cursor = [await self._run("held", place, 0, HELD)], b"0"
        while (cursor := pages[-1][1]) != b"0":
            pages.append(await self._run("held", place, cursor, HELD))
        return answers.held(pages)

    async def revive(self, place: Place, wrapped: bytes, leaves: Sequence[Leaf]) -> None:
        rows = [(each.name, each.since, _versions(each.covered), each.blob) for each in leaves]
        given = [part for row in rows for part in row]
        await self._run("revive", place, wrapped, quoted_thread(place), *given)

    async def places(self) -> AsyncIterator[Place]:
        async for key in self._redis.scan_iter(match="tk:{p*}:*/rec", count=1000):
            yield Place.parse(key.decode().partition("}:")[2].removesuffix("/rec"))

    async def journal(self, line: str, *, done: bool) -> None:
        change = self._redis.srem if done else self._redis.sadd
        await self._call(lambda: change("tk:journal", line))

    async def journaled(self) -> Sequence[str]:
        return [
            line.decode() for line in await self._call(lambda: self._redis.smembers("tk:journal"))
        ]

    async def read(self, place: Place, limit: int) -> tuple[Snapshot, int, int]:
        snapshot, messages, water = await self._run("read", place, limit, 10_000)
        return answers.snapshot(snapshot), messages, int(water)

    async def fold(self, place: Place, fold: Fold, wrapped: bytes) -> bool:
        head = (fold.name, wrapped, _versions(fold.covered), fold.blob)
        merges = [
            part
            for each in fold.merges
            for part in (each.name, json.dumps(each.children), each.blob)
        ]
        answer = await self._run("fold", place, *head, *merges)
        return bool(answer[0] == b"done")

    async def locate(self, place: Place, message: str) -> Found | None:
        answer = await self._run("locate", place, message)
        if not answer:
            return None
        thread, wrapped, version, blob = answer
        home = answers.sibling(place, thread)
        return Found(place=home, wrapped=wrapped, version=int(version), blob=blob)

    async def pend(
        self, place: Place, message: str, fingerprint: bytes, version: int, blob: bytes
    ) -> bool:
        answer = await self._run("pend", place, message, fingerprint, version, blob)
        return bool(answer[0] == b"done")

    async def amend(self, place: Place, message: str, version: int, sealed: Sealed) -> Received:
        head = (message, version, sealed.wrapped, sealed.blob)
        return answers.received(await self._run("amend", place, *head))

    async def retract(self, place: Place, posts: Mapping[str, bytes]) -> None:
        pairs = [part for pair in posts.items() for part in pair]
        await self._run("retract", place, place.channel_key, *pairs)

    async def forget(
        self,
        place: Place,
        water: int,
        wrapped: bytes,
        survivors: Sequence[tuple[str, int, bytes]],
        *,
        channel: bool,
    ) -> Forgotten:
        given = [part for survivor in survivors for part in survivor]
        head = (water, channel, wrapped, quoted_thread(place))
        return answers.forgotten(await self._run("forget", place, *head, *given))

    async def threads(self, place: Place, limit: int) -> Sequence[Place]:
        key = f"{prefix(place)}{place.channel_key}/threads"
        found = await self._call(lambda: self._redis.zrevrange(key, 0, limit - 1))
        return [answers.sibling(place, thread) for thread in found]

    async def scrub(self) -> bool:
        for _ in range(100):
            try:
                await self._call(self._redis.bgrewriteaof)
            except ResponseError as error:
                if "in progress" in str(error):  # it began before the deletion: wait it out
                    await asyncio.sleep(0.1)
                    continue
            return True  # started, or refused: a hosted server keeps this to itself
        return False

    async def pepper(self, candidate: bytes) -> bytes:
        await self._call(lambda: self._redis.set("tk:pepper", candidate, nx=True))
        return bytes(await self._call(lambda: self._redis.get("tk:pepper")))

    async def ping(self) -> None:
        await self._call(self._redis.ping)

    async def _run(self, name: str, place: Place, *arguments: object) -> Answer:
        tag = prefix(place)
        keys = (tag + place.key, tag + place.channel_key, tag.rstrip(":") + "/due")
        values = [plain(argument) for argument in (place.key, *arguments)]
        script = self._scripts[name]

        async def run() -> Answer:
            try:
                return await self._redis.evalsha(script.digest, len(keys), *keys, *values)
            except NoScriptError:
                return await self._redis.eval(script.source, len(keys), *keys, *values)

        return await self._call(run)

    async def _call(self, ask: Callable[[], Awaitable[Any]]) -> Answer:
        """Repeats what got no answer, after these pauses: every step may run twice."""
        for pause in (*self._pauses, None):
            self.round_trips += 1
            try:
                async with asyncio.timeout(self._timeout), self._free:
                    return await ask()
            except DOWN as error:
                if pause is None:
                    reason = type(error).__name__
                    raise StoreDown(f"the store does not answer ({reason})") from error
                await asyncio.sleep(pause)
        raise AssertionError


def _versions(covered: Mapping[str, int]) -> str:
    return json.dumps({each: str(version) for each, version in covered.items()})
