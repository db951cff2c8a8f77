"""What memory holds of Slack's channels, with what those are now: nobody told what was missed."""

import structlog

from adapters.message import Audience
from adapters.ports import Inbox, Refused
from adapters.slack.directory import Directory
from adapters.slack.events import audience, rescoped

_log = structlog.get_logger()


async def compare(inbox: Inbox, directory: Directory) -> None:
    """A channel that is private or shared is so for memory, and one the bot is not in is private.

    Only narrower: a public channel may have a guest's words. Raises Unclear or Busy, and what the
    inbox raises.
    """
    channels = {each.channel: each for each in await inbox.held("slack")}
    rooms = {name: where for name, where in channels.items() if not name.startswith("D")}
    if not rooms:
        return
    try:
        known, whole = await directory.own()
    except Refused as refused:
        _log.warning("audiences of slack's channels not compared", reason=str(refused))
        return
    for name, where in rooms.items():
        room = known.get(name)
        if room or whole:
            kind, shared = (room.type, room.shared) if room else ("group", False)
            now = audience(kind, shared=shared)
            if now is not Audience.PUBLIC:
                await inbox.rescope(rescoped(where, now))
