"""What a person types behind a slash, presses or opens, as the payloads Slack makes of it."""

from collections.abc import Callable
from typing import Any

from tests.servers.slack.delivery import Delivery
from tests.servers.slack.workspace import APP, BOT_USER, TEAM, Channel, Post, Workspace

Send = Callable[[dict[str, Any]], Delivery]


class Hands:
    """`address`: where the fake takes answers to a `response_url`."""

    def __init__(
        self,
        workspace: Workspace,
        send: Send,
        emit: Callable[[dict[str, Any], Channel], Delivery],
        address: Callable[[], str],
    ) -> None:
        self._workspace, self._send, self._emit = workspace, send, emit
        self._address = address

    def command(self, channel: str, user: str, name: str, text: str = "") -> Delivery:
        """`/name text`; never in a thread: Slack has no slash commands there."""
        place = self._workspace.channel(channel)
        return self._send(
            {
                "token": "fake",
                "team_id": TEAM,
                "team_domain": "fake",
                "channel_id": channel,
                "channel_name": "directmessage" if place.type == "im" else channel.lower(),
                "user_id": user,
                "user_name": self._workspace.people[self._workspace.appears(user)],
                "command": f"/{name}",
                "text": text,
                "api_app_id": APP,
                "is_enterprise_install": "false",
                **self._handles(),
            }
        )

    def shortcut(self, channel: str, ts: str, user: str, callback_id: str) -> Delivery:
        """A message shortcut, on a person's post or the bot's."""
        place = self._workspace.channels[channel]
        message = place.posts[ts].payload()
        return self._send(
            self._interactive("message_action", user, place, message)
            | {"callback_id": callback_id, "message_ts": ts, "action_ts": self._workspace.ts()}
        )

    def press(
        self, post: Post, user: str, action_id: str, value: str = "", *, ephemeral: bool = False
    ) -> Delivery:
        """A button of one of the bot's posts; `ephemeral`: of one that only this person sees."""
        place = self._workspace.channels[post.channel]
        message = {} if ephemeral else post.payload()
        container = {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": post.channel,
            "is_ephemeral": ephemeral,
        }
        if post.thread:
            container["thread_ts"] = post.thread
        action = {
            "type": "button",
            "block_id": "b1",
            "action_id": action_id,
            "value": value,
            "text": {"type": "plain_text", "text": action_id, "emoji": True},
            "action_ts": self._workspace.ts(),
        }
        body = self._interactive("block_actions", user, place, message)
        return self._send(body | {"container": container, "actions": [action]})

    def home(self, user: str, tab: str = "home") -> Delivery:
        """Open the App Home, or with `messages` the agent's own tab."""
        place = self._workspace.channel(f"D{self._workspace.appears(user)}", "im")
        stamp = self._workspace.ts()
        event = {"type": "app_home_opened", "user": user, "channel": place.id, "tab": tab}
        return self._emit(event | {"event_ts": stamp}, place)

    def pick(self, user: str, action_id: str, value: str = "") -> Delivery:
        """A button in the App Home."""
        stamp = self._workspace.ts()
        body = self._interactive("block_actions", user, None, {})
        shown = self._workspace.homes.get(user, {})
        view = {"id": "V00FAKEHOME1", "team_id": TEAM, "type": "home", "bot_id": BOT_USER}
        view["private_metadata"] = shown.get("private_metadata", "")
        action = {"type": "button", "block_id": "b1", "action_id": action_id, "value": value}
        body |= {"container": {"type": "view", "view_id": view["id"]}, "view": view}
        return self._send(body | {"actions": [action | {"action_ts": stamp}]})

    def stop(self, channel: str, user: str, thread: str) -> Delivery:
        """The Stop button of the agent view; Slack ends the streams there by itself."""
        place, halted = self._workspace.channels[channel], []
        for post in self._workspace.thread(channel, thread):
            if post.streams_until:
                post.streams_until, post.halted = 0.0, True
                halted.append(post.ts)
        event = {
            "type": "agent_session_stopped",
            "user": user,
            "channel": channel,
            "thread_ts": thread,
            "streaming_message_ts": halted,
            "event_ts": self._workspace.ts(),
        }
        return self._emit(event, place)

    def _interactive(
        self, kind: str, user: str, place: Channel | None, message: dict[str, Any]
    ) -> dict[str, Any]:
        name = self._workspace.people[self._workspace.appears(user)]
        team = self._workspace.team(user)
        body: dict[str, Any] = {
            "type": kind,
            "user": {"id": user, "username": name, "name": name, "team_id": team},
            "api_app_id": APP,
            "token": "fake",
            "team": {"id": TEAM, "domain": "fake"},
            "enterprise": None,
            "is_enterprise_install": False,
            **self._handles(),
        }
        if place:
            body["channel"] = {"id": place.id, "name": place.id.lower()}
        if message:
            body["message"] = message
        return body

    def _handles(self) -> dict[str, str]:
        serial = self._workspace.serial()
        address = f"{self._address()}{serial}"
        return {"response_url": address, "trigger_id": f"{serial}.fake"}
