"""Somebody types a command on each platform, again and again."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.servers.discord import FakeDiscord
from tests.servers.slack import Slack

PAUSE = 1.0  # seconds


@dataclass(slots=True)
class Commands:
    """None is sent again, whatever happens: some may stay unanswered, none is answered twice."""

    slack: Slack
    discord: FakeDiscord
    person: str
    typed: int = 0
    _interactions: list[str] = field(default_factory=list)

    async def type(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            self.typed += 1
            self.slack.hands.command("C0", "U1", "summary")
            if self.discord.gateway.live:
                self.typed += 1
                place = self.discord.direct(self.person)
                self._interactions.append(self.discord.command(place, self.person, "summary"))

    def answers(self) -> Sequence[int]:
        """How many there are to each that was answered."""
        slack = Counter(serial for serial, _ in self.slack.responses)
        discord = [len(self.discord.seen(each)) for each in self._interactions]
        return [*slack.values(), *filter(None, discord)]
