"""What a turn works with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from memory.citing import Citing
from memory.keys import Keys
from memory.opened import Opened
from memory.persons import Persons
from memory.recalling import Recalling
from memory.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Seconds."""

    lease: float = 30.0
    call: float = 5.0  # T: the timeout of a platform call


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a turn works with."""

    store: Store
    keys: Keys
    persons: Persons
    measure: Callable[[str], Awaitable[int]]  # tokens of a text
    terms: Terms
    recalling: Recalling | None
    opened: Opened
    citing: Citing
