"""All that the store holds, opened with MEMORY_KEY, without asking the engine."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from memory.entry import Entry, Segment
from memory.records import Place
from memory.seal import DataKey, Keyring
from tests.laws.store import Server

DUMP = """
local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind, value = redis.call('TYPE', key).ok, ''
  if kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'string' then value = redis.call('GET', key) end
  all[#all + 1] = { key, value }
end
return all
"""
WRAPPED = b"\x03"  # what a wrapped data key begins with; see memory/seal.py
Table = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One conversation."""

    key: bytes
    messages: Mapping[str, Entry]
    window: frozenset[str]
    owed: frozenset[str]
    leaves: Mapping[str, Mapping[str, int]]  # segment -> id -> version
    parents: Mapping[str, tuple[str, ...]]  # merged segment -> what it was merged from
    segments: Mapping[str, Segment]
    standing: frozenset[str]  # segments in prompts
    above: Mapping[str, str]
    answered: frozenset[str]
    due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    records: Mapping[str, Record]  # by conversation
    loose: frozenset[str]  # what holds sealed text, and belongs to no conversation or person
    raw: bytes = field(repr=False)


def holdings(server: Server, keyring: Keyring, places: Iterable[Place]) -> Holdings:
    rows = server.wire.ask(("EVAL", DUMP, 0))[0]
    tables = {key.decode().partition("}:")[2]: value for key, value in rows}
    due = {name for key, value in rows if key.endswith(b"/due") for name in value[::2]}
    return Holdings(
        records={place.key: _record(tables, place, keyring, due) for place in places},
        loose=frozenset(_loose(tables, keyring)),
        raw=b"\0".join(_flat([value for _, value in rows])),
    )


def _loose(tables: Mapping[str, list[bytes]], ring: Keyring) -> Iterator[str]:
    """Sealed text needs a data key: one that lies elsewhere than those of records and people."""
    heads = [WRAPPED + bytes.fromhex(each) for each in ring.ids]
    for name, value in tables.items():
        keyed = name == "" or name.endswith("/rec") or name.startswith("person:")
        if not keyed and any(head in part for part in _flat(value) for head in heads):
            yield name


def _record(
    tables: Mapping[str, list[bytes]], place: Place, ring: Keyring, due: set[bytes]
) -> Record:
    def table(kind: str) -> Table:
        row = tables.get(f"{place.key}/{kind}", [])
        return dict(zip(row[::2], row[1::2], strict=True))

    def names(kind: str) -> frozenset[str]:
        return frozenset(name.decode() for name in table(kind))

    wrapped = table("rec").get(b"key", b"")
    key = DataKey(ring.unwrap(wrapped, place.key)) if wrapped else None
    cover = {name.decode(): json.loads(parts) for name, parts in table("cover").items()}
    return Record(
        key=wrapped,
        messages={each.id: each for each in _entries(table("msg"), place, key)},
        window=names("win"),
        owed=names("owed"),
        leaves={
            name: {each: int(version) for each, version in parts.items()}
            for name, parts in cover.items()
            if isinstance(parts, dict)
        },
        parents={name: tuple(parts) for name, parts in cover.items() if isinstance(parts, list)},
        segments={each.name: each for each in _segments(table("seg"), place, key)},
        standing=names("sum"),
        above={
            name.decode(): link.decode().partition(",")[0] for name, link in table("above").items()
        },
        answered=names("replies"),
        due=place.key.encode() in due,
    )


def _entries(table: Table, place: Place, key: DataKey | None) -> Iterator[Entry]:
    for name, value in table.items():
        head, _, rest = value.partition(b":")
        blob = rest[1 + rest[0] :]  # behind the fingerprint
        version, sent = head[1:].decode().split(",")
        assert key is not None, f"{name.decode()} is kept without a key"
        packed = key.open(blob, place.key, "message", name.decode(), version)
        yield Entry.unpack(packed, id=name.decode(), sent=int(sent), version=int(version))


def _segments(table: Table, place: Place, key: DataKey | None) -> Iterator[Segment]:
    for name, value in table.items():
        covered, _, blob = value.partition(b":")
        assert key is not None, f"segment {name.decode()} is kept without a key"
        packed = key.open(blob, place.key, "segment", name.decode())
        yield Segment.unpack(packed, name=name.decode(), covered=int(covered))


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    elif isinstance(value, bytes):
        yield value
