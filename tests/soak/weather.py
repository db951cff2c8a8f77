"""Platforms as they are on a bad day: slow, forgetful, repeating themselves. Nobody is killed."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from tests.chaos.fakes import ChaosDiscord, ChaosSlack
from tests.chaos.traps import Traps
from tests.servers.discord.faults import Fault
from tests.servers.slack.delivery import Delivery, Way

LATE, LOST, TWICE = 0.05, 0.02, 0.05  # shares of Slack's deliveries
SESSIONS = 3  # Discord ends so many for good: each one more, the bot waits twice as long
ROUTES = (
    "POST /channels/{channel_id}/messages",
    "PATCH /channels/{channel_id}/messages/{message_id}",
)
FAULTS = (
    Fault(status=500),
    Fault(status=502, stored=True),
    Fault(status=503),
    Fault(cut=True),
    Fault(cut=True, stored=True),
    Fault(delay=1.0),
    Fault(status=429, retry_after=0.5),
)


@dataclass(slots=True)
class BadWay:
    """Sockets or HTTP: late, not at all, or twice."""

    way: Way
    chance: Random

    async def send(self, delivery: Delivery) -> bool:
        if delivery.kind != "events_api":  # only events are sent again
            return await self.way.send(delivery)
        if self.chance.random() < LATE:
            await asyncio.sleep(self.chance.uniform(0.1, 0.8))
        if self.chance.random() < LOST:
            return False
        took = await self.way.send(delivery)
        if self.chance.random() < TWICE:
            took = await self.way.send(delivery) or took
        return took


class BadSlack(ChaosSlack):
    """`calm`: as on any other day."""

    def __init__(self, chance: Random, traps: Traps | None = None) -> None:
        super().__init__(traps or Traps(chance))
        self._chance, self.calm = chance, True

    @property
    def _way(self) -> Way:
        return super()._way if self.calm else BadWay(super()._way, self._chance)

    def repeat(self) -> None:
        """An event of a while ago once more, as if its acknowledgement had been lost."""
        events = [each for each in self.deliveries[-500:] if each.kind == "events_api"]
        if events:  # commands and clicks come but once
            self.deliver(self._chance.choice(events).body)


@dataclass(slots=True)
class Weather:
    """`pause`: mean seconds from one fault to the next."""

    slack: BadSlack
    discord: ChaosDiscord
    chance: Random
    pause: float
    faults: int = 0
    sessions: int = SESSIONS

    async def rage(self) -> None:
        """Until cancelled."""
        self.slack.calm = False
        try:
            while True:
                await asyncio.sleep(self.chance.expovariate(1 / self.pause))
                self.faults += 1
                with suppress(ConnectionError):  # nobody is there at this moment
                    await self._disturb()
        finally:
            self.slack.calm = True

    async def _disturb(self) -> None:
        gateway = self.discord.gateway
        match self.chance.randrange(16):
            case 0:
                await self.slack.sockets.refresh()
            case 1:
                self.slack.sockets.drop()
            case 2:
                gateway.repeated = 3
                gateway.ask_to_reconnect()
            case 3:
                over = self.sessions > 0 and self.chance.random() < 0.5
                self.sessions -= over
                gateway.invalidate(resumable=not over)
            case 4:
                await gateway.drop()
            case 5 | 6:
                self.slack.repeat()
            case number if number % 2:
                self.slack.trouble(self.chance)
            case _:
                self.discord.fail(self.chance.choice(ROUTES), self.chance.choice(FAULTS))
