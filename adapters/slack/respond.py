"""The answer to one command, to the person who gave it and to nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from adapters.message import Answer, Author
from adapters.ports import Busy, Refused, Unclear
from adapters.slack.blocks import said
from adapters.slack.chat import SlackChat

# Slack takes five answers within thirty minutes:
# https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
_ANSWERS = 5
_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Response:
    """`url`: where Slack takes answers, also where the bot is no member; empty: there is none.

    `replaces`: the answer takes the place of what had the button.
    """

    chat: SlackChat
    person: Author
    url: str
    replaces: bool
    _used: int = field(default=0, init=False)

    async def give(self, answer: Answer) -> None:
        """By the address while it takes answers, else as ephemeral posts in the thread."""
        contents = self.chat.pages(answer)
        for number, content in enumerate(contents):
            if not await self._answered(content, replaces=self.replaces and not number):
                await self.chat.show(self.person, content)

    async def _answered(self, content: Mapping[str, object], *, replaces: bool) -> bool:
        threaded = bool(self.chat.posts.conversation.thread)  # the address would not keep to it
        if not self.url or self._used == _ANSWERS or (threaded and not replaces):
            return False
        text = content.get("markdown_text") or content["text"]
        body = {
            "response_type": "ephemeral",
            "replace_original": replaces,
            "text": text,
            "blocks": content.get("blocks") or said(str(text)),
        }
        try:
            await self.chat.posts.web.respond(self.url, body)
        except Unclear as error:  # it may have arrived, and twice is worse than once
            _log.warning("slack may not have shown an answer", reason=str(error))
        except (Busy, Refused) as error:
            _log.warning("slack takes no answer at its address: posted instead", reason=str(error))
            self._used = _ANSWERS
            return False
        self._used = min(_ANSWERS, self._used + 1)
        return True
