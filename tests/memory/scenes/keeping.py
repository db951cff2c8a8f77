"""What is kept: folded, learned, known and revived, until it is edited, deleted or forgotten."""

from memory.taken import Going
from tests.memory.actor import ADA, CHANNEL, PLACE, Actor, sealed
from tests.memory.conftest import NOW
from tests.memory.scenes.scene import (
    COST,
    SPACE,
    Scene,
    both,
    folded,
    joined,
    outlived,
    revived,
    theirs,
)

KEEPING = (
    Scene(name="fold", prepare=Actor.answered, step=lambda do, _: do.fold()),
    Scene(
        name="pend",
        step=lambda do, _: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9),
    ),
    Scene(
        name="amend what is folded",
        prepare=folded,
        step=lambda do, _: do.store.amend(PLACE, "m1", NOW + 9, sealed("edited"), Going()),
    ),
    Scene(
        name="amend during a turn",
        prepare=Actor.asked,
        step=lambda do, _: do.store.amend(PLACE, "m1", NOW + 9, sealed("edited"), Going()),
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
        step=lambda do, _: do.store.amend(PLACE, "m1", NOW + 9, sealed("edited"), Going()),
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
        step=lambda do, _: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9),
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
