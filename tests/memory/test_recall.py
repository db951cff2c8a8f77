"""Recall: what matches comes back, what was removed does not."""

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from memory.entry import Entry
from memory.recall import EACH, Index
from memory.words import Words

WORDS = Words()
DAY = 86_400_000_000
NUMBER = count(1)


def entry(
    text: str, *, at: int = 0, name: str = "Ada", kind: str = "person", known: str = ""
) -> Entry:
    number = next(NUMBER)
    return Entry(
        id=known or f"m{number}",
        author=name,
        name=name,
        kind=kind,
        text=text,
        sent=at or number * 60_000_000,
        tokens=len(text.split()),
    )


def index(*entries: Entry, most: int = 1000) -> Index:
    made = Index(WORDS, most=most)
    for each in entries:
        made.add("here", each)
    return made


def texts(found: tuple[Entry, ...]) -> list[str]:
    return [each.text for each in found]


NOISE = [entry(f"small talk about topic{number} and weather") for number in range(40)]


def test_the_message_that_answers_comes_back_with_its_neighbours() -> None:
    before = entry("Where did you leave it?")
    hit = entry("The spare key is under the blue flowerpot")
    after = entry("Thanks, found it")
    found = index(*NOISE, before, hit, after).search("Where is the spare key?", 60, ())
    assert {before, hit, after} <= {*found}


def test_what_comes_back_is_in_time_order_and_never_twice() -> None:
    made = [entry(f"the deploy number {number} failed") for number in range(10)]
    found = index(*NOISE, *reversed(made)).search("which deploy failed?", 1000, ())
    assert list(found) == sorted(found, key=lambda each: each.sent)
    assert len({each.id for each in found}) == len(found)


def test_messages_already_in_the_prompt_leave_the_room_to_others() -> None:
    first, second = entry("the deploy failed on Monday"), entry("the deploy failed on Friday")
    made = index(*NOISE, first, *NOISE[:5], second)
    room = first.tokens + len("Ada") + EACH
    (best,) = made.search("deploy failed", room, ())
    (other,) = made.search("deploy failed", room, {best.id})
    assert {best, other} == {first, second}


def test_an_edit_replaces_the_text() -> None:
    made = index(*NOISE, entry("the password is swordfish", known="x"))
    made.add("here", entry("never mind", known="x"))
    assert texts(made.search("swordfish password", 1000, ())) == []
    assert len(made) == len(NOISE) + 1


def test_a_removed_message_leaves_nothing_behind() -> None:
    made = index(*NOISE)
    before = repr(sorted(made._found))
    made.add("there", entry("the password is swordfish", known="x"))
    made.remove("x")
    assert made.search("swordfish password", 1000, ()) == ()
    assert repr(sorted(made._found)) == before
    assert "swordfish" not in repr(vars(made))


def test_removing_what_was_never_there_is_no_error() -> None:
    Index(WORDS).remove("x")


def test_neighbours_are_of_the_same_conversation() -> None:
    made = index(*NOISE)
    hit = entry("the zebra crossed")
    sibling = entry("lunch")
    made.add("one", hit)
    made.add("two", sibling)
    assert made.search("zebra", 1000, ()) == (hit,)


def test_a_named_person_is_asked_about_before_others() -> None:
    hers, his = entry("I adopted a puppy", name="Caroline"), entry("I adopted a puppy", name="Bob")
    made = index(*NOISE, hers, *(entry("so it goes") for _ in range(5)), his)
    room = hers.tokens + len("Caroline") + EACH
    assert made.search("What did Caroline adopt?", room, ()) == (hers,)


def test_people_weigh_more_than_the_bot() -> None:
    said = entry("the launch is on Friday")
    echoed = entry("the launch is on Friday", name="", kind="me")
    made = index(*NOISE, said, *(entry("so it goes") for _ in range(5)), echoed)
    assert made.search("When is the launch?", said.tokens + 3 + EACH, ()) == (said,)


def test_a_question_with_a_date_finds_what_was_said_then() -> None:
    made = index(*(entry("we met again", at=1_680_000_000_000_000 + d * DAY) for d in range(200)))
    (found,) = made.search("What happened on 2023-07-04?", 3 + 3 + EACH, ())
    assert found.sent // DAY == 1_688_428_800_000_000 // DAY


def test_a_message_longer_than_the_room_does_not_keep_others_out() -> None:
    long, short = entry("zebra " * 500), entry("a zebra ran")
    assert index(*NOISE, long, short).search("zebra", 50, ())[-1:] == (short,)


def test_a_question_without_terms_recalls_nothing() -> None:
    assert index(*NOISE).search("?!", 1000, ()) == ()
    assert index().search("anything", 1000, ()) == ()
    assert index(*NOISE).search("weather", 0, ()) == ()


def test_a_full_index_drops_what_came_first() -> None:
    first, last = entry("a zebra ran"), entry("a panda slept")
    made = index(first, *NOISE[:9], last, most=10)
    assert len(made) == 10
    assert made.search("zebra", 1000, ()) == ()
    assert last in made.search("panda", 1000, ())


SAID = st.lists(
    st.sampled_from(["key", "pot", "blue", "red", "runs", "ran", "猫", "v4.2"]), max_size=6
)
ENTRIES = st.builds(
    entry,
    SAID.map(" ".join),
    at=st.integers(1, 50).map(lambda hours: hours * 3_600_000_000),
    name=st.sampled_from(["Ada", "Bob"]),
    kind=st.sampled_from(["person", "me"]),
    known=st.sampled_from("abcdefghij"),
)
STEPS = st.lists(st.tuples(st.sampled_from(["one", "two"]), ENTRIES, st.booleans()), max_size=25)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 200))
def test_edits_and_removals_leave_the_same_index_as_never_having_been(
    steps: list[tuple[str, Entry, bool]], room: int
) -> None:
    made, held = Index(WORDS), dict[str, tuple[str, Entry]]()
    for place, each, stays in steps:
        made.add(place, each)
        held[each.id] = place, each
        if not stays:
            made.remove(each.id)
            del held[each.id]
    fresh = Index(WORDS)
    for place, each in held.values():
        fresh.add(place, each)
    found = made.search("Ada's blue key ran", room, {"a"})
    assert found == fresh.search("Ada's blue key ran", room, {"a"})
    assert "a" not in {each.id for each in found}
    assert sum(each.tokens + len(each.name.encode()) + EACH for each in found) <= room
