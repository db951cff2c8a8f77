"""Budgets: how many turns and tokens a person, a channel and a space may take in a day."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from hashlib import sha256

from memory.records import Place
from memory.slots import NOTHING, Account, Spent
from memory.store import Store
from memory.summary import Summarise, Task

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
        answers = (self.turns - spent.turns, self.turns, "answers")
        tokens = (self.tokens - spent.tokens, self.tokens, "tokens")
        parts = [each for each in (answers, tokens) if each[1]]
        return ", ".join(f"{max(left, 0):,} of {most:,} {what}" for left, most, what in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`soft`: the share of a limit from which on answers become cheaper."""

    person: Limit = Limit()
    channel: Limit = Limit()
    space: Limit = Limit()
    soft: float = 0.8

    def of(self, name: str) -> Limit:
        limit: Limit = getattr(self, _kind(name))
        return limit


class UsedUp(Exception):
    """Today's budget is spent: upkeep waits for tomorrow's."""


class Budgets:
    """What a process knows of the day is as of its own last look: others may spend meanwhile."""

    def __init__(self, accounts: Store, limits: Limits, now: Callable[[], datetime]) -> None:
        self._accounts, self._limits, self._now = accounts, limits, now
        self._known = dict[tuple[date, str, str], Spent]()

    async def standing(self, place: Place, people: Sequence[str]) -> tuple[Standing, str]:
        """How an answer to these people stands here, and the notice if there is to be none.

        Of several who ask, the one with most left counts.
        """
        spent = await self._spent(place, people)
        shares = {name: self._limits.of(name).share(each) for name, each in spent.items()}
        persons = [each for each in shares if _kind(each) == "person"]
        for name in sorted(persons, key=shares.__getitem__)[1:]:
            del shares[name]
        worst = max(shares, key=shares.__getitem__, default="")
        share = shares.get(worst, 0.0)
        if share < 1:
            return (Standing.SOFT if share >= self._limits.soft else Standing.FREE), ""
        what = self._limits.of(worst).left(spent[worst])
        return Standing.HARD, NOTICE.format(whose=WHOSE[_kind(worst)], what=what)

    async def charge(self, place: Place, people: Sequence[str], what: str, tokens: int) -> None:
        """Once, however often it is said: an answer to these people; to nobody: upkeep."""
        if names := self._names(place, people):
            await self._ask(place, names, what, Spent(tokens=tokens, turns=int(bool(people))))

    async def tell(self, place: Place, turn: str) -> bool:
        """Whether this turn is the one of today that says so here."""
        return await self._accounts.tell(_account(place), place, turn)

    async def left(self, place: Place, person: str) -> Sequence[str]:
        """What is left today, one line for each limit."""
        names = self._names(place, [person])
        spent = await self._ask(place, names) if names else {}
        return [
            f"Left today for {WHOSE[_kind(name)]}: {self._limits.of(name).left(used)}."
            for name, used in spent.items()
        ]

    def within(self, summarise: Summarise, measure: Callable[[str], Awaitable[int]]) -> Summarise:
        """As before, but charged to channel and space, and nobody's own. Raises UsedUp.

        Near a limit what is in no hurry waits; summaries go on, as they make prompts smaller.
        """

        async def ask(task: Task) -> str:
            standing, _ = await self.standing(task.place, ())
            if standing is Standing.HARD or (task.idle and standing is Standing.SOFT):
                raise UsedUp
            answer = await summarise(task)
            words = f"{task.instruction}\n{task.text}\n{answer}"
            what = sha256(words.encode()).hexdigest()
            await self.charge(task.place, (), what, await measure(words))
            return answer

        return ask

    def _names(self, place: Place, people: Sequence[str]) -> Sequence[str]:
        """Those that have a limit."""
        names = [*(f"person:{each}" for each in people), f"channel:{place.channel}", "space"]
        return [name for name in names if self._limits.of(name) != Limit()]

    async def _spent(self, place: Place, people: Sequence[str]) -> Mapping[str, Spent]:
        names = self._names(place, people)
        known = {name: self._known.get(self._entry(place, name)) for name in names}
        found = {name: spent for name, spent in known.items() if spent}
        return found if len(found) == len(known) else await self._ask(place, names)

    async def _ask(
        self, place: Place, names: Sequence[str], what: str = "", cost: Spent = NOTHING
    ) -> Mapping[str, Spent]:
        spent = await self._accounts.spend(_account(place), names, what, cost)
        self._known |= {self._entry(place, name): each for name, each in spent.items()}
        while len(self._known) > BOUND:
            del self._known[next(iter(self._known))]
        return spent

    def _entry(self, place: Place, name: str) -> tuple[date, str, str]:
        return self._now().date(), _account(place).key, name


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _account(place: Place) -> Account:
    return Account(platform=place.platform, space=place.space)
