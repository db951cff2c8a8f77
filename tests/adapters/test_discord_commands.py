"""Discord's commands and their answers: the unmodified discord.py against the fake on the wire."""

from collections.abc import Awaitable, Callable

import pytest

from adapters.discord import answers
from adapters.discord.platform import DiscordPlatform
from adapters.message import Answer, Audience
from tests.adapters.discord_desk import (
    CALLBACK,
    COMMANDS,
    OFFERS,
    ORIGINAL,
    Desk,
    ada,
    answers_text,
    channel,
    inbox,
    platform,
    texts,
)
from tests.adapters.running import connected, discord
from tests.servers.discord import FakeDiscord, Fault

__all__ = ["ada", "channel", "discord", "inbox", "platform"]

pytestmark = pytest.mark.anyio


async def test_commands_are_registered_with_where_they_can_be_used(
    discord: FakeDiscord, platform: DiscordPlatform
) -> None:
    listed = {each["name"]: each for each in discord.interactions.commands}
    assert [*listed] == ["summary", "forget", "help", "Remember this", "Forget this"]
    assert listed["summary"]["options"][0]["description"] == "[link]"
    assert "options" not in listed["help"]
    for command in listed.values():
        assert command["contexts"] == [0, 1]  # servers, the bot's own direct messages
        on_messages = command["type"] == 3
        assert command["integration_types"] == ([0] if on_messages else [0, 1])


async def test_commands_are_registered_only_when_others_are(
    discord: FakeDiscord, inbox: Desk
) -> None:
    for offers in (OFFERS, OFFERS, OFFERS[:2], OFFERS[:2]):
        async with connected(discord, inbox, offers=offers):
            pass
    assert discord.interactions.registered == 2


async def test_that_commands_cannot_be_registered_stops_nothing(
    discord: FakeDiscord, inbox: Desk
) -> None:
    discord.fail(COMMANDS, Fault(status=403, code=50001))
    async with connected(discord, inbox, offers=OFFERS):
        discord.dm(discord.person("Ada"), "hello")
        await discord.until(lambda: inbox.messages)


async def test_a_command_is_deferred_for_its_asker_alone_and_answered(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    asked = discord.command(channel, ada, "forget", " here ", permissions=1 << 13)
    assert await texts(discord, asked) == ["done"]
    pressed = discord.interactions.pressed[asked]
    assert (pressed.answer, pressed.hidden) == (5, True)
    (command,) = inbox.commands
    assert (command.name, command.argument, command.author.id) == ("forget", "here", ada)
    assert command.conversation.channel == channel
    assert command.conversation.audience is Audience.PUBLIC
    assert command.manages
    assert discord.posts(channel) == []


async def test_who_may_not_manage_messages_does_not_manage(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    await texts(discord, discord.command(channel, ada, "forget", permissions=1 << 11))
    await texts(discord, discord.command(discord.direct(ada), ada, "forget"))
    assert [command.manages for command in inbox.commands] == [False, False]
    assert inbox.commands[1].conversation.audience is Audience.DIRECT


async def test_nothing_of_a_command_waits_for_the_conversation(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str
) -> None:
    inbox.failures = 6
    discord.dm(ada, "this one is not taken for a while")
    assert await texts(discord, discord.command(discord.direct(ada), ada, "help")) == ["done"]


async def test_a_long_answer_takes_five_messages_and_a_longer_one_is_a_file(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    inbox.answers = [Answer(text="word " * 1900)]
    asked = discord.command(channel, ada, "summary", installed=False)
    assert len(await texts(discord, asked, 5)) == 5
    inbox.answers = [Answer(text="word " * 3000)]
    asked = discord.command(channel, ada, "summary", installed=False)
    assert "here is all of it" in (await texts(discord, asked))[0]
    (file,) = discord.seen(asked)[0]["attachments"]
    assert file["filename"] == "answer.md"
    assert file["description"].count("word") == 3000


async def test_a_document_is_a_file(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    inbox.answers = [Answer(text="All of yours.", document='{"facts": []}')]
    asked = discord.command(channel, ada, "summary")
    assert await texts(discord, asked) == ["All of yours."]
    (file,) = discord.seen(asked)[0]["attachments"]
    assert (file["filename"], file["description"]) == ("export.json", '{"facts": []}')


async def test_answers_mention_nobody_and_link_only_to_discord(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    inbox.answers = [
        Answer(text="@everyone https://evil.example https://discord.com/channels/1/2/3")
    ]
    (told,) = await texts(discord, discord.command(channel, ada, "summary"))
    assert told == "@\u200beveryone `https://evil.example` https://discord.com/channels/1/2/3"


async def test_a_command_that_fails_says_so(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    inbox.broken = True
    assert await texts(discord, discord.command(channel, ada, "help")) == [answers_text("SORRY")]


async def test_a_command_that_was_noticed_too_late_does_nothing(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    discord.wait(-4.0)
    late = discord.command(channel, ada, "forget", "yes")
    discord.wait(4.0)
    await discord.until(lambda: any(each.route == CALLBACK for each in discord.requests))
    await texts(discord, discord.command(channel, ada, "help"))
    assert [command.name for command in inbox.commands] == ["help"]
    assert discord.seen(late) == []


async def test_an_answer_after_fifteen_minutes_is_lost_quietly(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    held: list[Callable[[Answer], Awaitable[None]]] = []
    inbox.answers = []
    discord.command(channel, ada, "summary")
    await discord.until(lambda: inbox.commands)
    held.append(inbox.commands[0].respond)
    discord.wait(901.0)
    await held[0](Answer(text="at last"))
    assert discord.requests[-1].route == ORIGINAL
    assert platform.lost == 0


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(cut=True, stored=True)])
async def test_an_answer_that_went_wrong_is_given_again(
    discord: FakeDiscord,
    platform: DiscordPlatform,
    ada: str,
    channel: str,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PAUSE", 0.0)
    discord.fail(ORIGINAL, fault)
    asked = discord.command(channel, ada, "help")
    await discord.until(lambda: [e.route for e in discord.requests].count(ORIGINAL) == 2)
    assert await texts(discord, asked) == ["done"]


async def test_of_two_replicas_one_answers(
    discord: FakeDiscord, inbox: Desk, platform: DiscordPlatform, ada: str, channel: str
) -> None:
    async with connected(discord, inbox, offers=OFFERS):
        await discord.until(lambda: len(discord.gateway.live) == 2)
        asked = discord.command(channel, ada, "help")
        await texts(discord, asked)
        await discord.until(lambda: [each.route for each in discord.requests].count(CALLBACK) == 2)
    assert len(inbox.commands) == 1
    assert len(discord.seen(asked)) == 1


async def test_a_file_is_sent_again_whole(
    discord: FakeDiscord,
    inbox: Desk,
    platform: DiscordPlatform,
    ada: str,
    channel: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PAUSE", 0.0)
    discord.fail(ORIGINAL, Fault(cut=True))
    inbox.answers = [Answer(text="All of yours.", document="{}")]
    asked = discord.command(channel, ada, "summary")
    await texts(discord, asked)
    assert discord.seen(asked)[0]["attachments"][0]["description"] == "{}"
