"""Slack event bodies -> what they say in the words of message.py; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from adapters.message import (
    Audience,
    Author,
    Conversation,
    Deletion,
    Echo,
    Edit,
    Kind,
    Message,
    Rescoped,
)
from adapters.slack.content import Payload, attached, deleted, said_in
from adapters.slack.mrkdwn import Names, mentions

Said = Message | Edit | Deletion | Rescoped | Echo | None
MARK = "threadkeeper"  # the type of our posts' metadata

# https://docs.slack.dev/reference/events/message#subtypes: the rest is the channel's bookkeeping.
_SPOKEN = {None, "file_share", "thread_broadcast", "me_message", "bot_message"}
_TURNED = {
    "channel_convert_to_private": Audience.PRIVATE,
    "channel_convert_to_public": Audience.PUBLIC,
}
SYSTEM = {"USLACK", "USLACKBOT"}
_NAMED = re.compile(r"<[@#]([UWCG][A-Z0-9]+)")
_ELEMENT = ("user_id", "channel_id")  # of rich text


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot as Slack knows it: user id, bot id, and the name people mention.

    `agent`: the app has the agent view, where every post of a DM begins a thread of its own.
    `team`: the workspace, or the organisation, it is installed in; `enterprise`: the organisation
    of an Enterprise Grid; `everywhere`: the app is installed for all of that.
    """

    user: str
    bot: str
    name: str
    address: str = ""  # of the workspace, ends in a slash
    agent: bool = False
    team: str = ""
    enterprise: str = ""
    everywhere: bool = False


def read(body: Payload, *, me: Me, names: Names, channel_type: str, guest: bool = False) -> Said:
    """What an event about messages says; None: nothing that concerns the bot.

    `guest`: its author is one. `message` and `app_mention` of one post give equal Messages, so
    their order does not matter.
    """
    event: Payload = body["event"]
    if event.get("type") not in {"message", "app_mention"}:
        return None
    shared = bool(body.get("is_ext_shared_channel"))
    channel = Conversation(
        platform="slack",
        space=space(body),
        channel=event["channel"],
        audience=audience(channel_type, shared=shared or guest),
    )
    match event.get("subtype"):
        case "message_changed":
            return _changed(event, channel, me, names)
        case "message_deleted":
            return _deletion(channel, event["deleted_ts"])
        case str(subtype) if subtype in _TURNED:
            return rescoped(channel, Audience.SHARED if shared else _TURNED[subtype])
    said = message(event, channel, me=me, names=names)
    return _echo(event, said.conversation) if said and _own(event, me) else said


def spoken(event: Payload) -> Payload | None:
    """The post whose author decides whether the event is for the bot; None: nobody's words come.

    What takes words away, and what a channel turns into, is for the bot whoever did it.
    """
    if event.get("subtype") == "message_changed":
        post: Payload = event["message"]
        return None if post.get("subtype") == "tombstone" else post
    return event if event.get("subtype") in _SPOKEN else None


def mentioned(body: Payload) -> Sequence[str]:
    """The users and channels whose names `read` needs, the author first."""
    event: Payload = body["event"]
    post: Payload = event.get("message") or event
    texts = [
        post.get("text") or "",
        *_strings(post.get("blocks")),
        *_strings(post.get("attachments")),
    ]
    found = [each for text in texts for each in _NAMED.findall(text)]
    return list(dict.fromkeys(filter(None, [post.get("user"), *found])))


def message(post: Payload, channel: Conversation, *, me: Me, names: Names) -> Message | None:
    """One post as events and the history show it; `channel` is its conversation but the thread."""
    if post.get("subtype") not in _SPOKEN or not (post.get("user") or post.get("bot_id")):
        return None
    writer = _author(post, me, names)
    direct = channel.audience is Audience.DIRECT
    plain = direct and not me.agent
    return Message(
        id=post["ts"],
        twin=post.get("client_msg_id") or "",
        conversation=replace(channel, thread=_thread(post, plain=plain)),
        author=writer,
        text=said_in(post, me=me.user, names=names),
        sent_at=_moment(post["ts"]),
        edited_at=_moment(post["edited"]["ts"]) if post.get("edited") else None,
        called=writer.kind is Kind.PERSON and (direct or mentions(post.get("text") or "", me.user)),
        attachments=tuple(attached(post)),
    )


