"""What people press, type behind a slash or open in Slack, as Commands and Stops."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from adapters.message import Answer, Author, Command, Conversation, Stop
from adapters.ports import Busy, Inbox, Refused, Unclear
from adapters.slack.blocks import FEEDBACK, pressed
from adapters.slack.chat import SlackChat
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import audience, space
from adapters.slack.home import Home
from adapters.slack.manifest import SHORTCUTS
from adapters.slack.respond import Response
from adapters.slack.session import Agent

_ACK = 2.0  # seconds that a command may take before Slack, which waits for three, is answered
_log = structlog.get_logger()


class Interactions:
    """`take` is given every slash command, interactive payload, `app_home_opened` and
    `agent_session_stopped` (events as their whole body, forms as decoded fields)."""

    def __init__(
        self,
        *,
        directory: Directory,
        agent: Agent,
        chat: Callable[[Conversation], SlackChat],
        now: Callable[[], datetime],
    ) -> None:
        self._directory, self._agent, self._chat, self._now = directory, agent, chat, now
        self._late: set[asyncio.Future[None]] = set()

    async def take(self, body: Payload, inbox: Inbox) -> Payload | None:
        """Returns what Slack is answered with, None for an empty 200; what it raises: a 500."""
        event: Payload = body.get("event") or {}
        match event.get("type") or body.get("type") or ("command" if "command" in body else ""):
            case "app_home_opened" if event.get("tab") == "home":
                await self._run(self._home(body, event["user"], event["channel"]).show(inbox))
            case "agent_session_stopped":
                await self._stopped(body, inbox)
            case "command":
                await self._run(inbox.command(await self._typed(body)))
            case "message_action" if body.get("callback_id") in SHORTCUTS:
                await self._run(inbox.command(await self._shortcut(body)))
            case "block_actions" if body.get("actions"):
                await self._pressed(body, inbox)
        return None

    async def _run(self, work: Awaitable[None]) -> None:
        """Slack is answered in time, whatever the work takes; a failure by then is Slack's too."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task}, timeout=_ACK)
        if task.done():
            return task.result()
        self._late.add(task)
        task.add_done_callback(self._ended)
        return None

    def _ended(self, task: asyncio.Future[None]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (error := task.exception()):
            told = isinstance(error, Busy | Refused | Unclear)  # others may quote what people wrote
            reason = {"reason": str(error)} if told else {}
            _log.error("a slack command failed", error=type(error).__name__, **reason)

    async def _stopped(self, body: Payload, inbox: Inbox) -> None:
        event = body["event"]
        where = await self._place(body, event["channel"], event.get("thread_ts") or "")
        await inbox.stop(Stop(conversation=where))
        await self._agent.idle(where)

    async def _typed(self, body: Payload) -> Command:
        """Slack's slash commands know no thread."""
        where = await self._place(body, body["channel_id"], "")
        author = Author(id=body["user_id"], name=body.get("user_name") or body["user_id"])
        return await self._command(
            body, author, where, str(body["command"]).lstrip("/"), str(body.get("text") or "")
        )

    async def _shortcut(self, body: Payload) -> Command:
        post: Payload = body["message"]
        thread = post.get("thread_ts") or post["ts"]
        where = await self._place(body, body["channel"]["id"], thread)
        # A response_url would answer at the channel's end, not in the thread.
        return await self._command(
            {**body, "response_url": ""}, _author(body), where, body["callback_id"], ""
        )

    async def _pressed(self, body: Payload, inbox: Inbox) -> None:
        name, argument = pressed(body["actions"][0])
        container: Payload = body.get("container") or {}
        if container.get("type") == "view":
            channel = str((body.get("view") or {}).get("private_metadata") or "")
            home = self._home(body, body["user"]["id"], channel)
            return await self._run(home.act(inbox, name, argument.strip()))
        message: Payload = body.get("message") or {}
        thread = container.get("thread_ts") or message.get("thread_ts") or ""
        where = await self._place(body, container["channel_id"], thread)
        command = await self._command(body, _author(body), where, name, argument)
        if name == FEEDBACK:
            command = replace(command, respond=_unheard)
        return await self._run(inbox.command(command))

    async def _command(
        self, body: Payload, author: Author, where: Conversation, name: str, argument: str
    ) -> Command:
        container: Payload = body.get("container") or {}
        response = Response(
            chat=self._chat(where),
            person=author,
            url=str(body.get("response_url") or ""),
            replaces=bool(container.get("is_ephemeral")),
        )
        return Command(
            name=name,
            argument=argument.strip(),
            author=author,
            conversation=where,
            given_at=self._given(body),
            manages=await self._directory.manages(author.id, where.channel),
            respond=response.give,
        )

    def _given(self, body: Payload) -> datetime:
        """By Slack's clock where it tells: slash commands come without a time."""
        actions = body.get("actions") or [{}]
        stamp = actions[0].get("action_ts") or body.get("action_ts")
        with suppress(ValueError, OverflowError):  # a time that is none
            return datetime.fromtimestamp(float(stamp), UTC) if stamp else self._now()
        return self._now()

    def _home(self, body: Payload, user: str, channel: str) -> Home:
        where = Conversation(
            platform="slack",
            space=space(body),
            channel=channel,
            audience=audience("im", shared=False),
        )
        person = Author(id=user, name=user)
        return Home(chat=self._chat(where), person=person, at=self._given(body))

    async def _place(self, body: Payload, channel: str, thread: str) -> Conversation:
        kind, shared = await self._directory.channel_type({"channel": channel}), False
        if kind != "im":
            shared = await self._directory.connected(channel)
        return Conversation(
            platform="slack",
            space=space(body),
            channel=channel,
            thread=thread,
            audience=audience(kind, shared=shared),
        )


async def _unheard(_: Answer) -> None:
    """Feedback is counted, not answered."""


def _author(body: Payload) -> Author:
    user: Payload = body["user"]
    return Author(id=user["id"], name=user.get("name") or user["id"])
