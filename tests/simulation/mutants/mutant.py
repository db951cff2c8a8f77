"""A rule of the turn protocol, switched off: other words in a script or in a method."""

import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from tests.simulation.weather import FAIR, Weather

Method = tuple[Any, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`changes`: passages of the scripts; `methods`: of methods. What stands there instead."""

    rule: int
    what: str
    law: str = ""  # that notices; any, where it is not said
    platform: str = "slack"
    weather: Weather = FAIR
    changes: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[Method, tuple[str, str]] = field(default_factory=dict)

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The methods; the scripts are the store's."""
        with ExitStack() as stack:
            for (owner, name), (old, new) in self.methods.items():
                changed = _changed(getattr(owner, name), old, new)
                stack.enter_context(patch.object(owner, name, changed))
            yield

    def noticed(self, problems: Sequence[str]) -> str:
        """The problem that tells of it, or nothing."""
        return next((each for each in problems if each.startswith(self.law)), "")


def _changed(method: Any, old: str, new: str) -> Any:
    source = textwrap.dedent(inspect.getsource(method))
    assert old in source, f"{method.__qualname__} does not say {old}"
    made = dict[str, Any]()
    exec(source.replace(old, new), method.__globals__, made)  # noqa: S102
    return made[method.__name__]


NONE = Mutant(rule=0, what="as it is")
