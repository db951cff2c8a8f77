"""What the store promises its callers, on every server: steps may run twice, nothing waits long."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from memory import redis as module
from memory.engine import Memory
from memory.layout import Holder
from memory.records import (
    Arrival,
    Debris,
    Expunged,
    Fold,
    Gap,
    Leaf,
    Lease,
    Place,
    Reply,
    Sealed,
    Snapshot,
    Spoiled,
)
from memory.redis import RedisStore
from memory.slots import Account, Spent
from memory.store import StoreDown
from tests.memory.conftest import NOW, World, straight, straight_to, turn_in
from tests.servers.cluster import until
from tests.servers.proxy import Proxy, before

pytestmark = pytest.mark.anyio

PLACE = Place(platform="slack", space="T1", channel="C{1}", thread="17:{0}/1", audience="public")
CHANNEL = Place(platform="slack", space="T1", channel="C{1}")
ADA = PLACE.person("{ada} ")
SPACE = Account(platform="slack", space="T1")
COST = Spent(tokens=70, turns=1)
KEY, NEW = b"wrapped \r\n\0 key", b"another key"
HASTY = {"lease": 0.0, "grace": -0.001}  # whoever asks next takes over
TIMES = {b"until", b"began", b"wait"}
TIMED = (b"/due", b"/journal", b"/expiring", b"/quiet", b"/behind", b"/leaving")


def arrival(name: str, at: int, **fields: object) -> Arrival:
    known = {
        "fingerprint": b"print of " + name.encode(),
        "twin": b"",
        "writer": b"ada",
        "version": 0,
        "called": True,
        "person": True,
        "follow": "never",
    }
    return Arrival(id=name, sent=NOW + at, **(known | fields))  # type: ignore[arg-type]


def sealed(text: str, wrapped: bytes = KEY) -> Sealed:
    return Sealed(wrapped=wrapped, fresh=True, blob=b"sealed: " + text.encode())


@dataclass(frozen=True, slots=True)
class Actor:
    """Brings a store into a state, step by step."""

    store: RedisStore

    async def say(self, name: str, at: int, **fields: object) -> object:
        return await self.store.receive(PLACE, arrival(name, at, **fields), sealed(name))

    async def begin(self, holder: str = "one", turn: str = "turn1") -> Lease:
        lease = await self.store.begin(PLACE, holder, turn, None)
        assert isinstance(lease, Lease)
        return lease

    async def asked(self) -> Lease:
        """A turn that has shown a post and is complete, for one of two questions."""
        await self.say("m1", 1)
        await self.say("m2", 2, called=False)
        lease = await self.begin()
        await self.say("m3", 3)
        await self.store.note(PLACE, lease, ["p1", "p2"], b"sealed text")
        return lease

    async def answered(self) -> Lease:
        lease = await self.asked()
        await self.conclude(lease)
        return lease

    async def conclude(self, lease: Lease, mark: str = "") -> object:
        reply = Reply(
            final=("p1",), removed=("p2",), sent=NOW + 2, sealed=sealed("reply"), mark=mark
        )
        return await self.store.conclude(PLACE, lease, reply)

    async def restore(self) -> object:
        spoiled = await self.store.begin(PLACE, "one", "turn2", None)
        assert isinstance(spoiled, Spoiled)
        await self.store.restored(PLACE, spoiled)
        return spoiled

    async def fold(self) -> object:
        covered = {"m1": 0, "p1": 0, "m2": 0}
        fold = Fold(name="segment1", covered=covered, blob=b"sealed summary")
        return await self.store.fold(PLACE, fold, KEY)

    async def revive(self, blob: bytes) -> None:
        leaf = Leaf(name="old", since=NOW - 5, covered={"o1": 0, "o2": 7}, blob=blob)
        await self.store.revive(PLACE, KEY, [leaf])

    async def hush(self) -> object:
        """What `silent` asks of a conversation; of all at once it asks a whole cluster."""
        return await self.store._run("hush", PLACE, "learner", 0)

    async def claim(self, who: str, *, done: bool = False) -> str:
        return await self.store.claim(PLACE, b"print of m1", b"twin", who, done=done)

    async def cite(self, who: str = "learner") -> object:
        return await self.store.cite(PLACE, who, [("m1", 0, ADA.key), ("m2", 1, ADA.key)])

    async def cited(self) -> None:
        await self.answered()
        await self.cite()

    async def know(self, revision: int, text: str) -> bool:
        blob = sealed(text) if text else replace(sealed(""), blob=b"")
        return await self.store.know(ADA, revision, blob)

    async def gap(self) -> Gap:
        """Somebody reads what was said before the bot joined."""
        await self.say("m1", 1, patience=20_000)
        gap = await self.store.read_on(PLACE, "reader", 60.0)
        assert gap
        return gap

    async def lose(self, mark: str = "loss") -> object:
        return await self.store.mark(PLACE, mark, NOW + 2, NOW)

    async def close(self, *, wait: float = 0.0, again: str = "") -> object:
        gap = await self.gap()
        if again:
            await self.lose(again)
        await self.store.caught_up(PLACE, "reader", gap, wait=wait)
        return gap

    async def echo(self, post: str, fence: int = 0) -> object:
        await self.store.echo(PLACE, post, "turn1", fence, "mark")
        return None

    async def spoiled(self) -> object:
        """One holder lost a turn to another, which ended it; then the first one's words show."""
        await takeover(self)
        await self.conclude(await self.begin("third"))
        await self.store.retract(CHANNEL, {"m3": b"print of m3"})
        return await self.echo("p1", 1)

    async def forget(self, until: int) -> object:
        await self.say("m4", 4)
        head = (PLACE, NOW + until, NEW)
        asked = await self.store.forget(*head, [], channel=True)
        again = [(name, version, b"again " + blob) for name, version, blob in asked.survivors]
        return await self.store.forget(*head, again, channel=True)


