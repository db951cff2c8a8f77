"""Discord as a platform: stays connected, delivers in order, tells what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog

from adapters.discord import events
from adapters.discord.chat import DiscordChat
from adapters.discord.gateway import API_URL, Deliver, Gateway, redirect
from adapters.draft import Pace
from adapters.message import Conversation, Offer
from adapters.ports import Busy, Inbox, Refused, Webhook

_log = structlog.get_logger()

_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries to deliver one event

_LOGIN_REFUSED = (
    "Discord refuses DISCORD_TOKEN: copy the bot's token from the developer portal again"
)
_INTENT_REFUSED = (
    "Discord refuses the Message Content intent: switch it on for the bot in the developer portal,"
    " or set discord.message_content to false"
)


# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
_FATAL = {
    4004: _LOGIN_REFUSED,
    4013: _INTENT_REFUSED,
    4011: "this bot is in too many servers: it needs shards",
}


class DiscordPlatform:
    """`api_url` without a trailing slash; `timeout`: seconds, for each call to Discord.

    One process can talk with one Discord only: discord.py keeps addresses in class attributes.
    """

    name = events.PLATFORM
    trouble = ""
    webhooks: Mapping[str, Webhook] = {}

    def __init__(
        self,
        *,
        token: str,
        api_url: str = API_URL,
        message_content: bool = False,
        pace: Pace,
        timeout: float = 5.0,
        offers: Sequence[Offer] = (),
    ) -> None:
        self._token, self._api_url = token, api_url.rstrip("/")
        self._content, self._pace, self._timeout = message_content, pace, timeout
        self._client: discord.Client | None = None
        self._offers = offers
        self._lines: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self.lost = 0
        """Events that could not be delivered, since the start."""

    def chat(self, conversation: Conversation) -> DiscordChat:
        return DiscordChat(self._connected, conversation, pace=self._pace, timeout=self._timeout)

    async def run(self, inbox: Inbox) -> None:
        """Until cancelled; raises Refused when only the operator can mend it."""
        async with asyncio.TaskGroup() as tasks:

            def deliver(key: int, event: Callable[[], Awaitable[None]]) -> None:
                tasks.create_task(self._deliver(key, event))

            refused = await self._stay(inbox, deliver)
        raise refused

    async def _stay(self, inbox: Inbox, deliver: Deliver) -> Refused:
        """discord.py reconnects by itself, except after what it did not expect."""
        loop, wait = asyncio.get_running_loop(), 0.5
        while True:
            began = loop.time()
            try:
                await self._connect(inbox, deliver)
            except discord.LoginFailure:
                return Refused(_LOGIN_REFUSED)
            except discord.PrivilegedIntentsRequired:
                return Refused(_INTENT_REFUSED)
            except discord.ConnectionClosed as closed:
                if closed.code in _FATAL:
                    return Refused(_FATAL[closed.code])
                reason = f"closed with {closed.code}"
            except Exception as error:  # noqa: BLE001  a payload its parsers do not know raises anything
                reason = type(error).__name__
            else:
                reason = "closed"
            wait = 1.0 if loop.time() - began > 60 else min(2 * wait, 60.0)
            _log.warning("discord connection lost", reason=reason, again_in=wait)
            await asyncio.sleep(wait)

    async def _connect(self, inbox: Inbox, deliver: Deliver) -> None:
        redirect(self._api_url)
        client = Gateway(inbox, deliver, content=self._content, timeout=self._timeout)
        self._client = client
        try:
            await client.start(self._token)
        finally:
            self._client = None
            await self._close(client)

    async def _close(self, client: discord.Client) -> None:
        """Without waiting for a Discord that hangs."""
        try:
            async with asyncio.timeout(self._timeout):
                await client.close()
        except TimeoutError:
            await client.http.close()

    def _connected(self) -> discord.Client:
        if self._client is None or self._client.user is None or self._client.is_closed():
            raise Busy(1.0)
        return self._client

    async def _deliver(self, key: int, event: Callable[[], Awaitable[None]]) -> None:
        """Discord has no acknowledgement: what fails is tried again here, the rest waits behind."""
        async with self._lines.setdefault(key, asyncio.Lock()):
            for wait in _AGAIN:
                try:
                    await event()
                except Exception as error:  # noqa: BLE001  the inbox's errors are not ours to know
                    _log.warning("discord event not delivered", error=type(error).__name__)
                    await asyncio.sleep(wait)
                else:
                    return
        self.lost += 1
        _log.error("discord event lost", lost=self.lost)

    async def check(self) -> Sequence[str]:
        redirect(self._api_url)
        client = discord.Client(intents=discord.Intents(guilds=True))
        try:
            async with asyncio.timeout(self._timeout):
                await client.login(self._token)
        except discord.LoginFailure:
            return [_LOGIN_REFUSED]
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            return [f"Discord does not answer at {self._api_url} ({type(error).__name__})"]
        else:
            granted = client.application_flags
            seen = granted.gateway_message_content or granted.gateway_message_content_limited
            return [] if seen or not self._content else [_INTENT_REFUSED]
        finally:
            await self._close(client)