def space(body: Payload) -> str:
    """The workspace the bot is installed in, or the organisation, if installed for all of it.

    Events, commands and clicks each say it elsewhere. Of a shared channel's events `team_id` is
    the author's workspace: https://docs.slack.dev/apis/slack-connect/using-slack-connect-apis
    """
    installed: Payload = (body.get("authorizations") or [body])[0]
    enterprise, team = body.get("enterprise") or {}, body.get("team") or {}
    organisation = installed.get("enterprise_id") or body.get("enterprise_id", enterprise.get("id"))
    if installed.get("is_enterprise_install") in (True, "true") and organisation:
        return str(organisation)
    if body.get("authorizations") and installed.get("team_id"):
        return str(installed["team_id"])
    return str(body.get("context_team_id") or body.get("team_id") or team["id"])


def rescoped(channel: Conversation, audience: Audience) -> Rescoped:
    return Rescoped(
        platform=channel.platform, space=channel.space, channel=channel.channel, audience=audience
    )


def audience(channel_type: str, *, shared: bool) -> Audience:
    # Nobody but its two sides reads a DM, even when the other one is from elsewhere.
    if channel_type == "im":
        return Audience.DIRECT
    if shared:
        return Audience.SHARED
    return Audience.PUBLIC if channel_type == "channel" else Audience.PRIVATE


def _thread(post: Payload, *, plain: bool) -> str:
    """`plain`: a post outside threads belongs to the DM itself."""
    thread = str(post.get("thread_ts") or post["ts"])
    return "" if plain and thread == post["ts"] else thread


def _strings(node: object) -> Iterator[str]:
    """Every text in blocks and attachments; the ids of rich text as mrkdwn would have them.

    One loop: a generator in a generator would hand each text up through every level above it.
    """
    left = [node]
    while left:
        match left.pop():
            case str(text):
                yield text
            case Mapping() as each:
                yield from (f"<@{each[key]}" for key in _ELEMENT if isinstance(each.get(key), str))
                left += reversed([*each.values()])
            case list(inner):
                left += reversed(inner)


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def _changed(
    event: Payload, channel: Conversation, me: Me, names: Names
) -> Edit | Deletion | Echo | None:
    """Unfurls and new replies count as changes too, but leave alone what a post says.

    Where something was taken off, as a file or a block of a bot's post, `edited` may be missing.
    """
    after, before = event["message"], event.get("previous_message") or {}
    if after.get("subtype") == "tombstone":
        return _deletion(channel, after["ts"])
    edited = before.get("edited") != after.get("edited")
    if before and not edited and _told(before, me, names) == _told(after, me, names):
        return None
    dated = before or after.get("edited")
    if not (dated or any(map(deleted, after.get("files") or ()))):
        return None
    if _own(after, me):
        plain = channel.audience is Audience.DIRECT and not me.agent
        return _echo(after, replace(channel, thread=_thread(after, plain=plain)))
    return Edit(
        platform=channel.platform,
        space=channel.space,
        channel=channel.channel,
        id=after["ts"],
        text=said_in(after, me=me.user, names=names),
        # `edited.ts` has whole seconds: two edits within one would tie.
        edited_at=_moment(event.get("event_ts") or event["ts"]) if dated else None,
        attachments=tuple(attached(after)),
    )


def _told(post: Payload, me: Me, names: Names) -> Sequence[object]:
    shown = (said_in(post, me=me.user, names=names), attached(post))
    return (post.get("text"), post.get("edited"), *shown)


def _deletion(channel: Conversation, ts: str) -> Deletion:
    return Deletion(
        platform=channel.platform, space=channel.space, channel=channel.channel, ids=(ts,)
    )


def _echo(post: Payload, conversation: Conversation) -> Echo | None:
    """One of our posts, if it tells its turn."""
    metadata: Payload = post.get("metadata") or {}
    told: Payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != MARK or not told.get("turn"):
        return None
    fence = int(told.get("fence") or 0)
    return Echo(conversation=conversation, id=post["ts"], turn=str(told["turn"]), fence=fence)


def _own(post: Payload, me: Me) -> bool:
    return post.get("user") == me.user or post.get("bot_id") == me.bot


def _author(post: Payload, me: Me, names: Names) -> Author:
    user, bot = post.get("user") or "", post.get("bot_id") or ""
    if _own(post, me):
        return Author(id=me.user, name=me.name, kind=Kind.ME)
    if bot or user in SYSTEM:
        profile: Payload = post.get("bot_profile") or {}
        name = profile.get("name") or post.get("username") or names.get(user, user or bot)
        return Author(id=user or bot, name=name, kind=Kind.BOT)
    return Author(id=user, name=names.get(user, user))