Step = Callable[[Actor, Lease | None], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    name: str
    step: Step
    prepare: Callable[[Actor], Awaitable[Lease | object]] | None = None
    store: dict[str, float] | None = None
    home: Holder = PLACE  # whose keys it touches

    def __str__(self) -> str:
        return self.name


def of(lease: Lease | None) -> Lease:
    assert lease is not None
    return lease


def theirs(*messages: str, leaves: tuple[str, ...] = (), last: bool = True) -> Expunged:
    who = {"person": ADA, "writer": b"ada", "water": NOW + 3}
    return Expunged(messages=messages, leaves=leaves, last=last, **who)  # type: ignore[arg-type]


async def joined(actor: Actor) -> None:
    await actor.say("m0", 0)


async def takeover(actor: Actor) -> Lease:
    """The lease of one that lost it to another."""
    lease = await actor.asked()
    await actor.begin("another")
    return lease


async def dirty(actor: Actor) -> Lease:
    """The second holder's lease, after a post showed what the first one wrote."""
    await takeover(actor)
    lease = await actor.begin("third")
    await actor.echo("p1", 1)
    return lease


async def debris(actor: Actor) -> Lease:
    lease = await actor.answered()
    await actor.store.note(PLACE, lease, ["p8", "p9"], b"")
    return lease


async def emptied(actor: Actor) -> Lease:
    lease = await actor.asked()
    await actor.store.retract(CHANNEL, {"m1": b"print of m1", "m3": b"print of m3"})
    return lease


async def folded(actor: Actor) -> None:
    await actor.answered()
    await actor.fold()


async def outlived(actor: Actor) -> None:
    """Summaries stay when messages expire."""
    await folded(actor)
    for key in await actor.store._redis.keys("tk:*/msg"):
        await actor.store._redis.delete(key)


async def revived(actor: Actor) -> None:
    await joined(actor)
    await actor.revive(b"old summary")


async def only_debris(actor: Actor) -> None:
    await debris(actor)
    await actor.store.retract(CHANNEL, {"m3": b"print of m3"})


SCENES = (
    Scene(name="receive a call", step=lambda do, _: do.say("m1", 1, twin=b"twin")),
    Scene(
        name="receive what is overheard",
        prepare=joined,
        step=lambda do, _: do.say("m1", 1, called=False),
    ),
    Scene(name="receive what is not for us", step=lambda do, _: do.say("m1", 1, called=False)),
    Scene(
        name="receive the twin of what was overheard",
        prepare=lambda do: both(joined(do), do.say("m1", 1, called=False, twin=b"twin")),
        step=lambda do, _: do.say("m1b", 1, twin=b"twin"),
    ),
    Scene(
        name="receive after its edit",
        prepare=lambda do: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9, b"edit"),
        step=lambda do, _: do.say("m1", 1),
    ),
    Scene(
        name="receive the edited text",
        prepare=lambda do: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9, b"edit"),
        step=lambda do, _: do.say("m1", 1, version=NOW + 9),
    ),
    Scene(name="claim", step=lambda do, _: do.claim("one")),
    Scene(
        name="claim what somebody else claimed",
        prepare=lambda do: both(do.claim("one")),
        step=lambda do, _: do.claim("another"),
    ),
    Scene(
        name="claim what was done",
        prepare=lambda do: both(do.claim("one")),
        step=lambda do, _: do.claim("one", done=True),
    ),
    Scene(name="receive a call with a past", step=lambda do, _: do.say("m1", 1, patience=9_000)),
    Scene(
        name="receive what was said before",
        prepare=lambda do: both(do.say("m1", 1, patience=9_000)),
        step=lambda do, _: do.say("m0", 0, called=False, how="past"),
    ),
    Scene(
        name="receive an old reply",
        prepare=Actor.answered,
        step=lambda do, _: do.say("p0", 0, called=False, person=False, how="mine"),
    ),
    Scene(
        name="receive a reply that is known",
        prepare=Actor.answered,
        step=lambda do, _: do.say("p1", 9, called=False, person=False, how="mine"),
    ),
    Scene(
        name="receive what somebody wants kept",
        step=lambda do, _: do.say("m1", 1, called=False, how="kept"),
    ),
    Scene(
        name="receive a call where something was kept",
        prepare=lambda do: both(do.say("m1", 1, called=False, how="kept")),
        step=lambda do, _: do.say("m2", 2),
    ),
    Scene(name="mark a gap", prepare=Actor.answered, step=lambda do, _: do.lose()),
    Scene(
        name="mark a gap again",
        prepare=lambda do: both(do.answered(), do.lose()),
        step=lambda do, _: do.lose("another"),
    ),
    Scene(name="mark a gap where nobody called", step=lambda do, _: do.lose()),
    Scene(
        name="read a gap",
        prepare=lambda do: both(do.say("m1", 1, patience=9_000)),
        step=lambda do, _: do.store.read_on(PLACE, "reader", 60.0),
    ),
    Scene(
        name="read a gap that another reads",
        prepare=Actor.gap,
        step=lambda do, _: do.store.read_on(PLACE, "another", 60.0),
    ),
    Scene(
        name="read no gap", prepare=joined, step=lambda do, _: do.store.read_on(PLACE, "one", 60.0)
    ),
    Scene(name="close a gap", step=lambda do, _: do.close()),
    Scene(name="put a gap off", step=lambda do, _: do.close(wait=60.0)),
    Scene(name="close a gap marked again", step=lambda do, _: do.close(again="loss")),
    Scene(
        name="begin before what was said before is read",
        prepare=Actor.gap,
        step=lambda do, _: do.store.begin(PLACE, "one", "turn1", None),
    ),
    Scene(name="forget where a gap is open", prepare=Actor.gap, step=lambda do, _: do.forget(3)),
    Scene(
        name="another audience",
        prepare=Actor.asked,
        step=lambda do, _: do.store.rescope(PLACE, "private", NOW + 5),
    ),
    Scene(
        name="an audience of before",
        prepare=lambda do: both(do.asked(), do.store.rescope(PLACE, "private", NOW + 5)),
        step=lambda do, _: do.store.rescope(PLACE, "public", NOW + 4),
    ),
    Scene(
        name="receive late, under another audience",
        prepare=lambda do: both(do.asked(), do.store.rescope(PLACE, "private", NOW + 9)),
        step=lambda do, _: do.say("m4", 4),
    ),
    Scene(name="doubt a channel", prepare=Actor.cited, step=lambda do, _: do.store.doubt(CHANNEL)),
    Scene(name="begin", prepare=joined, step=lambda do, _: do.begin()),
    Scene(name="begin nothing", step=lambda do, _: do.store.begin(PLACE, "token", "turn1", None)),
    Scene(
        name="begin debris",
        prepare=only_debris,
        step=lambda do, _: do.store.begin(PLACE, "one", "turn2", None),
    ),
    Scene(
        name="note a post and the text",
        prepare=Actor.asked,
        step=lambda do, lease: do.store.note(PLACE, of(lease), ["p3"], b"more"),
    ),
    Scene(
        name="note after a takeover",
        prepare=takeover,
        store=HASTY,
        step=lambda do, lease: do.store.note(PLACE, of(lease), ["p3"], b"more"),
    ),
    Scene(
        name="note after the end",
        prepare=Actor.answered,
        step=lambda do, lease: do.store.note(PLACE, of(lease), ["p3"], b""),
    ),
    Scene(
        name="see a post that nobody noted",
        prepare=Actor.asked,
        step=lambda do, _: do.echo("p3"),
    ),
    Scene(
        name="see what an older holder wrote",
        prepare=takeover,
        store=HASTY,
        step=lambda do, _: do.echo("p1", 1),
    ),
    Scene(
        name="conclude what an older holder wrote in",
        prepare=dirty,
        store=HASTY,
        step=lambda do, lease: do.conclude(of(lease)),
    ),
    Scene(
        name="conclude what was written again",
        prepare=dirty,
        store=HASTY,
        step=lambda do, lease: do.conclude(of(lease), mark="mark"),
    ),
    Scene(name="see a stray post", prepare=Actor.answered, step=lambda do, _: do.echo("p9")),
    Scene(
        name="see the words of an older holder after the end",
        prepare=lambda do: both(do.spoiled()),
        store=HASTY,
        step=lambda do, _: do.echo("p1", 1),
    ),
    Scene(
        name="begin what is spoiled",
        prepare=lambda do: both(do.spoiled()),
        store=HASTY,
        step=lambda do, _: do.store.begin(PLACE, "one", "turn2", None),
    ),
    Scene(
        name="restore",
        prepare=lambda do: both(do.spoiled()),
        store=HASTY,
        step=lambda do, _: do.restore(),
    ),
    Scene(name="conclude", prepare=Actor.asked, step=lambda do, lease: do.conclude(of(lease))),
    Scene(
        name="conclude after a takeover",
        prepare=takeover,
        store=HASTY,
        step=lambda do, lease: do.conclude(of(lease)),
    ),
    Scene(
        name="withdraw",
        prepare=emptied,
        step=lambda do, lease: do.store.withdraw(PLACE, of(lease), ["p1", "p2"]),
    ),
    Scene(
        name="withdraw too early",
        prepare=emptied,
        step=lambda do, lease: do.store.withdraw(PLACE, of(lease), ["p1"]),
    ),
    Scene(
        name="release",
        prepare=Actor.asked,
        step=lambda do, lease: do.store.release(
            PLACE, of(lease), clean=False, failed=True, wait=1.0
        ),
    ),
    Scene(
        name="clear half of the debris",
        prepare=debris,
        step=lambda do, _: do.store.clear(PLACE, Debris(turn="turn1", ids=("p8",))),
    ),
    Scene(
        name="clear the debris",
        prepare=debris,
        step=lambda do, _: do.store.clear(PLACE, Debris(turn="turn1", ids=("p8", "p9"))),
    ),
    Scene(name="stop", prepare=Actor.asked, step=lambda do, _: do.store.stop(PLACE, "turn1")),
    Scene(name="fold", prepare=Actor.answered, step=lambda do, _: do.fold()),
    Scene(
        name="pend",
        step=lambda do, _: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9, b"edit"),
    ),
    Scene(
        name="amend what is folded",
        prepare=folded,
        step=lambda do, _: do.store.amend(PLACE, "m1", NOW + 9, sealed("edited")),
    ),
    Scene(
        name="amend during a turn",
        prepare=Actor.asked,
        step=lambda do, _: do.store.amend(PLACE, "m1", NOW + 9, sealed("edited")),
    ),
    Scene(
        name="retract during a turn",
        prepare=Actor.asked,
        step=lambda do, _: do.store.retract(CHANNEL, {"m1": b"print of m1", "x": b"print of x"}),
    ),
    Scene(
        name="retract what is folded",
        prepare=folded,
        step=lambda do, _: do.store.retract(CHANNEL, {"m1": b"print of m1"}),
    ),
    Scene(
        name="learn in silence",
        prepare=Actor.answered,
        step=lambda do, _: do.hush(),
    ),
    Scene(
        name="learned",
        prepare=lambda do: both(do.answered(), do.hush()),
        step=lambda do, _: do.store.learned(PLACE, {"m1": 0, "m2": 9, "p1": 0}),
    ),
    Scene(name="cite", prepare=Actor.answered, step=lambda do, _: do.cite()),
    Scene(name="cite again", prepare=Actor.cited, step=lambda do, _: do.cite("another")),
    Scene(
        name="amend what is cited",
        prepare=Actor.cited,
        step=lambda do, _: do.store.amend(PLACE, "m1", NOW + 9, sealed("edited")),
    ),
    Scene(
        name="retract what is cited",
        prepare=Actor.cited,
        step=lambda do, _: do.store.retract(CHANNEL, {"m1": b"print of m1"}),
    ),
    Scene(name="forget what is cited", prepare=Actor.cited, step=lambda do, _: do.forget(3)),
    Scene(name="know somebody new", home=ADA, step=lambda do, _: do.know(0, "facts")),
    Scene(
        name="know more",
        home=ADA,
        prepare=lambda do: both(do.know(0, "facts")),
        step=lambda do, _: do.know(1, "other facts"),
    ),
    Scene(
        name="know what was read too early",
        home=ADA,
        prepare=lambda do: both(do.know(0, "facts")),
        step=lambda do, _: do.know(0, "other facts"),
    ),
    Scene(
        name="know nothing more",
        home=ADA,
        prepare=lambda do: both(do.know(0, "facts")),
        step=lambda do, _: do.know(1, ""),
    ),
    Scene(
        name="retract what is summarised and has expired",
        prepare=outlived,
        step=lambda do, _: do.store.retract(CHANNEL, {"m1": b"print of m1"}),
    ),
    Scene(
        name="pend what is summarised and has expired",
        prepare=outlived,
        step=lambda do, _: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9, b"edit"),
    ),
    Scene(name="revive", prepare=joined, step=lambda do, _: do.revive(b"old summary")),
    Scene(name="revive in vain", prepare=folded, step=lambda do, _: do.revive(b"old summary")),
    Scene(name="revive no more", prepare=revived, step=lambda do, _: do.revive(b"")),
    Scene(name="defer", prepare=joined, step=lambda do, _: do.store.defer(PLACE, 60.0)),
    Scene(name="defer no more", prepare=folded, step=lambda do, _: do.store.defer(PLACE, 0)),
    Scene(name="read all that is held", prepare=folded, step=lambda do, _: do.store.held(PLACE)),
    Scene(
        name="spend",
        home=SPACE,
        step=lambda do, _: do.store.spend(SPACE, ["space", "person:U1"], "turn1", COST),
    ),
    Scene(name="tell", home=SPACE, step=lambda do, _: do.store.tell(SPACE, PLACE, "turn1")),
    Scene(name="begin to disown", home=ADA, step=lambda do, _: do.store.disown(ADA, NOW)),
    Scene(
        name="have disowned",
        home=ADA,
        prepare=lambda do: both(do.store.wrote(ADA, PLACE, 1), do.store.disown(ADA, NOW)),
        step=lambda do, _: do.store.disown(ADA, NOW, [PLACE]),
    ),
    Scene(
        name="expunge what is cited and folded",
        prepare=lambda do: both(do.cited(), do.fold()),
        step=lambda do, _: do.store.expunge(PLACE, theirs("m1", leaves=("segment1",))),
    ),
    Scene(
        name="expunge a part",
        prepare=folded,
        step=lambda do, _: do.store.expunge(PLACE, theirs("m1", last=False)),
    ),
    Scene(
        name="expunge all",
        prepare=Actor.answered,
        step=lambda do, _: do.store.expunge(PLACE, theirs("m1", "m2", "m3")),
    ),
    Scene(
        name="expunge during a turn",
        prepare=Actor.asked,
        step=lambda do, _: do.store.expunge(PLACE, theirs("m1")),
    ),
    Scene(name="forget", prepare=folded, step=lambda do, _: do.forget(3)),
    Scene(name="forget during a turn", prepare=Actor.asked, step=lambda do, _: do.forget(1)),
)


