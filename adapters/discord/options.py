"""What the operator chose about Discord."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.message import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`shard_ids`: this process's; empty: all of `shard_count`. `timeout`: seconds, a call."""

    message_content: bool = False  # the privileged intent: see messages that do not call
    auto_thread: bool = False  # a call in a channel opens a thread
    shard_ids: tuple[int, ...] = ()
    shard_count: int = 1
    timeout: float = 5.0
    offers: Sequence[Offer] = ()

    @property
    def shards(self) -> tuple[int, ...]:
        return self.shard_ids or tuple(range(self.shard_count))
