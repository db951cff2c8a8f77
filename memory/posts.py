"""Posts that people edit or delete: they leave memory, and with them what quotes them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from memory.archiving import Archiving
from memory.at_hand import AtHand
from memory.cold import GONE
from memory.edits import opened
from memory.keys import Keys, message_context, sealed
from memory.persons import Persons
from memory.records import Place
from memory.store import Store
from memory.taken import Amended, Citation


class Posts:
    """Everything is done before it returns. `seen`: the fingerprint that a post is known by."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        persons: Persons,
        at_hand: AtHand,
        archiving: Archiving | None,
        *,
        measure: Callable[[str], Awaitable[int]],
        seen: Callable[[Place, str], bytes],
    ) -> None:
        self._store, self._keys, self._persons = store, keys, persons
        self._at_hand, self._archiving = at_hand, archiving
        self._measure, self._seen = measure, seen

    async def amend(self, place: Place, message: str, text: str, at: int) -> None:
        """See Memory.amend."""
        await self._hide(place, {message: at})
        tokens = await self._measure(text)
        while not await self._amend(place, message, text, at, tokens):
            pass  # the message arrived, or its key changed, between two steps
        self._at_hand.outdate()
        await self._persons.recheck(place)

    async def shorten(self, place: Place, message: str, text: str) -> None:
        """See Memory.shorten."""
        if found := await self._store.locate(place, message):
            old = opened(self._keys, found, message)
            if old.passed_on > replace(old, text=text).passed_on:
                await self.amend(place, message, text, old.version + 1)

    async def retract(self, place: Place, messages: Sequence[str]) -> None:
        """See Memory.retract."""
        await self._hide(place, dict.fromkeys(messages, GONE))
        await self._store.retract(place, {each: self._seen(place, each) for each in messages})
        self._at_hand.outdate()
        await self._persons.recheck(place)

    async def take_back(self, reply: Citation) -> None:
        """A reply that quotes what is forgotten of a person, who said it elsewhere."""
        await self._hide(reply.place, {reply.reply: GONE})
        await self._store.take_back(reply.place, reply.turn, reply.reply)
        self._at_hand.outdate()

    async def _amend(self, place: Place, message: str, text: str, at: int, tokens: int) -> bool:
        found = await self._store.locate(place, message)
        if found is None:
            return await self._store.pend(place, message, self._seen(place, message), at)
        home, key = found.place, self._keys.learn(found.place, found.wrapped)
        before = opened(self._keys, found, message)
        entry = replace(before, version=at, text=text, tokens=tokens)
        blob = sealed(key, entry.pack(), *message_context(home, message, at))
        replies = await self._at_hand.citing.going(home, message, before.text, text)
        got = await self._store.amend(home, message, at, blob, replies)
        if got is Amended.DONE and self._archiving and replies.going:
            await self._archiving.retract(home, dict.fromkeys(replies.going, GONE))
        return got is Amended.DONE

    async def _hide(self, place: Place, posts: Mapping[str, int]) -> None:
        await self._at_hand.hide(place, list(posts))
        if self._archiving:
            await self._archiving.retract(place, posts)
