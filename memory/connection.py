"""How the store reaches its servers: one Redis, a Redis Cluster, or the primary Sentinels name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode, ClusterPipeline
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as NoAnswer

from memory.line import OPTIONS, Command, Line, Refused, connected

Pipe = Pipeline | ClusterPipeline


class TooFewReplicas(Disconnected):
    """What was written may be lost: with the primary, or as its connection is one's who was it."""


DOWN = (
    *(Disconnected, NoAnswer, OSError),
    # A failover under way, slots of a cluster on the move, a server that is full:
    *(AskError, BusyLoadingError, ClusterError, ReadOnlyError, RedisClusterException),
    *(OutOfMemoryError, TryAgainError),
)
CLASS = "connection_class"  # what an address's scheme says
_KINDS = {
    "LOADING": BusyLoadingError,
    "NOREPLICAS": TooFewReplicas,
    "NOSCRIPT": NoScriptError,
    "OOM": OutOfMemoryError,
    "READONLY": ReadOnlyError,
}


class Connection:
    """The client for an address, and what differs between one server and several.

    redis-py's own retries, which repeat writes, are off; redirections, which say that nothing was
    done, it follows. The deadline of a call is its caller's: redis-py 8.1 with a socket_timeout
    loses most cancellations (37 of 40 tries), and a task that cannot be cancelled never stops.

    To a plain server, scripts take a line of their own: redis-py spends 0.3 ms on a call.
    """

    client: Redis | RedisCluster

    def __init__(self, url: str, *, timeout: float, replicas: int = 0) -> None:
        self._timeout, self._replicas = timeout, replicas
        self._line: Line | None = None
        self._connecting = asyncio.Lock()
        scheme, _, several = urlsplit(url).scheme.partition("+")
        parts = urlsplit(url)._replace(scheme=scheme)
        options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "socket_timeout": None}
        options["socket_connect_timeout"] = timeout
        self._sentinel: Sentinel | None = None
        self._given: Mapping[str, Any] | None = None  # the address of a plain server
        if several == "sentinel":
            self._sentinel, self.client = _watched(parts, options, timeout)
        elif several == "cluster":
            options["reinitialize_steps"] = 0  # it would end the calls under way
            first, *others = _each(parts)
            nodes = [ClusterNode(host, port) for host, port in map(_address, others)]
            self.client = _Cluster.from_url(first.geturl(), startup_nodes=nodes, **options)
        else:
            self.client = Redis.from_url(url, **options)
            given = {name: value for name, value in parse_url(url).items() if name != CLASS}
            if scheme in ("redis", "unix") and given.keys() <= OPTIONS:
                self._given = given
        self.client.set_response_callback("WAIT", self._enough)

    async def ready(self, *, again: bool) -> None:
        """Before every call: know who serves what; ask again after a call that got no answer."""
        if isinstance(self.client, RedisCluster):
            if again:  # redis-py does so by itself after an error, but not after silence
                await self.client.nodes_manager.initialize()
            await self.client.initialize()  # unprepared, it would try any server

    @property
    def plain(self) -> bool:
        """Whether `ask` may be used."""
        return self._given is not None and not self._replicas

    async def ask(self, commands: Sequence[Command]) -> Sequence[Any]:
        """The answers of a plain server, in one round trip; with a deadline of its own."""
        answers = await (await self._open_line()).ask(commands)
        for answer in answers:
            if isinstance(answer, Refused):
                text = str(answer)
                raise _KINDS.get(text.partition(" ")[0], ResponseError)(text)
        return answers

    async def confirmed(self, commands: Sequence[Command]) -> Sequence[Any]:
        """Their answers, in one round trip, once so many replicas have all that led to them.

        WAIT counts from its connection's last write, and a step that runs again may write nothing:
        so something is written beside each. Raises TooFewReplicas.
        """
        patience = int(self._timeout * 500)
        async with self.client.pipeline(transaction=False) as pipe:
            homes = {self._home(mark): mark for mark in map(_mark, commands) if self._replicas}
            for command in (*commands, *(("SET", mark, "", "EX", 60) for mark in homes.values())):
                pipe.execute_command(*command)
            for node in homes:
                where = {"target_nodes": node} if node else {}
                pipe.execute_command("WAIT", self._replicas, patience, **where)
            # Redirected, a step would run on another server than its WAIT.
            strictly = {"allow_redirections": False} if any(homes) else {}
            answers = await pipe.execute(**strictly)
        return answers[: len(commands)]

    def _enough(self, response: Any, **_: Any) -> Any:
        if response < self._replicas:
            raise TooFewReplicas  # its connection is closed with it
        return response

    def _home(self, key: str) -> ClusterNode | None:
        if isinstance(self.client, RedisCluster):
            return self.client.get_node_from_key(key)
        return None  # there is but one

    async def _open_line(self) -> Line:
        if self._line and not self._line.closed:
            return self._line
        async with self._connecting:
            if not self._line or self._line.closed:
                async with asyncio.timeout(self._timeout):
                    self._line = await connected(self._given or {}, self._timeout)
            return self._line

    def rewrites(self) -> Sequence[Callable[[], Awaitable[Any]]]:
        """What has each server, replicas too, rewrite its append-only file."""
        if isinstance(self.client, RedisCluster):
            rewrite, nodes = self.client.bgrewriteaof, self.client.get_nodes()
            return [partial(rewrite, target_nodes=node) for node in nodes]
        return [self.client.bgrewriteaof]

    async def close(self) -> None:
        if self._line:
            self._line.close()
        await self.client.aclose()
        if isinstance(self.client, RedisCluster):  # after an error it takes itself for closed
            await self.client.nodes_manager.aclose()
            await self.client.nodes_manager.aclose("startup_nodes")
        if self._sentinel:
            await self._sentinel.aclose()


