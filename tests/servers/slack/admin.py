"""What happens to the workspace and its channels, told to the bot as Slack does."""

from collections.abc import Callable
from typing import Any

from tests.servers.slack import payloads
from tests.servers.slack.workspace import BOT_USER, Channel, Workspace

Emit = Callable[[dict[str, Any], Channel | None], object]


class Admin:
    def __init__(self, workspace: Workspace, emit: Emit) -> None:
        self._workspace, self._emit = workspace, emit

    def uninstall(self) -> None:
        """Both events come, in no promised order."""
        self._tell("tokens_revoked", tokens={"oauth": [], "bot": [BOT_USER]})
        self._tell("app_uninstalled")

    def revoke(self, user: str) -> None:
        """A person takes back what they allowed the app to do in their name."""
        self._tell("tokens_revoked", tokens={"oauth": [user], "bot": []})

    def delete_channel(self, channel: str) -> None:
        place = self._workspace.channels.pop(channel)
        kind = "channel_deleted" if place.type == "channel" else "group_deleted"
        self._emit(self._event(kind, channel=channel), None)

    def remove(self, channel: str, user: str = BOT_USER) -> None:
        """Somebody is removed from a channel; the bot is told twice of itself."""
        place = self._workspace.channels[channel]
        place.without.add(user)
        letter = "C" if place.type == "channel" else "G"
        left = self._event("member_left_channel", user=user, channel=channel, channel_type=letter)
        self._emit(left, place)
        if user == BOT_USER:
            kind = "channel_left" if place.type == "channel" else "group_left"
            self._emit(self._event(kind, channel=channel, actor_id="U1"), place)

    def change(self, user: str, **marks: Any) -> None:
        """What a person is to the workspace, such as a guest from now on."""
        self._workspace.marks[user] = marks
        self._tell("user_change", user=self._workspace.user(user))

    def convert(self, channel: str, kind: str) -> None:
        """Make a channel private (`group`) or public (`channel`)."""
        place = self._workspace.channels[channel]
        place.type = kind
        subtype = f"channel_convert_to_{'public' if kind == 'channel' else 'private'}"
        self._emit(payloads.notice(subtype, place, self._workspace.ts()), place)

    def connect(self, channel: str) -> None:
        """Another organisation comes in."""
        place = self._workspace.channels[channel]
        place.shared = True
        team = {"connected_team_id": "T00ELSEWHERE"}
        self._emit(self._event("channel_shared", channel=channel, **team), place)

    def disconnect(self, channel: str, *, others: bool = False) -> None:
        """One organisation leaves; `others`: another one stays."""
        place = self._workspace.channels[channel]
        place.shared = others
        team = {"previously_connected_team_id": "T00ELSEWHERE", "is_ext_shared": others}
        self._emit(self._event("channel_unshared", channel=channel, **team), place)

    def _tell(self, kind: str, **fields: Any) -> None:
        self._emit(self._event(kind, **fields), None)

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "event_ts": self._workspace.ts(), **fields}
