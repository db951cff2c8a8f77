"""What people press in Discord and choose from its menus, as the inbox knows it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

import discord

from adapters.discord.posts import STOP, answered
from adapters.message import Conversation, Offer, Stop
from adapters.ports import Busy, Inbox, Refused, Unclear


class Interactions:
    """`deliver` takes a key and what to await; `where`: where something was pressed.

    `timeout`: seconds, for each call.
    """

    def __init__(
        self,
        client: discord.Client,
        inbox: Inbox,
        *,
        offers: Sequence[Offer],
        deliver: Callable[[int, Callable[[], Awaitable[None]]], None],
        where: Callable[[discord.Interaction], Awaitable[Conversation]],
        timeout: float,
    ) -> None:
        self._client, self._inbox, self._offers = client, inbox, offers
        self._deliver, self._where, self._timeout = deliver, where, timeout

    async def sync(self) -> None:
        """Register the commands, if others are registered than these."""

    def take(self, pressed: discord.Interaction) -> None:
        name = str(dict(pressed.data or {}).get("custom_id", ""))
        if name.startswith(STOP):
            self._deliver(pressed.id, partial(self._stop, pressed, name.removeprefix(STOP)))

    async def _stop(self, pressed: discord.Interaction, turn: str) -> None:
        if not pressed.response.is_done():
            with suppress(Busy, Refused, Unclear, discord.NotFound):  # too late to say so
                async with answered(self._timeout):
                    await pressed.response.defer()
        await self._inbox.stop(Stop(conversation=await self._where(pressed), turn=turn))
