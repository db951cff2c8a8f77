"""Rules 12 to 25, each switched off: what is posted, and what it answers."""

from adapters import draft
from bot import reply
from bot.intake import Intake
from bot.turns import Turns
from tests.simulation import platform as simulated
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.weather import DEADLY, DEAF, DEAF_AND_DOWN, FOLDING, ROUGH, STALLED

POSTS = (
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
        methods={(reply.Replies, "_pieces"): ("turn.changed or ", "")},
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
