"""What the fake Discord holds: people, guilds, channels and posts, in the API's own shapes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

TEXT, DIRECT, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 11, 12
THREAD_STARTER = 21
VIEW_CHANNEL, READ_HISTORY = 1 << 10, 1 << 16
EVERYTHING = (1 << 53) - 1
LONGEST = 2_000  # characters of content, though the OpenAPI description says 4,000
DISCORD_EPOCH = 1_420_070_400_000  # milliseconds


class Refusal(Exception):
    """An error answer of the API."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Snowflakes:
    last: int = 0
    ago: float = 0.0

    def begin(self, *, ago: float) -> None:
        """From now on things happen so many seconds earlier."""
        self.last, self.ago = 0, ago

    def next(self) -> str:
        """Strictly increasing, from the wall clock."""
        now = int((time.time() - self.ago) * 1000) - DISCORD_EPOCH
        self.last = max(now << 22, self.last + 1)
        return str(self.last)


@dataclass(slots=True)
class World:
    ids: Snowflakes = field(default_factory=Snowflakes)
    users: dict[str, Json] = field(default_factory=dict)
    guilds: dict[str, Json] = field(default_factory=dict)
    unavailable: set[str] = field(default_factory=set)  # of the guilds: those that are down
    closed: set[str] = field(default_factory=set)  # channels whose history the bot may not read
    channels: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, dict[str, Json]] = field(default_factory=dict)  # by channel, by id
    absent: set[tuple[str, str]] = field(default_factory=set)  # who is not in a guild or thread
    me: str = ""

    def add_user(self, name: str, *, bot: bool = False) -> str:
        user: Json = {
            "id": self.ids.next(),
            "username": name.lower().replace(" ", "."),
            "discriminator": "0",
            "global_name": name,
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "bot": bot,
            "primary_guild": None,
        }
        self.users[user["id"]] = user
        return str(user["id"])

    def add_guild(self, name: str) -> str:
        guild = self.ids.next()
        everyone = {
            "id": guild,
            "name": "@everyone",
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(VIEW_CHANNEL | READ_HISTORY),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        self.guilds[guild] = {"id": guild, "name": name, "roles": [everyone], "owner_id": "1"}
        return guild

    def add_channel(self, kind: int, **fields: Any) -> str:
        channel: Json = {"id": self.ids.next(), "type": kind, "flags": 0, "last_message_id": None}
        channel |= fields
        self.channels[channel["id"]] = channel
        self.messages[channel["id"]] = {}
        return str(channel["id"])

    def add_thread(self, channel: str, kind: int, *, on: str = "", archived: bool = False) -> str:
        """Made on a message, it has the message's id, and begins with a pointer to it."""
        parent = self.channel(channel)
        if on in self.channels:
            raise Refusal(400, 160004, "A thread has already been created for this message")
        settings = {
            "archived": archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "locked": False,
        }
        thread = self.add_channel(
            kind,
            **({"id": on} if on else {}),
            guild_id=parent["guild_id"],
            parent_id=channel,
            owner_id=self.me,
            name="a thread",
            message_count=0,
            total_message_sent=0,
            member_count=1,
            rate_limit_per_user=0,
            thread_metadata=settings,
        )
        if on:
            starter = self.message(channel, on)
            ids = {"channel_id": channel, "message_id": on, "guild_id": parent["guild_id"]}
            pointer = {"type": THREAD_STARTER, "message_reference": {"type": 0} | ids}
            author = starter["author"]["id"]
            self.add_message(thread, author, "", **pointer, referenced_message=starter)
        return thread

    def channel(self, channel: str) -> Json:
        if channel not in self.channels:
            raise Refusal(404, 10003, "Unknown Channel")
        return self.channels[channel]

    def read(self, channel: str) -> Json:
        """Where its posts may be read."""
        if channel in self.closed:
            raise Refusal(403, 50001, "Missing Access")
        return self.channel(channel)

    def direct_channel(self, user: str) -> Json:
        for channel in self.channels.values():
            if channel["type"] == DIRECT and channel["recipients"][0]["id"] == user:
                return channel
        if user not in self.users:
            raise Refusal(400, 50033, "Invalid Recipient(s)")
        return self.channel(self.add_channel(DIRECT, recipients=[self.users[user]]))

    def guild_create(self, guild: str) -> Json:
        mine = [each for each in self.channels.values() if each.get("guild_id") == guild]
        threads = [each for each in mine if "thread_metadata" in each]
        return self.guilds[guild] | {
            "unavailable": False,
            "member_count": 2,
            "members": [self.member(self.me) | {"user": self.users[self.me]}],
            "channels": [each for each in mine if each["type"] == TEXT],
            "threads": [each for each in threads if not each["thread_metadata"]["archived"]],
        }

    def member(self, user: str) -> Json:
        """As a message carries it: without the user."""
        return {
            "nick": None,
            "roles": [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def add_message(self, channel: str, author: str, text: str, **fields: Any) -> Json:
        where = self.channel(channel)
        message: Json = {
            "id": self.ids.next(),
            "type": 0,
            "channel_id": channel,
            "author": self.users[author],
            "content": text.strip(),  # as the service does
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "flags": 0,
            "components": [],
        } | fields
        self.messages[channel][message["id"]] = message
        where["last_message_id"] = message["id"]
        return message

    def message(self, channel: str, message: str) -> Json:
        self.read(channel)
        if message not in self.messages[channel]:
            raise Refusal(404, 10008, "Unknown Message")
        return self.messages[channel][message]

    def locate(self, message: str) -> Json:
        """By its id alone."""
        return next(posts[message] for posts in self.messages.values() if message in posts)

    def mentioned(self, users: Sequence[str]) -> list[Json]:
        return [self.users[user] for user in dict.fromkeys(users) if user in self.users]

    def edit_message(self, message: Json, **fields: Any) -> None:
        message.update(fields, edited_timestamp=datetime.now(UTC).isoformat())


def content(asked: Json) -> str:
    """The text, if Discord takes all of it: https://discord.com/developers/docs/resources/message"""
    text, embeds = str(asked.get("content") or ""), asked.get("embeds") or []
    shown = [
        len(embed.get("title") or "") + len(embed.get("description") or "") for embed in embeds
    ]
    described = [len(embed.get("description") or "") for embed in embeds]
    if len(text) > LONGEST or max(described, default=0) > 4_096 or sum(shown) > 6_000:
        raise Refusal(400, 50035, "Invalid Form Body: too long")
    if not (text.strip() or embeds or asked.get("files")):
        raise Refusal(400, 50006, "Cannot send an empty message")
    return text


def numbered(rows: list[Json]) -> list[Json]:
    """Discord numbers components that the application did not."""
    next_id: Callable[[], int] = iter(range(1, 100)).__next__
    return [
        row
        | {"id": next_id()}
        | {"components": [each | {"id": next_id()} for each in row["components"]]}
        for row in rows
    ]
