"""What Slack sends, and what becomes of it: stored or done before it is acknowledged."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from adapters.message import (
    Audience,
    Conversation,
    Deletion,
    Departure,
    Echo,
    Edit,
    Message,
    Rescoped,
)
from adapters.ports import Inbox, Refused
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import Me, Said, audience, mentioned, read, rescoped, space, spoken
from adapters.slack.shape import typed

Interact = Callable[[Payload, Inbox], Awaitable[Payload | None]]
Handler = Callable[["Delivery", Payload, Inbox], Awaitable[Payload | None]]

UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, OverflowError)
_log = structlog.get_logger()


class Delivery:
    """`interact` is given commands, clicks, shortcuts and what happens in the App Home.

    Unless `shared`, what guests and other organisations can read or write is not for the bot.
    `gap` is told that Slack held events back.
    """

    def __init__(
        self,
        directory: Directory,
        me: Callable[[], Awaitable[Me]],
        interact: Interact,
        *,
        shared: bool,
        gap: Callable[[], None],
    ) -> None:
        self._directory, self._me, self._interact = directory, me, interact
        self._shared, self._gap = shared, gap

    async def take(self, body: Payload, inbox: Inbox) -> Payload | None:
        """What Slack is answered with, None for nothing. What it raises: not stored, send again."""
        match body.get("type"):
            case "event_callback":
                handler = EVENTS.get((body.get("event") or {}).get("type", ""))
                return await handler(self, body, inbox) if handler else None
            case "app_rate_limited":
                _log.warning("slack holds events back: too many of them, or too many failed")
                self._gap()
                return None
        return await self.interacted(body, inbox)

    async def interacted(self, body: Payload, inbox: Inbox) -> Payload | None:
        person = body.get("event") or body
        user = person.get("user_id") or person.get("user")
        who = user if isinstance(user, Mapping) else {"id": user}
        post = {"user": who.get("id"), "team": who.get("team_id")}
        if not post["user"]:
            return None
        if not self._shared and await self._directory.foreign(post, await self._me()):
            return None
        return await self._interact(body, inbox)

    async def said(self, body: Payload, inbox: Inbox) -> None:
        match said := await self._understood(body):
            case Message():
                await inbox.receive(said)
            case Edit():
                await inbox.amend(said)
            case Deletion():
                await inbox.retract(said)
            case Rescoped():
                self._directory.changed(said.channel)
                await inbox.rescope(said)
            case Echo():
                await inbox.echo(said)

    async def _understood(self, body: Payload) -> Said:
        """None also for what makes no sense: it would make none the next time either."""
        me, event = await self._me(), body["event"]
        try:
            if not typed(event):
                raise TypeError("a field is of another type")
            post, kind = spoken(event), await self._directory.channel_type(event)
            shared = await self._connected(body, kind)
            guest = post is not None and await self._directory.foreign(post, me)
            wanted = self._shared or not (guest or shared)
            names = await self._directory.names(mentioned(body)) if post and wanted else {}
            known = {**body, "is_ext_shared_channel": shared}
            said = read(known, me=me, names=names, channel_type=kind, guest=guest)
        except (*UNREADABLE, RecursionError) as error:
            _log.warning("slack event makes no sense", error=type(error).__name__)
            return None
        if wanted or not isinstance(said, Message | Edit):
            return said
        # What they write is not for the bot; that what it has is out of date, is.
        return replace(said, text="", readable=False) if isinstance(said, Edit) else None

    async def _connected(self, body: Payload, kind: str) -> bool:
        """Whether another organisation is in the channel; what an event does not say is asked."""
        told = body.get("is_ext_shared_channel")
        if told is None and kind != "im":
            return await self._directory.connected(body["event"]["channel"])
        return bool(told)

    async def changed(self, body: Payload, _: Inbox) -> None:
        """A person was made a guest, say, or has another name."""
        self._directory.told(body["event"]["user"])

    async def marked(self, body: Payload, inbox: Inbox) -> None:
        """A post with metadata, told without its thread: read as the message it is, if ours."""
        event, me = body["event"], await self._me()
        if event.get("user_id") != me.user:
            return
        channel, ts = event["channel_id"], event["message_ts"]
        post = {"type": "message", "user": me.user, "channel": channel, "ts": ts}
        post |= {"metadata": event["metadata"], "text": ""}
        post |= {"thread_ts": await self._directory.thread(channel, ts) or ts}
        await self.said({**body, "event": post}, inbox)

    async def left(self, body: Payload, inbox: Inbox) -> None:
        """The bot lost a channel: it was deleted, or the bot was removed."""
        await inbox.leave(
            Departure(platform="slack", space=space(body), channel=body["event"]["channel"])
        )

    async def somebody_left(self, body: Payload, inbox: Inbox) -> None:
        somebody = str(body["event"].get("user"))
        self._directory.parted(somebody)
        if somebody == (await self._me()).user:
            await self.left(body, inbox)

    async def uninstalled(self, body: Payload, inbox: Inbox) -> None:
        await inbox.leave(Departure(platform="slack", space=space(body)))

    async def revoked(self, body: Payload, inbox: Inbox) -> None:
        """Also sent for tokens of people who once signed in: ours is among the bots'."""
        revoked: Payload = body["event"].get("tokens") or {}
        if revoked.get("bot"):
            await self.uninstalled(body, inbox)

    async def connected(self, body: Payload, inbox: Inbox) -> None:
        """Another organisation came into a channel, or left it."""
        event = body["event"]
        self._directory.changed(event["channel"])
        kind, shared = "group", True
        if event["type"] == "channel_unshared":
            try:
                room = await self._directory.room(event["channel"])
                kind, shared = room.type, room.shared
            except Refused:
                shared = event.get("is_ext_shared") is not False
        channel = Conversation(
            platform="slack", space=space(body), channel=event["channel"], audience=Audience.PRIVATE
        )
        await inbox.rescope(rescoped(channel, audience(kind, shared=shared)))


EVENTS: Mapping[str, Handler] = {
    "message": Delivery.said,
    "app_mention": Delivery.said,
    "message_metadata_posted": Delivery.marked,
    "channel_deleted": Delivery.left,
    "channel_left": Delivery.left,
    "group_deleted": Delivery.left,
    "group_left": Delivery.left,
    "member_left_channel": Delivery.somebody_left,
    "channel_shared": Delivery.connected,
    "channel_unshared": Delivery.connected,
    "app_uninstalled": Delivery.uninstalled,
    "tokens_revoked": Delivery.revoked,
    "user_change": Delivery.changed,
    "app_home_opened": Delivery.interacted,
    "agent_session_stopped": Delivery.interacted,
}
"""By the type of the event; the manifest subscribes to these, as far as a new app can."""
