"""Rules 1 to 11, each switched off: what is taken in, and whose turn it is."""

from memory import engine
from memory.engine import Memory
from memory.turn import Turn
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.store import Remote
from tests.simulation.weather import DEADLY, FORGETFUL, HASTY, RESTLESS

RECORD = (
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
        what="a message whose edit nobody can read keeps its old text",
        methods={(engine, "edited"): ("(UNREADABLE, at)", "(entry.text, at)")},
    ),
    Mutant(
        rule=3,
        what="what is read of an edit that came first is not taken",
        methods={(engine, "edited"): ("(now.text, ", "(entry.text, ")},
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
        changes={"if tonumber(message.sent) <= watermark() then": "if true then"},
    ),
    Mutant(
        rule=5,
        what="an earlier forgetting that comes late counts",
        weather=FORGETFUL,
        changes={
            "if known >= water and not get('next') then": "if false then",
            "if water > known then hide() end": "if water ~= known then hide() end",
        },
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
        what="no renewal while a turn waits",
        methods={(Turn, "keep"): ("await self.note()", "await asyncio.sleep(1.0)")},
    ),
    Mutant(
        rule=11,
        what="what is owed is not due",
        weather=DEADLY,
        changes={"'owed' }, 'msg')\n  look(milliseconds)\n": "'owed' }, 'msg')\n"},
    ),
)
