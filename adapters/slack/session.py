"""What people see of the agent while it works: that it is thinking, and a Stop button."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from adapters.message import Conversation
from adapters.ports import Busy, Refused, Unclear
from adapters.slack.calls import Calls

_AFTER = 0.5  # seconds; an answer that comes sooner needs no sign
_STATUS = "is thinking…"
# A status clears after two minutes: .../reference/methods/assistant.threads.setStatus
_REFRESH = 100.0  # seconds
_TITLE = 80  # characters; Slack takes 200
_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Agent:
    """What this workspace turned out to know of agents; all calls here are guarded.

    Either of two methods shows that the bot works, in one place, where the last one called
    decides: agents.sessions.setStatus, with a Stop button, for apps that are declared an agent;
    for others assistant.threads.setStatus, in words.
    """

    web: Calls
    view: bool  # the app has the agent view: every post of a DM begins a thread
    sessions: bool = True
    thumbs: bool = True  # feedback buttons

    @asynccontextmanager
    async def working(self, where: Conversation, title: str) -> AsyncIterator[None]:
        """While inside, people see that a reply is on its way; its thread is given the title."""
        if not where.thread:  # only threads have sessions
            yield
            return
        done = asyncio.Event()
        # A TaskGroup would cancel a generator's consumer at a yield.
        showing = asyncio.create_task(self._show(where, title, done))
        try:
            yield
        finally:
            done.set()
            await showing

    async def idle(self, where: Conversation) -> None:
        """Nothing is on its way, whatever was shown."""
        if self.sessions:
            await self._session(where, "active")
        else:
            await self._status(where, "")

    async def _show(self, where: Conversation, title: str, done: asyncio.Event) -> None:
        if await _over(done, _AFTER):
            return
        if self.sessions:
            self.sessions = await self._session(where, "processing", title or None)
        if self.sessions:
            await done.wait()
        else:
            await self._status(where, _STATUS)
            while not await _over(done, _REFRESH):
                await self._status(where, _STATUS)
        await self.idle(where)

    async def _session(self, where: Conversation, status: str, title: str | None = None) -> bool:
        return await self._try(
            "agents.sessions.setStatus",
            channel_id=where.channel,
            thread_ts=where.thread,
            status=status,
            title=title,
        )

    async def _status(self, where: Conversation, status: str) -> None:
        await self._try(
            "assistant.threads.setStatus",
            channel_id=where.channel,
            thread_ts=where.thread,
            status=status,
        )

    async def _try(self, method: str, **arguments: object) -> bool:
        """False: Slack will not have it of this app."""
        try:
            await self.web.write(method, **arguments)
        except (Busy, Unclear):
            pass
        except Refused as refused:
            _log.info("a sign of work is not shown", reason=str(refused))
            return False
        return True


async def _over(done: asyncio.Event, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            return await done.wait()
    except TimeoutError:
        return False


def title_of(typed: str) -> str:
    """A thread's title, from what was said first in it."""
    first = typed.strip().partition("\n")[0]
    return first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"
