"""Events API bodies in the shape of the recorded ones."""

from typing import Any

from tests.servers.slack.workspace import APP, BOT_USER, TEAM, Channel, Post


def callback(event: dict[str, Any], event_id: str, *, shared: bool = False) -> dict[str, Any]:
    return {
        "token": "fake",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
    }


def said(post: Post, channel: Channel) -> dict[str, Any]:
    place = {"channel": channel.id, "channel_type": channel.type, "event_ts": post.ts}
    return post.payload() | place


def mention(post: Post, channel: Channel) -> dict[str, Any]:
    """The twin of `said`: no channel_type, and its own event id."""
    return post.payload() | {"type": "app_mention", "channel": channel.id, "event_ts": post.ts}


def changed(post: Post, before: dict[str, Any], channel: Channel, event_ts: str) -> dict[str, Any]:
    return _hidden("message_changed", channel, event_ts) | {
        "message": post.payload(),
        "previous_message": before,
    }


def deleted(before: dict[str, Any], channel: Channel, event_ts: str) -> dict[str, Any]:
    return _hidden("message_deleted", channel, event_ts) | {
        "deleted_ts": before["ts"],
        "previous_message": before,
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
