"""Looks on as scripts run and posts change: what always holds, and what became of turns."""

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
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
        self._given: list[tuple[Any, tuple[Process, str], Holding]] = []  # perhaps unheard
        self.spoiled: set[str] = set()  # turns whose posts showed an older holder's words
        self._fences: dict[str, int] = {}  # turn -> of its last holder
        self._made: dict[str, bytes] = {}  # word of a reply -> revision that it answers
        self._whole: dict[str, bytes] = {}  # turn -> that of the whole reply people could read
        self._was: dict[str, bytes | None] = {}  # the record, before a script ran
        self._covered: Mapping[str, Any] = {}  # what summaries covered then, by their names

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
        names = ("turn", "fence", "revision", "claims", "posted", "water")
        if script in ("conclude", "withdraw", "forget"):
            self._was = dict(zip(names, self._record(words[3], *names), strict=True))
        if script == "fold":
            self._covered = self._covers(words[3])

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
        self._fences[turn.decode()] = int(fence)
        if int(attempt) > 1:
            self.takeovers += 1
            self._taken(words[0], turn.decode(), int(fence))
        holding = Holding(
            turn=turn.decode(),
            fence=int(fence),
            revision=revision or b"0",
            claims=tuple(json.loads(claims)),
            stopped=stopped == b"1",
            mark=len(self.truth.forbidden),
        )
        self._given.append((answer, (process, words[0]), holding))

    def heard(self, answer: Any) -> None:
        """A process builds on what it heard, and not on what the server did late, for nobody."""
        if isinstance(answer, list) and answer[:1] == [b"turn"]:
            given = ((key, holding) for each, key, holding in self._given if each is answer)
            self._holdings.update(given)

    def _taken(self, place: str, turn: str, fence: int) -> None:
        """Only from those who died, gave it back, or were frozen: from oneself too."""
        now = asyncio.get_running_loop().time()
        for (process, where), held in self._holdings.items():
            if where == place and held.turn == turn and held.fence < fence:
                working = process.alive and any(each.id == turn for each in process.works_on)
                busy = working and process.frozen < now - 30
                self.law(not busy, "taken from one who was at work", turn)

    def _receive(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        if answer[0] == b"owed":
            late = int(words[4]) < START + (asyncio.get_running_loop().time() - HORIZON) * 1e6
            self.law(not late, "owed though nobody can tell whether it was answered", words[1])
            due = f"{record.partition('}')[0]}}}/due"
            self.law(
                self._server.wire.ask(("ZSCORE", due, words[0]))[0],
                "owed, and nobody would look",
                words[1],
            )
            self.owed[words[1]] = words[0]

    def _note(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        """Whoever tells of a post is heard."""
        turn, posts, ended = words[1], set(words[7:]), self.ended.get(words[1])
        running, posted = self._record(record, "turn", "posted")
        if running == turn.encode():
            self.law(posts <= _set(posted), "a post that nobody remembers", turn, posts)
        elif ended and posts - set(ended.final):
            debris = self._server.wire.ask(("HGET", f"{record}/debris", turn))[0]
            known = _set(debris) | set(ended.final)
            self.law(posts <= known, "a stray post that nobody will remove", turn, posts)

    def _fold(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        """A summary takes the place of messages that no other tells, before what is owed."""
        if answer[0] != b"done" or words[1] in self._covered:
            return
        taken = set(self._covers(record)[words[1]])
        for name, covered in self._covered.items():
            self.law(not taken & set(covered), "told by two summaries", words[1], name)
        first = self._server.look("ZRANGE", f"{record}/owed", 0, 0, "WITHSCORES")[1:]
        said = [self.truth.posts[each].sent for each in taken if each in self.truth.posts]
        past = first and max(said, default=0) >= int(first[0])
        self.law(not past, "a summary reaches past what is owed", words[1])

    def _covers(self, record: str) -> Mapping[str, Any]:
        """What each summary covers, by its name."""
        fields = iter(self._server.look("HGETALL", f"{record}/cover"))
        return {name.decode(): json.loads(text) for name, text in zip(fields, fields, strict=True)}

    def _forget(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        (water,) = self._record(record, "water")
        before = int(self._was["water"] or 0)
        self.law(int(water or 0) >= before, "a watermark went back", words[0])

    def _conclude(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        turn, final = words[1], tuple(json.loads(words[5]))
        if answer[0] != b"done" or turn in self.ended:
            return
        claims = tuple(json.loads(self._was["claims"] or b"[]"))
        self._ends(words, {*final, *json.loads(words[6])})
        current = self._was["revision"] or b"0"
        self.law(words[3] == current.decode(), "answers what has changed since", turn)
        self.law(final, "set aside, and nobody was told", turn)
        posts = [self.world.posts[each] for each in final]  # others that show up are removed
        shown = "".join(post.text for post in posts if not post.deleted)
        self._answers(turn, words[0], claims, shown)
        self.ended[turn] = Ended(place=words[0], claims=claims, final=final)

    def _answers(self, turn: str, place: str, claims: Sequence[str], shown: str) -> None:
        wrote = set[str]().union(*(self.truth.replies[word] for word in _own(shown)))
        self.law(not wrote or wrote >= set(claims), "answered unread", claims, wrote)
        again = {each for end in self.ended.values() for each in end.claims} & set(claims)
        self.law(not again, "answered twice", again)
        made = set[str]().union(*(self.prompts.get(word, set()) for word in _own(shown)))
        old = {word for word in made & set(self.truth.forbidden) if self._from(word) == place}
        self.law(not old, "a reply stands that builds on what was to go", turn, old)

    def _withdraw(self, process: Process, record: str, words: Sequence[Any], answer: Any) -> None:
        if answer[0] == b"done" and words[1] not in self.ended:
            self._ends(words, set(json.loads(words[3])))
            self.ended[words[1]] = Ended(place=words[0], claims=(), final=())

    def _ends(self, words: Sequence[Any], named: set[str]) -> None:
        mine = (self._was["turn"], self._was["fence"]) == (words[1].encode(), words[2].encode())
        self.law(mine, "ended by one who had lost the turn", words[1])
        left = _set(self._was["posted"]) - named
        self.law(not left, "ended with posts that nobody named", words[1], left)

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
        record = f"{layout.prefix(place)}{place.key}"
        if self._server.wire.ask(("HEXISTS", f"{record}/spoiled", turn))[0]:
            self.spoiled.add(turn)  # it is to be written again as it is remembered
        debris = post and post.id not in ended.final if ended else False
        restored = turn in self.spoiled  # a shorter text needs fewer posts
        self.law(debris or restored, "touched though its turn does not run", turn, post)

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
        newest = held.fence == self._fences[held.turn]  # who was frozen may not know that it lost
        again = whole == held.revision and newest
        self.law(not again, "made again though people had read it", held.turn)
        text = self.truth.reply(held.claims)
        self.note("asked", held.turn, held.fence, held.claims, sorted(met), text)
        (word,) = _own(text)
        self.prompts[word], self._made[word] = met, held.revision
        return text

    def _record(self, key: str, *names: str) -> Any:
        fields = iter(self._server.look("HGETALL", f"{key}/rec"))
        record = dict(zip(fields, fields, strict=True))
        return [record.get(name.encode()) for name in names]

    def _from(self, word: str) -> str:
        """The conversation in which it was said, and where alone it may be known from.

        What people tell of themselves is in another slot: a turn that begins between the two steps
        of a deletion may still meet it there.
        """
        post = self.truth.posts.get(f"m{word[2:].partition('v')[0]}")
        here = post and word.startswith("zz") and not post.personal
        return post.place.key if post and here else ""


def _short(answer: Any) -> Any:
    return (
        [each for each in answer if len(str(each)) < 50][:8] if isinstance(answer, list) else answer
    )


def _set(posts: bytes | None) -> set[str]:
    return set(json.loads(posts or b"[]") or ())


def _own(text: str) -> list[str]:
    return [word for word in words([text]) if word.startswith("yy")]
