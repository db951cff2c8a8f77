"""/forget: what would go, one confirmation, a receipt; and who may."""

from adapters.message import Action, Answer, Command
from bot.desk import BUTTONS, NOTHING, UNSEEN, YES, Desk, closed, count, direct
from bot.places import microseconds, place_of
from memory.entry import Description
from memory.records import Forgotten, Place

USAGE = (
    "I can forget this conversation (/forget), all of you (/forget me), the conversation of a "
    "post here (/forget and its link), or this channel (/forget channel)."
)


async def forget(desk: Desk, command: Command) -> Answer:
    words = command.argument.split()
    sure = words[-1:] == [YES]
    what, *rest = words[: len(words) - sure] or ["here"]
    # All of oneself goes from wherever it is; nothing else is shown or taken from outside.
    if what != "me" and not await desk.sees(command, place_of(command.conversation)):
        return Answer(text=UNSEEN)
    beside = not (direct(command) or command.conversation.thread)
    if what == "here" and not rest and beside:
        return await _threads(desk, command)
    if what == "post" and rest:
        return await _post(desk, command, rest[0], sure=sure)
    if (scope := SCOPES.get(what)) and not rest:
        return await scope(desk, command, sure=sure)
    if place := _meant(desk, command, what, *rest):
        return await _conversation(desk, command, place, sure=sure)
    return Answer(text=USAGE)


def _meant(desk: Desk, command: Command, what: str, thread: str = "") -> Place | None:
    here = place_of(command.conversation)
    if what == "here":
        return here
    return here.sibling(thread) if what in ("thread", "main") else desk.meant(command, what)


async def _conversation(desk: Desk, command: Command, place: Place, *, sure: bool) -> Answer:
    """A thread; a direct message with all its threads."""
    here = place.key == place_of(command.conversation).key
    whole = here and direct(command)
    if not (whole or command.manages):
        held = await desk.memory.describe(place)
        if held.unreadable:  # nobody can say who took part
            return closed(place, held.unreadable)
        if refusal := _refusal(command, held, place):
            return Answer(text=refusal)
    extent = await desk.memory.holdings.extent(place, channel=whole)
    if not sure:
        if extent == Forgotten():
            return Answer(text=NOTHING)
        named = f"thread {place.thread}" if place.thread else "main"
        return _preview(f"this conversation: {amount(extent)}", "here" if here else named)
    receipt = await desk.memory.forget(place, microseconds(command.given_at), channel=whole)
    if not direct(command):
        await desk.announce(place, _told(command, "conversation"))
    return _receipt(receipt)


async def _channel(desk: Desk, command: Command, *, sure: bool) -> Answer:
    place = place_of(command.conversation).sibling("")
    if not (command.manages or direct(command)):
        return Answer(text="Only those who manage this channel can have me forget all of it.")
    extent = await desk.memory.holdings.extent(place, channel=True)
    if not sure:
        return _preview(f"this channel with all its threads: {amount(extent)}", "channel")
    until = microseconds(command.given_at)
    receipt = await desk.memory.forget(place, until, channel=True)
    if not direct(command):
        await desk.announce(place, _told(command, "channel"))
    return _receipt(receipt)


async def _person(desk: Desk, command: Command, *, sure: bool) -> Answer:
    memory, until = desk.memory, microseconds(command.given_at)
    me = place_of(command.conversation).person(command.author.id)
    if sure:
        return _receipt(await memory.erasing.forget(me, until))
    extent, mine = await memory.erasing.extent(me, until), await memory.erasing.mine(me, until)
    where = f"in {count(len(mine), 'conversation')}" if mine else "in no conversation"
    what = f"your messages and my replies to them {where}: {amount(extent)}"
    return _preview(f"what you said here and elsewhere in this space, {what}", "me")


async def _post(desk: Desk, command: Command, post: str, *, sure: bool) -> Answer:
    place = place_of(command.conversation)
    author = await desk.memory.holdings.author(place, post)
    if not author:
        return Answer(text="I hold nothing of this message.")
    if author != command.author.id and not command.manages:
        who = "who wrote it, or who manages the channel"
        return Answer(text=f"A message is forgotten only for {who}: ask one of them.")
    if not sure:
        return _preview("this message, and my reply to it", f"post {post}")
    await desk.memory.forget_post(place, post)
    return _receipt(Forgotten(messages=1))


async def _threads(desk: Desk, command: Command) -> Answer:
    """A channel: its remembered conversations to choose from, newest first."""
    here = place_of(command.conversation)
    threads = await desk.threads(await desk.memory.holdings.threads(here, BUTTONS))
    actions = [
        Action(
            label=f"Forget: {each.title}",
            name="forget",
            argument=f"thread {each.place.thread}" if each.place.thread else "main",
        )
        for each in threads
    ]
    if not threads:
        return Answer(text="I hold nothing of this channel.")
    head = "Which conversation shall I forget? You see what goes before it does."
    return Answer(text="\n".join([head, *(each.row for each in threads)]), actions=tuple(actions))


def _refusal(command: Command, held: Description, place: Place) -> str:
    """Who may: in a direct message anybody; a thread, those who took part in it."""
    if not held.messages and not held.segments:
        return NOTHING
    if direct(command):
        return ""
    if not place.thread:
        return "Only those who manage this channel can have me forget what is said outside threads."
    authors = {entry.author for entry in held.window}
    authors.update(author for segment in held.segments for author in segment.authors)
    if command.author.id in authors:
        return ""
    return "Only somebody who wrote in this thread can have me forget it: ask one of them."


def _preview(what: str, argument: str) -> Answer:
    action = Action(label="Forget", name="forget", argument=f"{argument} {YES}")
    return Answer(text=f"I would forget {what}.", actions=(action,))


def _receipt(went: Forgotten) -> Answer:
    return Answer(text=f"Forgotten: {amount(went)}.")


def _told(command: Command, what: str) -> str:
    return f"{command.author.name} had me forget this {what}: I hold nothing said before now."


def amount(went: Forgotten) -> str:
    more = [(went.segments, "summary"), (went.facts, "fact")]
    told = [count(went.messages, "message"), *(count(each, what) for each, what in more if each)]
    return ", ".join(told)


SCOPES = {"me": _person, "channel": _channel}