async def both(*steps: Awaitable[object]) -> None:
    for step in steps:
        await step


@asynccontextmanager
async def open_store(url: str, **options: float) -> AsyncIterator[RedisStore]:
    store = RedisStore(url, pauses=(0.0, 0.0), **options)  # type: ignore[arg-type]
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    async with before(redis_url) as proxy:
        yield proxy


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


async def played(scene: Scene, url: str, way: str) -> tuple[object, object]:
    """The answer of the scene's step when asked over `way`, and the state it leaves."""
    async with straight_to(url, scene.home) as redis:
        await redis.flushall()
    options = scene.store or {}
    one = straight(url, scene.home)
    async with open_store(one, **options) as store, open_store(way, **options) as other:
        lease = await scene.prepare(Actor(store)) if scene.prepare else None
        answer = await scene.step(Actor(other), lease if isinstance(lease, Lease) else None)
    if isinstance(answer, Lease):
        seen = replace(answer.changes.seen, epoch=0)
        answer = replace(answer, began=0, changes=replace(answer.changes, seen=seen))
    return answer, await dump(url, scene.home)


@pytest.mark.parametrize("scene", SCENES, ids=str)
async def test_a_step_whose_answer_is_lost_is_repeated_and_leaves_the_same_state(
    scene: Scene, redis_url: str, proxy: Proxy
) -> None:
    expected = await played(scene, redis_url, straight(redis_url, scene.home))
    proxy.lose(b"EVALSHA")
    assert await played(scene, redis_url, proxy.url) == expected
    assert proxy.lost == 1


