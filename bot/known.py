"""What is known of the person who asks: /memory, /export, and the page about them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.message import Action, Answer, Command
from bot.desk import BUTTONS, Desk, count, direct
from bot.export import of, shown
from bot.places import microseconds, place_of
from memory.claims import sound
from memory.facts import Fact, line, usable

RECENT = 10  # conversations named on the page


async def memory(desk: Desk, command: Command) -> Answer:
    """In a direct message all that is known of who asks, elsewhere what may be used there."""
    here, persons = place_of(command.conversation), desk.memory.persons
    me = here.person(command.author.id)
    told = await persons.facts(me)
    known = [each for each in told if direct(command) or usable(each, here=here, asker=me.id)]
    verb, _, argument = command.argument.partition(" ")
    if not verb:
        return _listed(desk, known, elsewhere=len(told) - len(known))
    key, value = _named(argument, known)
    meant = [each for each in known if each.key == key]
    match verb.lower(), bool(value):
        case "delete", False if meant:
            await persons.drop(me, meant)
            return Answer(text=f"Forgotten: your {key}.")
        case "correct", True if meant and sound(key, value):
            await persons.correct(me, meant, value, microseconds(command.given_at))
            return Answer(text=f"Corrected: your {key} is {value}.")
    return Answer(text="Say /memory delete KEY or /memory correct KEY VALUE; /memory lists them.")


async def export(desk: Desk, command: Command) -> Answer:
    """All that somebody wrote in this space, the replies to it, and what is known of them."""
    me = place_of(command.conversation).person(command.author.id)
    mine = await desk.memory.erasing.mine(me, microseconds(command.given_at))
    messages = [shown(each.place, entry) for each in mine for entry in of(each.entries, me.id)]
    facts = await desk.memory.persons.facts(me)
    held = {
        "person": me.id,
        "platform": me.platform,
        "space": me.space,
        "messages": messages,
        "facts": [_told(fact) for fact in facts],
    }
    amount = f"{count(len(messages), 'message')} and {count(len(facts), 'fact')}"
    document = json.dumps(held, ensure_ascii=False, indent=1)
    return Answer(text=f"Everything of yours in this space: {amount}.", document=document)


async def home(desk: Desk, command: Command) -> Answer:
    me = place_of(command.conversation).person(command.author.id)
    known = _listed(desk, await desk.memory.persons.facts(me), elsewhere=0)
    places = await desk.memory.erasing.whereabouts(me)
    rows = [each.row for each in await desk.threads(places[:RECENT])]
    heading = ["Conversations you wrote in:"] if rows else ["I remember no conversation with you."]
    actions = (
        *known.actions,
        Action(label="Export everything of mine", name="export", argument=""),
        Action(label="Forget everything about me", name="forget", argument="me"),
    )
    text = "\n".join([known.text, "", *heading, *rows, "", *desk.about])
    return Answer(text=text, actions=actions)


def _listed(desk: Desk, facts: Sequence[Fact], *, elsewhere: int) -> Answer:
    rows = [f"- {line(each)}{_source(desk, each)}" for each in facts]
    head = "What you said about yourself:" if rows else "I know nothing about you that counts here."
    more = f"{elsewhere} more told elsewhere: ask me in a direct message." if elsewhere else ""
    keys = list(dict.fromkeys(each.key for each in facts))[:BUTTONS]
    deletes = [
        Action(label=f"Delete {key}", name="memory", argument=f"delete {key}") for key in keys
    ]
    return Answer(text="\n".join(filter(None, [head, *rows, more])), actions=tuple(deletes))


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
