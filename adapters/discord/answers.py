"""Answers that only the person sees who asked: to a command, to a button."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence

import discord
import structlog

from adapters.discord import buttons
from adapters.discord.posts import LIMIT, answered
from adapters.markup import neutralise, split
from adapters.message import Answer
from adapters.ports import Busy, Refused, Unclear

_log = structlog.get_logger()

# https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages
_MOST = 5  # messages, where the app is installed by the person only
_TRIES = 4
PAUSE = 1.0  # seconds, after an unclear call
EXPORT = "export.json"
_OWN = "discord.com"  # whose links to messages lead somewhere


def shown(answer: Answer, place: str = "") -> str:
    told = (answer.text, *buttons.words(answer.actions, place))
    return neutralise("\n".join(filter(None, told)), _OWN)


def attached(files: Sequence[tuple[str, str]]) -> list[discord.File]:
    """Anew for every try: discord.py closes what it sends."""
    return [discord.File(io.BytesIO(text.encode()), name) for name, text in files]


class Answering:
    """One interaction: to be acknowledged within 3 seconds, answered within 15 minutes."""

    def __init__(self, pressed: discord.Interaction, timeout: float) -> None:
        self._pressed, self._timeout = pressed, timeout
        self._said = 0

    async def acknowledge(self) -> bool:
        """False: too late, or somebody else did; then nothing can be said any more."""
        command = self._pressed.type is discord.InteractionType.application_command
        try:
            async with answered(self._timeout):
                if command:
                    await self._pressed.response.defer(ephemeral=True, thinking=True)
                else:
                    await self._pressed.response.defer()
        except (Busy, Refused, Unclear, discord.NotFound) as error:
            _log.warning("discord interaction not acknowledged", reason=str(error))
            return False
        return True

    async def __call__(self, answer: Answer) -> None:
        """In at most five messages, or as a file; the first takes the place of what was pressed."""
        text = shown(answer)
        if not text:
            return
        parts = split(text, LIMIT)
        files = [(EXPORT, answer.document)] if answer.document else []
        if len(parts) > _MOST - self._said:
            parts, files = (
                ["It is too long for messages: here is all of it."],
                [("answer.md", text)],
            )
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            await self._say(part, answer if last else Answer(text=part), files if last else [])

    async def _say(self, part: str, answer: Answer, files: Sequence[tuple[str, str]]) -> None:
        view, first = buttons.view(answer.actions), not self._said
        self._said += 1

        async def original() -> None:
            await self._pressed.edit_original_response(
                content=part, view=view, attachments=attached(files)
            )

        async def more() -> None:
            await self._pressed.followup.send(
                part, ephemeral=True, suppress_embeds=True, view=view, files=attached(files)
            )

        await self._try(original if first else more, again=first)

    async def _try(self, call: Callable[[], Awaitable[object]], *, again: bool) -> None:
        """`again`: an unclear call may be repeated."""
        for left in reversed(range(_TRIES)):
            try:
                async with answered(self._timeout):
                    await call()
            except (Busy, Unclear) as error:
                if left and (again or isinstance(error, Busy)):
                    await asyncio.sleep(error.after if isinstance(error, Busy) else PAUSE)
                    continue
                _log.warning("discord answer not delivered", reason=str(error))
            except (Refused, discord.NotFound) as error:
                _log.warning("discord answer not delivered", reason=str(error))
            return
