"""The fake Discord as a test holds it: what people do, what they see, what goes wrong."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.servers.discord.buckets import Buckets
from tests.servers.discord.faults import ROOT, Asked, Fault, Requests
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.interactions import Interactions
from tests.servers.discord.places import Places
from tests.servers.discord.rest import MENTION, Rest
from tests.servers.discord.spec import spec
from tests.servers.discord.world import (
    Json,
    World,
)

HERE = Path(__file__)
DATA = next(
    (path for up in HERE.parents if (path := up / "shared/data/discord").exists()), HERE / "none"
)


class FakeDiscord(Places):
    """`async with FakeDiscord() as discord:` serves until the block ends. Ids are strings.

    Requests and answers are held against Discord's OpenAPI description when it is at hand:
    `violations` must stay empty.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.token, self._port = "made.up.token", port
        self._late = 0.0
        self.world = World()
        self.world.me = self.world.add_user("Keeper", bot=True)
        self.gateway = Gateway(self.world, self.token, self.changed)
        self.rest = Rest(self.world, self.gateway, self._now)
        self.interactions = Interactions(self.world, self.gateway, self._now)
        self._changes = asyncio.Event()
        judge = spec(DATA / "openapi.json") if DATA.exists() else None
        self._requests = Requests(self.token, self.changed, judge)
        self.api_url = ""
        self.read: list[str] = []  # names of files that were asked for
        self._files: dict[str, bytes] = {}
        self._slow: set[str] = set()

    async def __aenter__(self) -> Self:
        @web.middleware
        async def meet(request: web.Request, handler: Any) -> web.StreamResponse:
            return await self._requests.meet(request, handler)

        app = web.Application(middlewares=[meet])
        app.add_routes([*self.rest.routes(), *self.interactions.routes()])
        app.add_routes([web.get("/gateway", self.gateway.connect)])
        app.add_routes([web.get("/attachments/{id}/{name}", self._file)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}{ROOT}"
        self.gateway.url = f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.gateway.drop(1001)
        await self._runner.cleanup()
        if kind is None:
            assert not self.violations, "\n".join(self.violations)

    @property
    def me(self) -> str:
        return self.world.me

    def person(self, name: str, *, bot: bool = False) -> str:
        return self.world.add_user(name, bot=bot)

    def file(self, name: str, content: bytes, kind: str, **fields: Any) -> Json:
        """An attachment, to be said in `attachments=[…]`."""
        number, host = self.world.ids.next(), self.api_url.removesuffix(ROOT)
        self._files[number] = content
        url = f"{host}/attachments/{number}/{name}"
        file = {"id": number, "filename": name, "size": len(content), "content_type": kind}
        return file | {"url": url, "proxy_url": url} | fields

    async def _file(self, request: web.Request) -> web.Response:
        self.read.append(request.match_info["name"])
        number = request.match_info["id"]
        if number in self._slow:
            await asyncio.sleep(1)
        content = self._files.get(number)
        return web.Response(body=content, status=404 if content is None else 200)

    def forget_file(self, file: Json) -> None:
        del self._files[file["id"]]

    def slow_file(self, file: Json) -> None:
        self._slow.add(file["id"])

    def direct(self, user: str) -> str:
        return str(self.world.direct_channel(user)["id"])

    def dm(self, user: str, text: str, **fields: Any) -> str:
        return self.say(self.direct(user), user, text, **fields)

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        mention: bool = False,
        reply_to: str = "",
        ping: bool = True,
        **fields: Any,
    ) -> str:
        """`mention` puts the bot's in front; `fields` go into the post as Discord has them."""
        text = f"<@{self.me}> {text}" if mention else text
        called = MENTION.findall(text)
        if reply_to:
            target = self.world.message(channel, reply_to)
            reference = {"type": 0, "channel_id": channel, "message_id": reply_to}
            fields |= {"type": 19, "message_reference": reference, "referenced_message": target}
            called += [target["author"]["id"]] if ping else []
        fields = {"mentions": self.world.mentioned(called)} | fields
        message = self.world.add_message(channel, user, text, **fields)
        self.gateway.emit_message("MESSAGE_CREATE", message)
        self.changed()
        return str(message["id"])

    def edit(self, message: str, text: str, **fields: Any) -> None:
        post = self.world.locate(message)
        mentions = self.world.mentioned(MENTION.findall(text))
        self.world.edit_message(post, content=text, mentions=mentions, **fields)
        self.gateway.emit_message("MESSAGE_UPDATE", post)
        self.changed()

    def take_off(self, message: str, file: Json) -> None:
        """One of its files is gone, and Discord does not call that an edit."""
        post = self.world.locate(message)
        post["attachments"] = [each for each in post["attachments"] if each["id"] != file["id"]]
        self.gateway.emit_message("MESSAGE_UPDATE", post)

    def preview(self, message: str) -> None:
        """Discord adds a link preview: an update that nobody wrote."""
        post = self.world.locate(message)
        post["embeds"] = [{"type": "link", "url": "https://example.com"}]
        self.gateway.emit_message("MESSAGE_UPDATE", post)

    def delete(self, *messages: str) -> None:
        self.rest.remove(*(self.world.locate(each) for each in messages))
        self.changed()

    def press(self, message: str, user: str, *, label: str = "Stop", **options: Any) -> str:
        """Press a button of a post, or of what somebody alone sees; the interaction's id."""
        hidden = [each for pressed in self.interactions.pressed.values() for each in pressed.seen]
        found = next((each for each in hidden if each["id"] == message), None)
        post = found or self.world.locate(message)
        buttons = (each for row in post["components"] for each in row["components"])
        button = next(each for each in buttons if each["label"] == label)
        channel = self.world.channels[post["channel_id"]]
        data = {"component_type": 2, "custom_id": button["custom_id"], "id": button["id"]}
        return self.interactions.press(user, channel, 3, data, post=post, **options)

    def command(
        self,
        channel: str,
        user: str,
        name: str,
        argument: str = "",
        *,
        on: str = "",
        **options: Any,
    ) -> str:
        """A slash command, or one on the message `on`; the interaction's id."""
        kind = 3 if on else 1
        listed = self.interactions.commands
        known = next(each for each in listed if (each["name"], each["type"]) == (name, kind))
        data: Json = {"id": known["id"], "name": name, "type": kind}
        if argument:
            data["options"] = [{"name": "argument", "type": 3, "value": argument}]
        if on:
            target = self.world.message(channel, on)
            data |= {"target_id": on, "resolved": {"messages": {on: target}}}
        return self.interactions.press(user, self.world.channels[channel], 2, data, **options)

    def seen(self, interaction: str) -> list[Json]:
        """What the person sees of its answer."""
        return self.interactions.pressed[interaction].seen

    def wait(self, seconds: float) -> None:
        """For the clocks of interactions and nonces."""
        self._late += seconds

    def _now(self) -> float:
        return time.monotonic() + self._late

    def fail(self, route: str, *faults: Fault) -> None:
        """`route` as in Discord's documentation: "POST /channels/{channel_id}/messages"."""
        self._requests.faults[route].extend(faults)

    def limit(self, calls: int = 5, per: float = 5.0) -> Buckets:
        """From now on, so many posts, and so many edits, in `per` seconds in each channel."""
        self._requests.buckets = Buckets(calls, per)
        return self._requests.buckets

    @property
    def requests(self) -> list[Asked]:
        return self._requests.log

    @property
    def violations(self) -> list[str]:
        return self._requests.violations

    def posts(self, channel: str) -> list[Json]:
        """The bot's own posts that people see, oldest first."""
        found = self.world.messages[channel].values()
        return [post for post in found if post["author"]["id"] == self.me]

    def texts(self, channel: str) -> list[str]:
        return [post["content"] for post in self.posts(channel)]

    def changed(self) -> None:
        self._changes.set()
        self._changes = asyncio.Event()

    async def until(self, predicate: Callable[[], object], *, within: float = 5.0) -> None:
        """Wait for a change after which it holds; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while not predicate():
                await self._changes.wait()

    async def connected(self) -> None:
        """Until a client listens: what people did before, it does not hear."""
        await self.until(lambda: self.gateway.live)
