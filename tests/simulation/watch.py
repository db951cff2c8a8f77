"""Looks on as scripts run and posts change: what always holds, and what became of turns."""

import asyncio
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.message import Conversation
from bot.places import place_of
from memory import layout
from memory.records import Place
from tests.laws.truth import Truth, words
from tests.simulation.loop import Process
from tests.simulation.network import PLATFORM
from tests.simulation.platform import Post, World
from tests.simulation.store import HORIZON, START, Clockwork

END = "that is all"  # the last words of every whole reply
SORRY = "Sorry, I could not answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a process was given with a turn."""

    turn: str
    fence: int
    revision: bytes
    claims: tuple[str, ...]
    stopped: bool
    mark: int  # how much was forbidden then


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    place: str
    claims: tuple[str, ...]
    final: tuple[str, ...]


class Watch:
    """Whoever breaks a law is noted; a law that would raise is lost in the code it looks at."""

    world: World

    def __init__(self, server: Clockwork, truth: Truth, *, trace: bool) -> None:
        self._server, self.truth, self.trace = server, truth, trace
        self.problems: list[str] = []
        self.checksum = 0
        self.owed: dict[str, str] = {}  # id -> conversation
        self.ended: dict[str, Ended] = {}
        self.stopped: set[str] = set()  # turns that people wanted no more of
        self.prompts: dict[str, set[str]] = {}  # word of a reply -> the words it was made from
        self.takeovers = 0
        self._holdings: dict[tuple[Process, str], Holding] = {}
        self._made: dict[str, bytes] = {}  # word of a reply -> revision that it answers
        self._whole: dict[str, bytes] = {}  # turn -> that of the whole reply people could read
        self._claims: tuple[str, ...] = ()

    def law(self, holds: object, text: str, *about: object) -> None:
        if not holds:
            now = asyncio.get_running_loop().time()
            self.problems.append(" ".join([text, *map(repr, about), f"at {now:.2f}"]))

    def note(self, *about: object) -> None:
        """A line of what happens, for those who look into a seed."""
        line = " ".join([f"{asyncio.get_running_loop().time():8.2f}", *map(str, about)])
        self.checksum = zlib.crc32(line.encode(), self.checksum)
        if self.trace:
            print(line)

    def holding(self, process: Process, place: str) -> Holding:
        return self._holdings[process, place]

    def busy(self, places: Sequence[Place]) -> bool:
        """Whether anything is owed, under way or left to be removed."""
        for place in places:
            key = layout.prefix(place) + place.key
            left = self._server.wire.ask(
                ("ZCARD", f"{key}/owed"),
                ("HEXISTS", f"{key}/rec", "turn"),
                ("EXISTS", f"{key}/debris"),
            )
            if any(left):
                return True
        return False

    def before(self, process: Process, script: str, words: Sequence[Any]) -> None:
        if script in ("conclude", "withdraw"):
            turn, fence, claims = self._record(words[3], "turn", "fence", "claims")
            self._claims = tuple(json.loads(claims or b"[]"))
            mine = (turn, fence) == (words[7].encode(), words[8].encode())
            self._held = mine or words[7] in self.ended

    def after(self, process: Process, script: str, words: Sequence[Any], answer: Any) -> None:
        heard = [each for each in words[7:] if len(str(each)) < 30]
        self.note(process.name, script, words[3][-1], *heard, "->", _short(answer))
        told = getattr(self, f"_{script}", None)
        if told:
            told(process, words[3], words[6:], answer)

    def _begin(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        if answer[0] != b"turn":
            return
        names = ("turn", "fence", "revision", "claims", "stopped", "attempt")
        turn, fence, revision, claims, stopped, attempt = self._record(record, *names)
        self.takeovers += int(attempt) > 1
        self._holdings[process, words[0]] = Holding(
            turn=turn.decode(),
            fence=int(fence),
            revision=revision or b"0",
            claims=tuple(json.loads(claims)),
            stopped=stopped == b"1",
            mark=len(self.truth.forbidden),
        )

    def _receive(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        if answer[0] == b"owed":
            late = int(words[4]) < START + (asyncio.get_running_loop().time() - HORIZON) * 1e6
            self.law(not late, "owed though nobody can tell whether it was answered", words[1])
            self.owed[words[1]] = words[0]

    def _conclude(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        turn, final = words[1], tuple(json.loads(words[5]))
        if answer[0] != b"done" or turn in self.ended:
            return
        self.law(self._held, "concluded by one who had lost the turn", turn)
        self.law(final, "set aside, and nobody was told", turn)
        again = {each for end in self.ended.values() for each in end.claims} & set(self._claims)
        self.law(not again, "answered twice", again)
        self.ended[turn] = Ended(place=words[0], claims=self._claims, final=final)
        shown = "".join(post.text for post in self.world.visible(turn))
        made = set[str]().union(*(self.prompts.get(word, set()) for word in _own(shown)))
        old = {word for word in made & set(self.truth.forbidden) if self._from(word) == words[0]}
        self.law(not old, "a reply stands that builds on what was to go", turn, old)

    def _withdraw(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        if answer[0] == b"done" and words[1] not in self.ended:
            self.law(self._held, "withdrawn by one who had lost the turn", words[1])
            self.ended[words[1]] = Ended(place=words[0], claims=(), final=())

    def secure(self, process: Process, where: Conversation, turn: str, post: Post | None) -> None:
        """Before a call that changes what people see; a post: it is to be deleted."""
        place = place_of(where)
        names = ("turn", "fence", "until")
        running, fence, until = self._record(layout.prefix(place) + place.key, *names)
        if running == turn.encode():
            held = self._holdings.get((process, place.key))
            self.law(held and held.fence == int(fence), "touched by one who lost the turn", turn)
            end = START // 1000 + 1000 * (asyncio.get_running_loop().time() + PLATFORM.patience)
            self.law(int(until) + 1 >= end, "a call that may outlive its lease", turn)
            return
        ended = self.ended.get(turn)
        debris = ended and post and post.id not in ended.final
        self.law(debris, "touched though its turn does not run", turn, post and post.id)

    def shown(self, post: Post, fence: int) -> None:
        self.note("post", post.id, post.turn, fence, repr(post.text), "live" if post.live else "")
        if END in post.text and not post.live:
            self._whole.update((post.turn, self._made[word]) for word in _own(post.text))

    def prompted(self, held: Holding, texts: Sequence[str]) -> str:
        """The model is asked; the word of its answer."""
        met, unheard = words(texts), set(self.truth.forbidden[: held.mark])
        self.law(not met & unheard, "in a prompt after it was to go", met & unheard)
        self.law(not held.stopped, "made again though it was stopped", held.turn)
        whole = self._whole.get(held.turn)
        self.law(whole != held.revision, "made again though people had read it", held.turn)
        text = self.truth.reply(held.claims)
        self.note("asked", held.turn, held.fence, held.claims, sorted(met), text)
        (word,) = _own(text)
        self.prompts[word], self._made[word] = met, held.revision
        return text

    def _record(self, key: str, *names: str) -> Any:
        return self._server.wire.ask(("HMGET", f"{key}/rec", *names))[0]

    def _from(self, word: str) -> str:
        """The conversation in which it was said."""
        post = self.truth.posts.get(f"m{word[2:].partition('v')[0]}")
        return post.place.key if post and word.startswith("zz") else ""


def _short(answer: Any) -> Any:
    return (
        [each for each in answer if len(str(each)) < 50][:8] if isinstance(answer, list) else answer
    )


def _own(text: str) -> list[str]:
    return [word for word in words([text]) if word.startswith("yy")]