async def test_a_step_whose_answer_is_lost_twice_is_repeated_still(
    redis_url: str, proxy: Proxy
) -> None:
    scene = Scene(name="conclude", prepare=Actor.asked, step=lambda do, it: do.conclude(of(it)))
    expected = await played(scene, redis_url, straight(redis_url, scene.home))
    proxy.lose(b"EVALSHA", b"EVALSHA")
    assert await played(scene, redis_url, proxy.url) == expected
    assert proxy.lost == 2


async def test_the_secret_of_the_store_stays_the_first_one(redis_url: str, proxy: Proxy) -> None:
    async with open_store(proxy.url) as store:
        proxy.lose(b"\r\nSET\r\n")
        assert await store.pepper(b"mine") == b"mine"
        assert await store.pepper(b"another's") == b"mine"
    assert proxy.lost == 1


async def test_a_store_that_hangs_is_down_within_its_timeouts(redis_url: str, proxy: Proxy) -> None:
    async with open_store(proxy.url, timeout=0.3) as store:
        await store.ping()
        asked = store.round_trips
        proxy.hang()
        with pytest.raises(StoreDown, match="the store does not answer"):
            async with asyncio.timeout(3):
                await Actor(store).say("m1", 1)
        with pytest.raises(StoreDown):
            async with asyncio.timeout(3):
                await store.overdue(10)
        assert store.round_trips == asked + 3 + 3


