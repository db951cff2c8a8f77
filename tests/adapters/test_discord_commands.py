"""Discord's commands, menus and buttons: the unmodified discord.py against the fake on the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import answers, buttons
from adapters.discord.platform import DiscordPlatform
from adapters.message import Action, Answer, Audience, Author, Command, Conversation, Offer
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord, Fault
from tests.servers.discord.world import Json

pytestmark = pytest.mark.anyio

OFFERS = (
    Offer(name="summary", arguments="[link]", what="what I hold of this conversation"),
    Offer(name="forget", arguments="[here | me | link]", what="forget"),
    Offer(name="help", arguments="", what="what I do"),
)
CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"
FOLLOW = "POST /webhooks/{application_id}/{token}"
COMMANDS = "PUT /applications/{application_id}/commands"


@dataclass
class Desk(Collected):
    """Answers commands as a test says."""

    commands: list[Command] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=lambda: [Answer(text="done")])
    broken: bool = False

    async def command(self, command: Command) -> None:
        self.commands.append(command)
        if self.broken:
            raise ConnectionError("the store is away")
        for answer in self.answers:
            await command.respond(answer)
        self.changed()


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.fixture
def inbox(discord: FakeDiscord) -> Desk:
    return Desk(discord.changed)


@pytest.fixture
async def platform(discord: FakeDiscord, inbox: Desk) -> AsyncIterator[DiscordPlatform]:
    async with connected(discord, inbox, offers=OFFERS) as running:
        yield running


@pytest.fixture
def ada(discord: FakeDiscord) -> str:
    return discord.person("Ada")


@pytest.fixture
def channel(discord: FakeDiscord) -> str:
    return discord.channel(discord.guild())


async def texts(discord: FakeDiscord, interaction: str, number: int = 1) -> list[str]:
    await discord.until(lambda: len(discord.seen(interaction)) >= number)
    return [str(message["content"]) for message in discord.seen(interaction)]


def button(discord: FakeDiscord, post: Json) -> list[str]:
    return [each["label"] for row in post["components"] for each in row["components"]]


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


def answers_text(name: str) -> str:
    from adapters.discord import interactions  # noqa: PLC0415

    answer: Any = getattr(interactions, name)
    return str(answer.text)


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
