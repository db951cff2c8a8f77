"""Discord's payloads as it sends them, parsed by the real discord.py."""

from typing import Any

import discord
import pytest

from adapters.discord import events
from adapters.message import Edit, Message
from tests.servers.discord.world import TEXT, VIEW_CHANNEL, World


class Seen:
    """A guild and a few people, and what discord.py makes of their posts."""

    def __init__(self) -> None:
        self.world = World()
        self.me = self.world.me = self.world.add_user("Keeper", bot=True)
        self.ada, self.bob = self.world.add_user("Ada"), self.world.add_user("Bob")
        self.guild = self.world.add_guild("Home")
        self.general = self._channel("general", deny=0)
        self.secret = self._channel("secret", deny=VIEW_CHANNEL)
        self.thread = self.world.add_channel(
            11,
            guild_id=self.guild,
            parent_id=self.general,
            owner_id=self.ada,
            name="plans",
            message_count=0,
            member_count=1,
            rate_limit_per_user=0,
            thread_metadata={
                "archived": False,
                "auto_archive_duration": 60,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
                "locked": False,
            },
        )
        self.direct = str(self.world.direct_channel(self.ada)["id"])
        own_role = {"id": "77", "name": "Keeper", "tags": {"bot_id": self.me}}
        everyone = self.world.guilds[self.guild]["roles"][0]
        self.world.guilds[self.guild]["roles"].append(everyone | own_role)
        self._state = discord.Client(intents=discord.Intents(guilds=True))._connection
        self._state._add_guild_from_data(self.world.guild_create(self.guild))  # type: ignore[arg-type]

    def _channel(self, name: str, *, deny: int) -> str:
        overwrite = {"id": self.guild, "type": 0, "allow": "0", "deny": str(deny)}
        return self.world.add_channel(
            TEXT, guild_id=self.guild, name=name, position=0, permission_overwrites=[overwrite]
        )

    def payload(self, data: dict[str, Any]) -> discord.Message:
        channel, _ = self._state._get_guild_channel(data)  # type: ignore[arg-type]
        return discord.Message(state=self._state, channel=channel, data=data)  # type: ignore[arg-type]

    def post(self, channel: str, author: str, text: str, **fields: Any) -> discord.Message:
        data = self.world.add_message(channel, author, text, **fields)
        guild = self.world.channels[channel].get("guild_id")
        return self.payload(data | ({"guild_id": guild} if guild else {}))

    def message(self, channel: str, author: str, text: str, **fields: Any) -> Message | None:
        post = self.post(channel, author, text, **fields)
        return events.message(post, int(self.me), events.conversation(post.channel))

    def heard(self, channel: str, author: str, text: str, **fields: Any) -> Message:
        message = self.message(channel, author, text, **fields)
        assert message is not None
        return message

    def edit(self, post: discord.Message, *, withheld: bool = False) -> Edit | None:
        where = events.conversation(post.channel)
        return events.edit(post, int(self.me), where, withheld=withheld)

    def people(self, *users: str) -> list[dict[str, Any]]:
        return self.world.mentioned(users)


@pytest.fixture
def seen() -> Seen:
    return Seen()