async def test_a_store_that_never_answered_is_down_too(proxy: Proxy) -> None:
    proxy.hang()
    async with open_store(proxy.url, timeout=0.02) as store:
        with pytest.raises(StoreDown):
            async with asyncio.timeout(1):
                await store.ping()


async def test_a_store_that_is_not_there_is_down(tmp_path: Path) -> None:
    async with open_store(f"unix://{tmp_path}/none") as store:
        with pytest.raises(StoreDown):
            await store.ping()


async def test_waiting_for_a_store_can_be_cancelled_and_no_answer_goes_astray(
    proxy: Proxy,
) -> None:
    async with open_store(proxy.url, timeout=30.0) as store, asyncio.timeout(5):
        for number in range(10):
            await store.ping()
            proxy.hang()
            asking = asyncio.create_task(Actor(store).say(f"m{number}", number))
            await proxy.reached.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            proxy.resume()
            assert await store.pepper(b"secret") == b"secret"


async def test_a_slow_answer_is_waited_for(proxy: Proxy) -> None:
    proxy.delay = 0.01
    async with open_store(proxy.url) as store:
        assert await store.claim(PLACE, b"print", b"", "token", done=False) == "first"


async def test_a_crowd_of_calls_waits_its_turn(proxy: Proxy) -> None:
    async with open_store(proxy.url) as store:
        await Actor(store).say("m0", 1)  # the server knows the script then
        before = store.round_trips
        answers = await asyncio.gather(*(Actor(store).say(f"m{n}", n) for n in range(1, 301)))
        assert all(answers)
        assert store.round_trips == before + 300


