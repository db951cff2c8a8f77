"""Many people in many corners: they talk, edit, delete, and have things forgotten."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.codes import telling
from tests.chaos.fakes import ChaosDiscord, ChaosSlack
from tests.chaos.told import Post, Said
from tests.servers.discord.world import DISCORD_EPOCH
from tests.servers.slack.delivery import Delivery

THREADS, CHANNELS, DIRECT = 24, 8, 6  # corners of each kind
TRUSTED = 32.0  # seconds: so long a /forget waits whose runner died; the end waits for none
CROWD = 500  # deliveries under way: more would only be sent again and again
RUSH, EVERY = 5.0, 60.0  # seconds of a rush, at the end of so many
RECENT = 40  # messages that people still edit and delete
OVERHEARD = "U2"  # who never calls the bot, and has it forget them
RECEIPTS = ("Forgotten", "ada had me forget")


@dataclass(slots=True)
class People:
    slack: ChaosSlack
    discord: ChaosDiscord | None
    chance: Random
    many: int = 1  # times as many corners, and as many deliveries under way
    said: dict[int, Said] = field(default_factory=dict)
    forgot: int = 0
    rooms: int = 0  # channels on Discord
    _roots: dict[str, str] = field(default_factory=dict)  # corner -> its thread
    _first: dict[str, int] = field(default_factory=dict)  # corner -> what began its thread
    _guests: dict[str, tuple[str, str]] = field(default_factory=dict)  # person and channel
    _forgetful: bool = False
    _forgetting: set[str] = field(default_factory=set)
    _watching: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Discord tells of a channel but once."""
        if self.discord and self.rooms:
            guild, person = self.discord.guild(), self.discord.person("Roomer")
            for number in range(self.rooms):
                self._guests[f"R{number}"] = person, self.discord.channel(guild, f"room{number}")

    @property
    def corners(self) -> Sequence[str]:
        channels, people = CHANNELS * self.many, range(DIRECT * self.many)
        threads = [f"thread C{each % channels}/{each}" for each in range(THREADS * self.many)]
        direct = [f"dm U{number + 10}" for number in people]
        discord = [f"discord P{number}" for number in people] if self.discord else []
        rooms = [f"discord R{number}" for number in range(self.rooms)]
        return [*threads, *direct, *discord, *rooms]

    async def talk(self, seconds: float, rate: float, rush: float = 0.0) -> None:
        """So long, so many acts a second, or in a `rush`; fewer while too much is not acknowledged.

        `rush` 0: there are none.
        """
        now = time.monotonic
        began = due = now()
        end = due + seconds
        while due < end:
            self._forgetful = due < end - TRUSTED
            self._act()
            rushed = (due - began) % EVERY >= EVERY - RUSH
            due += self.chance.expovariate((rushed and rush) or rate)
            await asyncio.sleep(due - now())
            while len(self._watching) > CROWD * self.many:
                await asyncio.sleep(0.1)
                due = now()

    async def greet(self, rate: float) -> None:
        """Once in every corner, so that the bot is in all of them; so many a second."""
        for corner in self.corners:
            self._say(corner, owed=True)
            await asyncio.sleep(1 / rate)

    def _act(self) -> None:
        corner, dice = self.chance.choice(self.corners), self.chance.random()
        if dice < 0.03:
            self._edit()
        elif dice < 0.06:
            self._delete()
        elif dice < 0.065 and self._forgetful and not corner.startswith("discord"):
            self._forget(corner)
        elif dice < 0.067 and self._forgetful and corner in self._roots:
            self._forget_me(corner)
        else:
            self._say(corner, owed=corner[0] == "d" or dice < 0.75)

    def _say(self, corner: str, *, owed: bool) -> None:
        number = len(self.said) + 1
        kind, _, name = corner.partition(" ")
        if kind == "discord":
            self._say_on_discord(name, corner, number, _text(number, 0))
            return
        first = len(self.slack.deliveries)
        if kind == "dm":
            post = self.slack.dm(self.known(name), _text(number, 0))
        else:
            first_said = self.said.get(self._first.setdefault(corner, number))
            # What is said in a thread before the bot has heard of it is not for the bot.
            owed = owed or not (first_said and first_said.acknowledged)
            who = "U1" if owed else OVERHEARD
            root = self._roots.get(corner)
            channel = name.partition("/")[0]
            text = _text(number, 0, owed=owed)
            post = self.slack.say(channel, who, text, thread=root, mention=owed)
            self._roots.setdefault(corner, post)
        said = Said(number=number, corner=corner, post=post, owed=owed, said=time.time())
        self.said[number] = said
        for delivery in self.slack.deliveries[first:]:
            self._watch(said, delivery, "acknowledged")

    def known(self, person: str) -> str:
        """Slack tells who that is: somebody of whom nothing is known may be a guest."""
        self.slack.workspace.people.setdefault(person, person.lower())
        return person

    def _say_on_discord(self, name: str, corner: str, number: int, text: str) -> None:
        """Discord asks for no acknowledgement: what a listener got is due, if its process died too.

        Not before the bot has answered there: of a place it never heard of it cannot catch up.
        """
        assert self.discord
        if name not in self._guests:
            person = self.discord.person(name)
            self._guests[name] = person, self.discord.direct(person)
        person, channel = self._guests[name]
        known = self.discord.gateway.live and self.discord.texts(channel)
        heard = time.time() if known else 0.0
        post = self.discord.say(channel, person, text, mention=name[0] == "R")
        self.said[number] = Said(
            number=number, corner=corner, post=post or "", owed=True, said=time.time(),
            acknowledged=heard,
        )  # fmt: skip

    def _edit(self) -> None:
        if each := self._recent():
            each.version += 1
            each.doubtful |= not each.acknowledged
            first = len(self.slack.deliveries)
            text = _text(each.number, each.version, owed=each.owed)
            if each.owed and each.corner.startswith("thread"):
                text = f"<@{self.slack.bot}> {text}"  # else it would not call any more
            self.slack.edit(_channel(each.corner), each.post, text)
            self._watch(each, self.slack.deliveries[first], "", each.version)

    def _delete(self) -> None:
        if each := self._recent():
            if each.post in self._roots.values():
                return
            each.doubtful = True
            first = len(self.slack.deliveries)
            self.slack.delete(_channel(each.corner), each.post)
            self._watch(each, self.slack.deliveries[first], "gone")

    def _forget(self, corner: str) -> None:
        kind, _, name = corner.partition(" ")
        if corner in self._forgetting or (kind == "thread" and corner not in self._roots):
            return
        going = self._going(corner, [each for each in self.said.values() if each.corner == corner])
        told, first = len(self.slack.whispers), len(self.slack.deliveries)
        if kind == "dm":
            self.slack.dm(name, "forget yes")
        else:
            self.slack.say(_channel(corner), "U1", "forget yes", thread=self._roots[corner])
        taken = self.slack.deliveries[first]
        self._spawn(self._forgotten(corner, corner, going, taken, told), f"a /forget in {corner}")

    def _forget_me(self, corner: str) -> None:
        """Who is overheard in many threads has all of it forgotten, from one of them."""
        if OVERHEARD in self._forgetting:
            return
        own = [each for each in self.said.values() if not each.owed]
        going = self._going(OVERHEARD, own)
        told, first = len(self.slack.whispers), len(self.slack.deliveries)
        channel, root = _channel(corner), self._roots[corner]
        self.slack.say(channel, OVERHEARD, "forget me yes", thread=root)
        taken = self.slack.deliveries[first]
        self._spawn(self._forgotten(OVERHEARD, corner, going, taken, told), "a /forget me")

    def _going(self, whose: str, going: Sequence[Said]) -> Sequence[Said]:
        self._forgetting.add(whose)
        for each in going:
            each.doubtful = True
        return going

    async def _forgotten(
        self, whose: str, corner: str, going: Sequence[Said], delivery: Delivery, told: int
    ) -> None:
        """Acknowledged once it was done, or refused to who wrote nothing that is remembered."""
        await delivery.answered.wait()
        self._forgetting.remove(whose)
        channel, root = _channel(corner), self._roots.get(corner, "")
        person = {whose} if whose == OVERHEARD else {"U1", corner.partition(" ")[2]}
        if any(
            each.channel == channel
            and root in ("", each.thread)
            and each.to in person
            and each.text.startswith(RECEIPTS)
            for each in self.slack.whispers[told:]
        ):
            self.forgot += 1
            for each in going:
                each.gone = each.gone or time.time()

    def _recent(self) -> Said | None:
        """On Slack, which says when an edit or a deletion was taken."""
        newest = list(self.said.values())[-RECENT:]
        fit = [each for each in newest if not each.doubtful and each.corner[:2] != "di"]
        return self.chance.choice(fit) if fit else None

    def _watch(self, said: Said, delivery: Delivery, what: str, version: int = 0) -> None:
        taken = self._taken(said, delivery, what, version)
        self._spawn(taken, f"{delivery.type} of #{said.number}#")

    async def _taken(self, said: Said, delivery: Delivery, what: str, version: int) -> None:
        """`what` became true then; nothing: this edit."""
        await delivery.answered.wait()
        if what and not getattr(said, what):
            setattr(said, what, time.time())
        elif not what:
            said.edits[version] = time.time()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def heard(self, within: float) -> None:
        """Until all that was said and asked was acknowledged, and every receipt came."""
        if self._watching:
            await asyncio.wait(self._watching, timeout=within)

    @property
    def awaited(self) -> Sequence[str]:
        """Acknowledgements that have not come yet."""
        return [task.get_name() for task in self._watching]

    async def go(self) -> None:
        for each in self._watching:
            each.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    def posts(self) -> Sequence[Post]:
        """The bot's visible replies."""
        named = {root: name for name, root in self._roots.items()}
        found = [
            Post(
                corner=_direct(post.channel) or named.get(post.thread, post.channel),
                thread=post.thread,
                text=post.text,
                at=float(post.ts),
            )
            for channel in list(self.slack.workspace.channels)
            for post in self.slack.posts(channel)
            if post.own
        ]
        for name, (_, channel) in self._guests.items():
            assert self.discord
            found += [
                Post(corner=f"discord {name}", text=post["content"], at=_sent(post["id"]))
                for post in self.discord.posts(channel)
            ]
        return [post for post in found if not post.text.startswith(RECEIPTS)]


def _sent(snowflake: str) -> float:
    return ((int(snowflake) >> 22) + DISCORD_EPOCH) / 1000


def _text(number: int, version: int, *, owed: bool = True) -> str:
    """A model answers what asks for it; what it took up of the rest would outlive that."""
    asking = "Please note" if owed else "By the way,"
    return f"{asking} #{number}.{version}# for me{telling(number, version)}"


def _direct(channel: str) -> str:
    return f"dm {channel[1:]}" if channel.startswith("D") else ""


def _channel(corner: str) -> str:
    kind, _, name = corner.partition(" ")
    return f"D{name}" if kind == "dm" else name.partition("/")[0]
