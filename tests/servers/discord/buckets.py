"""The fake's rate limits: a bucket per kind of post and channel, told in headers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

MESSAGES = "/channels/{channel_id}/messages"


@dataclass(slots=True)
class Buckets:
    """`limit` calls in `per` seconds from the first one on; Discord's are about 5 in 5."""

    limit: int = 5
    per: float = 5.0
    exceeded: int = 0
    _used: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def take(self, route: str, channel: str) -> tuple[Mapping[str, str], float]:
        """The headers of the answer, and how long to wait if it is refused."""
        if not (MESSAGES in route and route.startswith(("POST", "PATCH"))):
            return {}, 0.0
        key, now = (route, channel), time.monotonic()
        began, count = self._used.get(key, (now, 0))
        if now - began >= self.per:
            began, count = now, 0
        wait = began + self.per - now
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - count - 1, 0)),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": f"{route.partition(' ')[0].lower()}-messages",
        }
        if count >= self.limit:
            self.exceeded += 1
            return headers, wait
        self._used[key] = (began, count + 1)
        return headers, 0.0
