"""Where people talk: the fake platforms and model together, with a corner on each platform."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.servers.discord import FakeDiscord
from tests.servers.openai import FakeOpenAI
from tests.servers.openai.server import Messages, echo, text_of
from tests.servers.slack import Slack

WITHIN = 20.0  # seconds


@dataclass(slots=True, kw_only=True)
class Town:
    slack: Slack
    discord: FakeDiscord
    model: FakeOpenAI
    people: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """What connects a bot to all of it."""
        return {
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_TOKEN": self.discord.token,
            "OPENAI_BASE_URL": self.model.url,
            "OPENAI_API_KEY": "sk-made-up-and-secret",
        }

    @property
    def said(self) -> Sequence[str]:
        """What people wrote, on both platforms."""
        channels = self.slack.workspace.channels.values()
        posts = [post.text for each in channels for post in each.posts.values() if not post.own]
        written = [
            str(post["content"])
            for channel in self.discord.world.messages.values()
            for post in channel.values()
            if post["author"]["id"] != self.discord.me
        ]
        return [*posts, *written]

    async def connected(self) -> None:
        await self.slack.until(lambda: self.slack.sockets.open, within=WITHIN)
        await self.discord.until(lambda: self.discord.gateway.live, within=WITHIN)

    async def asked(self, times: int) -> None:
        """Until the model was asked so often."""
        async with asyncio.timeout(WITHIN):
            await self.model.until(lambda: len(self.model.seen) >= times)

    def thread(self, channel: str = "C1") -> "SlackThread":
        return SlackThread(slack=self.slack, channel=channel)

    def direct(self, name: str = "Ada") -> "DiscordDirect":
        if name not in self.people:
            self.people[name] = self.discord.person(name)
        return DiscordDirect(discord=self.discord, person=self.people[name])


class Corner(Protocol):
    """One conversation, as the people in it see it."""

    def ask(self, text: str) -> None: ...
    def replies(self) -> Sequence[str]: ...
    async def until(self, predicate: Callable[[Sequence[str]], object]) -> Sequence[str]: ...

    async def count(self, number: int) -> Sequence[str]:
        """Until there are so many replies."""
        return await self.until(lambda replies: len(replies) == number)


@dataclass(slots=True, kw_only=True)
class SlackThread(Corner):
    slack: Slack
    channel: str
    root: str = ""

    def ask(self, text: str, order: Sequence[str] = ("message", "app_mention")) -> None:
        said = self.slack.say(self.channel, "U1", text, thread=self.root or None, order=order)
        self.root = self.root or said

    def chat(self, text: str, user: str = "U2") -> None:
        """Not to the bot."""
        self.slack.say(self.channel, user, text, thread=self.root, mention=False)

    def replies(self) -> Sequence[str]:
        return self.slack.replies(self.channel, self.root)

    def outside(self) -> Sequence[str]:
        """What the bot posted in the channel, but not in this thread."""
        posts = self.slack.posts(self.channel)
        return [post.text for post in posts if post.own and post.thread != self.root]

    async def until(self, predicate: Callable[[Sequence[str]], object]) -> Sequence[str]:
        await self.slack.until(lambda: predicate(self.replies()), within=WITHIN)
        return self.replies()

    async def taken(self) -> None:
        """Until everything so far was acknowledged."""
        deliveries = self.slack.deliveries
        await self.slack.until(lambda: all(each.acked for each in deliveries), within=WITHIN)


@dataclass(slots=True, kw_only=True)
class DiscordDirect(Corner):
    discord: FakeDiscord
    person: str

    def ask(self, text: str) -> None:
        self.discord.dm(self.person, text)

    def replies(self) -> Sequence[str]:
        return self.discord.texts(self.discord.direct(self.person))

    def buttons(self) -> Sequence[Any]:
        posts = self.discord.posts(self.discord.direct(self.person))
        return [row for post in posts for row in post["components"]]

    async def until(self, predicate: Callable[[Sequence[str]], object]) -> Sequence[str]:
        await self.discord.until(lambda: predicate(self.replies()), within=WITHIN)
        return self.replies()


@asynccontextmanager
async def town(
    *, slack: Slack | None = None, model: FakeOpenAI | None = None
) -> AsyncIterator[Town]:
    async with (
        slack or Slack() as slack_,
        FakeDiscord() as discord,
        model or FakeOpenAI(remembering) as model_,
    ):
        yield Town(slack=slack_, discord=discord, model=model_)


def is_fold(messages: Messages) -> bool:
    return text_of(messages[0]).startswith("Summarise this part of a chat")


def remembering(messages: Messages) -> str:
    """Folds to what a codeword was, gives it when asked, if the prompt holds it; else it echoes.

    People write "the codeword is heron-7" and "what is the codeword?".
    """
    texts = [text_of(message) for message in messages]
    known = [words for text in texts for words in _codewords(text)]
    if is_fold(messages):
        return f"- Ada: the codeword is {known[0]}" if known else "- Bob: small talk"
    if texts[-1].endswith("what is the codeword?"):
        return f"It is {known[-1]}." if known else "I do not know."
    return echo(messages)[:500]


def _codewords(text: str) -> Sequence[str]:
    _, found, rest = text.partition("the codeword is ")
    return [rest.split()[0].rstrip(".")] if found and rest else []


def spoken(body: Mapping[str, Any]) -> Sequence[str]:
    """A request's texts but for the system's."""
    return [text_of(each) for each in body["messages"] if each["role"] != "system"]