async def test_a_closed_store_leaves_no_connection_open_even_after_an_error(proxy: Proxy) -> None:
    async with open_store(proxy.url) as store:
        await Actor(store).say("m1", 1)
        proxy.lose(b"EVALSHA", b"EVALSHA", b"EVALSHA")
        with pytest.raises(StoreDown):
            await Actor(store).say("m2", 2)

    async def all_closed() -> bool:
        return proxy.connections == 0

    async with asyncio.timeout(1):
        await until(all_closed)


async def test_a_rewrite_of_the_disk_that_got_no_answer_is_asked_for_again(
    world: World, proxy: Proxy, place: Place
) -> None:
    async with open_store(proxy.url) as store:
        memory = world.memory(store)
        await memory.open()
        await memory.receive(place, world.say("hello"))
        proxy.lose(*[b"BGREWRITEAOF"] * 3)
        with pytest.raises(StoreDown):
            await memory.forget(place, world.at, channel=False)
        asked = store.round_trips
        await memory.scrub()
        assert store.round_trips > asked


async def test_all_keys_of_a_channel_carry_one_hash_tag(redis_url: str) -> None:
    other = replace(PLACE, thread="{other}")
    async with open_store(redis_url) as store:
        actor = Actor(store)
        await debris(actor)
        await actor.fold()
        await store.receive(other, arrival("m7", 7), sealed("m7"))
        await store.pend(CHANNEL, "m8", b"print of m8", NOW, b"edit")
        await actor.forget(1)
    tags = {bytes(re.findall(rb"\{(.*?)\}", key)[0]) for key in await dump(redis_url)}
    assert len(tags) == 1
    assert re.fullmatch(rb"p\d{3}", tags.pop())


