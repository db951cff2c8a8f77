"""Slack event bodies -> Message, Edit or Deletion; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from adapters.message import Audience, Author, Conversation, Deletion, Edit, Kind, Message
from adapters.slack.content import Payload, described, said_in
from adapters.slack.mrkdwn import Names, mentions

# https://docs.slack.dev/reference/events/message#subtypes: the rest is the channel's bookkeeping.
_SPOKEN = {None, "file_share", "thread_broadcast", "me_message", "bot_message"}
_SYSTEM = {"USLACK", "USLACKBOT"}
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot as Slack knows it: user id, bot id, and the name people mention."""

    user: str
    bot: str
    name: str


def read(
    body: Payload, *, me: Me, names: Names, channel_type: str
) -> Message | Edit | Deletion | None:
    """What an `event_callback` says; None: nothing that concerns memory, or the bot's own post.

    `message` and `app_mention` of one post give equal Messages, so their order does not matter.
    """
    event: Payload = body.get("event") or {}
    if event.get("type") not in {"message", "app_mention"}:
        return None
    channel = Conversation(
        platform="slack",
        space=_space(body),
        channel=event["channel"],
        audience=_audience(channel_type, shared=bool(body.get("is_ext_shared_channel"))),
    )
    match event.get("subtype"):
        case "message_changed":
            return _changed(event, channel, me, names)
        case "message_deleted":
            return _deletion(channel, event["deleted_ts"])
    said = message(event, channel, me=me, names=names)
    return said if said and said.author.kind is not Kind.ME else None


def people(body: Payload) -> Sequence[str]:
    """The users whose names `read` needs, the author first."""
    event: Payload = body.get("event") or {}
    post: Payload = event.get("message") or event
    author = post.get("user")
    mentioned = _MENTION.findall(post.get("text") or "")
    return list(dict.fromkeys([author, *mentioned] if isinstance(author, str) else mentioned))


def message(post: Payload, channel: Conversation, *, me: Me, names: Names) -> Message | None:
    """One post as events and the history show it; `channel` is its conversation but the thread."""
    if post.get("subtype") not in _SPOKEN or not (post.get("user") or post.get("bot_id")):
        return None
    author = _author(post, me, names)
    direct = channel.audience is Audience.DIRECT
    thread = post.get("thread_ts") or post["ts"]
    return Message(
        id=post["ts"],
        twin=post.get("client_msg_id") or "",
        conversation=replace(channel, thread="" if direct and thread == post["ts"] else thread),
        author=author,
        text=said_in(post, me=me.user, names=names),
        sent_at=_moment(post["ts"]),
        called=author.kind is Kind.PERSON and (direct or mentions(post.get("text") or "", me.user)),
        attachments=tuple(described(file) for file in post.get("files") or ()),
    )


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def _space(body: Payload) -> str:
    authorizations = body.get("authorizations") or [{}]
    whole = authorizations[0].get("is_enterprise_install")
    enterprise = authorizations[0].get("enterprise_id") or body.get("enterprise_id")
    return str(enterprise if whole and enterprise else body["team_id"])


def _audience(channel_type: str, *, shared: bool) -> Audience:
    # Nobody but its two sides reads a DM, even when the other one is from elsewhere.
    if channel_type == "im":
        return Audience.DIRECT
    if shared:
        return Audience.SHARED
    return Audience.PUBLIC if channel_type == "channel" else Audience.PRIVATE


def _changed(event: Payload, channel: Conversation, me: Me, names: Names) -> Edit | Deletion | None:
    """Unfurls and new replies count as changes too, but leave text and `edited` alone."""
    after, before = event["message"], event.get("previous_message") or {}
    if after.get("subtype") == "tombstone":
        return _deletion(channel, after["ts"])
    same = after.get("text") == before.get("text") and after.get("edited") == before.get("edited")
    if same or _own(after, me):
        return None
    return Edit(
        platform=channel.platform,
        space=channel.space,
        channel=channel.channel,
        id=after["ts"],
        text=said_in(after, me=me.user, names=names),
        # `edited.ts` has whole seconds: two edits within one would tie.
        edited_at=_moment(event.get("event_ts") or event["ts"]),
    )


def _deletion(channel: Conversation, ts: str) -> Deletion:
    return Deletion(
        platform=channel.platform, space=channel.space, channel=channel.channel, ids=(ts,)
    )


def _own(post: Payload, me: Me) -> bool:
    return post.get("user") == me.user or post.get("bot_id") == me.bot


def _author(post: Payload, me: Me, names: Names) -> Author:
    user, bot = post.get("user") or "", post.get("bot_id") or ""
    if _own(post, me):
        return Author(id=me.user, name=me.name, kind=Kind.ME)
    if bot or user in _SYSTEM:
        profile: Payload = post.get("bot_profile") or {}
        name = profile.get("name") or post.get("username") or names.get(user, user or bot)
        return Author(id=user or bot, name=name, kind=Kind.BOT)
    return Author(id=user, name=names.get(user, user))
