"""What people can tell the bot to do, each command defined once for all platforms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from adapters.message import Action, Answer, Audience, Command, Offer
from bot.places import microseconds, place_of
from bot.settings import Commands as Names
from memory.claims import sound
from memory.engine import Memory
from memory.entry import Description
from memory.facts import Fact, line, usable
from memory.records import Place
from memory.seal import Unreadable

log = structlog.get_logger()

YES = "yes"
VERBS = ("delete ", "correct ")
BUTTONS = 20  # platforms take 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the table: every platform offers the command, if under another name."""

    name: str
    arguments: str
    what: str
    run: Callable[["Commands", Command], Awaitable[Answer]]


class Commands:
    """Runs commands; answers go to the person who asked, and to nobody else."""

    def __init__(self, memory: Memory, about: Sequence[str], names: Names) -> None:
        """Each command goes by the name it is given, and by its own."""
        self._memory, self._about, self._offers = memory, about, offers(names)
        self.table: Mapping[str, Entry] = {
            name: entry
            for entry, offer in zip(COMMANDS, self._offers, strict=True)
            for name in (entry.name, offer.name)
        }

    def parse(self, text: str) -> tuple[str, str] | None:
        """`/name argument`; and, as Slack's threads have no slash commands, the bare name too."""
        name, _, argument = text.strip().partition(" ")
        argument = argument.strip()
        if name.startswith("/") and name[1:].lower() in self.table:
            return name[1:].lower(), argument
        name, alone = name.lower(), argument.lower() in ("", YES)
        entry = self.table.get(name)
        asked = entry and entry.name == "memory" and argument.lower().startswith(VERBS)
        return (name, argument) if entry and (alone or asked) else None

    async def run(self, command: Command) -> None:
        entry = self.table.get(command.name)
        try:
            answer = await entry.run(self, command) if entry else self._unknown(command)
        except Unreadable as error:
            answer = closed(place_of(command.conversation), str(error))
        await command.respond(answer)

    def _unknown(self, command: Command) -> Answer:
        names = ", ".join(f"/{offer.name}" for offer in self._offers)
        return Answer(text=f"There is no /{command.name}. There is {names}.")

    async def help(self, _: Command) -> Answer:
        rows = [f"/{row.name} {row.arguments}".strip() + f" - {row.what}" for row in self._offers]
        return Answer(text="\n".join([*rows, *self._about]))

    async def summary(self, command: Command) -> Answer:
        place = place_of(command.conversation)
        held = await self._memory.describe(place)
        if held.unreadable:
            return closed(place, held.unreadable)
        if not held.messages:
            return Answer(text="I hold nothing of this conversation.")
        return Answer(text="\n".join(_account(held)))

    async def memory(self, command: Command) -> Answer:
        """In a direct message all that is known of who asks, elsewhere what may be used there."""
        here, persons = place_of(command.conversation), self._memory.persons
        me = here.person(command.author.id)
        direct = command.conversation.audience is Audience.DIRECT
        told = await persons.facts(me)
        shown = [each for each in told if direct or usable(each, here=here, asker=me.id)]
        verb, _, argument = command.argument.partition(" ")
        if not verb:
            return _listed(shown, elsewhere=len(told) - len(shown))
        key, value = _named(argument, shown)
        meant = [each for each in shown if each.key == key]
        match verb.lower(), bool(value):
            case "delete", False if meant:
                await persons.drop(me, meant)
                return Answer(text=f"Forgotten: your {key}.")
            case "correct", True if meant and sound(key, value):
                await persons.correct(me, meant, value, microseconds(command.given_at))
                return Answer(text=f"Corrected: your {key} is {value}.")
        return Answer(
            text="Say /memory delete KEY or /memory correct KEY VALUE; /memory lists them."
        )

    async def forget(self, command: Command) -> Answer:
        place = place_of(command.conversation)
        direct = command.conversation.audience is Audience.DIRECT
        held = await self._memory.describe(place)
        if held.unreadable and not direct:  # nobody can say who took part
            return closed(place, held.unreadable)
        if refusal := self._refusal(command, held, direct=direct):
            return Answer(text=refusal)
        if command.argument.lower() == YES:
            return await self._forget(place, command, direct=direct)
        if command.argument not in ("", "here"):
            return Answer(text="I can forget this conversation: say /forget, without more.")
        return Answer(
            text=f"I would forget this conversation: {_amount(held.messages, len(held.segments))}.",
            actions=(Action(label="Forget", name="forget", argument=YES),),
        )

    async def _forget(self, place: Place, command: Command, *, direct: bool) -> Answer:
        until = microseconds(command.given_at)
        receipt = await self._memory.forget(place, until, channel=direct)
        return Answer(text=f"Forgotten: {_amount(receipt.messages, receipt.segments)}.")

    def _refusal(self, command: Command, held: Description, *, direct: bool) -> str:
        """Who may: in a direct message anybody; in a thread those who took part in it."""
        if direct:
            return ""
        if not command.conversation.thread:
            return "Here I can forget one thread at a time: say this in the thread."
        if not held.messages:
            return "I hold nothing of this conversation."
        authors = {entry.author for entry in held.window}
        authors.update(author for segment in held.segments for author in segment.authors)
        if command.author.id in authors:
            return ""
        return "Only somebody who wrote in this thread can have me forget it: ask one of them."