async def test_what_waits_for_an_answer_that_never_comes_expires_too(
    memory: Memory, world: World, place: Place, redis_url: str
) -> None:
    await memory.receive(place, world.say("first, answered", id="m1"))
    assert (await (await turn_in(memory, place)).conclude(["p1"], [], "yes")).verdict == "done"
    await memory.receive(place, world.say("owed by its second delivery", id="m2", called=False))
    await memory.receive(place, replace(world.say("the same", id="m2"), called=True))
    async with straight_to(redis_url, place) as redis:
        lasting = [raw(key) for key in await redis.keys("*") if await redis.ttl(key) == -1]
        assert await redis.keys("*/owed")
    assert not [key for key in lasting if not key.endswith((*TIMED, b"pepper"))]


async def test_a_record_of_a_person_changes_only_for_who_read_it(redis_url: str) -> None:
    async with open_store(redis_url) as store:
        actor = Actor(store)
        assert await actor.know(0, "facts")
        assert not await actor.know(0, "others'")
        assert not await store.know(ADA, 1, sealed("facts", NEW))
        slot = (await store.persons([ADA]))[ADA.key]
        assert (slot.wrapped, slot.revision, slot.blob) == (KEY, 1, b"sealed: facts")
        assert await actor.know(1, "")
        assert (await store.persons([ADA]))[ADA.key].wrapped == b""
        assert await store.know(ADA, 2, sealed("facts", NEW))
    (key,) = await dump(redis_url, ADA)
    assert re.fullmatch(rb"tk:\{p\d{3}\}:person:slack:T1:%7Bada%7D%20", key)


async def test_only_commands_of_redis_7_0_are_used(redis_url: str) -> None:
    scripts = Path(module.__file__).with_name("scripts").glob("*.lua")
    called = {
        name.lower()
        for script in scripts
        for name in re.findall(r"redis\.call\('(\w+)'", script.read_text())
    }
    called |= {
        "hmget",
        "expire",
        "zrem",
        "zrangebyscore",
        "evalsha",
        "eval",
        "time",
        "bgrewriteaof",
        "ping",
        "set",
        "get",
        "zrevrange",
        "scan",
    }
    async with straight_to(redis_url, PLACE) as redis:
        documented = await redis.execute_command("COMMAND DOCS", *called)  # type: ignore[no-untyped-call]
    since = {bytes(name).decode(): _since(about) for name, about in _pairs(documented)}
    assert since.keys() == called
    assert {name for name, version in since.items() if version > (7, 0, 0)} == set()


def _pairs(answer: object) -> list[tuple[bytes, object]]:
    """A map as RESP3 or RESP2 gives it."""
    if isinstance(answer, dict):
        return list(answer.items())
    assert isinstance(answer, list)
    return list(zip(answer[::2], answer[1::2], strict=True))


def _since(about: object) -> tuple[int, ...]:
    said = dict(_pairs(about))[b"since"]
    assert isinstance(said, bytes)
    return tuple(map(int, said.split(b".")))


async def test_a_sealed_message_that_was_moved_is_never_read(
    world: World, redis_url: str, place: Place
) -> None:
    elsewhere = replace(place, thread="elsewhere")
    async with open_store(redis_url) as store:
        memory = world.memory(store)
        await memory.open()
        for here in (place, elsewhere):
            for name in ("a", "b"):
                await memory.receive(here, world.say(f"{name} secret", id=f"{here.thread}{name}"))
        async with straight_to(redis_url, place) as redis:
            (mine,) = map(_record, await redis.keys(f"*:{place.thread}/msg"))
            (other,) = map(_record, await redis.keys("*:elsewhere/msg"))
            one, two = f"{place.thread}a", f"{place.thread}b"
            kept = {name: raw(await redis.hget(f"{mine}msg", name)) for name in (one, two)}
            foreign = raw(await redis.hget(f"{other}msg", "elsewherea"))
            moves = (
                {one: kept[two], two: kept[one]},
                {one: _head(kept[one]) + _blob(kept[two])},
                {one: foreign},
                {one: _head(kept[one]) + _blob(foreign)},
            )
            for move in moves:
                await _put(redis, f"{mine}msg", kept | move)
                await _refuses(redis_url, world, place)
            # Even with the key that sealed it:
            await _put(redis, f"{mine}msg", kept)
            for part in ("rec", "msg", "win", "owed"):
                await redis.copy(mine + part, other + part, replace=True)
            await _refuses(redis_url, world, elsewhere)


async def _refuses(url: str, world: World, place: Place) -> None:
    async with open_store(url, **HASTY) as store:
        memory = world.memory(store)
        await memory.open()
        turn = await turn_in(memory, place)
        assert turn.unreadable.startswith("changed, moved")
        assert "secret" not in turn.unreadable
        assert not turn.recollection.window
        assert not turn.recollection.question


