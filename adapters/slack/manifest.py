"""The app as Slack has to know it: what it may do, is told, and offers; from the code's own tables.

https://docs.slack.dev/reference/app-manifest
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.message import Offer
from adapters.slack.delivery import EVENTS
from adapters.slack.http import PATH

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "mentions",
    "assistant:write": "suggested prompts and titles of the agent view",
    "channels:history": "what is said in public channels",
    "channels:read": "which channels are public, and which it left",
    "chat:write": "answers",
    "commands": "slash commands and shortcuts",
    "groups:history": "what is said in private channels",
    "groups:read": "which channels are private, and which it left",
    "im:history": "direct messages",
    "im:read": "whose direct message it is, for streams",
    "mpim:history": "group direct messages",
    "mpim:read": "which conversations are group direct messages",
    "users:read": "people's names, and who is a guest",
}
"""Every scope the bot needs, and for what."""

SHORTCUTS: Mapping[str, str] = {"summary": "Summarize this thread", "forget": "Forget this thread"}
"""In the menu of a message: the command each gives, which is its callback_id, and its words."""

_MESSAGES = ("message.channels", "message.groups", "message.im", "message.mpim")
_LATER = {"message_metadata_posted"}  # its subscription names the app's id: a new app has none yet
_PROMPTS = (
    ("What do you remember?", "What do you remember about me?"),
    ("Where were we?", "Remind me where we were the last time we talked."),
)
_ABOUT = "A bot that remembers, and forgets when told."


def manifest(
    offers: Sequence[Offer], address: str = "", *, agent: bool = True
) -> Mapping[str, Any]:
    """For Socket Mode, or, with the public `address` of the bot, for HTTP.

    `agent`: with the agent view, which apps made since June 2026 have.
    """
    url = address.rstrip("/") + PATH if address else ""
    reached = {"request_url": url} if url else {}
    prompts = [{"title": title, "message": message} for title, message in _PROMPTS]
    view = {"agent_description": _ABOUT, "suggested_prompts": prompts}
    heard = [each for each in EVENTS if each not in _LATER]
    events = [name for each in heard for name in (_MESSAGES if each == "message" else (each,))]
    return {
        "_metadata": {"major_version": 2},
        "display_information": {"name": "Threadkeeper", "description": _ABOUT},
        "features": {
            **({"agent_view": view} if agent else {}),
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "threadkeeper", "always_online": True},
            "shortcuts": [
                {"name": words, "type": "message", "callback_id": name, "description": words}
                for name, words in SHORTCUTS.items()
            ],
            "slash_commands": [_command(offer, url) for offer in offers],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**reached, "bot_events": sorted(events)},
            "interactivity": {"is_enabled": True, **reached},
            "org_deploy_enabled": True,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def lacking(granted: str) -> Sequence[str]:
    """A line for each scope that is missing in Slack's list of those granted.

    An event whose scope is missing can not be subscribed to either; more of the subscriptions
    Slack does not tell an app.
    """
    had = {scope.strip() for scope in granted.split(",")}
    return [
        f"Slack: add the scope {scope} ({use}), install the app again"
        for scope, use in SCOPES.items()
        if scope not in had
    ]


def _command(offer: Offer, url: str) -> Mapping[str, Any]:
    return {
        "command": f"/{offer.name}",
        "description": offer.what,
        "should_escape": True,
        **({"usage_hint": offer.arguments} if offer.arguments else {}),
        **({"url": url} if url else {}),
    }
