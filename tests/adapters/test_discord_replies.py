"""A reply on Discord is there once, whatever went wrong, and pings nobody; so is a whisper."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from adapters.discord.platform import DiscordPlatform
from adapters.message import Action, Answer, Audience, Conversation, Echo, Stop
from adapters.ports import Posted, Refused, Unclear
from tests.adapters.discord_talk import POST, Talk, Turn, pieces, reply, talk
from tests.adapters.inbox import Collected
from tests.adapters.running import connected, discord, inbox, platform
from tests.servers.discord import FakeDiscord, Fault

__all__ = ["discord", "inbox", "platform", "talk"]

pytestmark = pytest.mark.anyio


async def test_a_reply_refers_to_the_message_and_pings_nobody(
    discord: FakeDiscord, talk: Talk
) -> None:
    posted = await reply(talk, pieces("Hi ", "@everyone"))
    (post,) = discord.posts(talk.channel)
    assert posted == Posted(ids=(post["id"],), text=post["content"], complete=True)
    assert post["message_reference"]["message_id"] == talk.message.id
    assert post["mentions"] == []
    assert not post["mention_everyone"]
    assert post["components"] == []
    *_, asked, _ = (request.body for request in discord.requests)  # the last takes the button away
    assert (asked["nonce"], asked["enforce_nonce"]) == (f"{talk.turn.id}-0", True)
    assert asked["allowed_mentions"]["parse"] == []
    assert asked["flags"] == 1 << 2  # SUPPRESS_EMBEDS


async def test_a_post_of_our_own_is_told_back_with_the_turn_it_belongs_to(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    posted = await reply(talk, pieces("an answer"))
    await discord.until(lambda: inbox.echoes)
    where, turn = talk.message.conversation, talk.turn.id
    assert inbox.echoes == [Echo(conversation=where, id=posted.ids[0], turn=turn)]


async def test_an_edit_pings_nobody_either(discord: FakeDiscord, talk: Talk) -> None:
    post = await talk.posts.post(talk.turn, 0, "so far", live=True)
    await talk.posts.edit(talk.turn, post, f"<@{talk.message.author.id}>", live=False)
    assert discord.requests[-1].body["allowed_mentions"]["parse"] == []


async def test_a_long_reply_becomes_posts_within_the_limit(
    discord: FakeDiscord, talk: Talk
) -> None:
    posted = await reply(talk, pieces("word " * 900))
    assert [post["id"] for post in discord.posts(talk.channel)] == list(posted.ids)
    assert len(posted.ids) == 3


async def test_a_reply_can_be_stopped_while_it_is_written(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    pressed = asyncio.Event()

    async def text() -> AsyncGenerator[str, None]:
        yield "well, "
        await pressed.wait()
        yield "never mind"

    writing = asyncio.create_task(reply(talk, text()))
    await discord.until(lambda: discord.posts(talk.channel))
    interaction = discord.press(discord.posts(talk.channel)[0]["id"], talk.message.author.id)
    await discord.until(lambda: inbox.others)
    pressed.set()
    await writing
    assert inbox.others == [Stop(conversation=talk.message.conversation, turn=talk.turn.id)]
    assert discord.interactions.pressed[interaction].answer == 6
    (post,) = discord.posts(talk.channel)
    assert (post["content"], post["components"]) == ("well, never mind", [])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=True, stored=True),
        Fault(cut=True),
        Fault(status=503, stored=True),
        Fault(status=429, via=False, retry_after=0.01),
    ],
    ids=["answer lost", "request lost", "unavailable", "too fast"],
)
async def test_a_post_that_went_wrong_is_there_once(
    discord: FakeDiscord, talk: Talk, fault: Fault
) -> None:
    discord.fail(POST, fault)
    await reply(talk, pieces("once"))
    assert discord.texts(talk.channel) == ["once"]


async def test_a_post_nobody_answers_in_time_is_unclear(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox, timeout=0.2) as platform:
        ada = discord.person("Ada")
        discord.dm(ada, "hello")
        await discord.until(lambda: inbox.messages)
        posts = platform.chat(inbox.messages[0].conversation)._posts
        discord.fail(POST, Fault(delay=0.3))
        with pytest.raises(Unclear):
            await posts.post(Turn(inbox.messages[0].id), 0, "late", live=False)
        await discord.until(lambda: discord.texts(discord.direct(ada)) == ["late"])


async def test_a_repeated_post_is_the_earlier_one_with_the_new_text(
    discord: FakeDiscord, talk: Talk
) -> None:
    first = await talk.posts.post(talk.turn, 0, "before the crash", live=True)
    assert await talk.posts.post(talk.turn, 0, "after it", live=False) == first
    (post,) = discord.posts(talk.channel)
    assert (post["content"], post["components"]) == ("after it", [])
    assert talk.turn.secured == 1


async def test_a_repeated_post_that_was_deleted_is_unclear(
    discord: FakeDiscord, talk: Talk
) -> None:
    discord.delete(await talk.posts.post(talk.turn, 0, "soon gone", live=True))
    with pytest.raises(Unclear):
        await talk.posts.post(talk.turn, 0, "again", live=True)


async def test_posts_that_are_gone_are_no_error(discord: FakeDiscord, talk: Talk) -> None:
    post = await talk.posts.post(talk.turn, 0, "soon gone", live=True)
    await talk.chat.remove([post])
    assert discord.posts(talk.channel) == []
    await talk.chat.remove([post])
    assert not await talk.posts.edit(talk.turn, post, "too late", live=False)


async def test_a_turns_posts_are_found_while_it_is_written(
    discord: FakeDiscord, talk: Talk, platform: DiscordPlatform
) -> None:
    post = await talk.posts.post(talk.turn, 0, "so far", live=True)
    await talk.posts.post(Turn(talk.message.id, id="another"), 0, "not this", live=True)
    other_process = platform.chat(talk.message.conversation)
    found = await other_process.find(talk.turn.id, talk.turn.began_at)
    assert found == Posted(ids=(post,), text="so far")
    await talk.posts.edit(talk.turn, post, "done", live=False)
    assert await other_process.find(talk.turn.id, talk.turn.began_at) == Posted()


async def test_a_refusal_says_what_to_do(discord: FakeDiscord, talk: Talk) -> None:
    discord.fail(POST, Fault(status=403, code=50013))
    with pytest.raises(Refused, match="allow the bot to send messages"):
        await talk.posts.post(talk.turn, 0, "hello", live=False)


async def test_a_whisper_in_a_guild_is_a_direct_message(
    discord: FakeDiscord, platform: DiscordPlatform, talk: Talk
) -> None:
    channel = discord.channel(discord.guild())
    where = Conversation(platform="discord", space="1", channel=channel, audience=Audience.PUBLIC)
    confirm = Action(label="Confirm", name="forget", argument="here 12")
    answer = Answer(text="12 messages would go.", actions=(confirm,))
    await platform.chat(where).whisper(talk.message.author, answer)
    assert discord.posts(channel) == []
    assert discord.texts(talk.channel) == ["12 messages would go."]
    discord.fail(POST, Fault(status=403, code=50007))
    await platform.chat(where).whisper(talk.message.author, answer)
    assert len(discord.posts(talk.channel)) == 1


async def test_a_post_can_be_linked_to(talk: Talk) -> None:
    assert talk.chat.link("5") == f"https://discord.com/channels/@me/{talk.channel}/5"


async def test_the_fake_knows_what_discord_does_not_take(discord: FakeDiscord, talk: Talk) -> None:
    if discord._requests.spec is None:
        pytest.skip("no OpenAPI description in ../shared/data")
    await talk.posts.post(Turn("", id="far-too-long-for-a-nonce"), 0, "x", live=False)
    assert discord.violations
    assert all("nonce" in violation for violation in discord.violations)
    discord.violations.clear()
