"""The fake's slash commands, menus and buttons: what is registered, pressed, answered, and when."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.servers.discord.faults import ROOT, asked_of, respond
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.world import DIRECT, EVERYTHING, Json, Refusal, World, content, numbered

ACKNOWLEDGED, ANSWERED = 3.0, 900.0  # seconds
FOLLOWING = 5  # messages after the first, where a person installed the app
EPHEMERAL = 1 << 6


def _partly(channel: Json) -> Json:
    """As interactions tell of one: not who may see it."""
    return {key: told for key, told in channel.items() if key != "permission_overwrites"}


@dataclass(slots=True)
class Pressed:
    """An interaction; `seen`: what only the person sees of its answer."""

    data: Json
    born: float
    installed: bool  # in the server, not by the person only
    answer: int = 0  # the type of the first one
    post: Json | None = None  # what the button stands under
    hidden: bool = False
    seen: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Interactions:
    world: World
    gateway: Gateway
    now: Callable[[], float]
    commands: list[Json] = field(default_factory=list)
    registered: int = 0  # so often commands were sent
    pressed: dict[str, Pressed] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        commands = f"{ROOT}/applications/{{application_id}}/commands"
        webhook = f"{ROOT}/webhooks/{{application_id}}/{{token}}"
        return [
            web.get(commands, self.list_commands),
            web.put(commands, self.put_commands),
            web.post(f"{ROOT}/interactions/{{interaction_id}}/{{token}}/callback", self.answer),
            web.patch(f"{webhook}/messages/@original", self.change),
            web.post(webhook, self.follow),
        ]

    def press(self, user: str, channel: Json, kind: int, data: Json, **options: object) -> str:
        """`kind` 2: a command, 3: a button; `permissions`, `installed`, `post` as wanted."""
        permissions = str(options.get("permissions", EVERYTHING))
        installed = bool(options.get("installed", True))
        post = options.get("post")
        pressed: Json = {
            "id": self.world.ids.next(),
            "application_id": self.world.me,
            "type": kind,
            "version": 1,
            "channel": _partly(channel),
            "channel_id": channel["id"],
            "data": data,
            "attachment_size_limit": 10_485_760,
            "entitlements": [],
            "locale": "en-US",
            "app_permissions": str(EVERYTHING),
            "authorizing_integration_owners": {"0" if installed else "1": user},
        }
        pressed["token"] = f"token-{pressed['id']}"
        if post:
            pressed["message"] = post
        if channel["type"] == DIRECT:
            pressed |= {"user": self.world.users[user], "context": 1}
        else:
            member = self.world.member(user) | {"user": self.world.users[user]}
            pressed["member"] = member | {"permissions": permissions}
            pressed |= {"guild_id": channel["guild_id"], "context": 0}
        held = Pressed(
            pressed, self.now(), installed, post=post if isinstance(post, dict) else None
        )
        self.pressed[pressed["id"]] = held
        self.gateway.emit("INTERACTION_CREATE", pressed)
        return str(pressed["id"])

    async def list_commands(self, _: web.Request) -> web.Response:
        return respond(self.commands)

    async def put_commands(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.registered += 1
        self.commands = [self._registered(each) for each in told]
        return respond(self.commands)

    def _registered(self, command: Json) -> Json:
        """With what Discord adds, and without what is empty or its default."""
        kept = {name: value for name, value in command.items() if value not in ([], None, False)}
        options = [
            {name: value for name, value in option.items() if name != "required"}
            for option in command.get("options", ())
        ]
        mine: Json = {"id": self.world.ids.next(), "application_id": self.world.me}
        mine |= {"version": self.world.ids.next(), "description": "", "nsfw": False}
        mine |= {"default_member_permissions": None, "name_localizations": None}
        mine |= {"description_localizations": None, "dm_permission": True}
        return mine | kept | ({"options": options} if options else {})

    async def answer(self, request: web.Request) -> web.Response:
        pressed = self.pressed.get(request.match_info["interaction_id"])
        asked = await asked_of(request)
        if pressed is None or pressed.data["token"] != request.match_info["token"]:
            raise Refusal(404, 10062, "Unknown interaction")
        if pressed.answer:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        if self.now() - pressed.born > ACKNOWLEDGED:
            raise Refusal(404, 10062, "Unknown interaction")
        pressed.answer = asked["type"]
        pressed.hidden = bool((asked.get("data") or {}).get("flags", 0) & EPHEMERAL)
        told = {"id": pressed.data["id"], "type": pressed.data["type"]}
        return respond({"interaction": told})

    async def change(self, request: web.Request) -> web.Response:
        pressed, asked = self._open(request), await asked_of(request)
        if pressed.answer == 6 and pressed.post:
            changes: Json = {"content": content(asked)} if "content" in asked else {}
            changes["components"] = numbered(asked.get("components") or [])
            self.world.edit_message(pressed.post, **changes)
            pressed.seen[:1] = [pressed.post]
            return respond(pressed.post)
        pressed.seen[:1] = [self._message(pressed, asked)]
        return respond(pressed.seen[0])

    async def follow(self, request: web.Request) -> web.Response:
        pressed, asked = self._open(request), await asked_of(request)
        if not pressed.installed and len(pressed.seen) >= FOLLOWING:
            raise Refusal(400, 40094, "This interaction has reached the maximum follow ups.")
        pressed.seen.append(self._message(pressed, asked))
        return respond(pressed.seen[-1])

    def _open(self, request: web.Request) -> Pressed:
        token = request.match_info["token"]
        found = (each for each in self.pressed.values() if each.data["token"] == token)
        pressed = next(found, None)
        if pressed is None or not pressed.answer:
            raise Refusal(404, 10015, "Unknown Webhook")
        if self.now() - pressed.born > ANSWERED:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return pressed

    def _message(self, pressed: Pressed, asked: Json) -> Json:
        """Kept out of the channel, where nobody else sees it."""
        fields: Json = {"components": numbered(asked.get("components") or [])}
        fields["flags"] = EPHEMERAL if pressed.hidden else 0
        fields["attachments"] = asked.get("files", [])
        channel = pressed.data["channel_id"]
        message = self.world.add_message(channel, self.world.me, content(asked), **fields)
        del self.world.messages[channel][message["id"]]
        return message | {"webhook_id": self.world.me}
