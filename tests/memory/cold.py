"""An archive on each kind of database, and messages and summaries to save there."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from memory.archive import Archive
from memory.cold import Cold
from memory.records import Place
from tests.memory.databases import Database

HERE = Place(platform="slack", space="T1", channel="C1", thread="17.01", audience="public")
SIBLING = replace(HERE, thread="18.01")
ELSEWHERE = replace(HERE, channel="C2")
ABROAD = replace(HERE, space="T10")
ADA, BOB = "ada", "bob"
KEPT = 90 * 86_400  # seconds


def opened(url: str, now: Callable[[], float] = time.time, timeout: float = 5.0) -> Archive:
    return Archive(url, now=now, kept=KEPT, timeout=timeout)


@pytest.fixture
def archive(database: Database) -> Archive:
    return opened(database.url)


def message(name: str, place: Place = HERE, **fields: object) -> Cold:
    known = {"people": (ADA,), "sent": 100, "version": 0, "wrapped": b"key"}
    known |= {"blob": os.urandom(300)} | fields
    return Cold(place=place.key, id=name, **known)  # type: ignore[arg-type]


def summary(name: str, *posts: str, **fields: object) -> Cold:
    known = {"covered": dict.fromkeys(posts, 0), "people": (ADA, BOB)}
    return message(name, HERE, **(known | fields))


async def everything(archive: Archive, scope: str = "slack:T1") -> Sequence[Cold]:
    places = [each for each in await archive.places() if f"{each}:".startswith(f"{scope}:")]
    return [row for each in places for row in await archive.messages_of(each)]


async def names(archive: Archive, scope: str = "slack:T1") -> list[str]:
    return [each.id for each in await everything(archive, scope)]


async def summaries(archive: Archive, place: Place = HERE, most: int = 8) -> Sequence[Cold]:
    return await archive.summaries_of(place.key, most)
