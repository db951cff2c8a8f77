"""A step that a store takes, and what comes before it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from memory.layout import Holder
from memory.records import Expunged, Lease
from memory.slots import Account, Spent
from tests.memory.actor import ADA, CHANNEL, PLACE, Actor, takeover
from tests.memory.conftest import NOW

SPACE = Account(platform="slack", space="T1")
COST = Spent(tokens=70, turns=1)
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


async def both(*steps: Awaitable[object]) -> None:
    for step in steps:
        await step
