"""What memory holds of a conversation against what people see: what went or changed unheard."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog

from adapters.message import Deletion, Edit, order
from adapters.ports import Busy, Page, Unclear
from bot.backoff import TRIES, pause
from bot.places import microseconds, moment, text_of
from bot.reading import Reading
from memory.records import Kept

log = structlog.get_logger()

LISTED = timedelta(seconds=30)  # what is younger may not be listed yet
ASKED = 20  # posts that are asked for one by one
SECOND = 1_000_000  # microseconds: in Slack's lists the times of edits are whole seconds
MINE = "m"  # the state of a stored message that is a reply


class Ear(Protocol):
    """Who is told, as if it happened now."""

    async def amend(self, edit: Edit) -> None: ...
    async def retract(self, deletion: Deletion) -> None: ...


class Comparison:
    """Of the newest messages, as many as are in reach.

    What is held is read before what is seen, so that nothing counts as gone that came meanwhile.
    Gone is what is missing between two posts of one page. What is missing elsewhere, what may not
    be listed yet, and replies, of which memory knows no more than when they were asked for, are
    asked for one by one: the platform itself has to say that there is no such post.
    """

    def __init__(self, reading: Reading, ear: Ear) -> None:
        self._memory, self._place, self._chat = reading.memory, reading.place, reading.chat
        self._gate, self._gap, self._ear = reading.gate, reading.gap, ear
        self._most, self._now = reading.reach.messages, reading.now

    async def run(self) -> None:
        """Raises Refused, or Busy or Unclear for too long; what was found so far is done."""
        failures = 0
        while failures < TRIES:
            await self._gate.passed()
            try:
                await self._compare()
            except (Busy, Unclear) as error:
                failures += 1
                self._gate.shut(pause(error, failures))
            else:
                return

    async def _compare(self) -> None:
        heads = await self._memory.gaps.heads(self._place, self._most)
        held = {each.id: each for each in heads}
        if not held or self._gap.mark in held:  # called here just now: nobody was away
            return
        unseen, edits, gone = set(held), 0, list[str]()
        first, last = min(held, key=order), max(held, key=order)
        async for page in self._chat.stretch(first, last):
            found = [each for each in self._missing(page, unseen) if self._settled(held[each])]
            found += [each for each in page.deleted if each in unseen]
            await self._retract(found)
            unseen -= {*page.ids, *found}
            gone += found
            edits += await self._amend(page, held)
        asked = sorted(unseen, key=order)[-ASKED:]
        gone += await self._retract(await self._chat.deleted(asked) if asked else ())
        if gone or edits:
            counts = {"deleted": len(gone), "edited": edits}
            log.info("changed unheard", conversation=self._place.key, **counts)

    def _missing(self, page: Page, unseen: set[str]) -> Sequence[str]:
        if not page.ids:
            return ()
        shown = set(page.ids)
        start, end = order(page.ids[0]), order(page.ids[-1])
        return [each for each in unseen if start < order(each) < end and each not in shown]

    def _settled(self, message: Kept) -> bool:
        return message.state != MINE and message.sent < microseconds(self._now() - LISTED)

    async def _retract(self, ids: Sequence[str]) -> Sequence[str]:
        place = self._place
        if ids:
            where = {"platform": place.platform, "space": place.space, "channel": place.channel}
            await self._ear.retract(Deletion(**where, ids=tuple(ids)))
        return ids

    async def _amend(self, page: Page, held: Mapping[str, Kept]) -> int:
        """How many. What memory has heard since of the same post is newer, and wins."""
        told = 0
        for edit in page.edits:
            known = held.get(edit.id)
            if known is None or known.state == MINE:
                continue
            when = edit.edited_at or self._now()
            if microseconds(when) + SECOND <= known.version:
                continue
            text = await self._memory.holdings.text(self._place, edit.id)
            if text is not None and text != text_of(edit):
                at = max(when, moment(known.version + 1))
                await self._ear.amend(replace(edit, edited_at=at))
                told += 1
        return told
