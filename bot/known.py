"""What is known of the person who asks: /memory, /export, and the page about them."""

import json
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from adapters.message import Action, Answer, Command
from bot.desk import BUTTONS, Desk, count, direct
from bot.export import of, shown
from bot.places import microseconds, place_of
from memory.claims import sound
from memory.facts import Fact, line, usable, without
from memory.records import Place

RECENT = 10  # conversations named on the page


async def memory(desk: Desk, command: Command) -> Answer:
    """In a direct message all that is known of who asks, elsewhere what may be used there."""
    persons, me = desk.memory.persons, place_of(command.conversation).person(command.author.id)
    told = await persons.facts(me)
    seen = _standing(told, await desk.readable(command, _places(told)))
    known = _usable(command, seen)
    verb, _, argument = command.argument.partition(" ")
    if not verb:
        apart = len(seen) - len(known)
        return _listed(desk, known, elsewhere=apart, unseen=len(told) - len(seen))
    mine = _usable(command, told)  # what is theirs they may have forgotten wherever it was said
    key, value = _named(argument, mine)
    match verb.lower(), bool(value):
        case "delete", False if key:
            await persons.drop(me, [each for each in mine if each.key == key])
            return Answer(text=f"Forgotten: your {key}.")
        case "correct", True if sound(key, value):
            if meant := [each for each in known if each.key == key]:
                await persons.correct(me, meant, value, microseconds(command.given_at))
                return Answer(text=f"Corrected: your {key} is {value}.")
    return Answer(text="Say /memory delete KEY or /memory correct KEY VALUE; /memory lists them.")


async def export(desk: Desk, command: Command) -> Answer:
    """What somebody wrote in this space where they may read now, the replies, and what is known."""
    me = place_of(command.conversation).person(command.author.id)
    mine = await desk.memory.erasing.mine(me, microseconds(command.given_at))
    told = await desk.memory.persons.facts(me)
    seen = await desk.readable(command, [*(each.place for each in mine), *_places(told)])
    shows = [each for each in mine if each.place.channel_key in seen]
    messages = [shown(each.place, entry) for each in shows for entry in of(each.entries, me.id)]
    facts = _standing(told, seen)
    held = {
        "person": me.id,
        "platform": me.platform,
        "space": me.space,
        "messages": messages,
        "facts": [_told(fact) for fact in facts],
    }
    amount = f"{count(len(messages), 'message')} and {count(len(facts), 'fact')}"
    text = f"Everything of yours in this space: {amount}."
    left = [_left(len(mine) - len(shows), "conversation"), _left(len(told) - len(facts), "fact")]
    document = json.dumps(held, ensure_ascii=False, indent=1)
    return Answer(text="\n".join(filter(None, [text, *left])), document=document)


async def home(desk: Desk, command: Command) -> Answer:
    me = place_of(command.conversation).person(command.author.id)
    told, places = await desk.memory.persons.facts(me), await desk.memory.erasing.whereabouts(me)
    seen = await desk.readable(command, [*_places(told), *places])
    facts = _standing(told, seen)
    known = _listed(desk, facts, elsewhere=0, unseen=len(told) - len(facts))
    shows = [each for each in places if each.channel_key in seen]
    apart = [each for each in places if each.channel_key not in seen]
    if len(apart) <= RECENT:  # some may have expired
        apart = [each.place for each in await desk.threads(apart)]
    rows = [each.row for each in await desk.threads(shows[:RECENT])]
    heading = ["Conversations you wrote in:"] if rows else ["I remember no conversation with you."]
    left = _left(len(apart), "conversation")
    actions = (
        *known.actions,
        Action(label="Export everything of mine", name="export", argument=""),
        Action(label="Forget everything about me", name="forget", argument="me"),
    )
    text = "\n".join([known.text, "", *heading, *rows, *filter(None, [left]), "", *desk.about])
    return Answer(text=text, actions=actions)


def _places(facts: Sequence[Fact]) -> Iterator[Place]:
    return (source.place for fact in facts for source in fact.sources)


def _standing(facts: Sequence[Fact], seen: AbstractSet[str]) -> Sequence[Fact]:
    """The facts with what says them in these channels; without those said elsewhere only."""
    return without(facts, lambda source: source.place.channel_key not in seen)


def _usable(command: Command, facts: Sequence[Fact]) -> Sequence[Fact]:
    here, asker = place_of(command.conversation), command.author.id
    return [each for each in facts if direct(command) or usable(each, here=here, asker=asker)]


def _left(number: int, what: str) -> str:
    """What is not shown, and how it goes all the same; empty: nothing."""
    if not number:
        return ""
    why = "I cannot see that you may read it now"
    return f"Left out: {count(number, what)}, as {why}. /forget me takes everything of yours."


def _listed(desk: Desk, facts: Sequence[Fact], *, elsewhere: int, unseen: int) -> Answer:
    rows = [f"- {line(each)}{_source(desk, each)}" for each in facts]
    head = "What you said about yourself:" if rows else "I know nothing about you that counts here."
    more = f"{elsewhere} more told elsewhere: ask me in a direct message." if elsewhere else ""
    keys = list(dict.fromkeys(each.key for each in facts))[:BUTTONS]
    deletes = [
        Action(label=f"Delete {key}", name="memory", argument=f"delete {key}") for key in keys
    ]
    said = filter(None, [head, *rows, more, _left(unseen, "fact")])
    return Answer(text="\n".join(said), actions=tuple(deletes))


def _source(desk: Desk, fact: Fact) -> str:
    link = desk.link(fact.place, fact.sources[0].message, "source")
    return "" if link == "source" else f", {link}"


def _named(argument: str, facts: Sequence[Fact]) -> tuple[str, str]:
    """The longest known key that an argument begins with, and the rest of it."""
    said = argument.strip()
    keys = [each.key for each in facts if f"{said.lower()} ".startswith(f"{each.key} ")]
    key = max(keys, key=len, default="")
    return key, said[len(key) :].strip()


def _told(fact: Fact) -> dict[str, object]:
    said = [
        {
            "conversation": each.place.key,
            "message": each.message,
            "said": datetime.fromtimestamp(each.said / 1_000_000, UTC).isoformat(),
            "quote": each.quote,
        }
        for each in fact.sources
    ]
    return {"key": fact.key, "value": fact.value, "sources": said}
