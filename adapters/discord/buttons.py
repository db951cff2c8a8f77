"""Buttons that say all they do in their own ids, so that any process can act on a press."""

import base64
import zlib
from collections.abc import Sequence

import discord

from adapters.message import Action

STOP = "stop:"  # and the turn's id: on a reply that is being written
_PLAIN, _PACKED = "do:", "dz:"
_LONGEST = 100  # characters, https://discord.com/developers/docs/components/reference#button
_LABEL = 80
_MOST = 25  # five rows of five


def view(actions: Sequence[Action], place: str = "") -> discord.ui.View:
    """`place`: "guild/channel" that the actions are for, if they are shown elsewhere."""
    shown = discord.ui.View(timeout=None)
    for action in actions[:_MOST]:
        if name := custom_id(action, place):
            style = discord.ButtonStyle.secondary
            shown.add_item(
                discord.ui.Button(label=action.label[:_LABEL], custom_id=name, style=style)
            )
    shown.stop()  # or discord.py would keep it, waiting for presses
    return shown


def words(actions: Sequence[Action], place: str = "") -> Sequence[str]:
    """For actions that no button holds, what to say instead."""
    told = [each for each in actions[:_MOST] if not custom_id(each, place)] + [*actions[_MOST:]]
    return [f"{each.label}: say `/{each.name} {each.argument}`" for each in told]


def custom_id(action: Action, place: str = "") -> str:
    """Empty if it is too long, packed too."""
    said = f"{place}:{action.name}:{action.argument}"
    packed = base64.b85encode(zlib.compress(said.encode(), 9, wbits=-15)).decode()
    for name in (_PLAIN + said, _PACKED + packed):
        if len(name) <= _LONGEST:
            return name
    return ""


def pressed(name: str) -> tuple[str, str, str] | None:
    """The place, the command's name and its argument; None: no button of ours."""
    if name.startswith(_PACKED):
        packed = base64.b85decode(name.removeprefix(_PACKED))
        name = _PLAIN + zlib.decompress(packed, wbits=-15).decode()
    if not name.startswith(_PLAIN):
        return None
    place, command, argument = name.removeprefix(_PLAIN).split(":", 2)
    return place, command, argument