def offers(names: Names) -> Sequence[Offer]:
    """The table as platforms register it, under the names people type."""
    return [
        Offer(name=getattr(names, entry.name), arguments=entry.arguments, what=entry.what)
        for entry in COMMANDS
    ]


def closed(place: Place, reason: str) -> Answer:
    """What people are told when something stored here does not open; the log says why."""
    log.error("memory does not open", conversation=place.key, reason=reason)
    return Answer(
        text="Sorry, my memory here does not open; whoever runs me sees why in the log. "
        "Try again later."
    )


def _account(held: Description) -> list[str]:
    folded = sum(segment.covered for segment in held.segments)
    words = f"{len(held.window)} word for word, {folded} summarised"
    return [
        f"I hold {held.messages} messages of this conversation ({words}): {held.tokens:,} tokens.",
        *(f"Summary of {each.covered} messages:\n{each.text}" for each in held.segments),
        *([] if held.segments else ["Nothing is summarised yet: all of it is word for word."]),
    ]


def _listed(facts: Sequence[Fact], *, elsewhere: int) -> Answer:
    rows = [f"- {line(each)}" for each in facts]
    head = "What you said about yourself:" if rows else "I know nothing about you that counts here."
    more = f"{elsewhere} more told elsewhere: ask me in a direct message." if elsewhere else ""
    keys = list(dict.fromkeys(each.key for each in facts))[:BUTTONS]
    deletes = [
        Action(label=f"Delete {key}", name="memory", argument=f"delete {key}") for key in keys
    ]
    return Answer(text="\n".join(filter(None, [head, *rows, more])), actions=tuple(deletes))


def _named(argument: str, facts: Sequence[Fact]) -> tuple[str, str]:
    """The longest known key that an argument begins with, and the rest of it."""
    said = argument.strip()
    keys = [each.key for each in facts if f"{said.lower()} ".startswith(f"{each.key} ")]
    key = max(keys, key=len, default="")
    return key, said[len(key) :].strip()


def _amount(messages: int, segments: int) -> str:
    return f"{messages} message{'s' * (messages != 1)} and {segments} summar" + (
        "y" if segments == 1 else "ies"
    )


COMMANDS = (
    Entry(
        name="summary", arguments="", what="what I hold of this conversation", run=Commands.summary
    ),
    Entry(name="forget", arguments="", what="forget this conversation", run=Commands.forget),
    Entry(
        name="memory",
        arguments="[delete KEY | correct KEY VALUE]",
        what="what I know about you",
        run=Commands.memory,
    ),
    Entry(
        name="help", arguments="", what="what I do, what I store, for how long", run=Commands.help
    ),
)
