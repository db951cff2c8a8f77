"""The bot's commands as Discord registers them, and sent only when others are registered."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import discord
from discord import app_commands

from adapters.message import Offer

REMEMBER, FORGET = "Remember this", "Forget this"
_DESCRIPTION = 100  # characters

Run = Callable[[discord.Interaction, str, str], Awaitable[None]]
Point = Callable[[discord.Interaction, discord.Message], Coroutine[Any, Any, None]]

_CONTEXTS = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
_ANYWHERE = app_commands.AppInstallationType(guild=True, user=True)
_SERVER = app_commands.AppInstallationType(guild=True, user=False)


def add(
    tree: app_commands.CommandTree[Any],
    offers: Sequence[Offer],
    *,
    run: Run,
    remember: Point,
    forget: Point,
) -> None:
    """What people type can be installed by a person for the bot's direct messages; what points at
    a message needs the bot in the server: elsewhere it would not hear that the message goes."""
    for offer in offers:
        tree.add_command(_typed(offer, run))
    for name, point in ((REMEMBER, remember), (FORGET, forget)) if offers else ():
        tree.add_command(
            app_commands.ContextMenu(
                name=name, callback=point, allowed_contexts=_CONTEXTS, allowed_installs=_SERVER
            )
        )


def _typed(offer: Offer, run: Run) -> app_commands.Command[Any, ..., None]:
    async def alone(pressed: discord.Interaction) -> None:
        await run(pressed, offer.name, "")

    @app_commands.describe(argument=offer.arguments[:_DESCRIPTION] or "nothing")
    async def told(pressed: discord.Interaction, argument: str = "") -> None:
        await run(pressed, offer.name, argument.strip())

    return app_commands.Command(
        name=offer.name,
        description=offer.what[:_DESCRIPTION],
        callback=told if offer.arguments else alone,
        allowed_contexts=_CONTEXTS,
        allowed_installs=_ANYWHERE,
    )


async def sync(client: discord.Client, tree: app_commands.CommandTree[Any]) -> bool:
    """Whether anything had to be registered: Discord takes 200 new commands a day."""
    wanted = [each.to_dict(tree) for each in tree.get_commands()]
    there = await client.http.get_global_commands(client.application_id or 0)
    if _essence(wanted) == _essence(there):
        return False
    await client.http.bulk_upsert_global_commands(client.application_id or 0, payload=wanted)
    return True


def _essence(commands: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
    """Without ids and versions, and with what may be left out."""
    return sorted(
        (
            each.get("type", 1),
            each["name"],
            each.get("description", ""),
            sorted(each.get("contexts") or ()),
            sorted(each.get("integration_types") or ()),
            [(option["name"], option["description"]) for option in each.get("options", ())],
        )
        for each in commands
    )
