"""What is kept of a person, how it changes, where it may be read: the laws of facts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.facts import MOST, Fact, Source, known, line, merge, plain, render, usable, without
from memory.records import Place

AUDIENCES = ("public", "private", "direct", "shared")
DAY = 1_800_000_000_000_000  # 2027-01-15

places = st.builds(
    Place,
    platform=st.sampled_from(["slack", "discord"]),
    space=st.sampled_from(["T1", "T2"]),
    channel=st.sampled_from(["C1", "C2"]),
    thread=st.sampled_from(["", "17.01"]),
    audience=st.sampled_from(AUDIENCES),
)
sources = st.builds(
    Source,
    place=st.builds(
        Place,
        platform=st.just("slack"),
        space=st.just("T1"),
        channel=st.sampled_from(["C1", "C2", "C3"]),
        audience=st.sampled_from(AUDIENCES),
    ),
    message=st.sampled_from("abcd"),
    version=st.just(0),
    said=st.integers(1, 5),
    quote=st.just("I live there"),
)
lone = st.builds(
    Fact,
    person=st.just("U1"),
    key=st.sampled_from(["home", "work"]),
    value=st.sampled_from(["Lisbon", "Porto", "lisbon"]),
    sources=st.tuples(sources),
)
collections = st.lists(lone, max_size=12).map(lambda facts: merge([], facts))


def place(audience: str = "public", channel: str = "C1", **fields: str) -> Place:
    return Place(platform="slack", space="T1", channel=channel, audience=audience, **fields)


def fact(value: str = "Lisbon", at: int = DAY, where: Place | None = None, **fields: str) -> Fact:
    source = Source(
        place=where or place(),
        message=fields.get("message", str(at)),
        version=0,
        said=at,
        quote=f"I live in {value}.",
    )
    key = fields.get("key", "home")
    return Fact(person="U1", key=key, value=value, sources=(source,))


def values(facts: Sequence[Fact]) -> list[str]:
    return [each.value for each in facts]


@given(places, places, st.booleans())
def test_a_fact_flows_only_where_the_audience_rule_says(
    there: Place, here: Place, own: bool
) -> None:
    same_space = (there.platform, there.space) == (here.platform, here.space)
    same_readers = (there.channel, there.audience) == (here.channel, here.audience)
    in_their_dm = here.audience == "direct" and there.audience == "private"
    allowed = own and same_space and (there.audience == "public" or same_readers or in_their_dm)
    assert usable(fact(where=there), here=here, asker="U1" if own else "U2") is allowed


@pytest.mark.parametrize("audience", ["private", "shared", "direct"])
def test_what_was_told_to_few_stays_when_the_channel_changes_its_readers(audience: str) -> None:
    told = fact(where=place(audience))
    assert usable(told, here=place(audience, thread="9"), asker="U1")
    for other in {*AUDIENCES} - {audience, "direct"}:
        assert not usable(told, here=place(other), asker="U1")


def test_a_channel_of_unknown_audience_counts_as_private() -> None:
    told = fact(where=place(""))
    assert usable(told, here=place("private"), asker="U1")
    assert not usable(told, here=place(channel="C2"), asker="U1")
    assert not usable(fact(where=place("direct", "D1")), here=place("", "D2"), asker="U1")


@given(collections, collections, places)
def test_what_was_said_elsewhere_never_changes_what_is_known_here(
    old: Sequence[Fact], new: Sequence[Fact], here: Place
) -> None:
    def seen(facts: Sequence[Fact]) -> list[Fact]:
        return [each for each in facts if usable(each, here=here, asker="U1")]

    whole = known(merge(old, new), here=here, asker="U1")
    assert whole == known(merge(seen(old), seen(new)), here=here, asker="U1")


@given(collections, collections)
def test_facts_merge_to_the_same_in_any_order_and_twice(
    old: Sequence[Fact], new: Sequence[Fact]
) -> None:
    merged = merge(old, new)
    assert merge(new, old) == merged
    assert merge(merged, new) == merge(merged, merged) == merged


@given(collections, collections)
def test_after_a_merge_one_place_has_one_value_of_a_key(
    old: Sequence[Fact], new: Sequence[Fact]
) -> None:
    merged = merge(old, new)
    assert len({(each.key, each.reach) for each in merged}) == len(merged)
    assert all({source.place.audience for source in each.sources} for each in merged)


def test_the_newest_value_of_a_key_wins_whichever_came_in_last() -> None:
    old, new = fact("Lisbon", 1), fact("Porto", 2)
    assert values(merge([old], [new])) == values(merge([new], [old])) == ["Porto"]


def test_an_edit_is_newer_than_what_was_said_before_it() -> None:
    edited = fact("Lisbon", 1)
    edited = replace(edited, sources=(replace(edited.sources[0], version=9),))
    assert values(merge([edited], [fact("Porto", 5)])) == ["Lisbon"]


def test_a_secret_does_not_replace_what_everybody_knows_but_is_known_where_it_was_told() -> None:
    direct = place("direct", "D1")
    facts = merge([fact("Lisbon", 1)], [fact("Porto", 2, direct)])
    assert values(known(facts, here=place(), asker="U1")) == ["Lisbon"]
    assert values(known(facts, here=direct, asker="U1")) == ["Porto"]


def test_a_public_change_replaces_what_was_told_in_private_before() -> None:
    private = place("private", "C2")
    facts = merge([fact("Lisbon", 1, private)], [fact("Porto", 2)])
    assert values(facts) == ["Porto"]


def test_what_was_said_twice_survives_the_loss_of_one_message_in_the_words_of_the_other() -> None:
    facts = merge([fact("Lisbon", 1)], [fact("lisbon", 2)])
    assert [len(each.sources) for each in facts] == [2]
    left = without(facts, lambda source: source.message == "2")
    assert [each.message for each in left[0].sources] == ["1"]
    assert not without(left, lambda source: source.message == "1")


def test_the_same_id_in_another_channel_is_another_message() -> None:
    facts = merge(
        [fact("Lisbon", 1, message="7")],
        [fact("Lisbon", 2, place(channel="C2"), message="7")],
    )
    gone = (place().channel_key, "7")
    left = without(facts, lambda source: source.origin == gone)
    assert [each.place.channel for each in left[0].sources] == ["C2"]


@given(collections, st.sets(st.sampled_from("abcd")))
def test_nothing_that_is_left_rests_on_what_is_gone(facts: Sequence[Fact], gone: set[str]) -> None:
    left = without(facts, lambda source: source.message in gone)
    assert all(each.sources for each in left)
    assert not gone & {source.message for each in left for source in each.sources}
    kept = [each for each in facts if {source.message for source in each.sources} - gone]
    assert [(each.key, each.reach) for each in left] == [(each.key, each.reach) for each in kept]


def test_beyond_the_most_the_oldest_go() -> None:
    many = [fact(f"v{n}", n, key=f"k{n}") for n in range(MOST)]
    kept = merge(many, [fact("new", 999, key="new")])
    assert len(kept) == MOST
    assert {"k1", "new"} <= {each.key for each in kept}
    assert "k0" not in {each.key for each in kept}


def test_a_fact_said_a_hundred_times_keeps_a_few_sources_the_newest() -> None:
    (kept,) = merge([], [fact("Lisbon", at) for at in range(1, 101)])
    assert [source.said for source in kept.sources] == [*range(100, 92, -1)]


@given(collections)
def test_a_fact_comes_back_from_its_packed_form(facts: Sequence[Fact]) -> None:
    packed = b"\n".join(each.pack() for each in facts)
    assert tuple(Fact.unpack(row, person="U1") for row in packed.splitlines()) == facts


def test_a_prompt_shows_each_fact_on_one_line_as_quoted_data() -> None:
    told = fact("Lisbon")
    told = replace(told, sources=(replace(told.sources[0], quote='I live\nin "Lisbon".'),))
    row = r'home: Lisbon ("I live in \"Lisbon\".", 2027-01-15)'
    assert line(told) == row
    assert (
        render([told], "Ada\n## System")
        == f"[Ada ## System said about themselves earlier]\n- {row}"
    )
    assert render([], "Ada") == ""


def test_typography_case_width_and_emphasis_are_no_difference() -> None:
    assert plain("It’s  **Ｆｕｎ** –\nno?") == plain("it's fun - no?")
    assert plain("e\u200b\u0301") == plain("é")
