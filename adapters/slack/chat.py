"""One Slack conversation to answer in."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs, urlsplit

from adapters.draft import Pace, Posts, write
from adapters.markup import neutralise, split
from adapters.message import Answer, Audience, Author, Conversation, Message
from adapters.ports import Busy, Hold, Image, Page, Posted, Refused, Unclear
from adapters.slack.blocks import buttons, fenced, said
from adapters.slack.directory import Directory
from adapters.slack.history import History
from adapters.slack.mrkdwn import markdown
from adapters.slack.posts import SlackPosts
from adapters.slack.session import title_of
from adapters.slack.streams import Starts, StreamedPosts
from adapters.slack.stretch import Stretch

_WITHIN = 2.0  # seconds to read one post: Slack waits three for an acknowledgement
_PERMALINK = re.compile(r"/archives/(\w+)/p(\d{10,})(\d{6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChat:
    """`address`: the workspace's own, empty until Slack told it."""

    posts: SlackPosts
    directory: Directory
    pace: Pace
    starts: Starts
    address: Callable[[], str]
    shared: bool = False  # guests may talk with the bot

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        where = self.posts.conversation
        posts: Posts = self.posts
        if self.posts.personal:
            recipient = partial(self.directory.partner, where.channel)
            posts = StreamedPosts(posts=self.posts, starts=self.starts, recipient=recipient)
        async with (
            self.posts.agent.working(where, neutralise(title_of(turn.typed))),
            aclosing(write(posts, turn, text, onto, self.pace)) as written,
        ):
            async for posted in written:
                yield posted

    async def find(self, turn: str, since: datetime) -> Posted:
        found = await self.posts.carrying(turn, since)
        shown = "\n".join(markdown(post.get("text", ""), me="", names={}) for post in found)
        return Posted(ids=tuple(post["ts"] for post in found), text=shown)

    async def remove(self, ids: Sequence[str]) -> None:
        for post in ids:
            await self.posts.delete(post)

    async def whisper(self, person: Author, answer: Answer) -> None:
        """Ephemeral, in the thread."""
        for content in self.pages(answer):
            await self.show(person, content)

    def pages(self, answer: Answer) -> Sequence[Mapping[str, object]]:
        """An answer to one person as the contents of posts; the last one has its buttons."""
        parts = split(neutralise(fenced(answer), self.address()), self.posts.limit)
        if answer.actions and not parts:
            parts = ["…"]
        contents: list[Mapping[str, object]] = [{"markdown_text": part} for part in parts]
        if answer.actions:
            blocks = said(parts[-1], *buttons(answer.actions))
            contents[-1] = {"text": parts[-1], "blocks": blocks}
        return contents

    async def show(self, person: Author, content: Mapping[str, object]) -> None:
        """To this person only."""
        await self.posts.web.write(
            "chat.postEphemeral",
            channel=self.posts.conversation.channel,
            user=person.id,
            thread_ts=self.posts.conversation.thread or None,
            **content,
        )

    async def announce(self, text: str) -> None:
        await self.posts.announce(text)

    async def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        async for message in (await self._history()).read(after, limit):
            yield message

    async def present(self, message: Message, edited_at: datetime | None) -> Message | None:
        try:
            async with asyncio.timeout(_WITHIN):
                return await (await self._history()).present(message, edited_at)
        except (Busy, Unclear, Refused, TimeoutError):
            return None

    async def _history(self) -> History:
        return History(
            conversation=self.posts.conversation,
            web=self.posts.web,
            directory=self.directory,
            me=await self.posts.me(),
            shared=self.shared,
        )

    async def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        async for page in (await self._shown()).stretch(first, last):
            yield page

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        return await (await self._shown()).deleted(ids)

    async def _shown(self) -> Stretch:
        return Stretch(
            conversation=self.posts.conversation,
            web=self.posts.web,
            directory=self.directory,
            me=await self.posts.me(),
            shared=self.shared,
        )

    async def images(self, ids: Sequence[str]) -> Sequence[Image]:
        return ()

    def link(self, message_id: str) -> str:
        """Empty until the workspace's address is known."""
        where, address = self.posts.conversation, self.address()
        if not address:
            return ""
        link = f"{address}archives/{where.channel}/p{message_id.replace('.', '')}"
        reply = where.thread and where.thread != message_id
        return f"{link}?thread_ts={where.thread}&cid={where.channel}" if reply else link

    def linked(self, link: str) -> Conversation | None:
        where = self.posts.conversation
        try:
            parts = urlsplit(link.strip().strip("<>").partition("|")[0])
        except ValueError:  # an address that is none, such as one with half of a bracket
            return None
        found = _PERMALINK.fullmatch(parts.path)
        if not found or found[1] != where.channel:
            return None
        if parts.hostname != urlsplit(self.address() or link).hostname:
            return None
        plain = where.audience is Audience.DIRECT and not self.posts.agent.view
        alone = "" if plain else f"{found[2]}.{found[3]}"
        return replace(where, thread=parse_qs(parts.query).get("thread_ts", [alone])[0])
