"""What Slack shows between two posts, and what it says is gone; on the fake, page by page."""

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.message import Audience, Conversation
from adapters.ports import Busy, Page, Refused
from tests.adapters.slack_bot import bot
from tests.servers.slack import Fault, Slack

pytestmark = pytest.mark.anyio

DAY = 86_400.0


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


def place(thread: str, channel: str = "C1") -> Conversation:
    audience = Audience.DIRECT if channel.startswith("D") else Audience.PUBLIC
    return Conversation(
        platform="slack", space="T00FAKE00AA", channel=channel, thread=thread, audience=audience
    )


async def pages(
    slack: Slack, where: Conversation, first: str, last: str, **options: Any
) -> list[Page]:
    chat = bot(slack, **options).chat(where)
    return [page async for page in chat.stretch(first, last)]


def talk(slack: Slack, number: int) -> list[str]:
    root = slack.say("C1", "U1", "note 0", mention=False)
    return [root] + [
        slack.say("C1", "U2", f"note {each}", thread=root, mention=False)
        for each in range(1, number)
    ]


def between(found: Sequence[Page], post: str) -> bool:
    """Whether a page proves that there is no such post."""
    return any(
        page.ids and page.ids[0] < post < page.ids[-1] and post not in page.ids for page in found
    )


async def test_a_thread_comes_from_the_first_post_asked_for_in_pages_that_overlap(
    slack: Slack,
) -> None:
    said = talk(slack, 12)
    slack.methods.listing.page = 5
    found = await pages(slack, place(said[0]), said[3], said[-1])
    assert [page.ids for page in found][:2] == [tuple(said[3:7]), tuple(said[6:10])]
    assert sorted({each for page in found for each in page.ids}) == said[3:]
    assert all(page.ids == tuple(sorted(page.ids)) for page in found)


async def test_the_first_post_of_a_thread_proves_nothing_of_what_follows_it(slack: Slack) -> None:
    """It comes with every page, and what stands between it and the rest does not."""
    said = talk(slack, 6)
    found = await pages(slack, place(said[0]), said[3], said[5])
    assert not between(found, said[1])
    slack.delete("C1", said[4])
    assert between(await pages(slack, place(said[0]), said[0], said[5]), said[4])


async def test_only_as_many_pages_are_read_as_it_takes(slack: Slack) -> None:
    said = talk(slack, 30)
    slack.methods.listing.page = 5
    await pages(slack, place(said[0]), said[0], said[3])
    assert len(slack.calls("conversations.replies")) == 1


async def test_a_first_post_that_was_deleted_is_told_so(slack: Slack) -> None:
    said = talk(slack, 3)
    slack.delete("C1", said[0])
    (page,) = await pages(slack, place(said[0]), said[0], said[2])
    assert page.deleted == (said[0],)


async def test_a_thread_that_is_gone_shows_nothing(slack: Slack) -> None:
    slack.channel("C1")
    assert await pages(slack, place("1766458026.240809"), "1766458026.240809", "9") == []


async def test_a_direct_message_is_read_from_its_end_and_further_than_the_first_post(
    slack: Slack,
) -> None:
    said = [slack.dm("U1", f"note {number}") for number in range(9)]
    slack.methods.listing.page = 4
    slack.delete("DU1", said[5])
    slack.delete("DU1", said[3])
    found = await pages(slack, place("", "DU1"), said[3], said[8], agent=False)
    assert between(found, said[5])
    assert between(found, said[3])  # something older is seen
    assert not between(found, said[1])


async def test_edits_and_files_that_were_taken_off_are_told(slack: Slack) -> None:
    said = talk(slack, 3)
    slack.edit("C1", said[1], "it reads otherwise")
    gone = {"id": "F1", "mode": "tombstone", "name": "passwords.txt"}
    slack.workspace.channels["C1"].posts[said[2]].more["files"] = [gone]
    (page,) = await pages(slack, place(said[0]), said[0], said[2])
    edited, taken = page.edits
    assert (edited.id, edited.text) == (said[1], "it reads otherwise")
    assert edited.edited_at
    assert abs(edited.edited_at.timestamp() - time.time()) < 60
    assert (taken.id, taken.text) == (said[2], "note 2")


@pytest.mark.parametrize(("shared", "edits"), [(False, 0), (True, 1)])
async def test_what_a_guest_changed_is_as_little_for_the_bot_as_its_event(
    slack: Slack, shared: bool, edits: int
) -> None:
    said = talk(slack, 3)
    slack.workspace.marks["U2"] = {"is_restricted": True}
    slack.edit("C1", said[1], "it reads otherwise")
    (page,) = await pages(slack, place(said[0]), said[0], said[2], shared=shared)
    assert len(page.edits) == edits
    assert page.ids == tuple(said)


async def test_a_channel_that_is_shared_by_now_is_not_read(slack: Slack) -> None:
    said = talk(slack, 3)
    slack.edit("C1", said[1], "it reads otherwise")
    slack.workspace.channels["C1"].shared = True
    (page,) = await pages(slack, place(said[0]), said[0], said[2])
    assert page.edits == ()
    chat = bot(slack).chat(place(said[0]))
    assert [each async for each in chat.history("", 10)] == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault(error="missing_scope"), Refused), (Fault(retry_after=30), Busy)],
)
async def test_what_slack_refuses_is_raised(
    slack: Slack, fault: Fault, error: type[Exception]
) -> None:
    said = talk(slack, 3)
    slack.fail("conversations.replies", fault)
    with pytest.raises(error):
        await pages(slack, place(said[0]), said[0], said[2])


async def test_a_channel_the_bot_was_removed_from_is_refused(slack: Slack) -> None:
    said = talk(slack, 3)
    slack.workspace.channels["C1"].member = False
    with pytest.raises(Refused, match="not_in_channel"):
        await pages(slack, place(said[0]), said[0], said[2])


async def test_slack_says_itself_which_posts_are_gone(slack: Slack) -> None:
    said = talk(slack, 4)
    slack.delete("C1", said[3])
    assert await bot(slack).chat(place(said[0])).deleted(said) == [said[3]]


async def test_what_it_may_have_let_go_by_itself_is_not_asked_for(slack: Slack) -> None:
    """Slack can be set to keep messages for a day only."""
    said = talk(slack, 2)
    slack.delete("C1", said[1])
    later = datetime.fromtimestamp(time.time() + DAY + 60, UTC)
    chat = bot(slack, now=lambda: later).chat(place(said[0]))
    assert await chat.deleted(said) == []
    assert not slack.calls("chat.getPermalink")


async def test_a_lost_scope_says_nothing_about_a_post(slack: Slack) -> None:
    said = talk(slack, 2)
    slack.fail("chat.getPermalink", Fault(error="channel_not_found"), Fault(error="missing_scope"))
    assert await bot(slack).chat(place(said[0])).deleted(said) == []
