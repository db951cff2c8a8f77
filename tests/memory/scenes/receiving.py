"""What is heard: received, claimed, read of the past, and who may read it."""

from tests.memory.actor import CHANNEL, HASTY, PLACE, Actor, takeover
from tests.memory.conftest import NOW
from tests.memory.scenes.scene import Scene, both, folded, joined

RECEIVING = (
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
        prepare=lambda do: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9),
        step=lambda do, _: do.say("m1", 1),
    ),
    Scene(
        name="receive the edited text",
        prepare=lambda do: do.store.pend(CHANNEL, "m1", b"print of m1", NOW + 9),
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
        name="mark a gap where something was kept",
        prepare=lambda do: both(do.say("m1", 1, called=False, how="kept")),
        step=lambda do, _: do.lose(),
    ),
    Scene(
        name="mark a gap that turns wait for",
        prepare=Actor.answered,
        step=lambda do, _: do.store.mark(PLACE, "loss", NOW + 2, NOW, 20.0),
    ),
    Scene(
        name="take over before a gap is read",
        prepare=lambda do: both(takeover(do), do.store.mark(PLACE, "loss", NOW + 2, NOW, 20.0)),
        step=lambda do, _: do.store.begin(PLACE, "third", "turn3", None),
        store=HASTY,
    ),
    Scene(
        name="what is held, without texts",
        prepare=folded,
        step=lambda do, _: do.store.heads(PLACE, 2),
    ),
    Scene(
        name="read a gap",
        prepare=lambda do: both(do.say("m1", 1, patience=9_000)),
        step=lambda do, _: do.store.read_on(PLACE, "reader", 60.0, ""),
    ),
    Scene(
        name="read a gap that another reads",
        prepare=Actor.gap,
        step=lambda do, _: do.store.read_on(PLACE, "another", 60.0, ""),
    ),
    Scene(
        name="read a gap up to a message",
        prepare=Actor.gap,
        step=lambda do, _: do.store.read_on(PLACE, "reader", 60.0, "m0"),
    ),
    Scene(
        name="read a gap up to a message while another reads",
        prepare=Actor.gap,
        step=lambda do, _: do.store.read_on(PLACE, "another", 60.0, "m0"),
    ),
    Scene(
        name="read no gap",
        prepare=joined,
        step=lambda do, _: do.store.read_on(PLACE, "one", 60.0, ""),
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
)
