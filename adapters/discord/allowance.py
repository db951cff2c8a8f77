"""What Discord's rate limits leave for posts, read from its answers, so that none is exceeded.

discord.py keeps them too, by sleeping inside a call: no caller could tell that from a lost answer.
https://discord.com/developers/docs/topics/rate-limits#header-format
"""

import asyncio
import re
from collections import OrderedDict
from types import SimpleNamespace

import aiohttp

from adapters.ports import Busy

_POSTS = re.compile(r"/channels/(\d+)/messages")
_MOST = 10_000  # channels, the last ones

Key = tuple[str, str]  # method and channel


class Allowance:
    """For one process; times are of the event loop."""

    def __init__(self) -> None:
        self._until: OrderedDict[Key, float] = OrderedDict()
        self._refused: set[Key] = set()  # waiting inside discord.py after "too many requests"

    def trace(self) -> aiohttp.TraceConfig:
        """For a client's HTTP session."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._started)
        config.on_request_end.append(self._ended)
        return config

    def claim(self, method: str, channel: int) -> None:
        """Raises Busy if the next such call would have to wait."""
        until = self._until.get((method, str(channel)), 0.0)
        if (wait := until - asyncio.get_running_loop().time()) > 0:
            raise Busy(wait)

    def refused(self, method: str, channel: int) -> bool:
        """Whether Discord's last answer was that it took nothing."""
        return (method, str(channel)) in self._refused

    async def _started(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, asked: aiohttp.TraceRequestStartParams
    ) -> None:
        if key := _key(asked.method, asked.url.path):
            self._refused.discard(key)

    async def _ended(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, got: aiohttp.TraceRequestEndParams
    ) -> None:
        key, headers = _key(got.method, got.url.path), got.response.headers
        if key is None:
            return
        if got.response.status == 429:
            self._refused.add(key)
            self._hold(key, float(headers.get("Retry-After", 1)))
        elif int(headers.get("X-RateLimit-Remaining", 2)) <= 1:  # at 0 discord.py would sleep
            self._hold(key, float(headers.get("X-RateLimit-Reset-After", 0)))

    def _hold(self, key: Key, seconds: float) -> None:
        self._until[key] = asyncio.get_running_loop().time() + seconds
        self._until.move_to_end(key)
        if len(self._until) > _MOST:
            self._refused.discard(self._until.popitem(last=False)[0])


def _key(method: str, path: str) -> Key | None:
    found = _POSTS.search(path)
    return (method, found[1]) if found else None
