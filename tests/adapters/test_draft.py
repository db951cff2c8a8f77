"""A reply grows on paced posts and ends exactly as meant."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise

import pytest

from adapters.draft import write
from adapters.markup import neutralise, split
from adapters.ports import Posted
from tests.adapters.posts import MemoryPosts, Turn
from tests.adapters.telling import LONG, PACE, anyio_backend, told

__all__ = ["anyio_backend"]

pytestmark = pytest.mark.anyio


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


@pytest.mark.parametrize("pieces", [(), ("",), (" \n", 3.0, "\n")])
async def test_a_reply_without_text_is_an_error(pieces: Sequence[str | float]) -> None:
    posts = MemoryPosts()
    with pytest.raises(ValueError, match="needs text"):
        await told(posts, *pieces)
    assert posts.calls == []


async def test_only_links_that_people_typed_are_live() -> None:
    posts, text = MemoryPosts(), "https://a.test/1 https://b.test/2"
    await told(posts, text, turn=Turn(typed="look at a.test"))
    assert posts.visible == ["https://a.test/1 `https://b.test/2`"]
