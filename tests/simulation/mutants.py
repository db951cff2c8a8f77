"""Defects to plant, one for each rule of the turn protocol; filled below."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A rule switched off: by other words in the scripts, or by another method."""

    rule: int  # of the protocol
    what: str
    platform: str = "slack"
    changes: Mapping[str, str] = field(default_factory=dict)
    patch: Callable[[], AbstractContextManager[object]] = nullcontext


NONE = Mutant(rule=0, what="as it is")
