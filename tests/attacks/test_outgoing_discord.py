"""Whatever a reply, an answer or a line for all says on Discord, it pings nobody and leads nowhere.

Each way out with the worst text, at the wire: the text itself is harmless, and Discord is told
besides to ping nobody and to show no previews.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial

import pytest

from adapters.discord.platform import DiscordPlatform
from adapters.message import Action, Answer, Author, Conversation, Offer
from adapters.ports import Posted
from tests.adapters.inbox import Collected
from tests.adapters.posts import Turn
from tests.adapters.running import connected
from tests.attacks.wire import PINGS, WORST, leading, pinging
from tests.servers.discord import FakeDiscord
from tests.servers.discord.faults import Asked

pytestmark = pytest.mark.anyio

ANSWER = Answer(
    text=WORST, actions=(Action(label=PINGS[:70], name="memory", argument="delete @everyone"),)
)
LONG = Answer(text=WORST, actions=(Action(label="x", name="memory", argument=PINGS * 9),))
EXPORT = Answer(text=WORST, document=WORST)
OFFERS = [
    Offer(name=name, arguments="", what="what I know") for name in ("memory", "export", "forget")
]
SUPPRESS = 1 << 2  # of embeds
POST, EDIT = "POST /channels/{channel_id}/messages", "PATCH /channels/{channel_id}/messages/"
ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.fixture
def inbox(discord: FakeDiscord) -> Collected:
    inbox = Collected(discord.changed)
    inbox.prepared |= {"memory": ANSWER, "export": EXPORT, "forget": LONG}
    return inbox


@pytest.fixture
async def platform(discord: FakeDiscord, inbox: Collected) -> AsyncIterator[DiscordPlatform]:
    async with connected(discord, inbox, offers=OFFERS) as running:
        yield running


@pytest.fixture
async def place(discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform) -> Conversation:
    """Where Ada, who chose a bad name, called the bot."""
    ada = discord.person(PINGS[:30])
    discord.say(discord.channel(discord.guild()), ada, "hello", mention=True)
    await discord.until(lambda: inbox.messages)
    return inbox.messages[0].conversation


def told(discord: FakeDiscord) -> list[Asked]:
    return [each for each in discord.requests if "content" in each.body]


def _more(discord: FakeDiscord, before: int) -> bool:
    return len(told(discord)) > before


def harmless(discord: FakeDiscord, *routes: str) -> None:
    """These were asked for, and nothing that was sent pings, leads away or shows previews."""
    said = told(discord)
    assert all(any(each.route.startswith(route) for each in said) for route in routes)
    for each in said:
        assert pinging(each.body) == []
        assert leading(each.body) <= {"discord.com"}
        assert each.body["allowed_mentions"]["parse"] == []
        assert not each.body["allowed_mentions"].get("replied_user")
        assert not each.body.get("embeds")
        if each.route.startswith("POST /channels"):
            assert each.body["flags"] & SUPPRESS
    shown = [post for channel in discord.world.messages.values() for post in channel.values()]
    assert not any(post["mention_everyone"] for post in shown if post["author"]["id"] == discord.me)


async def test_a_reply_that_grows_by_edits_is_harmless(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform, place: Conversation
) -> None:
    async def slowly() -> AsyncGenerator[str, None]:
        for at in range(0, len(WORST), 300):
            before = len(told(discord))
            yield WORST[at : at + 300]
            await discord.until(partial(_more, discord, before))

    turn = Turn(id="q7k2m9x4w1z8c5v3b6n0", anchor=inbox.messages[0].id)
    async for _ in platform.chat(place).reply(turn, slowly(), Posted()):
        pass
    harmless(discord, POST, EDIT)


async def test_what_only_one_person_sees_and_a_line_for_all_are_harmless(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform, place: Conversation
) -> None:
    chat, ada = platform.chat(place), Author(id=inbox.messages[0].author.id, name=PINGS)
    for answer in (ANSWER, LONG, EXPORT, Answer(text=f"{WORST}\n\n" * 4)):
        await chat.whisper(ada, answer)
    await chat.announce(f"{WORST} had me forget this conversation.")
    assert len(discord.posts(discord.direct(ada.id))) >= 5
    assert len(discord.posts(place.channel)) == 1
    harmless(discord, POST)


async def test_answers_to_commands_and_buttons_are_harmless(
    discord: FakeDiscord, inbox: Collected, place: Conversation
) -> None:
    ada = inbox.messages[0].author.id
    for name in ("memory", "export", "forget"):
        asked = discord.command(place.channel, ada, name)
        await discord.until(partial(discord.seen, asked))
    asked = discord.command(place.channel, ada, "memory")
    await discord.until(lambda: discord.seen(asked) and discord.seen(asked)[-1]["components"])
    shown = discord.seen(asked)[-1]
    label = shown["components"][0]["components"][0]["label"]
    pressed = discord.press(shown["id"], ada, label=label)
    await discord.until(lambda: discord.seen(pressed))
    harmless(discord, ORIGINAL)
