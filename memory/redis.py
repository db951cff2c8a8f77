"""The store on Redis 7.0 or newer, or Valkey: one Lua script for each step (see scripts/)."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError, ResponseError

from memory import answers, layout
from memory.answers import Answer
from memory.calls import Calls
from memory.citations import Citations, taken_from
from memory.connection import Pipe
from memory.lasting import Lasting
from memory.line import Command
from memory.mending import Mending
from memory.opened import Known
from memory.personal import Personal
from memory.records import (
    Arrival,
    Changes,
    Concluded,
    Debris,
    Fold,
    Forgotten,
    Found,
    Lease,
    Noted,
    Place,
    Received,
    Reply,
    Sealed,
    Seen,
    Snapshot,
    Spoiled,
)
from memory.rotation import Rotation
from memory.seal import Keyring
from memory.slots import Person
from memory.taken import Amended, Going

MESSAGES = 500  # of a window read for a turn
CHANGES, NEWS = 200, 20  # of a channel's log read at once, and with a turn's lease
SEGMENTS = 16  # read for a turn: more than a prompt takes
MOST_SEGMENTS = 500  # read for upkeep and for people
PAGE = 100  # messages looked at in one step of /forget
POSTS = 10  # taken out in one step
DAY = 86_400
RUNNING = 30_000  # ms in which whoever claimed a command is trusted to run it


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days that something is kept.

    `remove_replies`: a reply that is forgotten is removed from where people see it too.
    """

    messages: int = 30
    summaries: int = 90
    facts: int = 180
    remove_replies: bool = False


