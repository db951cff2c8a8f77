"""One Slack conversation to answer in."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.draft import Pace, write
from adapters.markup import neutralise, split
from adapters.message import Answer, Author, Conversation, Message
from adapters.ports import Hold, Posted
from adapters.slack.directory import Directory
from adapters.slack.history import History
from adapters.slack.mrkdwn import markdown
from adapters.slack.posts import SlackPosts


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChat:
    posts: SlackPosts
    directory: Directory
    pace: Pace
    shared: bool = False  # guests may talk with the bot

    def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        return write(self.posts, turn, text, onto, self.pace)

    async def find(self, turn: str, since: datetime) -> Posted:
        found = await self.posts.carrying(turn, since)
        shown = "\n".join(markdown(post.get("text", ""), me="", names={}) for post in found)
        return Posted(ids=tuple(post["ts"] for post in found), text=shown)

    async def remove(self, ids: Sequence[str]) -> None:
        for post in ids:
            await self.posts.delete(post)

    async def whisper(self, person: Author, answer: Answer) -> None:
        """Ephemeral, in the thread; instead of a button, the words that do the same."""
        me = await self.posts.me()
        spoken = []
        for action in answer.actions:
            words = " ".join([f"@{me.name}", action.name, action.argument]).rstrip()
            spoken.append(f"{action.label}: say `{words}`")
        for part in split(neutralise("\n\n".join([answer.text, *spoken])), self.posts.limit):
            await self.posts.web.write(
                "chat.postEphemeral",
                channel=self.posts.conversation.channel,
                user=person.id,
                thread_ts=self.posts.conversation.thread or None,
                markdown_text=part,
            )

    async def announce(self, text: str) -> None:
        await self.posts.announce(text)

    async def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        history = History(
            conversation=self.posts.conversation,
            web=self.posts.web,
            directory=self.directory,
            me=await self.posts.me(),
            shared=self.shared,
        )
        async for message in history.read(after, limit):
            yield message

    def link(self, message_id: str) -> str:
        """Empty: Slack tells a post's address only when asked (chat.getPermalink)."""
        return ""

    def linked(self, link: str) -> Conversation | None:
        return None
