"""Talk on both platforms while the bot is killed every few seconds; test_chaos.py does worse."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from tests.e2e.conftest import check_log
from tests.e2e.process import Home
from tests.e2e.town import Town, is_fold, town
from tests.servers.openai import Act, FakeOpenAI
from tests.servers.openai.server import Messages, text_of
from tests.servers.slack import Slack, payloads
from tests.servers.slack.faults import Fault
from tests.servers.slack.workspace import Post

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.alone]

SECONDS = 20.0
RATE = 30.0  # messages a second
SETTLE = 60.0  # seconds for what is left at the end
SURE = 1.0  # seconds; Discord asks for no acknowledgement: what it sent that long before a kill
TURNS = {  # call timeouts that a loaded machine keeps
    "THREADKEEPER_TURNS__LEASE_SECONDS": "3",
    "THREADKEEPER_TURNS__GRACE_SECONDS": "1",
    "THREADKEEPER_TURNS__SWEEP_SECONDS": "0.3",
    "THREADKEEPER_TURNS__CALL_TIMEOUT_SECONDS": "2",
    "THREADKEEPER_TURNS__LATE_SECONDS": "2.5",
    "THREADKEEPER_TURNS__LISTED_SECONDS": "0.5",
    "THREADKEEPER_TURNS__ATTEMPTS": "1000",  # each kill costs one; the last would be an apology
    "THREADKEEPER_LOG_LEVEL": "warning",
}
MARK = re.compile(r"#(\d+)#")


class Roster(FakeOpenAI):
    """Answers with the marks of all it is asked and has not answered yet, slowly at times.

    `idle`: what prompts asked although they held its answer; if that was all, the reply has no
    mark, else it does not show.
    """

    def __init__(self, chance: random.Random) -> None:
        super().__init__(roster)
        self._chance = chance
        self.idle: list[str] = []

    async def _play(self, act: Act, request: web.Request) -> web.StreamResponse:
        messages = self.seen[-1].body["messages"]
        if not is_fold(messages):
            asked, answered = asking(messages)
            self.idle += [mark for mark in asked if mark in answered]
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.1, 0.4, 1.2)))
        return await super()._play(act, request)


def roster(messages: Messages) -> str:
    if is_fold(messages):
        return "- They counted."
    asked, answered = asking(messages)
    return f"Answering {' '.join(f'#{mark}#' for mark in asked if mark not in answered)}"


def asking(messages: Messages) -> tuple[Sequence[str], set[str]]:
    """What a prompt asks, and what its assistant has answered by then."""
    roles = [message["role"] for message in messages]
    asked = messages[len(roles) - roles[::-1].index("system") :]
    answered = {mark for each in messages if each["role"] == "assistant" for mark in marks(each)}
    return [mark for each in asked for mark in marks(each)], answered


def marks(message: object) -> Sequence[str]:
    return MARK.findall(message if isinstance(message, str) else text_of(message))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """By the monotonic clock: until `noticed` the fakes talked to a dead process."""

    at: float
    noticed: float


@dataclass(slots=True, kw_only=True)
class Talk:
    """What was said, where, and when Discord delivered it."""

    place: Town
    said: dict[str, str] = field(default_factory=dict)  # mark -> corner
    sent: dict[str, float] = field(default_factory=dict)  # Discord's: when, if the bot was there
    threads: dict[str, str] = field(default_factory=dict)  # Slack: corner -> the thread's ts

    def say(self, corner: str, mark: str) -> None:
        text, self.said[mark] = f"Please note #{mark}# for me", corner
        platform, _, name = corner.partition(" ")
        if platform == "thread":
            ts = self.place.slack.say(name, "U1", text, thread=self.threads.get(corner))
            self.threads.setdefault(corner, ts)
        elif platform == "dm":
            self.place.slack.dm(name, text)
        else:
            if self.place.discord.gateway.live:
                self.sent[mark] = time.monotonic()
            self.place.direct(name).ask(text)

    def replies(self) -> Sequence[str]:
        """The bot's visible posts everywhere."""
        channels = self.place.slack.workspace.channels
        slack = [text for channel in channels for text in self.place.slack.replies(channel)]
        people = self.place.people
        return [*slack, *(text for name in people for text in self.place.direct(name).replies())]

    def answered(self) -> Counter[str]:
        return Counter(mark for text in self.replies() for mark in marks(text))


CORNERS = (
    *("thread C1", "thread C2", "thread C3", "dm U1", "dm U2"),
    *("discord Ada", "discord Bob", "discord Cleo"),
)


async def test_every_message_is_answered_once_however_often_the_bot_is_killed(
    tmp_path: Path,
) -> None:
    chance = random.Random(20261120)  # noqa: S311
    slack, model = Slack(ack_within=1.0, retries=[0.5] * 400), Roster(chance)
    async with town(slack=slack, model=model) as place:
        talk = Talk(place=place)
        home = Home(folder=tmp_path, environ=place.environ | TURNS)
        try:
            async with asyncio.timeout(SECONDS + SETTLE + 60):
                kills = await under_fire(home, talk, chance)
                owed = await settled(home, talk, kills)
        finally:
            home.close()
        report(talk, kills, owed)
        answered = talk.answered()
        assert not [mark for mark in owed if answered[mark] != 1]
        assert not [mark for mark, times in answered.items() if times > 1]
        assert not [text for text in talk.replies() if not marks(text)]
        assert not model.idle
        check_log(home, *place.said)


