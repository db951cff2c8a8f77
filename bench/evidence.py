"""How much of what a question needs stands word for word in the prompt, and at what cost."""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.locomo import CATEGORIES, Chat, Question, chats
from bench.vocabulary import at_hand
from bot.offline import offline
from bot.ports import Request
from bot.prompt import HEADING, RULES, Budget, Prompter
from bot.summariser import summariser
from memory.embedded import private_server
from memory.engine import Memory, Settings
from memory.folding import Sizes
from memory.records import Place
from memory.redis import RedisStore, Retention
from memory.seal import Keyring, fresh_key
from memory.turn import Turn

PERSONA = "You are a helpful member of this chat. Answer briefly."
RECENT = 20  # messages that are each asked for by their own words
UPKEEP = 10  # messages from one upkeep to the next
YEARS = 365 * 100  # days: nothing expires
FRAME = 4  # tokens a chat format takes around one message
HEAD = 32  # tokens of the time, and of what stands around the persona and a summary
LATEST = "latest"
FIGURES = ("defaults", "budgets", "window", "recent", "by_category", "questions")
PLACE = Place(platform="slack", space="T1", channel="C1")
COUNT = at_hand()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Tokens."""

    sizes: Sizes = field(default_factory=Sizes)
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    chat: str
    category: str
    found: float  # share of the evidence
    tokens: int  # of the prompt without the question


Assemble = Callable[[str], Awaitable[Request]]
"""The prompt for a question, as for a reply."""


def main(options: Sequence[str]) -> int:
    """Print a table, or with --json one object; the bounds are design.md's."""
    parser = argparse.ArgumentParser(prog="python -m bench evidence")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE")
    parser.add_argument("--budgets", default="", metavar="TOKENS,…")
    parser.add_argument("--recall-share", type=float, default=0.75)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(options)
    told = chats(given.data, COUNT.count)
    budgets = [int(each) for each in given.budgets.split(",") if each]
    results = asyncio.run(_results(told, budgets, given.recall_share))
    print(json.dumps({key: results[key] for key in FIGURES}) if given.json else _table(results))
    return 0


async def _results(told: Sequence[Chat], budgets: Sequence[int], share: float) -> dict[str, Any]:
    shipped = await _measure(told, Shares())
    scaled = {str(each): await _measure(told, _scaled(each, share)) for each in budgets}
    window = {str(each): await _measure(told, _scaled(each, 0)) for each in budgets}
    every = {"defaults": shipped, **scaled}
    return {
        "questions": sum(len(chat.questions) for chat in told),
        "defaults": {"recall": _percent(shipped), "mean_tokens": _mean(shipped)},
        "budgets": {name: _percent(asked) for name, asked in scaled.items()},
        "window": {name: _percent(asked) for name, asked in window.items()},
        "recent": {name: _percent(asked, (LATEST,)) for name, asked in every.items()},
        "mean_tokens": {name: _mean(asked) for name, asked in every.items()},
        "most_tokens": {name: max(each.tokens for each in asked) for name, asked in every.items()},
        "by_category": {
            name: {each: _percent(asked, (each,)) for each in CATEGORIES.values()}
            for name, asked in every.items()
        },
        "by_conversation": {
            name: {
                chat.name: _percent([each for each in asked if each.chat == chat.name])
                for chat in told
            }
            for name, asked in every.items()
        },
        "tokens_by": COUNT.name,
    }


def _table(results: Mapping[str, Any]) -> str:
    rows = [f"{'':16}{'recall':>8}{'recent':>8}{'tokens':>8}{'most':>8}"]
    figures = {"defaults": results["defaults"]["recall"], **results["budgets"]}
    for name, recall in figures.items():
        parts = (results[part][name] for part in ("recent", "mean_tokens", "most_tokens"))
        rows.append(f"{name:16}{recall:8}" + "".join(f"{part:8}" for part in parts))
        for by in ("by_category", "by_conversation"):
            rows += [f"  {each:14}{share:8}" for each, share in results[by][name].items()]
    rows += [f"window {name:9}{share:8}" for name, share in results["window"].items()]
    return "\n".join([*rows, f"{results['questions']} questions, tokens by {results['tokens_by']}"])


