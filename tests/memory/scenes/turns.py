"""A turn from its beginning to its end, with posts that show up when they should not."""

from memory.records import Debris
from tests.memory.actor import HASTY, PLACE, Actor, takeover
from tests.memory.scenes.scene import Scene, both, debris, dirty, emptied, joined, of, only_debris

TURNS = (
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
)
