"""Conversations in LoCoMo's form: dated sessions, and questions with the messages they need.

Pictures are left out: their captions are not what anybody wrote.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from memory.entry import Entry

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    text: str
    category: str
    evidence: frozenset[str]  # message ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    name: str
    entries: Sequence[Entry]
    questions: Sequence[Question]


def chats(file: Path, count: Callable[[str], int]) -> list[Chat]:
    return [_chat(sample, count) for sample in json.loads(file.read_text())]


def _chat(sample: Mapping[str, Any], count: Callable[[str], int]) -> Chat:
    told = sample["conversation"]
    numbers = sorted(int(key[8:]) for key in told if re.fullmatch(r"session_\d+", key))
    entries = [entry for number in numbers for entry in _session(told, number, count)]
    known = {entry.id for entry in entries}
    questions = []
    for asked in sample["qa"]:
        listed = " ".join(
            asked.get("evidence", ())
        )  # some are written D8:6; D9:17, D:11:26, D30:05
        ids = {f"D{int(a)}:{int(b)}" for a, b in re.findall(r"D:?(\d+):(\d+)", listed)} & known
        if ids and asked["category"] in CATEGORIES:
            category = CATEGORIES[asked["category"]]
            questions.append(
                Question(text=asked["question"], category=category, evidence=frozenset(ids))
            )
    return Chat(name=sample["sample_id"], entries=entries, questions=questions)


def _session(told: Mapping[str, Any], number: int, count: Callable[[str], int]) -> Iterator[Entry]:
    date = told[f"session_{number}_date_time"] + " +0000"
    at = datetime.strptime(date, "%I:%M %p on %d %B, %Y %z")
    began = int(at.timestamp() * 1_000_000)
    for place, turn in enumerate(told[f"session_{number}"]):
        yield Entry(
            id=turn["dia_id"],
            author=turn["speaker"],
            name=turn["speaker"],
            kind="person",
            text=turn["text"],
            sent=began + place * 20_000_000,
            tokens=count(turn["text"]),
        )
