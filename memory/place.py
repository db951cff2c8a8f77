"""Where conversations happen, and how that is written."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation happens. `key` names its record, `channel_key` its channel's."""

    platform: str
    space: str
    channel: str
    thread: str = ""
    audience: str = ""
    key: str = field(init=False, repr=False, compare=False)
    channel_key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.platform, self.space, self.channel)
        channel = ":".join(quote(part, safe="") for part in parts)
        object.__setattr__(self, "channel_key", channel)
        object.__setattr__(self, "key", f"{channel}:{quote(self.thread, safe='')}")

    @classmethod
    def parse(cls, key: str, audience: str = "") -> "Place":
        platform, space, channel, thread = (unquote(part) for part in key.split(":"))
        return cls(
            platform=platform, space=space, channel=channel, thread=thread, audience=audience
        )
