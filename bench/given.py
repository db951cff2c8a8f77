"""What the functions of `surfaces.py` are given around a text."""

import json
from collections.abc import Awaitable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from adapters.discord.content import attached as attached_to
from adapters.draft import Pace
from adapters.message import Audience, Author, Conversation, Message
from adapters.ports import HttpRequest
from adapters.slack import events
from adapters.slack.chat import SlackChat
from adapters.slack.posts import SlackPosts
from adapters.slack.session import Agent
from adapters.slack.streams import Starts
from bot.offline import offline
from bot.places import clean, name_of
from bot.ports import Prompt, Request, Role
from bot.prompt import Budget, Prompter
from memory import claims
from memory.entry import PERSON, Entry, Recollection, Segment
from memory.facts import Fact, Source
from memory.recall import Index
from memory.records import Place
from memory.tokens import Counter
from memory.words import Words

PLACE = Place(platform="slack", space="T1", channel="C1")
SAID = "I live in Lisbon and see http://typed.example/ there."
_DAY = datetime(2026, 11, 30, tzinfo=UTC)
_BOT = events.Me(user="U1", bot="B1", name="keeper")
_NAMES = {"U2": "Ada", "C1": "general"}
_WHERE = Conversation(platform="slack", space="T1", channel="C1", audience=Audience.PUBLIC)


def entry(text: str, name: str = "Ada", kind: str = PERSON, number: int = 1) -> Entry:
    return Entry(
        id=str(number), author=name, name=name, kind=kind, text=text, sent=number, tokens=len(text)
    )


def message_of(text: str) -> Message:
    author = Author(id="U2", name=text)
    return Message(
        id="1.0", conversation=_WHERE, author=author, text=text, sent_at=_DAY, called=True
    )


def event(**fields: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U2", "ts": "1766458026.240809", "text": "see"}
    return {"team_id": "T1", "event": said | {"channel": "C1"} | fields}


def styled(text: str) -> dict[str, Any]:
    """In rich text of many pieces, as far as such fit a request of this size."""
    words = text.split(" ", len(text) // 40)
    pieces = [{"type": "text", "text": each, "style": {"bold": True}} for each in words]
    return rich({"type": "rich_text_section", "elements": pieces})


def rich(*parts: dict[str, Any]) -> dict[str, Any]:
    return blocks({"type": "rich_text", "elements": parts})


def piece(text: str, kind: str) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": [{"type": "text", "text": text}]}


def table(text: str) -> dict[str, Any]:
    cells = [{"type": "raw_text", "text": each} for each in text.split("\n", len(text) // 40)]
    return blocks({"type": "table", "rows": [cells]})


def blocks(*given: dict[str, Any]) -> dict[str, Any]:
    """Another bot's post that says nothing else."""
    return event(bot_id="B2", text="", blocks=[*given])


def card(text: str) -> dict[str, Any]:
    return {"author_name": "Ada", "title": "see", "fields": [{"title": "all", "value": text}]}


def edited(text: str) -> dict[str, Any]:
    before = {"user": "U2", "ts": "1766458026.240809", "text": "old"}
    after = before | {"text": text, "edited": {"ts": "1.0"}}
    return event(subtype="message_changed", message=after, previous_message=before)


def read(body: dict[str, Any]) -> object:
    return events.read(body, me=_BOT, names=_NAMES, channel_type="channel")


def request(text: str) -> HttpRequest:
    stamp = str(int(_DAY.timestamp()))
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": text}
    return HttpRequest(headers=headers, body=text.encode(errors="replace"))


def post(*texts: str) -> Any:
    """A Discord post, the others passed on in it; of every person it mentions."""
    names = ("mentions", "channel_mentions", "role_mentions", "attachments", "stickers")
    parts = [
        SimpleNamespace(content=each, poll=None, message_snapshots=(), **dict.fromkeys(names, ()))
        for each in texts
    ]
    parts[0].mentions = [SimpleNamespace(id=7, display_name=texts[-1])]
    parts[0].message_snapshots = parts[1:]
    return parts[0]


def attached(content: str) -> list[str]:
    """What a file says."""
    carrying = post("")
    carrying.attachments = [file_of("notes.txt")]
    return [*attached_to(carrying, {1: content})]


def slack_chat() -> SlackChat:
    nothing: Any = None
    agent = Agent(web=nothing, view=False)
    posts = SlackPosts(conversation=_WHERE, web=nothing, me=nothing, agent=agent)
    address = "https://a.slack.com/"
    return SlackChat(
        posts=posts, directory=nothing, pace=Pace(), starts=Starts(), address=lambda: address
    )


def file_of(name: str) -> Any:
    return SimpleNamespace(
        id=1, filename=name, description=name, content_type=name, is_voice_message=lambda: False
    )


def hosts(size: int) -> str:
    """As many links as fit."""
    return "".join(f"http://h{n}.example " for n in range(size // 16))[:size]


def fact(text: str) -> Fact:
    source = Source(place=PLACE, message="1", version=0, said=1, quote=text)
    return Fact(person="U2", key="home", value=text, sources=(source,))


def packed(text: str) -> Entry:
    whole = entry(text, name=text)
    return Entry.unpack(whole.pack(), id="1", sent=1, version=0)


def verified(said: str, claimed: str, name: str = "Ada") -> object:
    name = name_of(Author(id="U2", name=name))
    claim = claims.Claim(person=name, key="home", value=claimed, quote=claimed)
    return claims.verify([claim], [entry(said, name=name), entry(said, name="Bob")], PLACE)


def some_of(text: str) -> str:
    """From its middle, from where a line begins there."""
    return text[text.rfind("\n", 0, len(text) // 2) + 1 :][:150]


def answer(text: str) -> str:
    """As a model answers that was asked for facts."""
    one = {"person": text, "key": text, "value": text, "quote": text}
    return json.dumps({"summary": text, "facts": [one]})


def fresh(words: Words) -> Words:
    """Nothing it reads is known to it from before."""
    words.clear()
    return words


def indexed(words: Words, text: str) -> None:
    """A message comes into the index of its channel."""
    index = Index(words)
    index.add(PLACE.key, entry(clean(text)))


def asked(words: Words, question: str) -> object:
    index = Index(words)
    index.add(PLACE.key, entry(SAID, name=name_of(Author(id="U2", name=question))))
    return index.search(question, 1_000, ())


def prompted(question: Sequence[Entry], window: Sequence[Entry]) -> object:
    segment = Segment(name="1", text=SAID, tokens=9, since=1, covered=1)
    held = Recollection(
        segments=(segment,), window=tuple(window), question=tuple(question), facts=(fact(SAID),)
    )
    count = Counter("estimate").count
    prompter = Prompter("Be kind.", Budget(context=8_000), count, lambda: _DAY)
    return prompter.build(prompter.fit(held), list(window), "key")


def offline_said(text: str, *, summarised: bool) -> str:
    prompts = (
        Prompt(role=Role.USER, text=f"Ada: {text}"),
        Prompt(role=Role.USER, text=f"Bob: {text}" if summarised else f"Bob: what is {text}?"),
    )
    return str(done(_whole(Request(prompts=prompts, reply_tokens=1_000, summary=summarised))))


async def measure(text: str) -> int:
    return len(text) // 3


def done(work: Awaitable[Any]) -> Any:
    """The result of what never waits for anything but its turn."""
    steps = work.__await__()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


async def _whole(request: Request) -> str:
    async with aclosing(offline(request)) as pieces:
        return "".join([piece async for piece in pieces])
