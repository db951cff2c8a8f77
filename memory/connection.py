"""How the store reaches its server, and how it tells that it cannot."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ReadOnlyError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as NoAnswer

DOWN = (
    *(Disconnected, NoAnswer, OSError),
    *(BusyLoadingError, ClusterDownError, ReadOnlyError, TryAgainError),  # a failover under way
)


def connect(url: str, *, timeout: float) -> Redis:
    """A client without retries of its own, which repeat writes; `timeout` in seconds.

    The deadline of a call is its caller's: redis-py 8.1 with a socket_timeout loses most
    cancellations (37 of 40 tries), and a task that cannot be cancelled never stops.
    """
    return Redis.from_url(
        url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=timeout
    )