def _scaled(budget: int, share: float) -> Shares:
    """Recall gets its share; what the persona leaves is the window's and the summary's, as ever."""
    usual = Shares()
    sizes, marks = usual.sizes, usual.sizes.marks
    recall = int(budget * share)
    left = budget - recall - COUNT.count(RULES) - COUNT.count(PERSONA) - 2 * HEAD
    whole = marks.high + sizes.segments * sizes.segment
    window = left * marks.high // whole if share else left
    summary = left - window
    segment = min(sizes.segment, summary - HEAD) if share else sizes.segment
    return Shares(
        sizes=replace(
            sizes,
            marks=replace(marks, high=window, low=window * marks.low // marks.high),
            segment=segment,
            segments=max(summary // (segment + HEAD), 1),
        ),
        budget=replace(usual.budget, window=window, summary=summary, recall=recall),
    )


async def _measure(told: Sequence[Chat], shares: Shares) -> list[Asked]:
    return [asked for chat in told for asked in await _ask(chat, shares)]


async def _ask(chat: Chat, shares: Shares) -> list[Asked]:
    texts = {entry.id: f": {entry.text}" for entry in chat.entries}
    last = [
        Question(text=entry.text, category=LATEST, evidence=frozenset({entry.id}))
        for entry in chat.entries[-RECENT:]
    ]
    async with _remembered(chat, shares) as assemble:
        return [
            _asked(chat, question, await assemble(question.text), texts)
            for question in (*chat.questions, *last)
        ]


def _asked(chat: Chat, question: Question, request: Request, texts: Mapping[str, str]) -> Asked:
    """Summaries quote in part and without their place in the talk: they count as tokens alone."""
    prompts = [prompt.text for prompt in request.prompts[1:]]
    quoted = "\n".join(text for text in prompts if not text.startswith(HEADING))
    return Asked(
        chat=chat.name,
        category=question.category,
        found=fmean(texts[each] in quoted for each in question.evidence),
        tokens=sum(COUNT.count(prompt.text) + FRAME for prompt in request.prompts),
    )


@asynccontextmanager
async def _remembered(chat: Chat, shares: Shares) -> AsyncIterator[Assemble]:
    """The conversation as the engine remembers it, and what it makes of a question."""
    with tempfile.TemporaryDirectory() as folder:
        async with private_server(Path(folder)) as url:
            store = RedisStore(
                url, retention=Retention(messages=YEARS, summaries=YEARS, facts=YEARS)
            )
            memory = _memory(store, shares)
            await memory.open()
            for number, entry in enumerate(chat.entries, 1):
                # Called by the first: too old to be answered, it joins all the same.
                await memory.receive(PLACE, replace(entry, called=number == 1))
                if number % UPKEEP == 0 or number == len(chat.entries):
                    await memory.settle(PLACE)
            now = int(datetime.now(UTC).timestamp() * 1_000_000)
            asking = replace(chat.entries[-1], id="question", text="?", sent=now, called=True)
            await memory.receive(PLACE, asking)
            turn = await memory.begin(PLACE)
            assert isinstance(turn, Turn)  # noqa: S101
            yield _assembler(shares, turn, chat.entries[-1].sent)
            await store.close()


def _assembler(shares: Shares, turn: Turn, latest: int) -> Assemble:
    """What the bot does for a reply, with the question passed in."""
    now = datetime.fromtimestamp(latest / 1_000_000, UTC)
    prompter = Prompter(PERSONA, shares.budget, COUNT.count, lambda: now)

    async def assemble(question: str) -> Request:
        asked = replace(turn.recollection.question[-1], text=question, tokens=COUNT.count(question))
        turn.recollection = replace(turn.recollection, question=(asked,))
        fit = prompter.fit(turn.recollection)
        shown = [entry.id for entry in (*fit.window, *fit.question)]
        older = await turn.recall(prompter.room, shown)
        request = prompter.build(fit, older, "bench")
        return replace(request, prompts=request.prompts[: -len(fit.question)])

    return assemble


def _memory(store: RedisStore, shares: Shares) -> Memory:
    return Memory(
        store,
        Keyring([fresh_key()]),
        settings=Settings(sizes=shares.sizes, follow="never"),
        measure=COUNT.measure,
        summarise=summariser(offline),
        randbytes=os.urandom,
    )


def _mean(asked: Sequence[Asked]) -> int:
    return round(fmean(each.tokens for each in asked if each.category != LATEST))


def _percent(asked: Sequence[Asked], categories: Collection[str] = CATEGORIES.values()) -> float:
    shares = [each.found for each in asked if each.category in categories]
    return round(100 * fmean(shares), 1) if shares else 0.0
