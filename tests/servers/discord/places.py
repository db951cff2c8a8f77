"""The fake's servers, channels and threads: made, changed and taken away."""

from tests.servers.discord.gateway import Gateway
from tests.servers.discord.world import (
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    TEXT,
    VIEW_CHANNEL,
    Json,
    World,
)


def overwrites(guild: str, *, private: bool) -> list[Json]:
    deny = VIEW_CHANNEL if private else 0
    return [{"id": guild, "type": 0, "allow": "0", "deny": str(deny)}]


class Places:
    """What a server's people do with it, told on the gateway as Discord does."""

    world: World
    gateway: Gateway

    def guild(self, name: str = "Home") -> str:
        guild = self.world.add_guild(name)
        self.gateway.emit("GUILD_CREATE", self.world.guild_create(guild))
        return guild

    def channel(self, guild: str, name: str = "general", *, private: bool = False) -> str:
        channel = self.world.add_channel(
            TEXT,
            guild_id=guild,
            name=name,
            position=0,
            parent_id=None,
            permission_overwrites=overwrites(guild, private=private),
        )
        self.gateway.emit("CHANNEL_CREATE", self.world.channels[channel])
        return channel

    def thread(
        self, channel: str, *, on: str = "", private: bool = False, archived: bool = False
    ) -> str:
        """`on`: the message it is made on. An archived one is announced to nobody."""
        kind = PRIVATE_THREAD if private else PUBLIC_THREAD
        thread = self.world.add_thread(channel, kind, on=on, archived=archived)
        if not archived:
            self.gateway.emit("THREAD_CREATE", self.world.channels[thread])
        return thread

    def see(self, channel: str, *, everyone: bool) -> None:
        """Whether everyone in the server sees the channel."""
        data = self.world.channels[channel]
        data["permission_overwrites"] = overwrites(data["guild_id"], private=not everyone)
        self.gateway.emit("CHANNEL_UPDATE", data)

    def part(self, place: str, user: str) -> None:
        """Somebody leaves a server or a private thread: without its intent a bot is not told."""
        self.world.absent.add((place, user))

    def bar(self, channel: str, user: str, *, only: int = VIEW_CHANNEL) -> None:
        """Somebody alone may no longer see a channel, or with `only` what was said in it."""
        data = self.world.channels[channel]
        shut = {"id": user, "type": 1, "allow": "0", "deny": str(only)}
        data["permission_overwrites"] = [*data["permission_overwrites"], shut]
        self.gateway.emit("CHANNEL_UPDATE", data)

    def hide(self, channel: str) -> None:
        """From the bot, which is told so: https://docs.discord.com/developers/resources/channel."""
        data = self.world.channels[channel]
        shown = {key: data[key] for key in ("id", "type", "position", "guild_id")}
        hidden = {"name": "___hidden___", "flags": 1 << 17, "parent_id": None}
        only = {"permission_overwrites": overwrites(data["guild_id"], private=True)}
        self.gateway.emit("CHANNEL_UPDATE", shown | hidden | only)

    def allow_everyone(self, guild: str, permissions: int) -> None:
        """What the role of everyone in the server may."""
        role = self.world.guilds[guild]["roles"][0]
        role["permissions"] = str(permissions)
        self.gateway.emit("GUILD_ROLE_UPDATE", {"guild_id": guild, "role": role})

    def remove_channel(self, channel: str) -> None:
        """With its threads, of which Discord says nothing, and its messages."""
        data = self.world.channels.pop(channel)
        threads = [
            each for each in self.world.channels.values() if each.get("parent_id") == channel
        ]
        for each in threads:
            del self.world.channels[each["id"]]
        self.gateway.emit("CHANNEL_DELETE", data)

    def remove_thread(self, thread: str) -> None:
        data = self.world.channels.pop(thread)
        told = {key: data[key] for key in ("id", "guild_id", "parent_id", "type")}
        self.gateway.emit("THREAD_DELETE", told)

    def kick(self, guild: str) -> None:
        """The bot; whoever is not connected is never told."""
        del self.world.guilds[guild]
        self.gateway.emit("GUILD_DELETE", {"id": guild})

    def outage(self, guild: str) -> None:
        self.gateway.emit("GUILD_DELETE", {"id": guild, "unavailable": True})
