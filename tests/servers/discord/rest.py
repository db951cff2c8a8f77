"""The fake's HTTP side: the routes the bot uses, with Discord's own rules about posts."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.servers.discord.faults import ROOT, asked_of, respond
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.world import (
    DIRECT,
    PUBLIC_THREAD,
    Json,
    Refusal,
    World,
    content,
    numbered,
)

MENTION = re.compile(r"<@!?(\d+)>")


@dataclass(slots=True)
class Rest:
    world: World
    gateway: Gateway
    now: Callable[[], float] = time.monotonic
    nonce_window: float = 300.0  # seconds; Discord says "past few minutes"
    _nonces: dict[str, tuple[str, str, float]] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        messages = f"{ROOT}/channels/{{channel_id}}/messages"
        return [
            web.get(f"{ROOT}/users/@me", self.whoami),
            web.post(f"{ROOT}/users/@me/channels", self.open_direct),
            web.get(f"{ROOT}/oauth2/applications/@me", self.application),
            web.get(f"{ROOT}/gateway", self.find_gateway),
            web.get(f"{ROOT}/gateway/bot", self.find_gateway),
            web.get(f"{ROOT}/channels/{{channel_id}}", self.channel),
            web.post(f"{ROOT}/channels/{{channel_id}}/typing", self.typing),
            web.get(messages, self.list_messages),
            web.post(messages, self.create_message),
            web.get(f"{messages}/{{message_id}}", self.get_message),
            web.patch(f"{messages}/{{message_id}}", self.edit_message),
            web.delete(f"{messages}/{{message_id}}", self.delete_message),
            web.post(f"{messages}/{{message_id}}/threads", self.start_thread),
            web.get(f"{ROOT}/guilds/{{guild_id}}/members/{{user_id}}", self.member),
            web.get(
                f"{ROOT}/channels/{{channel_id}}/thread-members/{{user_id}}", self.thread_member
            ),
        ]

    async def whoami(self, _: web.Request) -> web.Response:
        me = self.world.users[self.world.me]
        return respond(me | {"mfa_enabled": True, "locale": "en-US"})

    async def application(self, _: web.Request) -> web.Response:
        me = self.world.users[self.world.me]
        flags = 1 << 19 if self.gateway.message_content else 0
        return respond(
            {
                "id": me["id"],
                "name": me["username"],
                "icon": None,
                "description": "",
                "bot_public": False,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": flags,
                "flags_new": str(flags),
                "type": None,
                "owner": me,
                "redirect_uris": [],
                "eligible_oauth2_scopes": [],
                "interactions_endpoint_url": None,
                "role_connections_verification_url": None,
                "approximate_guild_count": len(self.world.guilds),
                "approximate_user_install_count": 0,
                "approximate_user_authorization_count": 0,
                "explicit_content_filter": 0,
                "team": None,
                "rpc_origins": [],
            }
        )

    async def find_gateway(self, _: web.Request) -> web.Response:
        left, reset = self.gateway.left, self.gateway.reset_after
        limit = {"total": 1000, "remaining": left, "reset_after": reset, "max_concurrency": 1}
        return respond({"url": self.gateway.url, "shards": 1, "session_start_limit": limit})

    async def open_direct(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return respond(self.world.direct_channel(str(asked["recipient_id"])))

    async def channel(self, request: web.Request) -> web.Response:
        return respond(self.world.channel(request.match_info["channel_id"]))

    async def typing(self, request: web.Request) -> web.Response:
        self.world.channel(request.match_info["channel_id"])
        return respond(None, 204)

    async def list_messages(self, request: web.Request) -> web.Response:
        """Newest first; `after` gives the oldest that follow, `around` as many on either side."""
        channel, limit = request.match_info["channel_id"], int(request.query.get("limit", 50))
        self.world.read(channel)
        found = sorted(self.world.messages[channel].values(), key=lambda each: int(each["id"]))
        if "around" in request.query:
            middle = int(request.query["around"])
            before = [each for each in found if int(each["id"]) < middle][-(limit // 2) :]
            found = [*before, *(each for each in found if int(each["id"]) >= middle)][:limit]
        if "after" in request.query:
            found = [each for each in found if int(each["id"]) > int(request.query["after"])]
            found = found[:limit]
        if "before" in request.query:
            found = [each for each in found if int(each["id"]) < int(request.query["before"])]
        return respond([self._shown(each) for each in found[-limit:][::-1]])

    async def get_message(self, request: web.Request) -> web.Response:
        return respond(self._shown(self._named(request)))

    def _shown(self, message: Json) -> Json:
        return self.gateway.shown(message, granted=self.gateway.message_content)

    async def create_message(self, request: web.Request) -> web.Response:
        channel, asked = request.match_info["channel_id"], await asked_of(request)
        self.world.channel(channel)
        nonce = str(asked.get("nonce", ""))
        if asked.get("enforce_nonce") and (earlier := self._earlier(nonce)):
            return respond(earlier | {"nonce": nonce})
        message = self.world.add_message(
            channel, self.world.me, content(asked), **self._fields(channel, asked)
        )
        self._nonces[nonce] = (channel, message["id"], self.now())
        self.gateway.emit_message("MESSAGE_CREATE", message, nonce=nonce)
        return respond(message | {"nonce": nonce})

    def _earlier(self, nonce: str) -> Json | None:
        channel, message, at = self._nonces.get(nonce, ("", "", 0.0))
        if not message or self.now() - at > self.nonce_window:
            return None
        return self.world.message(channel, message)  # unknown when it was deleted meanwhile

    def _fields(self, channel: str, asked: Json) -> Json:
        allowed = asked.get("allowed_mentions")
        named = MENTION.findall(asked.get("content") or "")
        mentioned = named if allowed is None or "users" in allowed["parse"] else []
        fields: Json = {
            "flags": asked.get("flags", 0),
            "attachments": asked.get("files", []),
            "components": numbered(asked.get("components", [])),
            "mention_everyone": "@everyone" in (asked.get("content") or "")
            and (allowed is None or "everyone" in allowed["parse"]),
        }
        if reference := asked.get("message_reference"):
            target = self.world.messages[channel].get(str(reference["message_id"]))
            if target is None and reference.get("fail_if_not_exists", True):
                raise Refusal(400, 50035, "Invalid Form Body")
            fields |= {"type": 19, "referenced_message": target} if target else {"type": 0}
            if target:
                fields["message_reference"] = {
                    "type": 0,
                    "channel_id": channel,
                    "message_id": target["id"],
                }
                if (allowed or {"replied_user": True}).get("replied_user"):
                    mentioned = [*mentioned, target["author"]["id"]]
        return fields | {"mentions": self.world.mentioned(mentioned)}

    async def edit_message(self, request: web.Request) -> web.Response:
        message, asked = self._own(request), await asked_of(request)
        changes: Json = {"content": content(asked).strip()} if "content" in asked else {}
        if "components" in asked:
            changes["components"] = numbered(asked["components"])
        self.world.edit_message(message, **changes)
        self.gateway.emit_message("MESSAGE_UPDATE", message)
        return respond(message)

    async def delete_message(self, request: web.Request) -> web.Response:
        self.remove(self._own(request))
        return respond(None, 204)

    def remove(self, *messages: Json) -> None:
        """One, or several at once; all of one channel."""
        ids = [message["id"] for message in messages]
        channel = self.world.channel(messages[0]["channel_id"])
        for each in ids:
            del self.world.messages[channel["id"]][each]
        where = {"channel_id": channel["id"]}
        if channel["type"] != DIRECT:
            where["guild_id"] = channel["guild_id"]
        if len(ids) == 1:
            self.gateway.emit("MESSAGE_DELETE", where | {"id": ids[0]})
        else:
            self.gateway.emit("MESSAGE_DELETE_BULK", where | {"ids": ids})

    async def start_thread(self, request: web.Request) -> web.Response:
        channel, on = request.match_info["channel_id"], self._named(request)["id"]
        thread = self.world.channel(self.world.add_thread(channel, PUBLIC_THREAD, on=on))
        thread["name"] = (await request.json())["name"]
        self.gateway.emit("THREAD_CREATE", thread | {"newly_created": True})
        return respond(thread, 201)

    async def member(self, request: web.Request) -> web.Response:
        guild, user = request.match_info["guild_id"], request.match_info["user_id"]
        if guild not in self.world.guilds:
            raise Refusal(404, 10004, "Unknown Guild")
        if user not in self.world.users or (guild, user) in self.world.absent:
            raise Refusal(404, 10007, "Unknown Member")
        unset = ("avatar", "banner", "communication_disabled_until", "premium_since")
        whole = dict.fromkeys(unset) | {"pending": False, "user": self.world.users[user]}
        return respond(self.world.member(user) | whole)

    async def thread_member(self, request: web.Request) -> web.Response:
        thread, user = request.match_info["channel_id"], request.match_info["user_id"]
        self.world.channel(thread)
        if (thread, user) in self.world.absent:
            raise Refusal(404, 10007, "Unknown Member")
        joined = {"join_timestamp": "2026-01-01T00:00:00+00:00", "flags": 0}
        return respond({"id": thread, "user_id": user} | joined)

    def _named(self, request: web.Request) -> Json:
        return self.world.message(
            request.match_info["channel_id"], request.match_info["message_id"]
        )

    def _own(self, request: web.Request) -> Json:
        message = self._named(request)
        if message["author"]["id"] != self.world.me:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        return message
