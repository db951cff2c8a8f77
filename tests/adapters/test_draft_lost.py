"""A reply is seen once and whole, whatever calls get lost and whichever posts are gone."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.markup import neutralise, split
from adapters.ports import Busy, Posted, Refused, Unclear
from tests.adapters.posts import Fault, Lost, MemoryPosts, Turn
from tests.adapters.telling import LONG, PACE, anyio_backend, slowly, told
from tests.virtual import VirtualLoop

__all__ = ["anyio_backend"]

pytestmark = pytest.mark.anyio


async def test_posts_that_a_crash_left_are_edited_even_if_they_may_show_it_already() -> None:
    posts = MemoryPosts()
    seen = await told(posts, "same", onto=Posted(ids=posts.given("same")))
    assert posts.verbs == ["edit"]
    assert seen == [Posted(ids=("p0",), text="same", complete=True)]


async def test_surplus_posts_of_a_shorter_reply_are_deleted_before_the_end() -> None:
    posts = MemoryPosts()
    onto = Posted(ids=posts.given("x", "y", "z"), removed=("gone",))
    seen = await told(posts, "short", onto=onto)
    assert seen == [Posted(ids=("p0",), removed=("gone", "p2", "p1"), text="short", complete=True)]
    assert posts.visible == ["short"]


async def test_a_post_that_somebody_deleted_is_dropped_and_the_reply_laid_out_again() -> None:
    posts = MemoryPosts()
    onto = Posted(ids=posts.given("x", "y"))
    posts.vanish("p0")
    seen = await told(posts, LONG, onto=onto)
    assert posts.visible == split(LONG.strip(), 100)
    assert (seen[-1].ids, seen[-1].removed) == (("p1", "p2", "p3"), ("p0",))


async def test_a_new_post_after_a_deleted_one_takes_a_fresh_slot() -> None:
    posts = MemoryPosts(repeats_safely=True)
    onto = Posted(ids=posts.given("x", "y"))
    posts.vanish("p0")
    await told(posts, LONG, onto=onto)
    assert [call.slot for call in posts.calls if call.verb == "post"] == [2, 3]


async def test_a_reply_that_is_deleted_again_and_again_ends_with_a_reason() -> None:
    posts, words = MemoryPosts(doomed=True), slowly(20)
    with pytest.raises(Refused, match="see which app or person"):
        await told(posts, *words)
    assert posts.verbs.count("post") == 8


async def test_any_number_of_posts_may_be_gone_since_an_earlier_attempt() -> None:
    posts = MemoryPosts()
    onto = Posted(ids=posts.given(*"abcdefghijkl"))
    for post in onto.ids:
        posts.vanish(post)
    seen = await told(posts, "hello", onto=onto)
    assert (seen[-1].ids, seen[-1].removed) == (("p12",), onto.ids)


@pytest.mark.parametrize("lands", [0.1, 7.9])
async def test_an_unclear_post_is_read_back_and_adopted(lands: float) -> None:
    posts = MemoryPosts(listed=4.9)
    posts.fail("post", Lost(lands=lands))
    seen = await told(posts, "hello")
    assert posts.verbs == ["post", "find", "edit", "edit"]
    assert posts.calls[1].at >= posts.calls[0].at + PACE.late + PACE.listed
    assert posts.visible == ["hello"]
    assert seen[-1].ids == ("p0",)


async def test_an_unclear_post_that_cannot_be_found_is_posted_again() -> None:
    posts = MemoryPosts()
    posts.fail("post", Lost(), Lost())
    await told(posts, "hello")
    assert posts.visible == ["hello"]
    assert posts.verbs == ["post", "find", "post", "find", "post", "edit"]


async def test_reading_back_adopts_no_post_that_is_known() -> None:
    posts = MemoryPosts()
    posts.fail("post", None, Lost())
    seen = await told(posts, LONG)
    assert posts.visible == split(LONG.strip(), 100)
    assert seen[-1].ids == ("p0", "p1", "p2")


async def test_nothing_is_posted_again_while_reading_back_fails() -> None:
    posts = MemoryPosts()
    posts.fail("post", Lost(lands=1))
    posts.fail("find", *[Lost()] * 8)
    with pytest.raises(Unclear):
        await told(posts, "hello")
    assert posts.verbs.count("post") == 1


@pytest.mark.parametrize("lands", [None, 0.1, 7.9])
async def test_an_unclear_post_with_a_nonce_is_repeated_in_its_slot(lands: float | None) -> None:
    posts = MemoryPosts(repeats_safely=True)
    posts.fail("post", Lost(lands=lands))
    seen = await told(posts, "hello")
    assert [(call.verb, call.slot) for call in posts.calls[:2]] == [("post", 0), ("post", 0)]
    assert posts.visible == ["hello"]
    assert seen[-1].ids == ("p0",)


async def test_a_repeated_post_is_edited_because_it_may_show_older_words() -> None:
    posts = MemoryPosts(repeats_safely=True)
    posts.fail("post", Lost(lands=0.1))
    await told(posts, "hello")
    assert posts.verbs[:3] == ["post", "post", "edit"]


async def test_a_nonce_that_brings_back_a_known_post_is_not_used_again() -> None:
    posts = MemoryPosts(repeats_safely=True)
    posts.nonces["t1", 1] = posts.given("x")[0]  # posted by an earlier attempt in another slot
    seen = await told(posts, LONG, onto=Posted(ids=("p0",)))
    assert posts.visible == split(LONG.strip(), 100)
    assert seen[-1].ids == ("p0", "p1", "p2")


async def test_after_an_unclear_edit_the_last_words_wait_and_are_all_said_again() -> None:
    posts = MemoryPosts()
    posts.fail("edit", Lost(lands=7.9))  # older words, landing after the text has ended
    await told(posts, LONG, 3, " And", 0.5, " more.")
    whole = (LONG + " And more.").strip()
    assert posts.visible == split(whole, 100)
    lost = next(call for call in posts.calls if call.verb == "edit")
    last = posts.calls[-3:]
    assert [call.post for call in last] == ["p0", "p1", "p2"]
    assert last[0].at >= lost.at + PACE.late
    await asyncio.sleep(60)
    assert posts.visible == split(whole, 100)


async def test_a_call_that_left_late_since_the_process_stood_still_is_waited_for_as_long() -> None:
    posts = MemoryPosts()
    posts.fail("edit", Lost(stands=40, lands=7.9))  # older words
    await told(posts, LONG, 3, " And", 0.5, " more.")
    await asyncio.sleep(60)
    assert posts.visible == split((LONG + " And more.").strip(), 100)


async def test_an_unclear_last_edit_is_said_once_more_later() -> None:
    posts = MemoryPosts()
    posts.fail("edit", Lost(lands=7.9))
    await told(posts, "hello", onto=Posted(ids=posts.given("x")))
    assert posts.verbs == ["edit", "edit", "edit"]
    assert posts.calls[-1].at >= posts.calls[0].at + PACE.late


async def test_a_busy_platform_is_given_the_time_it_asks_for() -> None:
    posts, turn = MemoryPosts(), Turn()
    posts.fail("post", Busy(30))
    await told(posts, "hello", turn=turn)
    assert posts.calls[1].at >= posts.calls[0].at + 30
    assert turn.secures == 2


@pytest.mark.parametrize("verb", ["post", "edit", "delete"])
@pytest.mark.parametrize("fault", [Busy(1), Lost()])
async def test_eight_tries_are_enough(verb: str, fault: Fault) -> None:
    posts = MemoryPosts()
    onto = Posted(ids=() if verb == "post" else posts.given("x", "y"))
    posts.fail(verb, *[fault] * 8)
    with pytest.raises(Busy if isinstance(fault, Busy) else Unclear):
        await told(posts, "hello", onto=onto)
    assert posts.verbs.count(verb) == 8


async def test_what_the_platform_refuses_is_not_tried_again() -> None:
    posts = MemoryPosts()
    posts.fail("post", Refused("no permission here: invite the bot"))
    with pytest.raises(Refused, match="invite the bot"):
        await told(posts, "hello")
    assert posts.verbs == ["post"]


FAULTS = st.none() | st.builds(Lost, lands=st.none() | st.floats(0, 7.9)) | st.just(Busy(2))
VERBS = st.sampled_from(["post", "edit", "delete", "find"])
WORDS = st.text("ab .\n`@", min_size=1, max_size=150) | st.floats(0, 4)


@settings(deadline=None)
@given(
    pieces=st.lists(WORDS, max_size=8),
    faults=st.lists(st.tuples(VERBS, FAULTS), max_size=12),
    safely=st.booleans(),
    left=st.integers(0, 4),
    vanished=st.sets(st.integers(0, 3)),
)
def test_whatever_gets_lost_people_see_the_reply_once(
    pieces: list[str | float],
    faults: list[tuple[str, Fault]],
    safely: bool,
    left: int,
    vanished: set[int],
) -> None:
    posts = MemoryPosts(repeats_safely=safely, listed=4.9)

    async def play() -> list[Posted]:
        onto = Posted(ids=posts.given(*["old"] * left))
        for number in vanished & set(range(left)):
            posts.vanish(f"p{number}")
        for verb, fault in faults:
            posts.fail(verb, fault)
        seen = await told(posts, "Start. ", *pieces, onto=onto)
        await asyncio.sleep(60)  # whatever is still in flight lands
        return seen

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        try:
            seen = runner.run(play())
        except (Unclear, Busy):
            return  # more in a row than anyone tries: the next attempt continues
    whole = neutralise("".join(["Start. ", *(p for p in pieces if isinstance(p, str))]).strip())
    assert posts.visible == split(whole, posts.limit)
    assert [posts.posts[post].text for post in seen[-1].ids] == posts.visible
    assert not any(posts.posts[post].live for post in seen[-1].ids)
    assert {f"p{number}" for number in range(left)} <= {*seen[-1].ids, *seen[-1].removed}
    assert seen[-1] == Posted(ids=seen[-1].ids, removed=seen[-1].removed, text=whole, complete=True)
