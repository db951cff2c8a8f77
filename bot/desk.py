"""What commands work with: memory, the chats it is of, and the words they have in common."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import shorten

import structlog

from adapters.message import Answer, Audience, Command, Conversation, Offer
from adapters.ports import Busy, Chat, Platform, Refused, Unclear
from bot.budget import Budgets
from bot.places import conversation_at, place_of
from bot.telemetry import Metrics
from memory.engine import Memory
from memory.records import Place

log = structlog.get_logger()

YES = "yes"
NOTHING = "I hold nothing of this conversation."
UNSEEN = (
    "I cannot see that you may read this now. If you may, see that I am in the channel too, "
    "and ask me again in a minute."
)
BUTTONS = 20  # platforms take 25
TITLED = 500  # characters of a text that its title is made from


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A remembered conversation by its first words, and a line that links to its last post."""

    place: Place
    title: str
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`about`: the lines that /help says of storage."""

    memory: Memory
    platforms: Mapping[str, Platform]
    offers: Sequence[Offer]
    about: Sequence[str]
    budgets: Budgets
    metrics: Metrics

    def chat(self, place: Place) -> Chat | None:
        """None where its platform is off."""
        platform = self.platforms.get(place.platform)
        return platform.chat(conversation_at(place)) if platform else None

    async def readable(self, command: Command, places: Iterable[Place]) -> AbstractSet[str]:
        """The keys of those channels that who asks may read today, as far as it can be checked."""
        asked = {each.channel_key: conversation_at(each) for each in places}
        # Who gives a command in a direct message is one of its two sides.
        own = {place_of(command.conversation).channel_key} if direct(command) else set[str]()
        others = [where for key, where in asked.items() if key not in own]
        platform = self.platforms.get(command.conversation.platform)
        seen = frozenset[Conversation]()
        if others and platform:
            seen = await platform.readable(command.author.id, others)
        return {key for key, where in asked.items() if key in own or where in seen}

    async def sees(self, command: Command, place: Place) -> bool:
        """Whether who asks may read a conversation today."""
        return bool(await self.readable(command, [place]))

    def link(self, place: Place, message: str, words: str) -> str:
        """These words, leading to the post if the platform has links."""
        chat = self.chat(place)
        address = chat.link(message) if chat else ""
        return f"[{words}]({address})" if address else words

    def meant(self, command: Command, link: str) -> Place | None:
        """The conversation a link of this channel leads to."""
        here = place_of(command.conversation)
        chat = self.chat(here)
        found = chat.linked(link.strip("<>")) if chat else None
        there = place_of(found) if found else None
        return there if there and there.channel_key == here.channel_key else None

    async def threads(self, places: Sequence[Place]) -> Sequence[Thread]:
        """Those of which something is left."""
        return [thread for each in places if (thread := await self._thread(each))]

    async def _thread(self, place: Place) -> Thread | None:
        held = await self.memory.describe(place)
        if not (held.messages or held.segments):
            return None
        said = [*(each.text for each in held.segments), *(each.text for each in held.window)]
        named = title(said[0]) if said else "(it does not open)"
        last = held.window[-1:]
        when = self.link(place, last[0].id, day(last[0].sent)) if last else "before"
        row = f"- {when}: {named} ({count(held.messages, 'message')})"
        return Thread(place=place, title=named, row=row)

    async def announce(self, place: Place, text: str) -> None:
        """One line for all; what was done stays done if it cannot be said."""
        try:
            if chat := self.chat(place):
                await chat.announce(text)
        except (Busy, Refused, Unclear) as error:
            log.warning("not announced", conversation=place.key, reason=str(error))


def title(text: str) -> str:
    """The first words of a text."""
    return shorten(text[:TITLED], 48, placeholder=" …")


def direct(command: Command) -> bool:
    return command.conversation.audience is Audience.DIRECT


def closed(place: Place, reason: str) -> Answer:
    """What people are told when something stored here does not open; the log says why."""
    log.error("memory does not open", conversation=place.key, reason=reason)
    return Answer(
        text="Sorry, my memory here does not open; whoever runs me sees why in the log. "
        "Try again later."
    )


def day(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M}"


def count(number: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else plural}"
