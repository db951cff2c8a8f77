"""Stored records in the clear: what a turn, the upkeep and people's commands read."""

from collections.abc import Iterator, Sequence

from memory.archiving import Contents
from memory.entry import ME, Entry, Recollection, Segment
from memory.keys import Key, message_context, segment_context
from memory.names import Labels
from memory.opened import Known
from memory.records import Held, Kept, Lease, Place, Snapshot


def recollect(place: Place, key: Key, lease: Lease, known: Known | None = None) -> Recollection:
    """The question begins with the first message to answer; what later turns owe waits."""
    waiting = lease.snapshot.owed.difference(lease.claims)
    opened = open_entries(place, key, lease.snapshot, known)
    entries, claims = [each for each in opened if each.id not in waiting], frozenset(lease.claims)
    segments = open_segments(place, key, lease.snapshot, known)
    first = next((i for i, entry in enumerate(entries) if entry.id in claims), len(entries))
    if any(entry.kind == ME for entry in entries[first:]):  # it was heard of late: it is asked last
        entries.sort(key=lambda entry: entry.id in claims)
        first = len(entries) - sum(entry.id in claims for entry in entries)
    return Recollection(
        segments=segments,
        window=tuple(entries[:first]),
        question=tuple(entries[first:]),
        labels=labels(segments, opened),
    )


def labels(segments: Sequence[Segment], entries: Sequence[Entry]) -> Labels:
    """Of all who speak in a conversation: as summaries call them, then in order of speaking."""
    known = Labels()
    for segment in segments:
        known.add(segment.labels)
    known.named(entries)
    return known


def open_entries(
    place: Place, key: Key, snapshot: Snapshot, known: Known | None = None
) -> tuple[Entry, ...]:
    """By time; a message that expired before its name did is left out."""
    opened = dict(known.entries) if known and known.matches(snapshot) else {}
    opened |= {entry.id: entry for entry in _entries(place, key, snapshot.messages)}
    return tuple(opened[name] for name in snapshot.order if name in opened)


def open_contents(place: Place, key: Key, held: Held) -> Contents:
    entries = _entries(place, key, held.messages)
    return Contents(
        place=place,
        entries=tuple(sorted(entries, key=lambda entry: entry.sent)),
        leaves=tuple(
            (_segment(place, key, leaf.name, leaf.blob, len(leaf.covered)), leaf.covered)
            for leaf in held.leaves
        ),
    )


def open_segments(
    place: Place, key: Key, snapshot: Snapshot, known: Known | None = None
) -> tuple[Segment, ...]:
    opened = dict(known.segments) if known and known.matches(snapshot) else {}
    for fold in snapshot.folds:
        opened[fold.name] = _segment(place, key, fold.name, fold.blob, fold.covered)
    segments = (opened[name] for name in snapshot.summary if name in opened)
    return tuple(sorted(segments, key=lambda segment: segment.since))


def _segment(place: Place, key: Key, name: str, blob: bytes, covered: int) -> Segment:
    packed = key.data.open(blob, *segment_context(place, name))
    return Segment.unpack(packed, name=name, covered=covered)


def _entries(place: Place, key: Key, messages: Sequence[Kept]) -> Iterator[Entry]:
    for kept in messages:
        packed = key.data.open(kept.blob, *message_context(place, kept.id, kept.version))
        yield Entry.unpack(
            packed, id=kept.id, sent=kept.sent, version=kept.version, called=kept.state == "c"
        )
