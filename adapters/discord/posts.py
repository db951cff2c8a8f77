"""Discord's side of post-and-edit, over discord.py's HTTP client."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord

from adapters.discord.allowance import Allowance
from adapters.discord.buttons import STOP
from adapters.message import Conversation
from adapters.ports import Blank, Busy, Gone, Hold, Refused, Unclear

LIMIT = 1_990  # characters; Discord's is 2,000 (.../resources/message#create-message)
_NONCE = re.compile(r"([a-z0-9]{1,20})-\d+")
_GONE, _NOWHERE = 10008, 10003  # Unknown Message, Unknown Channel
_EMPTY = 50006  # Cannot send an empty message
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_ADVICE = {
    _NOWHERE: "the channel or thread is gone",
    10015: "its time to be answered, 15 minutes, is over",
    10062: "it was noticed later than 3 seconds after: give the process more room",
    40060: "another process answered it",
    40094: "whoever installed only for themselves is answered in five messages",
    _EMPTY: "there is nothing to see in the text",
    50001: "let the bot view the channel",
    50007: "they must allow direct messages from members of this server",
    50013: "allow the bot to send messages, and messages in threads, in the channel",
    50027: "its time to be answered, 15 minutes, is over",
    50035: "Discord finds the request malformed; report it with the version of the bot",
    50083: "the thread is archived and locked; unlock it",
    160002: "allow the bot to read the channel's message history",
    200000: "AutoMod blocked the text; exempt the bot's role",
    240000: "Discord blocked a link in the text",
}
LATER = 60.0  # seconds, if Discord does not say
_LATER = {20016, 20028, 30046}  # slow mode, too many posts, too many edits of an old one


@asynccontextmanager
async def answered(within: float) -> AsyncIterator[None]:
    """One call to Discord, in `within` seconds: Unclear, Busy, Refused, Gone, or NotFound 10008."""
    try:
        async with asyncio.timeout(within):
            yield
    except discord.RateLimited as error:
        raise Busy(error.retry_after) from error
    except aiohttp.ClientConnectorError as error:
        raise Busy(1.0) from error
    except (OSError, aiohttp.ClientError, discord.DiscordServerError) as error:  # and TimeoutError
        raise Unclear(f"no answer from Discord ({type(error).__name__})") from error
    except discord.HTTPException as error:
        if error.code == _GONE:
            raise
        if error.status == 429 or error.code in _LATER:  # 429: its front door turns us away
            raise Busy(float(error.response.headers.get("Retry-After", LATER))) from error
        advice = _ADVICE.get(error.code, "look the code up in Discord's documentation")
        kind = {_NOWHERE: Gone, _EMPTY: Blank}.get(error.code, Refused)
        raise kind(f"Discord refused ({error.status}, code {error.code}): {advice}") from error


class DiscordPosts:
    """Own posts in one conversation; `connected` gives the client or raises Busy."""

    limit = LIMIT
    repeats_safely = True  # `enforce_nonce`, which discord.py sends with every nonce

    def __init__(
        self,
        connected: Callable[[], discord.Client],
        where: Conversation,
        timeout: float,
        allowance: Allowance,
    ) -> None:
        self._connected, self._timeout, self._allowance = connected, timeout, allowance
        self._id = int(where.thread or where.channel)

    @property
    def channel(self) -> discord.PartialMessageable:
        return self._connected().get_partial_messageable(self._id)

    @asynccontextmanager
    async def _allowed(self, method: str) -> AsyncIterator[None]:
        """Within the rate limit: a call that discord.py still holds back was not sent."""
        self._allowance.claim(method, self._id)
        try:
            async with answered(self._timeout):
                yield
        except Unclear:
            if self._allowance.refused(method, self._id):
                self._allowance.claim(method, self._id)
            raise

    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str:
        """A repeated nonce returns the earlier post: it is brought up to date here."""
        options: dict[str, Any] = {"nonce": f"{turn.id}-{slot}", "view": _buttons(turn, live)}
        if slot == 0 and turn.anchor:
            options["reference"] = discord.MessageReference(
                message_id=int(turn.anchor), channel_id=self._id, fail_if_not_exists=False
            )
        try:
            async with self._allowed("POST"):
                sent = await self.channel.send(
                    text, suppress_embeds=True, mention_author=False, **options
                )
        except discord.NotFound as error:
            raise Unclear("this part of the reply was posted before, and deleted") from error
        if sent.content != text.strip() or bool(sent.components) != live:
            await turn.secure()
            if not await self.edit(turn, str(sent.id), text, live=live):
                raise Unclear("the post vanished while it was brought up to date")
        return str(sent.id)

    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool:
        try:
            async with self._allowed("PATCH"):
                target = self.channel.get_partial_message(int(post))
                await target.edit(content=text, view=_buttons(turn, live))
        except discord.NotFound:
            return False
        return True

    async def delete(self, post: str) -> None:
        with suppress(discord.NotFound):
            async with self._allowed("DELETE"):
                await self.channel.get_partial_message(int(post)).delete()

    async def find(self, turn: str, since: datetime) -> Sequence[str]:
        return [str(post.id) for post in await self.carrying(turn, since)]

    async def carrying(self, turn: str, since: datetime) -> Sequence[discord.Message]:
        """By the Stop button: a nonce cannot be read back. A minute is for differing clocks."""
        me, start = self._connected().user, since - timedelta(minutes=1)
        async with answered(self._timeout):
            posts = self.channel.history(after=start, limit=500, oldest_first=True)
            return [
                post
                async for post in posts
                if post.author == me and f"{STOP}{turn}" in _custom_ids(post)
            ]


def _buttons(turn: Hold, live: bool) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if live:
        view.add_item(discord.ui.Button(label="Stop", custom_id=f"{STOP}{turn.id}"))
    view.stop()  # or discord.py would keep it, waiting for presses
    return view


def turn_of(post: discord.Message) -> str:
    """The turn that a post of our own carries, as far as it shows one."""
    nonce = _NONCE.fullmatch(str(post.nonce or ""))
    stops = [each for each in _custom_ids(post) if each and each.startswith(STOP)]
    return nonce[1] if nonce else "".join(stops[:1]).removeprefix(STOP)


def _custom_ids(post: discord.Message) -> Sequence[str | None]:
    rows = (row for row in post.components if isinstance(row, discord.ActionRow))
    return [
        button.custom_id
        for row in rows
        for button in row.children
        if isinstance(button, discord.Button)
    ]
