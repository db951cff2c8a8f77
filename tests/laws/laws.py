"""What holds at every moment, whatever happened: checked on all that the store holds."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from memory.engine import Memory
from memory.entry import ME, UNREADABLE, Entry, Recollection, Segment
from memory.facts import Fact
from tests.laws.holdings import Holdings, Record
from tests.laws.truth import Truth, words

KEPT = 30 * 86_400_000_000  # microseconds for which messages outlive the last one


class Broken(AssertionError):
    """A law does not hold; the text says which, and for what."""


def law(holds: object, text: str, *about: object) -> None:
    if not holds:
        raise Broken(" ".join([text, *map(repr, about)]))


def at_any_time(truth: Truth, held: Holdings) -> None:
    for key, record in held.records.items():
        _in_one_place(record, key)
        _a_tree(record)
        _told_by_its_leaves(truth, record)
        law(record.due or not record.owed, "what is owed is not due", key, record.owed)
    _nothing_forbidden(truth, held)
    law(not held.loose, "sealed text that belongs to nobody", held.loose)


def in_the_end(truth: Truth, held: Holdings) -> None:
    """Once every event is delivered and nobody owes anything."""
    at_any_time(truth, held)
    for post in truth.posts.values():
        record = held.records[post.place.key]
        stored = record.messages.get(post.id)
        if not truth.expected(post):
            law(not (stored and truth.must_go(post)), "gone, and kept all the same", post.id)
            continue
        law(stored, "lost", post.id)
        assert stored is not None
        unread = post.unread and stored.text == UNREADABLE
        newest = stored.text == post.text(max(post.words))
        law(newest or unread, "not its newest text", post.id, stored.text)
        law(post.id not in record.owed, "still owed", post.id)
        law(not post.called or post.id in record.answered, "never answered", post.id)
    for record in held.records.values():
        for entry in record.messages.values():
            seen = truth.shown.get(entry.id)
            law(entry.kind != ME or entry.text == seen, "not what people see", entry.id, seen)
            law(entry.id not in truth.spoiled, "it shows what an older holder wrote", entry.id)


def _in_one_place(record: Record, key: str) -> None:
    leaves = Counter(each for leaf in record.leaves.values() for each in leaf)
    for each in {*record.messages, *record.window, *leaves}:
        places = leaves[each] + (each in record.window)
        law(places == 1, "not in the window or one segment", key, each, leaves[each])
    law(record.window <= set(record.messages), "in the window without a text", key)
    law(record.owed <= record.window, "owed, and not in the window", key, record.owed)


def _a_tree(record: Record) -> None:
    known = {*record.leaves, *record.parents}
    law(known == set(record.segments), "texts and covers differ", known ^ set(record.segments))
    law(record.standing | set(record.above) == known, "a segment nobody stands for", known)
    law(not record.standing & set(record.above), "in prompts twice", record.standing)
    for name, children in record.parents.items():
        for child in children:
            law(record.above.get(child) == name, "not where it was merged", child)
        size = sum(record.segments[child].covered for child in children)
        law(record.segments[name].covered == size, "counts other than its parts", name)
    law(set(record.above.values()) <= set(record.parents), "merged into nothing", record.above)


def _told_by_its_leaves(truth: Truth, record: Record) -> None:
    """The summaries copy: what they tell is what they cover."""
    optional = truth.optional()
    tell = {
        name: words(_word(truth, each, version) for each, version in leaf.items())
        for name, leaf in record.leaves.items()
    }
    for name in (*record.leaves, *sorted(record.parents, key=lambda it: record.segments[it].level)):
        tell[name] = tell.get(name) or set().union(*(tell[it] for it in record.parents[name]))
        said = words([record.segments[name].text])
        other = (said ^ tell[name]) - optional
        law(not other, "tells other than it covers", name, other)


def _word(truth: Truth, message: str, version: int) -> str:
    post = truth.posts.get(message)
    law(post or message in truth.shown, "nobody said that", message)
    if not post:
        return truth.shown[message]
    # An edit that was found by comparing has a time of its own, behind that of the edit.
    return post.words[max(at for at in post.words if at <= version)]


def _nothing_forbidden(truth: Truth, held: Holdings) -> None:
    records = held.records.values()
    met = set[str]()
    for record in records:
        met |= told(record.segments.values(), record.messages.values())
    met &= set(truth.forbidden)
    law(not met, "kept after it was to go:", met)
    law(not any(key in held.raw for key in truth.burnt), "a key that was to be destroyed")


def recollected(recollection: Recollection) -> set[str]:
    """The words of the conversation itself in a prompt."""
    entries = (*recollection.window, *recollection.question)
    return told(recollection.segments, entries)


def told(segments: Iterable[Segment], entries: Iterable[Entry]) -> set[str]:
    return words([*(each.text for each in segments), *(each.text for each in entries)])


def known(truth: Truth, facts: Iterable[Fact]) -> None:
    met = words(source.quote for fact in facts for source in fact.sources)
    law(not met & set(truth.forbidden), "a fact of what was to go:", met & set(truth.forbidden))


def at_hand(truth: Truth, held: Holdings, memory: Memory) -> None:
    """The index of a process that has just brought it up to date."""
    recalling, forbidden = memory._recalling, set(truth.forbidden)
    assert recalling is not None
    for channel in recalling._channels.values():
        index = channel.index
        texts = words(each[1].text for each in index._held if each)
        law(not texts & forbidden, "in an index:", texts & forbidden)
        terms = {term.removeprefix("=") for term in index._found}
        law(not terms & forbidden, "among the terms of an index:", terms & forbidden)
        stored = {each for record in held.records.values() for each in _of_late(record)}
        law(stored <= set(index._slots), "not in an index:", stored - set(index._slots))


def _of_late(record: Record) -> Iterable[str]:
    """What was said since the last silence after which messages expire.

    The store may have kept what is older, for something that was deleted since: an index cannot
    know that.
    """
    entries = sorted(record.messages.values(), key=lambda each: each.sent)
    silences = (later.sent - each.sent > KEPT for each, later in pairwise(entries))
    start = max((number for number, silence in enumerate(silences, 1) if silence), default=0)
    return [each.id for each in entries[start:]]
