"""The fake Discord as a test holds it: what people do, what they see, what goes wrong."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.servers.discord.faults import ROOT, Asked, Fault, Requests
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.places import Places
from tests.servers.discord.rest import MENTION, Rest
from tests.servers.discord.spec import spec
from tests.servers.discord.world import (
    DIRECT,
    EVERYTHING,
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
        self.world = World()
        self.world.me = self.world.add_user("Keeper", bot=True)
        self.gateway = Gateway(self.world, self.token, self.changed)
        self.rest = Rest(self.world, self.gateway)
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
        app.add_routes([*self.rest.routes(), web.get("/gateway", self.gateway.connect)])
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

    def dm(self, user: str, text: str) -> str:
        return self.say(self.direct(user), user, text)

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

    def edit(self, message: str, text: str) -> None:
        post = self.world.locate(message)
        mentions = self.world.mentioned(MENTION.findall(text))
        self.world.edit_message(post, content=text, mentions=mentions)
        self.gateway.emit_message("MESSAGE_UPDATE", post)
        self.changed()

    def preview(self, message: str) -> None:
        """Discord adds a link preview: an update that nobody wrote."""
        post = self.world.locate(message)
        post["embeds"] = [{"type": "link", "url": "https://example.com"}]
        self.gateway.emit_message("MESSAGE_UPDATE", post)

    def delete(self, *messages: str) -> None:
        self.rest.remove(*(self.world.locate(each) for each in messages))
        self.changed()

    def press(self, message: str, user: str, *, label: str = "Stop") -> str:
        """Press a button of a post; returns the interaction's id."""
        post = self.world.locate(message)
        channel = self.world.channels[post["channel_id"]]
        buttons = (each for row in post["components"] for each in row["components"])
        button = next(each for each in buttons if each["label"] == label)
        interaction: Json = {
            "id": self.world.ids.next(),
            "application_id": self.me,
            "type": 3,
            "token": "interaction-token",
            "version": 1,
            "channel": channel,
            "channel_id": channel["id"],
            "message": post,
            "data": {"component_type": 2, "custom_id": button["custom_id"], "id": button["id"]},
            "attachment_size_limit": 10_485_760,
            "entitlements": [],
            "locale": "en-US",
            "app_permissions": str(EVERYTHING),
        }
        if channel["type"] == DIRECT:
            interaction["user"] = self.world.users[user]
        else:
            member = self.world.member(user) | {"user": self.world.users[user]}
            member["permissions"] = str(EVERYTHING)
            interaction |= {"guild_id": channel["guild_id"], "member": member}
        self.gateway.emit("INTERACTION_CREATE", interaction)
        return str(interaction["id"])

    def fail(self, route: str, *faults: Fault) -> None:
        """`route` as in Discord's documentation: "POST /channels/{channel_id}/messages"."""
        self._requests.faults[route].extend(faults)

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
