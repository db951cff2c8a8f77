"""The fake's gateway: sessions that can be resumed, each with the events its intents allow."""

import asyncio
import json
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from aiohttp import WSMsgType, web

from tests.servers.discord.world import DIRECT, Json, World


class Op(IntEnum):
    DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 0, 1, 2, 6, 7
    INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11


GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1, 1 << 9, 1 << 12, 1 << 15
CONTENT: Json = {"content": "", "attachments": [], "embeds": [], "components": []}


class Wire:
    """One socket; what is sent while it writes waits its turn."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self.socket, self.compress = socket, compress
        self._deflate = zlib.compressobj() if compress else None
        self._waiting: asyncio.Queue[Json] = asyncio.Queue()

    def send(self, op: Op, data: Any = None, **fields: Any) -> None:
        self._waiting.put_nowait({"op": op, "d": data, "s": None, "t": None} | fields)

    async def pump(self) -> None:
        while True:
            text = json.dumps(await self._waiting.get())
            if self._deflate is None:
                await self.socket.send_str(text)
            else:
                packed = self._deflate.compress(text.encode())
                await self.socket.send_bytes(packed + self._deflate.flush(zlib.Z_SYNC_FLUSH))


@dataclass(slots=True)
class Session:
    id: str
    intents: int
    wire: Wire | None
    sequence: int = 0
    shard: tuple[int, int] = (0, 1)
    sent: deque[tuple[int, str, Json]] = field(default_factory=lambda: deque(maxlen=10_000))

    def concerns(self, guild: str) -> bool:
        """Direct messages come to the first shard."""
        number, count = self.shard
        return (int(guild) >> 22) % count == number if guild else number == 0

    def dispatch(self, event: str, data: Json) -> None:
        data = json.loads(json.dumps(data))  # as it is now
        self.sequence += 1
        self.sent.append((self.sequence, event, data))
        if self.wire:
            self.wire.send(Op.DISPATCH, data, s=self.sequence, t=event)

    def resume(self, wire: Wire, after: int) -> None:
        self.wire = wire
        for sequence, event, data in self.sent:
            if sequence > after:
                wire.send(Op.DISPATCH, data, s=sequence, t=event)
        self.dispatch("RESUMED", {})


@dataclass(slots=True)
class Gateway:
    world: World
    token: str
    changed: Callable[[], None]
    url: str = ""
    message_content: bool = True  # the switch in the developer portal
    sessions: dict[str, Session] = field(default_factory=dict)
    left: int = 999  # sessions that may still be begun today
    reset_after: int = 0  # milliseconds until it is a thousand again
    interval: int = 41_250  # milliseconds between heartbeats
    repeated: int = 0  # events before the one asked for that a RESUME gets again
    closing: int = 0  # the code every IDENTIFY is answered with; 0: it is taken
    heard: list[Op] = field(default_factory=list)

    @property
    def live(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.wire]

    def emit(self, event: str, data: Json, intent: int = 0) -> None:
        guild = data.get("guild_id") or (data["id"] if event.startswith("GUILD_") else "")
        for session in self.sessions.values():
            if session.intents & intent == intent and session.concerns(guild):
                session.dispatch(event, data)

    def emit_message(self, event: str, message: Json, **fields: Any) -> None:
        """A post, its content withheld from those without the intent as Discord does."""
        channel = self.world.channels[message["channel_id"]]
        direct = channel["type"] == DIRECT
        where: Json = {"channel_type": channel["type"]}
        if not direct:
            member = self.world.member(message["author"]["id"])
            where |= {"guild_id": channel["guild_id"], "member": member}
        for session in self.sessions.values():
            intent = DIRECT_MESSAGES if direct else GUILD_MESSAGES
            if not (session.intents & intent and session.concerns(channel.get("guild_id", ""))):
                continue
            shown = self.shown(message, granted=bool(session.intents & MESSAGE_CONTENT))
            session.dispatch(event, shown | where | fields)

    def shown(self, message: Json, *, granted: bool) -> Json:
        """With its content, and the post it refers to, as far as an application may see them."""
        direct = self.world.channels[message["channel_id"]]["type"] == DIRECT
        people = (message["author"], *message["mentions"])
        if not (granted or direct or any(user["id"] == self.world.me for user in people)):
            message = message | CONTENT
        if replied := message.get("referenced_message"):
            message = message | {"referenced_message": self.shown(replied, granted=granted)}
        return message

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        wire = Wire(socket, compress=request.query.get("compress") == "zlib-stream")
        pump = asyncio.create_task(wire.pump())
        wire.send(Op.HELLO, {"heartbeat_interval": self.interval})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._hear(wire, json.loads(frame.data))
        finally:
            pump.cancel()
            for session in self.live:
                if session.wire is wire:
                    session.wire = None
        return socket

    async def _hear(self, wire: Wire, frame: Json) -> None:
        self.heard.append(Op(frame["op"]))
        if frame["op"] == Op.HEARTBEAT:
            wire.send(Op.HEARTBEAT_ACK)
            self.changed()
        elif frame["op"] == Op.IDENTIFY:
            await self._identify(wire, frame["d"])
        elif frame["op"] == Op.RESUME:
            session = self.sessions.get(frame["d"]["session_id"])
            if session is None:
                wire.send(Op.INVALID_SESSION, False)
            else:
                session.resume(wire, frame["d"]["seq"] - self.repeated)
                self.changed()

    async def _identify(self, wire: Wire, asked: Json) -> None:
        if asked["token"] != self.token:
            await wire.socket.close(code=4004)
            return
        if asked["intents"] & MESSAGE_CONTENT and not self.message_content:
            await wire.socket.close(code=4014)
            return
        self.left -= 1
        if self.closing:
            await wire.socket.close(code=self.closing)
            return
        shard = tuple(asked.get("shard", (0, 1)))
        session = Session(self.world.ids.next(), asked["intents"], wire, shard=shard)
        guilds = [guild for guild in self.world.guilds if session.concerns(guild)]
        ready = {
            "v": 10,
            "user": self.world.users[self.world.me],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": shard,
            "guilds": [{"id": guild, "unavailable": True} for guild in guilds],
            "application": {"id": self.world.me, "flags": 0},
        }
        session.dispatch("READY", ready)
        if session.intents & GUILDS:
            for guild in (each for each in guilds if each not in self.world.unavailable):
                session.dispatch("GUILD_CREATE", self.world.guild_create(guild))
        self.sessions[session.id] = session
        self.changed()

    async def drop(self, code: int = 4000) -> None:
        """Close every socket; the sessions can be resumed."""
        for session in self.live:
            if wire := session.wire:
                session.wire = None  # before it closes: the client may resume meanwhile
                await wire.socket.close(code=code)

    def ask_to_reconnect(self) -> None:
        for session in self.live:
            if session.wire:
                session.wire.send(Op.RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """The session is over, unless it is resumable."""
        for session in self.live:
            if session.wire:
                session.wire.send(Op.INVALID_SESSION, resumable)
            if not resumable:
                del self.sessions[session.id]
