"""Every rule of the turn protocol, switched off: other words in a script or in a method."""

import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from adapters import draft
from bot import reply
from bot.intake import Intake
from bot.turns import Turns
from memory.engine import Memory
from memory.turn import Turn
from tests.simulation import platform as simulated
from tests.simulation.store import Remote
from tests.simulation.weather import (
    DEADLY,
    DEAF,
    DEAF_AND_DOWN,
    FAIR,
    FOLDING,
    FORGETFUL,
    HASTY,
    RESTLESS,
    ROUGH,
    STALLED,
    Weather,
)

Method = tuple[Any, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`changes`: passages of the scripts; `methods`: of methods. What stands there instead."""

    rule: int
    what: str
    law: str = ""  # that notices; any, where it is not said
    platform: str = "slack"
    weather: Weather = FAIR
    changes: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[Method, tuple[str, str]] = field(default_factory=dict)

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The methods; the scripts are the store's."""
        with ExitStack() as stack:
            for (owner, name), (old, new) in self.methods.items():
                changed = _changed(getattr(owner, name), old, new)
                stack.enter_context(patch.object(owner, name, changed))
            yield

    def noticed(self, problems: Sequence[str]) -> str:
        """The problem that tells of it, or nothing."""
        return next((each for each in problems if each.startswith(self.law)), "")


def _changed(method: Any, old: str, new: str) -> Any:
    source = textwrap.dedent(inspect.getsource(method))
    assert old in source, f"{method.__qualname__} does not say {old}"
    made = dict[str, Any]()
    exec(source.replace(old, new), method.__globals__, made)  # noqa: S102
    return made[method.__name__]


NONE = Mutant(rule=0, what="as it is")
MUTANTS = (
    Mutant(
        rule=1,
        what="a message that came before is taken in again",
        changes={"if seen or home(id) then return again(id) end": ""},
    ),
    Mutant(
        rule=1,
        what="what was said before a watermark enters",
        weather=FORGETFUL,
        changes={"if tonumber(sent) <= watermark() then return { 'quiet' } end": ""},
    ),
    Mutant(
        rule=2,
        what="owed however old it is",
        changes={
            "local late = tonumber(sent) < microseconds - DAY * 1000000": "local late = false"
        },
    ),
    Mutant(
        rule=3,
        what="a deletion leaves no tombstone",
        changes={"  keep('seen', fingerprint, '-')\n": ""},
    ),
    Mutant(
        rule=3,
        what="a deleted post comes back as its twin",
        changes={"if banned and twin ~= '' then keep('seen', twin, '-') end": ""},
    ),
    Mutant(
        rule=3,
        what="an edit that came first is not heeded",
        changes={"tonumber(string.match(pending, '^%d+')) > tonumber(version)": "false"},
    ),
    Mutant(
        rule=3,
        what="the edit that came last wins",
        changes={"if tonumber(version) <= tonumber(message.version) then": "if false then"},
    ),
    Mutant(
        rule=4,
        what="a twin does not raise overheard to owed",
        changes={"message.state == 'o' and called and person and not late": "false"},
    ),
    Mutant(
        rule=4,
        what="a twin raises answered to owed",
        changes={"message.state == 'o' and called": "called"},
    ),
    Mutant(
        rule=5,
        what="forgetting takes what was said later too",
        changes={"if tonumber(message.sent) > water then": "if false then"},
    ),
    Mutant(
        rule=5,
        what="an earlier forgetting that comes late counts",
        weather=FORGETFUL,
        changes={"if tonumber(get('water') or 0) >= water then": "if false then"},
    ),
    Mutant(
        rule=6,
        what="a takeover mints the turn anew",
        changes={"if not get('turn') then\n  local owed": "do\n  local owed"},
    ),
    Mutant(
        rule=6,
        what="a takeover claims what came meanwhile",
        changes={
            "local function hold()\n": (
                "local function hold()\n  if get('attempt') ~= '1' then set('claims', "
                "encode(redis.call('ZRANGE', CONVERSATION .. '/owed', 0, -1))) end\n"
            )
        },
    ),
    Mutant(
        rule=7,
        what="a lease belongs to a name, not to a call",
        methods={(Memory, "begin"): ("token, asked = self._token(),", 'token, asked = "bot",')},
    ),
    Mutant(
        rule=8,
        what="lease times come from clocks that differ",
        methods={
            (Remote, "_run"): ("self.server.tick()", "self.server.tick(8 * self._process.skew)")
        },
    ),
    Mutant(
        rule=9,
        what="a takeover does not wait for the grace",
        weather=HASTY,
        changes={
            "if holder and milliseconds <= expires + grace then": (
                "if holder and milliseconds <= expires then"
            ),
        },
    ),
    Mutant(
        rule=9,
        what="a lease given back keeps no grace",
        weather=RESTLESS,
        changes={"local ready = clean and": "local ready = true and"},
    ),
    Mutant(
        rule=10,
        what="no look at the clock before a call",
        methods={(Turn, "secure"): ("while asyncio", "while False and asyncio")},
    ),
    Mutant(
        rule=10,
        what="the deadline counts from the store's answer",
        weather=HASTY,
        methods={
            (Turn, "note"): (
                "self._deadline = asked",
                "self._deadline = asyncio.get_running_loop().time()",
            )
        },
    ),
    Mutant(
        rule=10,
        what="no renewal while the model is silent",
        methods={(reply.Replies, "_next"): ("await turn.note()", "pass")},
    ),
    Mutant(
        rule=11,
        what="what is owed is not due",
        weather=DEADLY,
        changes={"'owed' }, 'msg')\n  look(milliseconds)\n": "'owed' }, 'msg')\n"},
    ),
    Mutant(
        rule=12,
        what="only the first post carries the turn",
        weather=DEAF,
        methods={(simulated.World, "post"): ("mark=turn.id", 'mark="" if slot else turn.id')},
    ),
    Mutant(
        rule=12,
        what="a whole reply is posted without its button",
        weather=DEAF_AND_DOWN,
        platform="discord",
        methods={(draft._Reply, "lay"): ("show[1] or self._posts.repeats_safely", "show[1]")},
    ),
    Mutant(
        rule=13,
        what="a takeover reads back only where nothing is noted",
        weather=DEAF,
        methods={
            (reply, "_left"): (
                "await chat.find(turn.id, turn.began_at)",
                "Posted() if turn.posted else await chat.find(turn.id, turn.began_at)",
            )
        },
    ),
    Mutant(
        rule=14,
        what="after an unclear post no waiting before the look",
        weather=DEAF,
        methods={
            (draft._Reply, "_post"): (
                "await self._wait(self._pace.late + self._pace.listed)",
                "pass",
            )
        },
    ),
    Mutant(
        rule=14,
        what="an unclear post is posted again at once",
        weather=DEAF,
        methods={(draft._Reply, "_post"): ("again=safely", "again=True")},
    ),
    Mutant(
        rule=15,
        what="the last edit does not wait for unclear calls",
        weather=ROUGH,
        methods={(draft._Reply, "calm"): ("await self._wait(self._pace.late + longer)", "pass")},
    ),
    Mutant(
        rule=16,
        what="an edit of a post that is gone counts",
        methods={(draft._Reply, "_edit"): ("if there:", "if True:")},
    ),
    Mutant(
        rule=17,
        what="a shorter reply keeps its surplus posts",
        methods={(draft._Reply, "trim"): ("while len(self._ids) > length:", "while False:")},
    ),
    Mutant(
        rule=18,
        what="who lost the turn deletes",
        methods={
            (Turns, "_turn"): (
                'self._metrics.turns.labels("lost").inc()',
                "await self._chat(turn.place).remove(turn.posted)",
            )
        },
    ),
    Mutant(
        rule=18,
        what="what a loser posted is not noted",
        law="a post that nobody remembers",
        weather=STALLED,
        changes={
            "show(posts)\nif not held(turn, fence) then return { 'lost' } end\n": (
                "if not held(turn, fence) then return { 'lost' } end\nshow(posts)\n"
            )
        },
    ),
    Mutant(
        rule=19,
        what="the last edit comes before the text is noted",
        weather=DEADLY,
        methods={(reply.Replies, "_pieces"): ("if text != turn.text:", "if False:")},
    ),
    Mutant(
        rule=20,
        what="a reply stands though its question changed",
        changes={"if revision ~= (get('revision') or '0') or not same_key": "if not same_key"},
    ),
    Mutant(
        rule=21,
        what="a turn that lost its question is dropped at once",
        changes={
            "if #claims == 0 then set('state', 'withdrawn') end": (
                "if #claims == 0 then unset('turn', 'token', 'until') end"
            )
        },
    ),
    Mutant(
        rule=22,
        what="a turn ends with posts nobody named",
        law="ended with posts that nobody named",
        weather=STALLED,
        changes={"if #unknown > 0 then return { 'unknown', unknown } end": ""},
    ),
    Mutant(
        rule=22,
        what="a post that shows up later is no debris",
        law="a stray post that nobody will remove",
        weather=STALLED,
        changes={"if finished(turn) then stray(turn, posts) end": ""},
    ),
    Mutant(
        rule=23,
        what="a stop ends whichever turn runs",
        changes={"(turn == ARGV[2] or ARGV[2] == '')": "true"},
    ),
    Mutant(
        rule=23,
        what="a stopped turn is made again by a takeover",
        changes={"began, state, stopped or '',": "began, state, '',"},
    ),
    Mutant(
        rule=23,
        what="a stopped turn keeps what it built on what is gone",
        methods={(reply.Replies, "_pieces"): ('"" if turn.changed else ', "")},
    ),
    Mutant(
        rule=24,
        what="a fold takes messages as they were",
        weather=FOLDING,
        changes={"or message.version ~= version": ""},
    ),
    Mutant(
        rule=24,
        what="a fold reaches past what is owed",
        weather=FOLDING,
        changes={"\n    or (first and tonumber(message.sent) >= tonumber(first)) then": " then"},
    ),
    Mutant(
        rule=24,
        what="what is folded is folded again",
        weather=FOLDING,
        changes={" or not redis.call('ZSCORE', CONVERSATION .. '/win', id)\n": "\n"},
    ),
    Mutant(
        rule=25,
        what="nobody hears what own posts show",
        weather=STALLED,
        methods={
            (Intake, "echo"): (
                "await self._memory.echo(place, echo.id, echo.turn, echo.fence)",
                "pass",
            )
        },
    ),
)
# What makes no difference here, as the last edit takes the button away and says the text again.
ELSEWHERE = {
    "14  what a nonce brings back is left as it is": (
        "tests/adapters/test_discord_posts.py::test_words_that_a_nonce_brings_back_are_replaced"
    ),
}
