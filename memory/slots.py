"""What is stored of a person, apart from every conversation."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in one space; `key` names the record of what is known of them."""

    platform: str
    space: str
    id: str
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.platform, self.space, self.id)
        object.__setattr__(
            self, "key", ":".join(["person", *(quote(part, safe="") for part in parts)])
        )

    @property
    def channel_key(self) -> str:
        return self.key

    @classmethod
    def parse(cls, key: str) -> "Person":
        _, platform, space, person = (unquote(part) for part in key.split(":"))
        return cls(platform=platform, space=space, id=person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What is stored of a person; empty where nothing is known."""

    wrapped: bytes = b""
    revision: int = 0
    blob: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A note that facts of a person are to be checked against a message."""

    token: str
    channel: str  # its key
    message: str
    person: str  # their key


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a space spends; its days begin at midnight UTC."""

    platform: str
    space: str

    @property
    def key(self) -> str:
        return ":".join(["account", quote(self.platform, safe=""), quote(self.space, safe="")])

    @property
    def channel_key(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Today, under one name of an account: a person, a channel, or the space itself."""

    tokens: int = 0
    turns: int = 0


NOTHING = Spent()
