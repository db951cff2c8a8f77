"""On Discord, a channel is public only while it is known that everyone in its server sees it."""

import pytest

from adapters.message import Audience, Conversation, Rescoped
from tests.adapters.discord_desk import Desk, ada, channel, inbox, platform, texts
from tests.adapters.running import connected, discord
from tests.adapters.test_discord_places import _impatient, returns
from tests.servers.discord import FakeDiscord
from tests.servers.discord.faults import Fault
from tests.servers.discord.places import overwrites
from tests.servers.discord.world import TEXT

__all__ = ["_impatient", "ada", "channel", "discord", "inbox", "platform"]

pytestmark = pytest.mark.anyio

FETCH = "GET /channels/{channel_id}"


def unheard_of(discord: FakeDiscord, *, private: bool) -> str:
    """A channel of a server the bot is in, of which the bot was told nothing."""
    guild = discord.guild()
    return discord.world.add_channel(
        TEXT,
        guild_id=guild,
        name="out-of-sight",
        position=0,
        parent_id=None,
        permission_overwrites=overwrites(guild, private=private),
    )


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.usefixtures("platform")
async def test_a_channel_known_only_from_a_press_is_asked_for(
    discord: FakeDiscord, inbox: Desk, ada: str, private: bool
) -> None:
    hidden = unheard_of(discord, private=private)
    await texts(discord, discord.command(hidden, ada, "summary"))
    expected = Audience.PRIVATE if private else Audience.PUBLIC
    assert [each.conversation.audience for each in inbox.commands] == [expected]


@pytest.mark.usefixtures("platform")
async def test_a_channel_that_discord_does_not_show_the_bot_is_private_also_for_what_is_kept(
    discord: FakeDiscord, inbox: Desk, ada: str
) -> None:
    hidden = unheard_of(discord, private=False)
    discord.fail(FETCH, *[Fault(status=403, code=50001)] * 4)
    note = discord.say(hidden, ada, "the codeword is heron-7")
    await texts(discord, discord.command(hidden, ada, "summary"))
    await texts(discord, discord.command(hidden, ada, "Remember this", on=note))
    assert inbox.commands[0].conversation.audience is Audience.PRIVATE
    assert [each.conversation.audience for each in inbox.messages if each.kept] == [
        Audience.PRIVATE
    ]


async def test_a_channel_that_turned_private_during_an_outage_has_another_audience_after_it(
    discord: FakeDiscord,
) -> None:
    guild = discord.guild()
    room = discord.channel(guild)
    inbox = Desk(discord.changed)
    inbox.known = [
        Conversation(platform="discord", space=guild, channel=room, audience=Audience.PUBLIC)
    ]
    async with connected(discord, inbox):
        await discord.until(lambda: inbox.others)
        discord.outage(guild)
        discord.world.channels[room]["permission_overwrites"] = overwrites(guild, private=True)
        discord.gateway.emit("GUILD_CREATE", discord.world.guild_create(guild))
        await discord.until(lambda: len(inbox.others) == 2)
    assert [each.audience for each in inbox.others if isinstance(each, Rescoped)] == [
        Audience.PUBLIC,
        Audience.PRIVATE,
    ]


async def test_at_a_start_memory_is_asked_once_for_all_servers(discord: FakeDiscord) -> None:
    guilds = [discord.guild() for _ in range(3)]
    rooms = [(guild, discord.channel(guild)) for guild in guilds]
    inbox = await returns(discord, rooms)
    assert len(inbox.others) == 3
