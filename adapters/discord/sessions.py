"""One shard's connection: kept up, without beginning more sessions than Discord allows."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import discord
import structlog

from adapters.ports import Refused

_log = structlog.get_logger()

LOGIN_REFUSED = (
    "Discord refuses DISCORD_TOKEN: copy the bot's token from the developer portal again"
)
INTENT_REFUSED = (
    "Discord refuses the Message Content intent: switch it on for the bot in the developer portal,"
    " or set discord.message_content to false"
)
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
_FATAL = {
    4004: LOGIN_REFUSED,
    4010: "Discord knows no such shard: every one of discord.shard_ids must be below shard_count",
    4011: "this bot is in too many servers for discord.shard_count: raise it",
    4012: "Discord no longer speaks this version of its gateway: update discord.py",
    4013: "Discord does not know the intents asked for: update discord.py",
    4014: INTENT_REFUSED,
}

_SPARED = 20  # sessions left to the operator, of the thousand a day
_SOON = 1.0  # seconds before the first try again, then twice as long each time
_STEP = 5.0  # seconds between two sessions, as Discord asks where max_concurrency is 1
_PATIENCE = 40.0  # seconds
_LONGEST = 600.0  # seconds between two sessions
_RECENT = 3600.0  # seconds


Limits = Callable[[], Awaitable[Mapping[str, int]]]


class Exhausted(Exception):
    """Too many sessions were begun of late: the next one waits outside discord.py's own loop."""


@dataclass(slots=True)
class Starts:
    """The sessions begun of late. Discord takes the token back after 1,000 in a day.

    https://discord.com/developers/docs/events/gateway#session-start-limit-object
    """

    clock: Callable[[], float]
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=32))

    def note(self) -> None:
        self._times.append(self.clock())

    @property
    def pause(self) -> float:
        """Seconds before the next one: twice as long each time, at most 220 a day."""
        recent = sum(time > self.clock() - _RECENT for time in self._times)
        return min(_SOON * 2 ** (recent - 1), _LONGEST) if recent else 0.0


def _exhausted(limits: Mapping[str, int]) -> float:
    """Seconds until Discord allows another session; 0: now."""
    return 0.0 if limits["remaining"] > _SPARED else limits["reset_after"] / 1000 or 1.0


@dataclass(slots=True)
class Shard:
    """`trouble`: why no events come; empty when they do. `limits` asks /gateway/bot for them."""

    id: int
    starts: Starts
    trouble: str = "not connected to Discord yet"
    client: discord.Client | None = None
    _failures: int = 0

    async def begin(self, limits: Limits) -> None:
        """Returns when a session may be begun."""
        while wait := _exhausted(await limits()):
            self.trouble = f"Discord allows no new session for {wait:.0f} s"
            _log.error("discord sessions used up", again_in=wait)
            await asyncio.sleep(wait)
        self.starts.note()

    async def again(self, limits: Limits) -> None:
        """The same inside discord.py's own loop, which gives it a minute."""
        wait = max(_STEP, self.starts.pause)
        if wait > _PATIENCE or _exhausted(await limits()):
            raise Exhausted
        await asyncio.sleep(wait)
        self.starts.note()

    def connected(self) -> None:
        self.trouble, self._failures = "", 0

    async def stay(self, connect: Callable[["Shard"], Awaitable[None]], after: int = 0) -> Refused:
        """discord.py resumes and reconnects by itself, except after what it did not expect.

        `after`: shards of this process that begin first.
        """
        await asyncio.sleep(after * _STEP)
        while True:
            try:
                await connect(self)
                reason = "closed"
            except discord.LoginFailure:
                return Refused(LOGIN_REFUSED)
            except discord.PrivilegedIntentsRequired:
                return Refused(INTENT_REFUSED)
            except discord.ConnectionClosed as closed:
                if closed.code in _FATAL:
                    return Refused(_FATAL[closed.code])
                reason = f"closed with {closed.code}"
            except Exception as error:  # noqa: BLE001  discord.py raises anything when it is surprised
                reason = type(error).__name__
            wait = max(min(_SOON * 2**self._failures, 60.0), self.starts.pause)
            self._failures += 1
            self.trouble = f"Discord's gateway: {reason}; again in {wait:.0f} s"
            _log.warning("discord connection lost", shard=self.id, reason=reason, again_in=wait)
            await asyncio.sleep(wait)
