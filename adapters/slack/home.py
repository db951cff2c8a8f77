"""The App Home: what the bot knows about the one who opens it, with buttons to forget it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from adapters.markup import neutralise, split
from adapters.message import Answer, Author, Command
from adapters.ports import Inbox, Refused
from adapters.slack.blocks import buttons
from adapters.slack.chat import SlackChat

_SECTION = 3_000  # characters: https://docs.slack.dev/reference/block-kit/blocks/section-block
_BLOCKS = 100  # of a view
_LINK = re.compile(r"\[([^\[\]\n]*)\]\((https?://[^\s()]+)\)")
NOTHING = Answer(text="")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One person's; `chat`: their direct message, where a document goes."""

    chat: SlackChat
    person: Author
    at: datetime

    async def show(self, inbox: Inbox, notice: Answer = NOTHING) -> None:
        page = await self._ask(inbox, "home", "")
        asked, rows = buttons(notice.actions), buttons(page.actions, confirm=True)
        blocks = [*self._blocks(notice.text), *asked, *self._blocks(page.text)]
        view = {
            "type": "home",
            "blocks": [*blocks[: _BLOCKS - len(rows)], *rows],
            "private_metadata": self.chat.posts.conversation.channel,
        }
        try:
            await self.chat.posts.web.write("views.publish", user_id=self.person.id, view=view)
        except Refused as refused:
            _log.warning("the App Home is not shown", reason=str(refused))

    async def act(self, inbox: Inbox, name: str, argument: str) -> None:
        """Do what a button there says, and show what is left."""
        answer = await self._ask(inbox, name, argument)
        if answer.document:
            await self.chat.whisper(self.person, answer)
            answer = Answer(text="It is in our direct messages.")
        await self.show(inbox, answer)

    async def _ask(self, inbox: Inbox, name: str, argument: str) -> Answer:
        answers = [NOTHING]

        async def respond(answer: Answer) -> None:
            answers.append(answer)

        await inbox.command(
            Command(
                name=name,
                argument=argument,
                author=self.person,
                conversation=self.chat.posts.conversation,
                given_at=self.at,
                respond=respond,
            )
        )
        return answers[-1]

    def _blocks(self, text: str) -> Iterator[dict[str, Any]]:
        """Views know no Markdown."""
        for part in split(neutralise(text, self.chat.address()), _SECTION // 2):
            yield {"type": "section", "text": _mrkdwn(part)}


def _mrkdwn(markdown: str) -> dict[str, Any]:
    """`verbatim`: only what is written as a link becomes one."""
    text = markdown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _LINK.sub(r"<\2|\1>", text.replace("**", "*"))
    return {"type": "mrkdwn", "text": text[:_SECTION], "verbatim": True}
