"""How much of each prompt repeats the one before, as providers' prompt caches need it."""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from bench.locomo import Chat, chats
from bench.vocabulary import at_hand
from bot.offline import offline
from bot.ports import Prompt, Request
from bot.prompt import Budget, Prompter
from bot.summariser import summariser
from memory.embedded import private_server
from memory.engine import Memory, Settings
from memory.entry import Entry
from memory.records import Place
from memory.redis import RedisStore
from memory.seal import Keyring, fresh_key
from memory.turn import Turn

CACHED = 0.1  # price of a token read from a cache, of one that is not
LATER = 20 * 365 * 86_400 * 1_000_000  # microseconds: too late to be too old for an answer
FRAME = 4  # tokens a chat format takes around one message
PERSONA = "You are a helpful member of this chat. Answer briefly."
PLACE = Place(platform="slack", space="T1", channel="C1", thread="1")
COUNT = at_hand()


@dataclass(slots=True)
class Bill:
    """Tokens of all requests, and of those the same prefix of the request before."""

    sizes: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    before: Sequence[str] = ()

    def add(self, texts: Sequence[str]) -> None:
        same = 0
        for one, other in zip(self.before, texts, strict=False):
            if one != other:
                break
            same += 1
        self.sizes.append(_tokens(texts))
        self.repeated.append(_tokens(texts[:same]))
        self.before = texts

    @property
    def prefix(self) -> float:
        return sum(self.repeated) / sum(self.sizes)

    @property
    def cost(self) -> float:
        return sum(self.sizes) - (1 - CACHED) * sum(self.repeated)


def main(options: Sequence[str]) -> int:
    """Print both settings, or with --json one object."""
    parser = argparse.ArgumentParser(prog="python -m bench cache")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(options)
    told = chats(given.data, COUNT.count)
    results = {
        "defaults": asyncio.run(_measure(told, recall=1_000)),
        "recall_off": asyncio.run(_measure(told, recall=0)),
    }
    if given.json:
        print(json.dumps(results))
        return 0
    for name, row in results.items():
        print(f"{name:12}{row['prefix']:6} % unchanged prefix, {row['cost']} x a sliding window")
    return 0


async def _measure(told: Sequence[Chat], *, recall: int) -> dict[str, float]:
    ours = [await _replay(chat, recall=recall) for chat in told]
    slides = [_slide(chat, fmean(bill.sizes)) for chat, bill in zip(told, ours, strict=True)]
    sizes = sum(sum(bill.sizes) for bill in ours)
    prefix = sum(sum(bill.repeated) for bill in ours) / sizes
    # Of the same mean size up to whole messages: compared token by token.
    slid = sum(bill.cost for bill in slides) / sum(sum(bill.sizes) for bill in slides)
    cost = sum(bill.cost for bill in ours) / sizes / slid
    return {"prefix": round(100 * prefix, 1), "cost": round(cost, 3)}


async def _replay(chat: Chat, *, recall: int) -> Bill:
    """Of every two messages one is asked, and the other is what the bot answers."""
    bill = Bill()
    with tempfile.TemporaryDirectory() as folder:
        async with private_server(Path(folder)) as url:
            store = RedisStore(url)
            memory = _memory(store, recall=recall)
            await memory.open()
            prompter = Prompter(PERSONA, Budget(recall=recall), COUNT.count, _now)
            pairs = zip(chat.entries[::2], chat.entries[1::2], strict=False)
            for asked, answer in pairs:
                asking = replace(asked, called=True, sent=asked.sent + LATER)
                await memory.receive(PLACE, asking)
                turn = await memory.begin(PLACE)
                assert isinstance(turn, Turn)  # noqa: S101
                bill.add(_texts((await _request(prompter, turn)).prompts))
                await turn.conclude([f"p{answer.id}"], [], answer.text)
                if memory.crowded(turn.recollection):
                    await memory.settle(PLACE)
            await store.close()
    return bill


async def _request(prompter: Prompter, turn: Turn) -> Request:
    fit = prompter.fit(turn.recollection)
    shown = [entry.id for entry in (*fit.window, *fit.question)]
    older = await turn.recall(prompter.room, shown) if prompter.room else ()
    return prompter.build(fit, older, "bench")


def _slide(chat: Chat, size: float) -> Bill:
    """A window that moves by one exchange a request, as large on average."""
    bill = Bill()
    for end in range(1, len(chat.entries), 2):
        bill.add([PERSONA, *_newest(chat.entries[:end], size)])
    return bill


def _newest(entries: Sequence[Entry], size: float) -> list[str]:
    texts: list[str] = []
    for entry in reversed(entries):
        size -= entry.tokens + FRAME
        if size < 0:
            break
        texts.append(f"{entry.name}: {entry.text}")
    return texts[::-1]


def _memory(store: RedisStore, *, recall: int) -> Memory:
    return Memory(
        store,
        Keyring([fresh_key()]),
        settings=Settings(recall=recall > 0),
        measure=COUNT.measure,
        summarise=summariser(offline),
        randbytes=os.urandom,
    )


def _texts(prompts: Iterable[Prompt]) -> list[str]:
    return [f"{prompt.role} {prompt.text}" for prompt in prompts]


def _tokens(texts: Iterable[str]) -> int:
    return sum(COUNT.count(text) + FRAME for text in texts)


def _now() -> datetime:
    return datetime.now(UTC)