def _record(key: bytes | str) -> str:
    return raw(key).decode().removesuffix("msg")


async def _put(redis: Redis, key: str, values: dict[str, bytes]) -> None:
    for name, value in values.items():
        await redis.hset(key, name, value)


def _head(value: bytes) -> bytes:
    return value[: value.index(b":") + 1]


def _blob(value: bytes) -> bytes:
    return value[value.index(b":") + 1 :]


async def test_a_turn_of_one_post_takes_five_round_trips(
    world: World, redis_url: str, place: Place
) -> None:
    async with open_store(redis_url) as store:
        memory = world.memory(store)
        await memory.open()
        await memory.receive(place, world.say("not for us", called=False))
        for number in range(3):
            before_it = store.round_trips
            await memory.receive(place, world.say("hello"))
            turn = await turn_in(memory, place)
            await turn.note([f"p{number}"])
            await turn.note(text="hi")
            assert (await turn.conclude([f"p{number}"], [], "hi")).verdict == "done"
            assert store.round_trips - before_it <= 5


async def test_reading_the_record_again_renews_the_lease(redis_url: str) -> None:
    async with open_store(redis_url) as store, straight_to(redis_url, PLACE) as redis:
        lease = await Actor(store).asked()
        (record,) = await redis.keys("*/rec")
        until = await redis.hget(record, "until")
        assert until is not None
        soon = int(until) - 29_000
        await redis.hset(record, "until", soon)
        assert await Actor(store).begin() == replace(
            lease, posted=("p1", "p2"), text=b"sealed text", snapshot=(await _snapshot(store))
        )
        renewed = await redis.hget(record, "until")
        assert renewed is not None
        assert int(renewed) >= int(until)


async def test_a_turn_reads_the_newest_segments_and_upkeep_all(redis_url: str) -> None:
    async with open_store(redis_url) as store:
        actor = Actor(store)
        for number in range(20):
            await actor.say(f"m{number}", number, called=number == 0)
            if number == 0:
                lease = await actor.begin()
                reply = Reply(final=(), removed=(), sent=NOW, sealed=sealed("none"))
                await store.conclude(PLACE, lease, reply)
            fold = Fold(name=f"s{number}", covered={f"m{number}": 0}, blob=b"sealed summary")
            assert await store.fold(PLACE, fold, KEY)
        await actor.say("m20", 20)
        lease = await actor.begin("two", "turn2")
        assert {each.name for each in lease.snapshot.folds} == {f"s{n}" for n in range(4, 20)}
        assert {each.covered for each in lease.snapshot.folds} == {1}
        assert len((await store.read(PLACE, 500))[0].folds) == 20


async def test_many_short_messages_fold_before_they_fall_out_of_sight(
    memory: Memory, world: World, place: Place
) -> None:
    for number in range(420):
        await memory.receive(place, world.say("ok", called=number == 0, author="U1", name="A"))
        if number == 0:
            turn = await turn_in(memory, place)
            await turn.conclude([], [], "")
    await memory.receive(place, world.say("so?"))
    turn = await turn_in(memory, place)
    assert memory.crowded(turn.recollection)


async def _snapshot(store: RedisStore) -> Snapshot:
    return (await Actor(store).begin()).snapshot


async def test_an_edit_or_deletion_of_what_expired_ends(
    world: World, redis_url: str, place: Place
) -> None:
    async with open_store(redis_url) as store, straight_to(redis_url, place) as redis:
        memory = world.memory(store)
        await memory.open()
        for name in ("a", "b", "c"):
            await memory.receive(place, world.say("hello", id=name))
        (gone,) = await redis.keys("*/msg")
        await redis.delete(gone)
        async with asyncio.timeout(5):
            await memory.amend(place, "a", "edited", world.at + 1)
            await memory.retract(place, ["b"])
        (where,) = await redis.keys(f"*:{place.channel_key}/where")
        assert await redis.hkeys(raw(where).decode()) == [b"c"]


async def test_a_reply_is_forgotten_with_what_it_answers(
    memory: Memory, world: World, place: Place
) -> None:
    for number in (1, 2):
        await memory.receive(place, world.say(f"my number is {number}", id=f"m{number}"))
        turn = await turn_in(memory, place)
        assert (await turn.conclude([f"p{number}"], [], f"so: {number}")).verdict == "done"
    await memory.retract(place, ["m1"])
    assert [each.id for each in (await memory.describe(place)).window] == ["m2", "p2"]
    receipt = await memory.forget(place, world.at, channel=False)
    assert receipt.messages == 2
    assert (await memory.describe(place)).messages == 0
