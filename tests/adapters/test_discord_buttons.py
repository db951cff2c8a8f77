"""Discord's buttons and menus: what is pressed is a command, also after a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import buttons
from adapters.discord.platform import DiscordPlatform
from adapters.message import Action, Answer, Audience, Author, Conversation
from tests.adapters.discord_desk import (
    OFFERS,
    Desk,
    ada,
    answers_text,
    button,
    channel,
    inbox,
    platform,
    texts,
)
from tests.adapters.running import connected, discord
from tests.servers.discord import FakeDiscord

__all__ = ["ada", "channel", "discord", "inbox", "platform"]

pytestmark = pytest.mark.anyio


async def test_pressing_a_button_is_a_command_and_its_answer_takes_the_place(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    inbox.answers = [
        Answer(text="12 would go.", actions=(Action(label="Go", name="forget", argument="yes"),))
    ]
    asked = discord.command(channel, ada, "forget")
    await texts(discord, asked)
    (preview,) = discord.seen(asked)
    assert button(discord, preview) == ["Go"]
    inbox.answers = [Answer(text="Forgotten: 12.")]
    pressed = discord.press(preview["id"], ada, label="Go")
    assert await texts(discord, pressed) == ["Forgotten: 12."]
    assert button(discord, preview) == []
    assert (inbox.commands[1].name, inbox.commands[1].argument) == ("forget", "yes")
    assert inbox.commands[1].conversation.channel == channel


async def test_a_button_works_after_a_restart(
    discord: FakeDiscord, inbox: Desk, ada: str, channel: str
) -> None:
    link = f"https://discord.com/channels/{'1' * 19}/{'2' * 19}/{'3' * 19} yes"
    go = Action(label="Go", name="forget", argument=link)
    inbox.answers = [Answer(text="?", actions=(go,))]
    async with connected(discord, inbox, offers=OFFERS):
        asked = discord.command(channel, ada, "forget")
        await texts(discord, asked)
    async with connected(discord, inbox, offers=OFFERS):
        await texts(discord, discord.press(discord.seen(asked)[0]["id"], ada, label="Go"))
    assert inbox.commands[1].argument == link


async def test_what_no_button_holds_is_told_in_words(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    key = "".join(chr(0x4E00 + 37 * number) for number in range(90))
    delete = Action(label="Delete", name="memory", argument=f"delete {key}")
    inbox.answers = [Answer(text="Facts:", actions=(delete,))]
    (told,) = await texts(discord, discord.command(channel, ada, "summary"))
    assert told == f"Facts:\nDelete: say `/memory delete {key}`"


async def test_buttons_in_a_direct_message_act_where_they_were_asked_for(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    guild = discord.world.channels[channel]["guild_id"]
    where = Conversation(platform="discord", space=guild, channel=channel, audience=Audience.PUBLIC)
    confirm = Action(label="Confirm", name="forget", argument="yes")
    answer = Answer(text="12 messages would go.", actions=(confirm,))
    await platform.chat(where).whisper(Author(id=ada, name="Ada"), answer)
    (post,) = discord.posts(discord.direct(ada))
    assert await texts(discord, discord.press(post["id"], ada, label="Confirm")) == ["done"]
    (command,) = inbox.commands
    assert command.conversation == where
    assert not command.manages


async def test_a_message_can_be_remembered_that_did_not_call(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    said = discord.say(channel, discord.person("Grace"), "the key is under the mat")
    asked = discord.command(channel, ada, "Remember this", on=said)
    assert await texts(discord, asked) == [answers_text("KEPT")]
    (message,) = inbox.messages
    assert (message.id, message.author.name, message.text) == (
        said,
        "Grace",
        "the key is under the mat",
    )
    assert (message.kept, message.called) == (True, False)
    assert message.conversation.channel == channel


async def test_a_message_is_remembered_with_the_text_of_its_files(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    file = discord.file("keys.txt", b"under the mat", "text/plain")
    said = discord.say(channel, ada, "see", attachments=[file])
    await texts(discord, discord.command(channel, ada, "Remember this", on=said))
    assert "under the mat" in inbox.messages[0].attachments[0]


async def test_a_call_can_be_remembered_and_is_not_answered_again(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    said = discord.say(channel, ada, "remember the milk", mention=True)
    await texts(discord, discord.command(channel, ada, "Remember this", on=said))
    assert [(each.called, each.kept) for each in inbox.messages] == [(True, False), (False, True)]


async def test_own_posts_are_not_remembered_as_notes(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    own = str(discord.world.add_message(channel, discord.me, "an answer")["id"])
    asked = discord.command(channel, ada, "Remember this", on=own)
    assert await texts(discord, asked) == [answers_text("NOTHING")]
    assert inbox.messages == []


async def test_a_message_can_be_forgotten(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    said = discord.say(channel, ada, "my secret", mention=True)
    await texts(discord, discord.command(channel, ada, "Forget this", on=said))
    assert (inbox.commands[0].name, inbox.commands[0].argument) == ("forget", f"post {said}")


ARGUMENTS = st.text(max_size=300) | st.from_regex(r"(delete|correct) [\w ]{1,90}", fullmatch=True)


@given(ARGUMENTS, st.sampled_from(["", "@me/123", "1234567890123456789/9876543210987654321"]))
def test_a_buttons_id_says_all_it_does_or_there_is_none(argument: str, place: str) -> None:
    action = Action(label="x", name="memory", argument=argument)
    name = buttons.custom_id(action, place)
    assert len(name) <= 100
    told = buttons.words([action], place)
    assert bool(name) != bool(told)
    if name:
        assert buttons.pressed(name) == (place, "memory", argument)
