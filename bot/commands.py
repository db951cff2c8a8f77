"""What people can tell the bot to do, each command defined once for all platforms."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from adapters.message import Answer, Command, Offer
from bot.desk import YES, Desk, closed
from bot.forget import forget
from bot.known import export, home, memory
from bot.places import place_of
from bot.settings import Commands as Names
from bot.summary import summary
from memory.seal import Unreadable

_LINK = r"<?https?://\S+>?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the table; platforms offer it, if under another name, unless it says not `what`."""

    name: str
    arguments: str = ""
    what: str = ""
    bare: str = ""  # what may follow the name without a slash: more is a sentence
    run: Callable[[Desk, Command], Awaitable[Answer | None]]


class Commands:
    """Runs commands; answers go to the person who asked, and to nobody else."""

    def __init__(self, desk: Desk, names: Names) -> None:
        """Each command goes by the name it is given, and by its own."""
        self._desk = desk
        own = {entry.name: entry for entry in COMMANDS}
        given = {getattr(names, name): own[name] for name in type(names).model_fields}
        self.table: Mapping[str, Entry] = own | given

    def parse(self, text: str) -> tuple[str, str] | None:
        """`/name argument`; and, as Slack's threads have no slash commands, the bare name too."""
        name, _, argument = text.strip().partition(" ")
        entry = self.table.get(name.lower().removeprefix("/"))
        if entry is None or not entry.what:
            return None
        argument = argument.strip()
        bare = not name.startswith("/")
        if bare and not re.fullmatch(entry.bare, argument, re.IGNORECASE):
            return None
        return entry.name, argument

    async def run(self, command: Command) -> None:
        entry = self.table.get(command.name.lower())
        try:
            answer = await entry.run(self._desk, command) if entry else self._unknown(command)
        except Unreadable as error:
            answer = closed(place_of(command.conversation), str(error))
        if answer:
            await command.respond(answer)

    def _unknown(self, command: Command) -> Answer:
        names = ", ".join(f"/{offer.name}" for offer in self._desk.offers)
        return Answer(text=f"There is no /{command.name}. There is {names}.")


def offers(names: Names) -> Sequence[Offer]:
    """The table as platforms register it, under the names people type."""
    return [
        Offer(name=getattr(names, entry.name), arguments=entry.arguments, what=entry.what)
        for entry in COMMANDS
        if entry.what
    ]


async def _help(desk: Desk, command: Command) -> Answer:
    rows = [f"/{each.name} {each.arguments}".strip() + f" - {each.what}" for each in desk.offers]
    left = await desk.budgets.left(place_of(command.conversation), command.author.id)
    return Answer(text="\n".join([*rows, *left, *desk.about]))


async def _feedback(desk: Desk, command: Command) -> None:
    if command.argument in ("good", "bad"):
        desk.metrics.feedback.labels(command.argument).inc()


COMMANDS = (
    Entry(
        name="summary",
        arguments="[link]",
        what="what I hold of this conversation",
        bare=f"({_LINK})?",
        run=summary,
    ),
    Entry(
        name="forget",
        arguments="[here | me | link | channel]",
        what="forget this conversation, all you said, that of a post, or the channel",
        bare=rf"((here|me|channel|main|thread \S+|post \S+|{_LINK})( {YES})?|{YES})?",
        run=forget,
    ),
    Entry(
        name="memory",
        arguments="[delete KEY | correct KEY VALUE]",
        what="what I know about you",
        bare="((delete|correct) .+)?",
        run=memory,
    ),
    Entry(name="export", what="everything of yours as JSON", run=export),
    Entry(name="help", what="what I do, what I store, for how long", run=_help),
    Entry(name="home", run=home),
    Entry(name="feedback", run=_feedback),
)