class _Cluster(RedisCluster):
    def get_node(self, *given: Any, **named: Any) -> ClusterNode:
        """Redirected to a server that has no slots yet, redis-py 8.1 would trip over None."""
        if node := super().get_node(*given, **named):
            return node
        raise ClusterError("slots move to a server not seen yet")


class _Sentinel(Sentinel):
    """Asked by several at once, redis-py 8.1 loses one of its Sentinels and leaves it open."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)  # type: ignore[no-untyped-call]
        self._asking = asyncio.Lock()

    async def discover_master(self, service_name: str) -> Any:
        async with self._asking:
            return await super().discover_master(service_name)


def _mark(command: Command) -> str:
    """A key that is where the command's first key is."""
    key = str(command[3 if str(command[0]).startswith("EVAL") else 1])
    return f"tk:copied:{{{key.partition('{')[2].partition('}')[0] or key}}}"


def _watched(parts: SplitResult, options: dict[str, Any], timeout: float) -> tuple[Sentinel, Redis]:
    """Its path names the service, then the database; what is before the @ is for the service."""
    service, _, database = parts.path.strip("/").partition("/")
    login, at, _ = parts.netloc.rpartition("@")
    given = dict(parse_url(parts._replace(netloc=login + at, path=f"/{database}").geturl()))
    secure = {name: value for name, value in given.items() if name.startswith("ssl_")}
    if given.pop("connection_class", None):
        secure["ssl"] = True
    hosts = [_address(each, 26379) for each in _each(parts)]
    patience = {"socket_connect_timeout": timeout / (len(hosts) + 1)}  # they are asked in turn
    asked = options | patience | secure
    sentinel = _Sentinel(hosts, sentinel_kwargs=asked)
    return sentinel, sentinel.master_for(service, **options | patience | given | secure)


def _each(parts: SplitResult) -> Sequence[SplitResult]:
    """One address for each host."""
    login, at, hosts = parts.netloc.rpartition("@")
    return [parts._replace(netloc=login + at + host) for host in hosts.split(",")]


def _address(parts: SplitResult, port: int = 6379) -> tuple[str, int]:
    return parts.hostname or "localhost", parts.port or port
