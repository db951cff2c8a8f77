"""One turn's reply: from the model to the posts people see, to its conclusion."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

import structlog

from adapters.markup import blank
from adapters.message import order
from adapters.ports import Blank, Chat, Image, Posted, Refused
from bot.budget import Budgets, Standing
from bot.ports import Model, ModelFailed
from bot.prompt import Prompter
from bot.stream import heard
from memory.entry import PERSON
from memory.restoring import Restoration
from memory.turn import Lost, Stale, Turn, Withdrawn

log = structlog.get_logger()

TOO_LONG = "(Your message is longer than I can read at once: I saw its beginning and its end.)\n\n"
STOPPED = "(stopped)"
FORGOTTEN = "(I no longer remember what I said here.)"
AWAY = "I was away when you asked. Ask again if you still need it."
UNREADABLE = "my memory of this conversation does not open; whoever runs me sees why in the log"
UNSEEN = "there is nothing to be seen in what I would say"
CRASHES = 20  # processes that may die over one turn
REDOS = 5  # passes at one turn while its question keeps changing; then it waits


@dataclass(slots=True)
class Bill:
    """Tokens that a turn took; `scarce`: it is to take few."""

    scarce: bool = False
    tokens: int = 0


class Dirty(Exception):
    """A post may show what an older holder of the turn wrote: write them again."""


class Replies:
    """Brings turns to their end. `attempts`: so often the model may fail; `images`: it takes them.

    `late`: so many seconds after it was sent a platform call may still take effect.
    """

    def __init__(
        self,
        model: Model,
        prompter: Prompter,
        budgets: Budgets,
        *,
        attempts: int,
        late: float,
        images: bool = False,
    ) -> None:
        self._model, self._prompter, self._budgets = model, prompter, budgets
        self._attempts, self._late, self._images = attempts, late, images
        self._bills: dict[Turn, Bill] = {}  # as many as are running

    async def finish(self, turn: Turn, chat: Chat) -> bool:
        """Reply and conclude, or take back what has nothing left to answer. Whether more is owed.

        Raises Lost, and what went wrong with model, platform or store: then try again.
        """
        people = _askers(turn)
        standing, notice = await self._budgets.standing(turn.place, people)
        bill = self._bills[turn] = Bill(scarce=standing is Standing.SOFT)
        try:
            if standing is not Standing.HARD or turn.text or turn.withdrawn:
                notice = ""
            elif not turn.posted and not await self._budgets.tell(turn.place, turn.id):
                return await _conclude(turn, chat, Posted())  # said today already
            more = await self._finish(turn, chat, notice)
            if bill.tokens:
                await self._budgets.charge(turn.place, people, turn.id, bill.tokens)
            return more
        finally:
            del self._bills[turn]

    async def _finish(self, turn: Turn, chat: Chat, notice: str) -> bool:
        apology, again = notice or self._apology(turn) or _away(turn), turn.attempt > 1
        for left in reversed(range(REDOS)):
            try:
                if turn.withdrawn:
                    return await _take_back(turn, chat)
                return await self._say(turn, chat, apology, again=again)
            except (Stale, Withdrawn):
                if not left:
                    raise
                await turn.reload()
            except (ModelFailed, Blank) as error:
                apology = self._given_up(turn, error)
            again = True
        raise AssertionError

    def _given_up(self, turn: Turn, error: ModelFailed | Blank) -> str:
        """What to say instead of trying again; raises the error while that is of use."""
        if isinstance(error, Blank):
            return _apology(turn, UNSEEN)
        if not error.lasting and turn.failures + 1 < self._attempts:
            raise error
        return _apology(turn, str(error))

    def _apology(self, turn: Turn) -> str:
        """What to say if there is no use in trying."""
        if turn.unreadable:
            log.error("memory does not open", **who(turn), reason=turn.unreadable)
            return _apology(turn, UNREADABLE)
        hopeless = turn.failures >= self._attempts or turn.attempt > CRASHES
        return _apology(turn, "it failed several times") if hopeless else ""

    async def _say(self, turn: Turn, chat: Chat, apology: str, *, again: bool) -> bool:
        """Reply on the posts that are there already, and conclude with what was delivered."""
        posted = await _left(turn, chat, last=bool(apology)) if again else Posted()
        text = self._pieces(turn, chat, apology, posted)
        while True:
            posted = await _show(turn, chat, text, posted, last=bool(apology))
            try:
                return await _conclude(turn, chat, posted)
            except Dirty:
                await asyncio.sleep(self._late)
                text = _whole(posted.text)

    async def restore(self, left: Restoration, chat: Chat) -> None:
        """Write a finished reply again as it is remembered, on the posts that it has."""
        log.warning("a post showed what an older holder wrote", turn=left.id)
        await asyncio.sleep(self._late)
        onto = Posted(ids=left.spoiled.ids)
        with suppress(Refused):
            async with aclosing(chat.reply(left, _whole(left.text or FORGOTTEN), onto)) as reply:
                async for _ in reply:
                    pass

    async def _pieces(
        self, turn: Turn, chat: Chat, apology: str, shown: Posted
    ) -> AsyncGenerator[str, None]:
        """The reply; complete and recorded before its end, so that no takeover asks again."""
        text = apology or turn.text
        if turn.stopped and not text:
            text = STOPPED if turn.changed or blank(shown.text) else shown.text
        if text:
            yield text
        else:
            async with aclosing(self._generate(turn, chat)) as pieces:
                async for piece in pieces:
                    text += piece
                    yield piece
            if turn.stopped and blank(text):
                text = STOPPED
                yield text
        if text != turn.text:
            await turn.note(text=text)

    async def _generate(self, turn: Turn, chat: Chat) -> AsyncGenerator[str, None]:
        """Ask the model; a stop ends it, and so does what a renewal of the lease met."""
        cache_key = hashlib.sha256(turn.place.key.encode()).hexdigest()[:16]
        bill = self._bills[turn]
        images = await self._seen(turn, chat) if self._images and not bill.scarce else ()
        fit = self._prompter.fit(turn.recollection, scarce=bill.scarce, images=len(images))
        shown = [entry.id for entry in (*fit.window, *fit.question)]
        older = await turn.recall(self._prompter.room, shown)
        request = self._prompter.build(fit, older, cache_key, images)
        request = replace(request, cheap=bill.scarce)
        bill.tokens += request.tokens
        if fit.question != turn.recollection.question:
            yield TOO_LONG
        async with aclosing(self._model(request)) as answer:
            async for piece in heard(answer, turn):
                bill.tokens += self._prompter.count(piece)
                yield piece

    async def _seen(self, turn: Turn, chat: Chat) -> Sequence[Image]:
        """The images of what is answered, read for this prompt only; the newest that fit."""
        ids = [entry.id for entry in turn.recollection.question if entry.kind == PERSON]
        images = await chat.images(ids)
        return images[max(len(images) - self._prompter.images, 0) :]


async def _show(
    turn: Turn, chat: Chat, text: AsyncGenerator[str, None], onto: Posted, *, last: bool
) -> Posted:
    """`last`: there is no other text to say instead."""
    posted = onto
    try:
        async with aclosing(text) as pieces, aclosing(chat.reply(turn, pieces, onto)) as reply:
            async for posted in reply:
                if new := [post for post in posted.ids if post not in turn.posted]:
                    await turn.note(new)
    except Refused as error:
        if isinstance(error, Blank) and not last:
            raise
        log.error("set aside: the platform refuses", **who(turn), error=str(error))
        posted = Posted(ids=turn.posted, text=posted.text)
    return posted


async def _whole(text: str) -> AsyncGenerator[str, None]:
    yield text


async def _left(turn: Turn, chat: Chat, *, last: bool) -> Posted:
    """The posts of this turn so far: those noted, and those that could not be noted any more.

    `last`: a platform that lets us read nothing back is to end no more attempts.
    """
    try:
        found = await chat.find(turn.id, turn.began_at)
    except Refused:
        if not last:
            raise
        found = Posted(ids=turn.posted)
    if new := [post for post in found.ids if post not in turn.posted]:
        await turn.note(new)
    return Posted(ids=_in_order({*turn.posted, *found.ids}), text=found.text)


async def _conclude(turn: Turn, chat: Chat, posted: Posted) -> bool:
    removed = posted.removed
    while True:
        end = await turn.conclude(posted.ids, removed, posted.text)
        match end.verdict:
            case "done":
                return end.more
            case "stale":
                raise Stale
            case "withdrawn":
                raise Withdrawn
            case "dirty":
                raise Dirty
            case "unknown":
                await _remove(turn, chat, end.ids)
                removed = (*removed, *end.ids)
            case _:
                raise Lost


async def _take_back(turn: Turn, chat: Chat) -> bool:
    """Nothing is left to answer: what was posted for it goes."""
    found, removed = Posted(), tuple[str, ...]()
    with suppress(Refused):  # it lets us neither read nor write there any more
        found = await chat.find(turn.id, turn.began_at)
    ids = _in_order({*turn.posted, *found.ids})
    while True:
        with suppress(Refused):
            await _remove(turn, chat, ids)
        removed = (*removed, *ids)
        end = await turn.withdraw(removed)
        if end.verdict == "done":
            return end.more
        if end.verdict == "lost":
            raise Lost
        ids = end.ids


async def _remove(turn: Turn, chat: Chat, ids: Iterable[str]) -> None:
    for post in ids:
        await turn.secure()
        await chat.remove([post])


def _in_order(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids, key=order))


def _away(turn: Turn) -> str:
    """What to say where everything that is asked came too long ago, while nobody listened."""
    asked = [entry for entry in turn.recollection.question if entry.kind == PERSON]
    return AWAY if asked and all(entry.late for entry in asked) and not turn.text else ""


def _askers(turn: Turn) -> Sequence[str]:
    """Whose messages it answers."""
    asked = (entry.author for entry in turn.recollection.question if entry.kind == PERSON)
    return list(dict.fromkeys(asked))


def _apology(turn: Turn, reason: str) -> str:
    log.error("set aside for the operator", **who(turn), reason=reason)
    why = reason.removesuffix(".")
    return f"Sorry, I could not answer this: {why}. Your message is remembered; ask me again."


def who(turn: Turn) -> dict[str, object]:
    """The turn, as logs name it."""
    return {"conversation": turn.place.key, "turn": turn.id, "attempt": turn.attempt}
