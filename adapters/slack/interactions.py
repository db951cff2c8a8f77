"""What people press, type behind a slash or open in Slack, as Commands and Stops."""

from collections.abc import Callable
from typing import Any

from adapters.message import Conversation
from adapters.ports import Inbox
from adapters.slack.calls import Calls
from adapters.slack.chat import SlackChat
from adapters.slack.content import Payload
from adapters.slack.directory import Directory


class Interactions:
    """`take` is given every slash command, interactive payload, `app_home_opened` and
    `agent_session_stopped` (events as their whole body, forms as decoded fields)."""

    def __init__(
        self,
        *,
        web: Calls,
        directory: Directory,
        chat: Callable[[Conversation], SlackChat],
    ) -> None:
        self._web, self._directory, self._chat = web, directory, chat

    async def take(self, body: Payload, inbox: Inbox) -> dict[str, Any] | None:
        """Returns what Slack is answered with, None for an empty 200; what it raises: a 500."""
        return None