class RedisStore(Calls, Citations, Lasting, Mending, Personal):
    """See `Store`. Times in seconds.

    So many `replicas` have a step before it returns; StoreDown if they do not. `why` says what is
    known of a server that does not answer.
    """

    def __init__(
        self,
        url: str,
        *,
        lease: float = 30.0,
        grace: float = 13.0,
        retention: Retention | None = None,
        timeout: float = 2.0,
        pauses: Sequence[float] = (0.2, 0.8),
        replicas: int = 0,
        why: Callable[[], str] = str,
    ) -> None:
        super().__init__(url, timeout=timeout, pauses=pauses, replicas=replicas, why=why)
        self._lease, self._grace = int(lease * 1000), int(grace * 1000)
        kept = retention or Retention()
        messages, summaries = kept.messages * DAY, kept.summaries * DAY
        self._kept, self._facts_kept = (messages, max(messages, summaries)), kept.facts * DAY
        folder = Path(__file__).with_name("scripts")
        self._scripts = dict(layout.scripts(folder, remove_replies=kept.remove_replies))

    async def receive(
        self, place: Place, arrival: Arrival, sealed: Sealed, writer: Person | None = None
    ) -> Received:
        a, noting = arrival, self._notes(writer, place, arrival.sent) if writer else ()
        head = (a.id, a.fingerprint, a.twin, a.sent, a.version, a.called, a.person, a.writer)
        tail = (place.audience, layout.thread(place), *self._kept, a.how, a.patience)
        key = (sealed.wrapped, sealed.fresh, sealed.blob)
        words = (*head, a.follow, *key, *tail)
        return answers.received(*await self._together("receive", place, words, noting))

    async def claim(
        self, place: Place, fingerprint: bytes, twin: bytes, token: str, *, done: bool
    ) -> str:
        head = (fingerprint, twin, token, done, RUNNING)
        return bytes(await self._run("claim", place, *head)).decode()

    async def begin(
        self,
        place: Place,
        token: str,
        candidate: str,
        seen: Seen | None,
        people: Sequence[Person] = (),
        known: Known | None = None,
    ) -> Lease | Debris | Spoiled | None:
        index = (seen.epoch, seen.number, NEWS) if seen else (0, 0, 0)
        head = (token, candidate, self._lease, self._grace, MESSAGES, SEGMENTS)
        words = (*head, *index, *layout.opened(known))
        answer, *slots = await self._together("begin", place, words, self._looks(people))
        match answer[0]:
            case b"turn":
                return answers.lease(place, answer, answers.slots(people, slots))
            case b"debris" | b"spoiled":
                return answers.left_over(answer)
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
        sources = taken_from(reply.sources)
        tail = (
            reply.sent,
            reply.sealed.blob,
            layout.thread(place),
            *self._kept,
            reply.mark,
            sources,
        )
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
        return [Place.parse(key.decode()) for key in await self._ready("due", limit)]

    async def _ready(self, kind: str, limit: int, before: int = 0) -> Sequence[bytes]:
        """What a list of every partition holds up to now, or to so many milliseconds ago."""
        seconds, microseconds = await self._call(self._redis.time)
        now = seconds * 1000 + microseconds // 1000

        def look(pipe: Pipe) -> None:
            for number in range(layout.PARTITIONS):
                pipe.zrangebyscore(f"{layout.tag(number)}/{kind}", 0, now - before, 0, limit)

        return [member for found in await self._piped(look) for member in found][:limit]

    async def read(self, place: Place, limit: int, *, owed: int = 0) -> tuple[Snapshot, int, int]:
        snapshot, messages, water, fresh = await self._run(
            "read", place, limit, MOST_SEGMENTS, owed
        )
        return answers.snapshot(snapshot, fresh), messages, int(water)

    async def fold(self, place: Place, fold: Fold, wrapped: bytes) -> bool:
        head = (fold.name, wrapped, layout.versions(fold.covered), fold.blob)
        merges = [(each.name, json.dumps(each.children), each.blob) for each in fold.merges]
        answer = await self._run("fold", place, *head, *chain(*merges))
        return bool(answer[0] == b"done")

    async def locate(self, place: Place, message: str) -> Found | None:
        answer = await self._run("locate", place, message)
        if not answer:
            return None
        thread, wrapped, version, blob, audience = answer
        home = replace(layout.sibling(place, thread), audience=audience.decode())
        return Found(place=home, wrapped=wrapped, version=int(version), blob=blob)

    async def pend(self, place: Place, message: str, fingerprint: bytes, version: int) -> bool:
        answer = await self._run("pend", place, message, fingerprint, version)
        return bool(answer[0] == b"done")

    async def amend(
        self, place: Place, message: str, version: int, sealed: Sealed, replies: Going
    ) -> Amended:
        head = (message, version, sealed.wrapped, sealed.blob)
        both = (json.dumps(replies.known), json.dumps(replies.going))
        answer = await self._run("amend", place, *head, *both)
        return Amended.AGAIN if answer[0] in (b"key", b"cited") else Amended.DONE

    async def retract(self, place: Place, posts: Mapping[str, bytes]) -> None:
        pairs = list(posts.items())
        for start in range(0, len(pairs), POSTS):
            some = pairs[start : start + POSTS]
            await self._run("retract", place, *chain(*some))

    async def forget(
        self,
        place: Place,
        water: int,
        wrapped: bytes,
        survivors: Sequence[tuple[str, int, bytes]],
        *,
        channel: bool,
        under: bytes = b"",
        cursor: str = "",
    ) -> Forgotten:
        head = (water, channel, wrapped, layout.thread(place), cursor, PAGE, under)
        return answers.forgotten(await self._run("forget", place, *head, *chain(*survivors)))

    async def threads(self, place: Place, limit: int) -> Sequence[Place]:
        key = f"{layout.prefix(place)}{place.channel_key}/threads"
        found = await self._call(lambda: self._redis.zrevrange(key, 0, limit - 1))
        return [layout.sibling(place, thread) for thread in found]

    async def scrub(self) -> bool:
        await self.ping()  # who serves what
        return all([await self._rewritten(each) for each in self._connection.rewrites()])

    async def _rewritten(self, rewrite: Callable[[], Awaitable[Any]]) -> bool:
        for _ in range(100):
            try:
                await self._call(rewrite)
            except ResponseError as error:
                if "in progress" in str(error):  # it began before the deletion: wait it out
                    await asyncio.sleep(0.1)
                    continue
            return True  # started, or refused: a hosted server keeps this to itself
        return False

    async def pepper(self, candidate: bytes) -> bytes:
        got = await self._many(("SET", "tk:pepper", candidate, "NX"), ("GET", "tk:pepper"))
        return bytes(got[1])

    def rotation(self, keyring: Keyring) -> Rotation:
        return Rotation(keyring, self._redis.scan_iter("tk:*", 1000), self._piped, self._timeout)

    async def ping(self) -> None:
        await self._call(self._redis.ping)

    async def _run(self, name: str, place: layout.Holder, *arguments: object) -> Answer:
        return (await self._together(name, place, arguments, ()))[0]

    async def _together(
        self, name: str, place: layout.Holder, words: Sequence[object], also: Sequence[Command]
    ) -> Answer:
        """The script's answer, then those of these commands: one round trip."""
        keys = layout.keys(place)
        values = (len(keys), *keys, *map(layout.plain, (place.key, *words)))
        script = self._scripts[name]
        try:
            return await self._many(("EVALSHA", script.digest, *values), *also)
        except NoScriptError:
            return await self._many(("EVAL", script.source, *values), *also)
