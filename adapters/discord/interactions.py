"""What people press in Discord and choose from its menus, as the inbox knows it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import discord
import structlog
from discord import app_commands

from adapters.discord import buttons, commands, events, files
from adapters.discord.answers import Answering
from adapters.discord.delivery import Deliver
from adapters.discord.options import Options
from adapters.discord.posts import answered
from adapters.discord.reader import Reader
from adapters.message import Answer, Author, Command, Conversation, Stop
from adapters.ports import Busy, Inbox, Refused, Unclear

_log = structlog.get_logger()

SORRY = Answer(text="Sorry, I could not do this now: try again in a minute.")
NOTHING = Answer(text="There is nothing in this message that I could remember.")
KEPT = Answer(text="I will remember this message here. To undo it: Apps, Forget this.")

Act = Callable[[Answering, Conversation], Awaitable[None]]


class _Tree(app_commands.CommandTree[discord.Client]):
    async def on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """discord.py would log what it got. An unknown command: another deployment's, or old."""
        _log.error("discord command not understood", error=type(error).__name__)


class Interactions:
    """Acknowledged first and then delivered: a press waits for no other event."""

    def __init__(
        self,
        client: discord.Client,
        inbox: Inbox,
        *,
        deliver: Deliver,
        reader: Reader,
        options: Options,
    ) -> None:
        self._client, self._inbox, self._deliver = client, inbox, deliver
        self._reader, self._timeout = reader, options.timeout
        self._tree = _Tree(client)
        commands.add(
            self._tree, options.offers, run=self._run, remember=self._remember, forget=self._forget
        )

    async def sync(self) -> None:
        """Register the commands if others are; what fails is tried at the next start."""
        if not self._tree.get_commands() or self._client.shard_id:
            return
        try:
            async with answered(self._timeout):
                if await commands.sync(self._client, self._tree):
                    _log.info("discord commands registered")
        except (Busy, Refused, Unclear, discord.NotFound) as error:
            _log.warning("discord commands not registered", reason=str(error))

    def take(self, pressed: discord.Interaction) -> None:
        name = str(dict(pressed.data or {}).get("custom_id", ""))
        if name.startswith(buttons.STOP):
            turn = name.removeprefix(buttons.STOP)
            self._deliver(pressed.id, partial(self._stop, pressed, turn))
        elif pressed.type is discord.InteractionType.component and (told := buttons.pressed(name)):
            self._deliver(pressed.id, partial(self._press, pressed, *told))

    async def _stop(self, pressed: discord.Interaction, turn: str) -> None:
        if not pressed.response.is_done():
            with suppress(Busy, Refused, Unclear, discord.NotFound):  # too late to say so
                async with answered(self._timeout):
                    await pressed.response.defer()
        await self._inbox.stop(Stop(conversation=await self._where(pressed), turn=turn))

    async def _run(self, pressed: discord.Interaction, name: str, argument: str) -> None:
        """Called by discord.py, outside of our tasks."""
        act = partial(self._command, pressed, name, argument)
        self._deliver(pressed.id, partial(self._answer, pressed, act))

    async def _press(
        self, pressed: discord.Interaction, place: str, name: str, argument: str
    ) -> None:
        await self._answer(pressed, partial(self._command, pressed, name, argument), place)

    async def _forget(self, pressed: discord.Interaction, post: discord.Message) -> None:
        await self._run(pressed, "forget", f"post {post.id}")

    async def _remember(self, pressed: discord.Interaction, post: discord.Message) -> None:
        self._deliver(pressed.id, partial(self._answer, pressed, partial(self._keep, post)))

    async def _answer(self, pressed: discord.Interaction, act: Act, place: str = "") -> None:
        answering = Answering(pressed, self._timeout)
        if not await answering.acknowledge():
            return
        try:
            await act(answering, await self._where(pressed, place))
        except Exception as error:  # noqa: BLE001  the edge: who asked is told, and may ask again
            _log.error("discord interaction failed", error=type(error).__name__)
            await answering(SORRY)

    async def _command(
        self,
        pressed: discord.Interaction,
        name: str,
        argument: str,
        answering: Answering,
        where: Conversation,
    ) -> None:
        here = str(pressed.channel_id) == (where.thread or where.channel)
        await self._inbox.command(
            Command(
                name=name,
                argument=argument,
                author=Author(id=str(pressed.user.id), name=pressed.user.display_name),
                conversation=where,
                given_at=pressed.created_at,
                manages=here and bool(pressed.guild) and pressed.permissions.manage_messages,
                respond=answering,
            )
        )

    async def _keep(self, post: discord.Message, answering: Answering, where: Conversation) -> None:
        me = self._client.user.id if self._client.user else 0
        texts = await files.read(post, self._timeout)
        message = events.message(post, me, where, texts=texts)
        if message:
            await self._inbox.receive(replace(message, called=False, kept=True))
        await answering(KEPT if message else NOTHING)

    async def _where(self, pressed: discord.Interaction, place: str = "") -> Conversation:
        """`place`: where a button belongs that is shown elsewhere."""
        guild, _, channel = place.partition("/")
        if channel:
            return await self._reader.where(self._reader.place(int(channel), int(guild)))
        known = self._reader.place(pressed.channel_id or 0, pressed.guild_id)
        return await self._reader.where(pressed.channel or known)
