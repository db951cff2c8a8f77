"""Turns what the scripts answer (nested lists of bytes and numbers) into records."""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from memory.gap_store import Gap
from memory.layout import sibling
from memory.records import (
    Changes,
    Concluded,
    Debris,
    Folded,
    Forgotten,
    Held,
    Kept,
    Leaf,
    Lease,
    Noted,
    Place,
    Received,
    Seen,
    Snapshot,
    Spoiled,
)
from memory.slots import Person, Slot

Answer = Any  # redis-py's: lists, bytes, ints and None, as the script built them


def water(noted: Sequence[Answer]) -> int:
    """The last answer to the note that somebody wrote somewhere: see Store.wrote."""
    return int(noted[-1] or 0)


def received(answer: Answer, *noted: Answer) -> Received:
    match answer[0]:
        case b"key":
            return Received(rekey=answer[1])
        case b"pend":
            return Received(edit=int(answer[1]))
    joined, gap = map(bool, answer[1:] or (0, 0))
    return Received(
        owed=answer[0] == b"owed",
        joined=joined,
        gap=gap,
        held=len(answer) > 1,
        water=water(noted) if noted else None,
    )


def lease(place: Place, answer: Answer, read: Mapping[str, Slot]) -> Lease:
    _, turn, fence, attempt, failures, anchor, began, state, stopped, *rest = answer
    text, posted, claims, record, log, changed = rest
    return Lease(
        turn=turn.decode(),
        fence=int(fence),
        attempt=int(attempt),
        failures=int(failures),
        anchor=anchor.decode(),
        began=int(began),
        withdrawn=state == b"withdrawn",
        stopped=stopped == b"1",
        changed=changed == 1,
        text=text,
        posted=ids(posted),
        claims=ids(claims),
        snapshot=snapshot(record),
        changes=changes(place, log),
        slots=read,
    )


def slots(people: Sequence[Person], answer: Sequence[Answer]) -> Mapping[str, Slot]:
    """Every second answer is that of the EXPIRE behind."""
    rows = zip(people, answer[::2], strict=True)
    return {
        person.key: Slot(wrapped=key or b"", revision=int(revision or 0), blob=facts or b"")
        for person, (key, revision, facts) in rows
    }


def snapshot(answer: Answer, fresh: Sequence[bytes] = ()) -> Snapshot:
    wrapped, revision, (order, messages), (names, segments), owed, unfolded, audience = answer
    return Snapshot(
        wrapped=wrapped,
        revision=int(revision),
        order=tuple(order.decode().split("\n")) if order else (),
        owed=frozenset(ids(owed)),
        messages=tuple(map(kept, _rows(messages))),
        summary=tuple(names.decode().split("\n")) if names else (),
        folds=tuple(map(_fold, _rows(segments))),
        unfolded=unfolded,
        audience=audience.decode(),
        fresh=frozenset(ids(fresh)),
    )


def held(pages: Sequence[Answer]) -> Held:
    messages = {each.id: each for page in pages for each in map(kept, page[2])}
    rows = [part for page in pages for part in page[3]]
    found = zip(rows[::3], rows[1::3], rows[2::3], strict=True)
    leaves = {name: _leaf(name, *leaf) for name, *leaf in found}  # a page may repeat some
    return Held(
        wrapped=pages[-1][0], messages=tuple(messages.values()), leaves=tuple(leaves.values())
    )


def _leaf(name: bytes, value: bytes, covered: bytes) -> Leaf:
    versions = {post: int(version) for post, version in json.loads(covered).items()}
    return Leaf(name=name.decode(), covered=versions, blob=value.partition(b":")[2])


def changes(place: Place, answer: Answer) -> Changes:
    epoch, number, after, more, joined, wrapped = answer
    rows = _rows(joined)
    stored = [row.partition(b"\n") for row in rows if b"\n" in row]
    homes = {thread: sibling(place, thread) for thread in wrapped[::2]}
    pairs = zip(wrapped[::2], wrapped[1::2], strict=True)
    return Changes(
        seen=Seen(epoch=int(epoch), number=int(number)),
        after=int(after),
        more=bool(more),
        kept=tuple((homes[thread], kept(message)) for thread, _, message in stored),
        gone=tuple(row[1:].decode() for row in rows if b"\n" not in row),
        wrapped={homes[thread].key: key for thread, key in pairs},
    )


def gap(answer: Answer) -> Gap | None:
    if not answer:
        return None
    after, mark, joined, audience, readings = (each.decode() for each in answer)
    return Gap(
        after=after, mark=mark, joined=int(joined), audience=audience, readings=int(readings)
    )


def left_over(answer: Answer) -> Debris | Spoiled:
    if answer[0] == b"debris":
        return Debris(turn=answer[1].decode(), ids=ids(answer[2]))
    _, turn, mark, fence, posts, wrapped, version, sent, blob = answer
    return Spoiled(
        turn=turn.decode(),
        mark=mark.decode(),
        fence=fence,
        ids=ids(posts),
        wrapped=wrapped,
        version=int(version),
        sent=int(sent),
        blob=blob,
    )


def noted(answer: Answer) -> Noted:
    if answer[0] == b"lost":
        return Noted(lost=True)
    _, state, stopped, revision = answer
    return Noted(
        lost=False, withdrawn=state == b"withdrawn", stopped=stopped == b"1", revision=int(revision)
    )


def concluded(answer: Answer) -> Concluded:
    verdict = answer[0].decode()
    if verdict == "unknown":
        return Concluded(verdict=verdict, ids=ids(answer[1]))
    if verdict == "dirty":
        return Concluded(verdict=verdict, mark=answer[1].decode())
    return Concluded(verdict=verdict, more=verdict == "done" and answer[1] > 0)


def forgotten(answer: Answer) -> Forgotten:
    if answer[0] == b"done":
        return Forgotten(messages=int(answer[1]), segments=int(answer[2]))
    _, cursor, wrapped, following, *rows = answer
    survivors = zip(rows[::3], rows[1::3], rows[2::3], strict=True)
    return Forgotten(
        done=False,
        survivors=tuple((each.decode(), int(version), blob) for each, version, blob in survivors),
        wrapped=wrapped,
        following=following,
        cursor=cursor.decode(),
    )


def ids(answer: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(each.decode() for each in answer)


def _rows(joined: tuple[bytes, bytes]) -> list[bytes]:
    """Each size ends a row."""
    sizes, text = joined
    ends = [0, *accumulate(map(int, sizes.split()))]
    return [text[start:end] for start, end in pairwise(ends)]


def kept(message: bytes) -> Kept:
    """A stored message: its id, and behind a line break the value of its field."""
    name, _, value = message.partition(b"\n")
    head, _, blob = value.partition(b":")
    version, _, sent = head[1:].partition(b",")
    return Kept(
        id=name.decode(),
        state=head[:1].decode(),
        version=int(version),
        sent=int(sent),
        blob=blob[1 + blob[0] :],  # behind a fingerprint
    )


def head(name: bytes, told: bytes) -> Kept:
    """A message without its text."""
    version, _, sent = told[1:].partition(b",")
    state = told[:1].decode()
    return Kept(id=name.decode(), state=state, version=int(version), sent=int(sent), blob=b"")


def _fold(row: bytes) -> Folded:
    name, _, value = row.partition(b"\n")
    covered, _, blob = value.partition(b":")
    return Folded(name=name.decode(), covered=int(covered), blob=blob)
