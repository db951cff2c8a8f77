"""An inbox that answers Discord's commands, and what Ada sees of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.discord.platform import DiscordPlatform
from adapters.message import Answer, Command, Offer
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord
from tests.servers.discord.world import Json

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


def answers_text(name: str) -> str:
    from adapters.discord import interactions  # noqa: PLC0415

    answer: Any = getattr(interactions, name)
    return str(answer.text)
