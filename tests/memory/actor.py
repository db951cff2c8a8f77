"""Somebody who brings a store into a state, step by step."""

from dataclasses import dataclass, replace

from memory.gap_store import Gap
from memory.records import Arrival, Fold, Forgotten, Leaf, Lease, Place, Reply, Sealed, Spoiled
from memory.redis import RedisStore
from tests.memory.conftest import NOW

PLACE = Place(platform="slack", space="T1", channel="C{1}", thread="17:{0}/1", audience="public")
CHANNEL = Place(platform="slack", space="T1", channel="C{1}")
ADA = PLACE.person("{ada} ")
KEY, NEW = b"wrapped \r\n\0 key", b"another key"
HASTY = {"lease": 0.0, "grace": -0.001}  # whoever asks next takes over


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
        gap = await self.store.read_on(PLACE, "reader", 60.0, "")
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
        got = Forgotten(done=False)
        while not got.done:
            again = [(name, version, b"again " + blob) for name, version, blob in got.survivors]
            got = await self.store.forget(
                *(PLACE, NOW + until, NEW, again),
                channel=True,
                under=got.following,
                cursor=got.cursor,
            )
        await self.store.prune(PLACE, NOW + until, channel=True)
        return got


async def takeover(actor: Actor) -> Lease:
    """The lease of one that lost it to another."""
    lease = await actor.asked()
    await actor.begin("another")
    return lease
