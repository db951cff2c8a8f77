"""Events API bodies in the shape of the recorded ones."""

from typing import Any

from tests.servers.slack.workspace import APP, BOT_USER, TEAM, Channel, Post


def callback(
    event: dict[str, Any],
    event_id: str,
    *,
    shared: bool = False,
    team: str = TEAM,
    organisation: str = "",
) -> dict[str, Any]:
    """`team`: the author's workspace, of an event in a channel shared with it.

    `organisation`: the app is installed for all of it.
    """
    installed = {
        "enterprise_id": organisation or None,
        "team_id": None if organisation else TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": bool(organisation),
    }
    return {
        "token": "fake",
        "team_id": team,
        "context_team_id": TEAM,
        "context_enterprise_id": organisation or None,
        "enterprise_id": organisation or None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(float(event["event_ts"])),
        "authorizations": [installed],
        "is_ext_shared_channel": shared,
    }


def said(post: Post, channel: Channel) -> dict[str, Any]:
    place = {"channel": channel.id, "channel_type": channel.type, "event_ts": post.ts}
    return post.payload() | place


def mention(post: Post, channel: Channel) -> dict[str, Any]:
    """The twin of `said`: no channel_type, and its own event id."""
    return post.payload() | {"type": "app_mention", "channel": channel.id, "event_ts": post.ts}


def changed(
    post: Post, before: dict[str, Any] | None, channel: Channel, event_ts: str
) -> dict[str, Any]:
    """`before`: None where Slack does not tell."""
    event = _hidden("message_changed", channel, event_ts) | {"message": post.payload()}
    return event | ({"previous_message": before} if before else {})


def deleted(
    ts: str, before: dict[str, Any] | None, channel: Channel, event_ts: str
) -> dict[str, Any]:
    event = _hidden("message_deleted", channel, event_ts) | {"deleted_ts": ts}
    return event | ({"previous_message": before} if before else {})


def notice(subtype: str, channel: Channel, ts: str) -> dict[str, Any]:
    """The channel's own bookkeeping, such as that it was made private."""
    event = _hidden(subtype, channel, ts) | {"user": "U1", "text": subtype.replace("_", " ")}
    return {key: value for key, value in event.items() if key != "hidden"}


def marked(post: Post, event_ts: str) -> dict[str, Any]:
    """What subscribers of a post's metadata are told."""
    return {
        "type": "message_metadata_posted",
        "app_id": APP,
        "user_id": post.user,
        "team_id": TEAM,
        "channel_id": post.channel,
        "metadata": post.metadata,
        "message_ts": post.ts,
        "event_ts": event_ts,
    }


def _hidden(subtype: str, channel: Channel, event_ts: str) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.type,
        "ts": event_ts,
        "event_ts": event_ts,
    }
