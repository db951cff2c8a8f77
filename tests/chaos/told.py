"""What people said and did, what the bot made of it, and what became of the promises."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

PROMISES = (
    *("unanswered", "twice", "misplaced", "out_of_order", "leaked", "remembered_after_forget"),
    *("misremembered", "set_aside", "orphan_keys"),
    *("quoted_after_forget", "changes_missed_while_away", "calls_missed_while_away"),
)
# What the product does not keep yet, by the item of issue 12 that it waits for: such a breach is
# counted and told, and breaks no run. A row goes when its item is there.
WAITING: Mapping[str, str] = {}


@dataclass(slots=True, kw_only=True)
class Said:
    """Seconds since 1970; 0: not yet, or never."""

    number: int
    corner: str
    post: str
    owed: bool
    said: float
    acknowledged: float = 0.0
    version: int = 0  # edits
    gone: float = 0.0  # its deletion, or the /forget it falls under, was acknowledged
    doubtful: bool = False  # being deleted or forgotten: either is right
    edits: dict[int, float] = field(default_factory=dict)  # version -> acknowledged
    unheard: float = 0.0  # when it was edited or deleted while nobody listened; no event told of it
    away: bool = False  # said while nobody listened; no event tells of it

    @property
    def room(self) -> str:
        """Whose threads may know of each other."""
        return self.corner.partition("/")[0]

    @property
    def private(self) -> bool:
        return self.corner.startswith(("dm", "discord P"))

    @property
    def due(self) -> bool:
        return self.owed and bool(self.acknowledged) and not self.doubtful

    def went(self, version: int) -> float:
        """When this version had to be gone; 0: not yet."""
        later = [at for edit, at in self.edits.items() if edit > version]
        return min(filter(None, (self.gone, *later)), default=0.0)

    def __str__(self) -> str:
        at = (self.said, self.acknowledged, self.gone)
        said, acknowledged, gone = (f"{each % 10_000:.2f}" if each else "never" for each in at)
        return (
            f"#{self.number}.{self.version}# in {self.corner} ({self.post}), "
            f"said {said}, acknowledged {acknowledged}, gone {gone}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A visible post of the bot's, oldest first in its corner."""

    corner: str
    thread: str = ""
    text: str
    at: float

    def __str__(self) -> str:
        return f"{self.text[:80]!r} in {self.corner} at {self.at % 10_000:.2f}"


@dataclass(slots=True, kw_only=True)
class Report:
    """`reasons`: a line for each promise that broke, by its name."""

    acknowledged: int = 0
    answered: int = 0
    unanswered: int = 0
    twice: int = 0
    misplaced: int = 0
    out_of_order: int = 0
    leaked: int = 0
    remembered_after_forget: int = 0
    misremembered: int = 0
    set_aside: int = 0
    orphan_keys: int = 0
    quoted_after_forget: int = 0
    changes_missed_while_away: int = 0
    calls_missed_while_away: int = 0
    bot_kills: int = 0
    store_kills: int = 0
    recovered: int = 0
    slowest_recovery_s: float = 0.0
    reasons: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return any(getattr(self, name) for name in PROMISES if name not in WAITING)

    @property
    def waiting(self) -> Mapping[str, int]:
        """What broke of that which the product does not keep yet."""
        return {name: found for name in WAITING if (found := getattr(self, name))}

    def broke(self, promise: str, why: Sequence[object]) -> None:
        setattr(self, promise, getattr(self, promise) + len(why))
        self.reasons += [f"{promise}: {each}" for each in why]

    def __str__(self) -> str:
        counts = asdict(self)
        del counts["reasons"]
        return json.dumps(counts)
