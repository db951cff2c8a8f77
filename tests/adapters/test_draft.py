"""A reply grows on paced posts and ends exactly as meant, whatever calls get lost."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.draft import Pace, write
from adapters.markup import neutralise, split
from adapters.ports import Busy, Posted, Refused, Unclear
from tests.adapters.posts import Fault, Lost, MemoryPosts, Turn
from tests.virtual import VirtualLoop

pytestmark = pytest.mark.anyio
PACE = Pace()
LONG = "One sentence of many. " * 12  # three parts of at most 100 characters


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return ("asyncio", {"loop_factory": VirtualLoop})


async def speak(*pieces: str | float | BaseException) -> AsyncGenerator[str, None]:
    """Strings are said, numbers are seconds of silence, exceptions are raised."""
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, BaseException):
            raise piece
        else:
            await asyncio.sleep(piece)


def slowly(words: int) -> list[str | float]:
    return [piece for number in range(words) for piece in (f"{number} ", 2.0)]


async def told(
    posts: MemoryPosts,
    *pieces: str | float | BaseException,
    onto: Posted | None = None,
    turn: Turn | None = None,
) -> list[Posted]:
    text = speak(*pieces)
    return [seen async for seen in write(posts, turn or Turn(), text, onto or Posted(), PACE)]


async def test_a_reply_that_is_quick_is_posted_once_and_whole() -> None:
    posts = MemoryPosts()
    seen = await told(posts, "Hello", 0.5, " world\n")
    assert [(call.verb, call.text, call.live) for call in posts.calls] == [
        ("post", "Hello world", False)
    ]
    assert seen == [
        Posted(ids=("p0",), text="Hello world"),
        Posted(ids=("p0",), text="Hello world", complete=True),
    ]


async def test_where_only_live_posts_can_be_found_each_is_told_before_it_is_whole() -> None:
    posts = MemoryPosts(repeats_safely=True)
    seen = await told(posts, "One sentence of many. " * 6)
    assert [(call.verb, call.post, call.live) for call in posts.calls] == [
        ("post", "", True),
        ("edit", "p0", False),
        ("post", "", True),
        ("edit", "p1", False),
    ]
    assert [posted.ids for posted in seen] == [("p0",), ("p0", "p1"), ("p0", "p1")]


async def test_a_slow_reply_grows_on_one_live_post() -> None:
    posts = MemoryPosts()
    seen = await told(posts, "One", 2, " two", 2, " three", 2)
    assert [(call.verb, call.text, call.live) for call in posts.calls] == [
        ("post", "One", True),
        ("edit", "One two", True),
        ("edit", "One two three", True),
        ("edit", "One two three", False),
    ]
    assert seen[-1].ids == ("p0",)


async def test_pieces_are_gathered_between_edits() -> None:
    posts = MemoryPosts(limit=1000)
    await told(posts, *(part for number in range(100) for part in (f"{number} ", 0.05)))
    sent = [call.at for call in posts.calls]
    assert len(sent) == 4
    assert all(later - sooner >= PACE.every for sooner, later in pairwise(sent[:-1]))
    assert posts.visible[0].endswith("98 99")


async def test_nothing_is_edited_while_the_model_is_silent() -> None:
    posts = MemoryPosts()
    await told(posts, "One", 600, " two")
    assert [call.text for call in posts.calls] == ["One", "One two"]


async def test_the_first_words_are_shown_when_they_come() -> None:
    posts = MemoryPosts()
    await told(posts, "\n", 1.2, "One", 5)
    assert posts.calls[0].at == pytest.approx(1.2)


async def test_a_long_reply_takes_several_posts_and_only_the_last_is_live() -> None:
    posts = MemoryPosts()
    seen = await told(posts, LONG, 5)
    assert posts.visible == split(LONG.strip(), 100)
    assert [call.live for call in posts.calls] == [False, False, True, False]
    assert [call.slot for call in posts.calls[:3]] == [0, 1, 2]
    assert [one.ids for one in seen] == [("p0",), ("p0", "p1"), *[("p0", "p1", "p2")] * 2]
    assert (seen[0].text, seen[-1].text) == (posts.visible[0], LONG.strip())


async def test_the_last_edit_waits_for_the_end_of_the_text() -> None:
    posts, ended = MemoryPosts(), []

    async def text() -> AsyncGenerator[str, None]:
        yield "all of it"
        await asyncio.sleep(9)
        ended.append(asyncio.get_running_loop().time())

    async for _ in write(posts, Turn(), text(), Posted(), PACE):
        pass
    assert [call.live for call in posts.calls] == [True, False]
    assert posts.calls[-1].at >= ended[0]


async def test_mentions_reach_nobody() -> None:
    posts = MemoryPosts()
    await told(posts, "@every", 3, "one <@U1>")
    assert posts.visible == [neutralise("@everyone <@U1>")]


async def test_every_call_is_secured_first() -> None:
    posts, turn = MemoryPosts(), Turn()
    onto = Posted(ids=posts.given("a", "b", "c"))
    await told(posts, "short", 5, " reply", turn=turn, onto=onto)
    assert turn.secures == len(posts.calls)


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


@pytest.mark.parametrize("pieces", [(), ("",), (" \n", 3.0, "\n")])
async def test_a_reply_without_text_is_an_error(pieces: Sequence[str | float]) -> None:
    posts = MemoryPosts()
    with pytest.raises(ValueError, match="needs text"):
        await told(posts, *pieces)
    assert posts.calls == []


class Broken(Exception):
    pass


@pytest.mark.parametrize("silence", [0.0, 5.0])
async def test_an_error_of_the_text_comes_out_as_itself(silence: float) -> None:
    with pytest.raises(Broken):
        await told(MemoryPosts(), "One", silence, Broken())


async def test_an_error_of_the_text_comes_out_at_once() -> None:
    with pytest.raises(Broken):
        await told(MemoryPosts(), "One", 1.6, Broken())
    assert asyncio.get_running_loop().time() < 2


@pytest.mark.parametrize("grip", [0, 1, 2])
async def test_a_lost_turn_comes_out_as_itself_and_touches_nothing_more(grip: int) -> None:
    posts, turn = MemoryPosts(), Turn(lost=Broken(), grip=grip)
    with pytest.raises(Broken):
        await told(posts, "One", 2, " two", 2, " three", 60, turn=turn)
    assert len(posts.calls) == grip


async def test_whoever_goes_on_meets_no_call_that_is_still_under_way() -> None:
    posts, turn = MemoryPosts(), Turn(lost=Broken(), grip=1)
    posts.fail("post", Lost(lands=PACE.late))
    with pytest.raises(Broken):
        await told(posts, "One", 60, turn=turn)
    assert posts.visible == ["One"]
    assert asyncio.get_running_loop().time() >= posts.calls[0].at + PACE.late + PACE.listed


@dataclass
class Watched:
    """A text that says whether it was closed."""

    closed: bool = False

    async def text(self) -> AsyncGenerator[str, None]:
        try:
            yield "One"
            await asyncio.sleep(3600)
        finally:
            self.closed = True


async def test_cancelling_ends_the_reading_too() -> None:
    watched = Watched()

    async def consume() -> None:
        async for _ in write(MemoryPosts(), Turn(), watched.text(), Posted(), PACE):
            pass

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(10)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert watched.closed


async def test_a_consumer_may_stop_early() -> None:
    watched = Watched()
    seen = write(MemoryPosts(), Turn(), watched.text(), Posted(), PACE)
    assert (await anext(seen)).ids == ("p0",)
    await seen.aclose()
    assert watched.closed


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


async def test_only_links_that_people_typed_are_live() -> None:
    posts, text = MemoryPosts(), "https://a.test/1 https://b.test/2"
    await told(posts, text, turn=Turn(typed="look at a.test"))
    assert posts.visible == ["https://a.test/1 `https://b.test/2`"]
