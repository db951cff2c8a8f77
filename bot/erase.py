"""`python -m bot forget`: what an operator is asked to forget, of a person or a conversation."""

from bot.forget import amount
from memory.engine import Memory
from memory.records import Forgotten, Place
from memory.slots import Person


class NoSuchName(Exception):
    """What is to be forgotten was not named; the text is one line that says how."""


async def erase(memory: Memory, person: str, conversation: str, until: int, *, sure: bool) -> str:
    """What went, or would; `until` in microseconds since 1970. Raises NoSuchName."""
    try:
        who = Person.parse(f"person:{person}") if person else None
        place = Place.parse(conversation) if conversation else None
    except ValueError:
        who = place = None
    if who and not place:
        went = await _person(memory, who, until, sure=sure)
    elif place and not who:
        went = await _conversation(memory, place, until, sure=sure)
    else:
        raise NoSuchName(
            "forget: say --person PLATFORM:SPACE:ID or --conversation KEY, as `export` prints it"
        )
    return f"Forgotten: {amount(went)}." if sure else f"{amount(went)}: say --yes to forget this."


async def _person(memory: Memory, who: Person, until: int, *, sure: bool) -> Forgotten:
    if sure:
        return await memory.erasing.forget(who, until)
    return await memory.erasing.extent(who, until)


async def _conversation(memory: Memory, place: Place, until: int, *, sure: bool) -> Forgotten:
    if sure:
        return await memory.forget(place, until, channel=False)
    return await memory.holdings.extent(place, channel=False)
