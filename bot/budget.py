"""Budgets: how many turns and tokens a person, a channel and a space may take in a day."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import Protocol

from memory.records import Place
from memory.slots import Account, Spent

BOUND = 10_000  # names whose standing is known here
NOTICE = (
    "I have reached today's limit for {whose} ({what} left) and go on at 00:00 UTC. "
    "Until then I read along, but do not answer; /help shows what is left."
)
WHOSE = {"person": "you", "channel": "this channel", "space": "this workspace"}


class Standing(IntEnum):
    FREE = 0
    SOFT = 1  # a smaller window, and the summary model
    HARD = 2  # one notice, then silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A day's; 0: none."""

    tokens: int = 0
    turns: int = 0

    def share(self, spent: Spent) -> float:
        """Of what is allowed, how much is gone: 1 is all."""
        parts = ((spent.tokens, self.tokens), (spent.turns, self.turns))
        return max((used / most for used, most in parts if most), default=0.0)

    def left(self, spent: Spent) -> str:
        parts = (
            (self.turns - spent.turns, self.turns, "answers"),
            (self.tokens - spent.tokens, self.tokens, "tokens"),
        )
        shown = [(max(left, 0), most, what) for left, most, what in parts if most]
        return ", ".join(f"{left:,} of {most:,} {what}" for left, most, what in shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`soft`: the share of a limit from which on answers become cheaper."""

    person: Limit = field(default_factory=Limit)
    channel: Limit = field(default_factory=Limit)
    space: Limit = field(default_factory=Limit)
    soft: float = 0.8

    def of(self, name: str) -> Limit:
        limit: Limit = getattr(self, _kind(name))
        return limit


class Accounts(Protocol):
    """What is spent, where every process sees it."""

    async def spend(
        self, account: Account, names: Sequence[str], turn: str = "", tokens: int = 0
    ) -> Mapping[str, Spent]: ...
    async def tell(self, account: Account, place: Place, turn: str) -> bool: ...


class Budgets:
    """What a process knows of the day is as of its own last look: others may spend meanwhile."""

    def __init__(self, accounts: Accounts, limits: Limits, now: Callable[[], datetime]) -> None:
        self._accounts, self._limits, self._now = accounts, limits, now
        self._known: OrderedDict[tuple[date, str, str], Spent] = OrderedDict()

    async def standing(self, place: Place, people: Sequence[str]) -> tuple[Standing, str]:
        """How an answer to these people stands here, and the notice if there is to be none.

        Of several who ask, the one with most left counts.
        """
        spent = await self._spent(place, people)
        shares = {name: self._limits.of(name).share(each) for name, each in spent.items()}
        persons = sorted(
            (each for each in shares if _kind(each) == "person"), key=shares.__getitem__
        )
        for name in sorted(persons, key=shares.__getitem__)[1:]:
            del shares[name]
        worst = max(shares, key=shares.__getitem__, default="")
        share = shares.get(worst, 0.0)
        if share < 1:
            return (Standing.SOFT if share >= self._limits.soft else Standing.FREE), ""
        what = self._limits.of(worst).left(spent[worst])
        return Standing.HARD, NOTICE.format(whose=WHOSE[_kind(worst)], what=what)

    async def charge(self, place: Place, people: Sequence[str], turn: str, tokens: int) -> None:
        """Once, however often it is said of the same turn."""
        if names := self._names(place, people):
            self._keep(place, await self._accounts.spend(_account(place), names, turn, tokens))

    async def tell(self, place: Place, turn: str) -> bool:
        """Whether this turn is the one of today that says so here."""
        return await self._accounts.tell(_account(place), place, turn)

    async def left(self, place: Place, person: str) -> Sequence[str]:
        """What is left today, one line for each limit."""
        names = self._names(place, [person])
        spent = await self._accounts.spend(_account(place), names) if names else {}
        self._keep(place, spent)
        return [
            f"Left today for {WHOSE[_kind(name)]}: {self._limits.of(name).left(used)}."
            for name, used in spent.items()
        ]

    def _names(self, place: Place, people: Sequence[str]) -> Sequence[str]:
        """Those that have a limit."""
        names = [*(f"person:{each}" for each in people), f"channel:{place.channel}", "space"]
        return [name for name in names if self._limits.of(name) != Limit()]

    async def _spent(self, place: Place, people: Sequence[str]) -> Mapping[str, Spent]:
        names = self._names(place, people)
        missing = [name for name in names if self._entry(place, name) not in self._known]
        if missing:
            self._keep(place, await self._accounts.spend(_account(place), missing))
        return {name: self._known[self._entry(place, name)] for name in names}

    def _keep(self, place: Place, spent: Mapping[str, Spent]) -> None:
        for name, each in spent.items():
            self._known[self._entry(place, name)] = each
            self._known.move_to_end(self._entry(place, name))
        while len(self._known) > BOUND:
            self._known.popitem(last=False)

    def _entry(self, place: Place, name: str) -> tuple[date, str, str]:
        return self._now().date(), _account(place).key, name


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _account(place: Place) -> Account:
    return Account(platform=place.platform, space=place.space)
