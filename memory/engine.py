"""The memory of conversations: what comes in, what a reply may build on, what is forgotten."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from memory.archiving import Archiving
from memory.at_hand import AtHand
from memory.citing import Citing
from memory.cold import ColdStore
from memory.departing import Departing
from memory.dependencies import Means, Terms
from memory.edits import Present, edited
from memory.entry import ME, PERSON, Description, Entry, Recollection
from memory.erasing import Erasing
from memory.folding import Folding, Sizes
from memory.forgetting import Forgetting
from memory.gaps import PAST, Gaps
from memory.holdings import Holdings
from memory.keys import Keys, message_context, sealed
from memory.learning import MOST, Learning
from memory.left import Left
from memory.persons import Persons
from memory.posts import Posts
from memory.quotes import Quotes
from memory.recalling import Recalling
from memory.records import Arrival, Debris, Forgotten, Place, Received, Spoiled
from memory.restoring import Restoration, restoration
from memory.seal import Keyring, Randbytes, fingerprint
from memory.slots import Person
from memory.store import Store
from memory.summary import Summarise
from memory.taken import Citation
from memory.turn import Turn
from memory.upkeep import Upkeep

EXPECTED = 1_000  # turns that have not begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    sizes: Sizes = field(default_factory=Sizes)
    terms: Terms = field(default_factory=Terms)
    follow: str = "one-on-one"  # or never, always: who need not call again in a joined thread
    recall: bool = True
    silence: float = 600.0  # seconds without a message, then facts are learned
    kept: float = math.inf  # seconds a conversation's messages outlive its last one
    patience: float = 0.0  # seconds a turn waits for what was said before; 0: that is not read


class Memory:
    """One engine for all platforms: it seals what it stores, and takes time from the messages."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        *,
        settings: Settings,
        measure: Callable[[str], Awaitable[int]],
        summarise: Summarise,
        randbytes: Randbytes,
        archive: ColdStore | None = None,
    ) -> None:
        self._store, self._follow, self._patience = store, settings.follow, settings.patience
        self._keys, self._randbytes = Keys(keyring, randbytes), randbytes
        self.measure, self._silence = measure, settings.silence
        self.gaps = Gaps(store, self._token, settings.terms.lease, settings.patience)
        self._archiving = Archiving(archive, store, self._keys) if archive else None
        self._forgetting = Forgetting(store, self._keys, self._archiving)
        self._citing = Citing(store, self._keys, Quotes())
        kept = settings.kept
        self._recalling = Recalling(store, self._keys, kept=kept) if settings.recall else None
        self._at_hand = AtHand(self._recalling, self._citing, self._forgetting.deleted)
        deleted = self._forgetting.deleted
        self.persons = Persons(
            store, self._keys, randbytes, deleted=deleted, take_back=self._take_back
        )
        self._posts = Posts(
            *(store, self._keys, self.persons, self._at_hand, self._archiving),
            measure=measure,
            seen=self._seen,
        )
        self._means = self._dependencies(settings)
        self._look_after(settings, summarise)
        self._asking: dict[str, Person] = {}  # by conversation, until its turn begins here
        self._pepper = b""

    def _dependencies(self, settings: Settings) -> Means:
        """Of turns."""
        return Means(
            store=self._store,
            keys=self._keys,
            persons=self.persons,
            measure=self.measure,
            terms=settings.terms,
            recalling=self._recalling,
            opened=self._at_hand.opened,
            citing=self._citing,
        )

    def _look_after(self, settings: Settings, summarise: Summarise) -> None:
        """What is done behind replies, and what people ask for."""
        both, sizes, cold = (self._store, self._keys), settings.sizes, self._archiving
        self._learning = Learning(
            *both, self.persons, batch=sizes.batch, measure=self.measure, summarise=summarise
        )
        self._folding = Folding(
            *(*both, self._learning),
            sizes=sizes,
            measure=self.measure,
            summarise=summarise,
            archiving=cold,
        )
        self.upkeep = Upkeep(*both, self._folding, cold, sizes.segments)
        self.holdings = Holdings(*both, self.persons, self.upkeep)
        let_go = self._at_hand.let_go
        parts = (self.persons, self.upkeep, self._forgetting, cold)
        self.erasing = Erasing(self._store, *parts, writer=self._writer, changed=let_go)
        left = Left(self._store, self.erasing.begin_anew)
        kept = (self.persons, self._forgetting, cold)
        self.departing = Departing(self._store, *kept, left=left, changed=let_go)

    async def open(self) -> None:
        """Read the store's own secret; raises UnknownKey if MEMORY_KEY does not fit the store."""
        self._pepper = await self._keys.pepper(self._store.pepper)
        if self._archiving:
            await self._archiving.prepare()

    async def receive(self, place: Place, entry: Entry) -> bool:
        """Take a message in that was said just now, once. Whether an answer is owed for it."""
        return (await self.admit(place, entry)).owed

    async def admit(
        self, place: Place, entry: Entry, how: str = "", present: Present | None = None
    ) -> Received:
        """Take a message in, once. `how` it came: just now; PAST: overheard; KEPT: in any case."""
        if await self.departing.left.lets_in(place, entry.sent):
            return await self._admit(place, entry, how, present)
        return Received()

    async def _admit(
        self, place: Place, entry: Entry, how: str, present: Present | None
    ) -> Received:
        entry = replace(entry, tokens=await self.measure(entry.text))
        key = self._keys.current(place)
        while True:
            blob = sealed(key, entry.pack(), *message_context(place, entry.id, entry.version))
            likely = entry.called or not key.fresh  # that it will be remembered
            writer = self.erasing.unnoted(place, entry) if likely else None
            arrival = self._arrival(place, entry, how)
            got = await self._store.receive(place, arrival, blob, writer)
            if got.edit:
                entry = await edited(entry, got.edit, present, self.measure)
            elif got.rekey is not None:
                key = self._keys.learn(place, got.rekey)
            else:
                if got.owed or not key.fresh:  # else it may not have been stored at all
                    self._keys.keep(place, key)
                if got.held and not await self.erasing.stays(place, entry, got.water):
                    return Received()
                if got.owed:
                    self._expect(place, entry.author)
                if got.joined and not got.gap:  # else whoever reads the gap does
                    await self.upkeep.wake(place)
                return got

    async def claim(self, place: Place, message: str, twin: str, *, done: bool = False) -> str:
        """Who runs a command that came as this post, which will not be stored as a message.

        `first`: the caller, who says so when it is `done`; `running`: somebody else; or `done`.
        """
        seen, other = self._seen(place, message), self._twin(place, twin)
        return await self._store.claim(place, seen, other, self._token(), done=done)

    async def begin(self, place: Place) -> Turn | Debris | Restoration | None:
        """Take the turn that is due here, if one is and nobody else holds it, or what one left."""
        token, asked = self._token(), asyncio.get_running_loop().time()
        seen = self._recalling.seen(place) if self._recalling else None
        asking = self._asking.pop(place.key, None)
        people, known = [asking] if asking else [], self._means.opened.of(place)
        lease = await self._store.begin(place, token, self._token(), seen, people, known)
        if lease is None or isinstance(lease, Debris):
            return lease
        if isinstance(lease, Spoiled):
            return restoration(place, self._keys, lease)
        turn = Turn(self._means, place, lease, known=known, token=token, asked=asked)
        await turn.acquaint()
        return turn

    async def clear(self, place: Place, left: Debris | Restoration) -> None:
        """What a turn had left was put in order."""
        if isinstance(left, Debris):
            await self._store.clear(place, left)
        else:
            await self._store.restored(place, left.spoiled)

    async def echo(self, place: Place, post: str, turn: str, fence: int) -> None:
        """The platform shows a post as this turn's holder of this fence (0: some) wrote it."""
        await self._store.echo(place, post, turn, fence, self._token())

    async def stop(self, place: Place, turn: str) -> None:
        await self._store.stop(place, turn)

    async def overdue(self) -> Sequence[Place]:
        return await self._store.overdue(MOST)

    def crowded(self, recollection: Recollection) -> bool:
        """Whether the window, as a turn saw it, is above its high mark."""
        return self._folding.crowded((*recollection.window, *recollection.question))

    async def settle(self, place: Place) -> int:
        """Fold what is above the window's high mark. How many messages were folded."""
        return await self._folding.settle(place)

    async def silent(self, limit: int) -> Sequence[Place]:
        """Conversations to `learn` from, as nobody says more there; each is given out once."""
        return await self._store.silent(limit, self._token(), self._silence)

    async def learn(self, place: Place) -> int:
        """Take in what people said of themselves since it was last asked. How many messages."""
        return await self._learning.learn(place)

    async def amend(self, place: Place, message: str, text: str, at: int) -> None:
        """A post was edited at `at`; the newest edit wins, also before its message came."""
        await self._posts.amend(place, message, text, at)

    async def shorten(self, place: Place, message: str, text: str) -> None:
        """A post shows this, and nobody edited it: what was taken off it leaves memory."""
        await self._posts.shorten(place, message, text)

    async def retract(self, place: Place, messages: Sequence[str]) -> None:
        """Posts were deleted; a tombstone keeps those out that have not come yet."""
        await self._posts.retract(place, messages)

    async def forget_post(self, place: Place, message: str) -> None:
        """As if it were deleted, and off the disk at once."""
        await self.retract(place, [message])
        await self._forgetting.at_once()

    async def cite_past(self, place: Place) -> None:
        """After own posts of an earlier life were read here: what did they take words from?"""
        await self._citing.past(place)

    async def _take_back(self, reply: Citation) -> None:
        """A reply quotes what is forgotten of a person, who said it elsewhere."""
        await self._posts.take_back(reply)

    async def describe(self, place: Place) -> Description:
        return await self.holdings.describe(place)

    async def forget(self, place: Place, until: int, *, channel: bool) -> Forgotten:
        """Forget this conversation up to a time, or the whole channel: a receipt with counts.

        What was said later stays, sealed under a new key; the old one is destroyed.
        """
        before = await self.persons.resting(place, channel=channel)
        receipt = await self._forgetting.forget(place, until, channel=channel)
        self._at_hand.let_go(place)
        await self.persons.recheck(place)  # or the sweep did: what is gone counts
        after = await self.persons.resting(place, channel=channel) if before else 0
        return replace(receipt, facts=before - after)

    async def scrub(self) -> None:
        """Have the server rewrite its file without what was deleted: now and then, if it was."""
        await self._forgetting.scrub()

    def _expect(self, place: Place, author: str) -> None:
        """What is known of them will come with the turn's lease, in the same round trip."""
        self._asking[place.key] = place.person(author)
        if len(self._asking) > EXPECTED:
            del self._asking[next(iter(self._asking))]

    def _arrival(self, place: Place, entry: Entry, how: str) -> Arrival:
        return Arrival(
            id=entry.id,
            fingerprint=self._seen(place, entry.id),
            twin=self._twin(place, entry.twin),
            writer=self._writer(place.person(entry.author)),
            sent=entry.sent,
            version=entry.version,
            called=entry.called and not how,
            person=entry.kind == PERSON,
            follow=self._follow if place.thread else "never",
            how="mine" if how == PAST and entry.kind == ME else how,
            patience=int(self._patience * 1000),
        )

    def _writer(self, person: Person) -> bytes:
        return fingerprint(self._pepper, "person", person.platform, person.space, person.id)

    def _seen(self, place: Place, message: str) -> bytes:
        return fingerprint(self._pepper, "seen", place.channel_key, message)

    def _twin(self, place: Place, twin: str) -> bytes:
        return fingerprint(self._pepper, "twin", place.channel_key, twin) if twin else b""

    def _token(self) -> str:
        return self._randbytes(10).hex()