@pytest.mark.parametrize("killed", [False, True])
async def test_a_call_that_was_read_before_its_event_came_gets_no_idle_reply(
    tmp_path: Path, *, killed: bool
) -> None:
    """What once gave idle replies: of three calls the bot hears the last, then the first.

    Before it answers these it reads the one between; only then it hears of that. `killed`: before.
    """
    slack, model = Slack(ack_within=1.0, retries=[0.5] * 400), Roster(random.Random(1))  # noqa: S311
    async with town(slack=slack, model=model) as place:
        home = Home(folder=tmp_path, environ=place.environ | TURNS)
        first, between, last = Call.several(slack, 3)
        try:
            async with home.bot() as bot:
                await place.connected()
                slack.fail("conversations.replies", Fault(delay=2.0))  # it reads for so long
                for call in (last, first):
                    await call.heard()
                await replied(slack, "1", "2", "3")
                if killed:
                    bot.kill()
            async with home.bot() as bot:
                await between.heard()
                slack.say("C1", "U1", "Please note #4# for me", thread=first.post.ts)
                await replied(slack, "4")
                assert await bot.stop() == 0
        finally:
            home.close()
        said = Counter(mark for text in slack.replies("C1") for mark in marks(text))
        assert said == {"1": 1, "2": 1, "3": 1, "4": 1}
        assert not model.idle
        assert not [text for text in slack.replies("C1") if not marks(text)]
        check_log(home, *place.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A post in a thread of C1 that mentions the bot, and of which no event has come yet."""

    slack: Slack
    post: Post

    @classmethod
    def several(cls, slack: Slack, number: int) -> Sequence["Call"]:
        """In one thread, marked from 1 on."""
        slack.channel("C1")
        made, root = list[Call](), ""
        for mark in range(1, number + 1):
            text = f"<@{slack.bot}> Please note #{mark}# for me"
            post = slack.workspace.add("C1", "U1", text, thread=root, client_msg_id=f"call {mark}")
            root = root or post.ts
            made.append(cls(slack=slack, post=post))
        return made

    async def heard(self) -> None:
        """Both of its events come, until they are acknowledged."""
        channel = self.slack.channel("C1")
        twins = (payloads.said(self.post, channel), payloads.mention(self.post, channel))
        sent = [self.slack._emit(event, channel) for event in twins]
        await self.slack.until(lambda: all(each.acked for each in sent), within=SETTLE)


async def replied(slack: Slack, *expected: str) -> None:
    def there() -> bool:
        found = {mark for text in slack.replies("C1") for mark in marks(text)}
        return found.issuperset(expected)

    await slack.until(there, within=SETTLE)


async def under_fire(home: Home, talk: Talk, chance: random.Random) -> Sequence[Kill]:
    """Talk and kill for a while; when the bot was killed."""
    kills: list[Kill] = []
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(chatter(talk, chance))
        while not talking.done():
            async with home.bot() as bot:
                await talk.place.connected()
                await asyncio.sleep(chance.uniform(1, 3))
                killed = time.monotonic()
                bot.kill()
            await gone(talk.place)
            kills.append(Kill(at=killed, noticed=time.monotonic()))
    return kills


async def gone(place: Town) -> None:
    """Until both fakes have noticed that nobody is connected."""
    await place.slack.until(lambda: not place.slack.sockets.open)
    async with asyncio.timeout(5):
        while place.discord.gateway.live:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def chatter(talk: Talk, chance: random.Random) -> None:
    end, number = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        number += 1
        talk.say(chance.choice(CORNERS), str(number))
        await asyncio.sleep(chance.expovariate(RATE))


async def settled(home: Home, talk: Talk, kills: Sequence[Kill]) -> Sequence[str]:
    """Let the bot finish in peace; the marks that have to be answered."""
    slack = talk.place.slack
    async with home.bot() as bot:
        await slack.until(lambda: all(each.acked for each in slack.deliveries), within=SETTLE)
        owed = [mark for mark, corner in talk.said.items() if due(talk, mark, corner, kills)]
        end = time.monotonic() + SETTLE
        while set(owed) - set(talk.answered()) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        await asyncio.sleep(3)  # for second answers, if any are to come
        assert await bot.stop() == 0
    return owed


def due(talk: Talk, mark: str, corner: str, kills: Sequence[Kill]) -> bool:
    if not corner.startswith("discord"):
        return True
    at = talk.sent.get(mark)
    return at is not None and not any(kill.at - SURE < at <= kill.noticed for kill in kills)


def report(talk: Talk, kills: Sequence[Kill], owed: Sequence[str]) -> None:
    answered = talk.answered()
    print(
        f"{len(talk.said)} messages, {len(kills)} kills, {len(owed)} owed, "
        f"{len(talk.replies())} replies, unanswered {sum(not answered[mark] for mark in owed)}, "
        f"answered twice {sum(times > 1 for times in answered.values())}, "
        f"said on Discord to nobody {len(talk.said) - len(answered)}"
    )
    for mark in owed:
        if not answered[mark]:
            at = talk.sent.get(mark, 0)
            after = min((kill.at - at for kill in kills if kill.at > at), default=0)
            print(f"unanswered: #{mark}# in {talk.said[mark]}, {after:.2f} s before a kill")
