"""Every function of the product that is given text from outside: one line for each."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from adapters import console, links, markup, message
from adapters.discord import answers, buttons, chat, content, files
from adapters.slack import blocks, events, home, http, mrkdwn, session, shape, streams
from adapters.slack import content as slack_content
from bench import given
from bench.given import PLACE, SAID, entry
from bench.vocabulary import at_hand
from bot import commands, desk, export, known, places, telemetry
from memory import claims, erasing, facts, summary, tokens
from memory.authority import governs
from memory.citing import LARGE
from memory.entry import ME
from memory.quotes import Quotes
from memory.words import Words

Surface = Callable[[str], object]  # takes one text

ROOM = 3_900, 1_990  # characters of a post, on Slack and on Discord


def surfaces() -> Mapping[str, Surface]:
    """By name: what is called with each text, on the event loop or in a thread."""
    return {**_outgoing(), **_slack(), **_discord(), **_memory(), **_tokens(), **_bot()}


def _outgoing() -> Mapping[str, Surface]:
    """What the model wrote, on its way to people."""
    return {
        "links.inert": lambda text: links.inert(text, SAID),
        "links.inert, typed": lambda text: links.inert(text, text),
        "links.inert, many hosts typed": lambda text: links.inert(given.hosts(len(text)), text),
        "links.named": lambda text: links.named(text, "typed.example"),
        "links.named, the host": lambda text: links.named(SAID, text),
        "markup.neutralise": lambda text: markup.neutralise(text, SAID),
        "markup.split, Slack": lambda text: markup.split(text, ROOM[0]),
        "markup.split, Discord": lambda text: markup.split(text, ROOM[1]),
        "markup.split, the App Home": lambda text: markup.split(text, home._SECTION // 2),
        "markup.split, the most": lambda text: markup.split(text, len(text) - 1),
        "markup.tag": markup.tag,
        "slack.blocks.fenced": lambda text: blocks.fenced(message.Answer(text=text, document=text)),
        "slack.home._mrkdwn": home._mrkdwn,
        "slack.session.title_of": session.title_of,
        "slack.streams.settled": streams.settled,
        "console": lambda text: console._CONTROL.sub("", text),
        "discord.answers.shown": lambda text: answers.shown(message.Answer(text=text)),
    }


def _slack() -> Mapping[str, Surface]:
    slack = given.slack_chat()
    signatures = http.Signatures("secret", lambda: datetime(2026, 11, 30, tzinfo=UTC))
    return {
        "slack.mrkdwn.markdown": lambda text: mrkdwn.markdown(text, me="U1", names={}),
        "slack.mrkdwn.mentions": lambda text: mrkdwn.mentions(text, "U1"),
        "slack.events.mentioned": lambda text: events.mentioned(given.event(text=text)),
        "slack.events.mentioned, blocks": lambda text: events.mentioned(given.styled(text)),
        "slack.events.read": lambda text: given.read(given.event(text=text)),
        "slack.events.read, rich text": lambda text: given.read(given.styled(text)),
        "slack.events.read, a quote": lambda text: given.read(
            given.rich(given.piece(text, "quote"))
        ),
        "slack.events.read, code": lambda text: given.read(
            given.rich(given.piece(text, "preformatted"))
        ),
        "slack.events.read, a table": lambda text: given.read(given.table(text)),
        "slack.events.read, a section": lambda text: given.read(
            given.blocks({"type": "section", "text": {"type": "mrkdwn", "text": text}})
        ),
        "slack.events.read, a card": lambda text: given.read(
            given.event(attachments=[given.card(text)])
        ),
        "slack.events.read, a file": lambda text: given.read(given.event(files=[{"title": text}])),
        "slack.events.read, a name": lambda text: given.read(
            given.event(bot_id="B2", username=text)
        ),
        "slack.events.read, an edit": lambda text: given.read(given.edited(text)),
        "slack.content.described": lambda text: slack_content.described({"name": text}),
        "slack.blocks.pressed": lambda text: blocks.pressed({"action_id": text, "value": text}),
        "slack.chat.linked": slack.linked,
        "slack.chat.linked, here": lambda text: slack.linked(
            f"https://a.slack.com/archives/{text}"
        ),
        "slack.shape.sound": lambda text: shape.sound(given.event(text=text)),
        "slack.http.Signatures": lambda text: signatures.genuine(given.request(text)),
    }


def _discord() -> Mapping[str, Surface]:
    return {
        "discord.content.text": lambda text: content.text(given.post(text), 1),
        "discord.content.text, names": lambda text: content.text(given.post("<@7> " * 9, text), 1),
        "discord.content.attached": given.attached,
        "discord.files": lambda text: files._cut(text, len(text) // 2),
        "discord.buttons.pressed": lambda text: buttons.pressed(f"do:a/b:forget:{text}"),
        "discord.chat.LINK": chat._LINK.fullmatch,
    }


def _memory() -> Mapping[str, Surface]:
    words, quotes = Words(), Quotes()
    reply = quotes.reply(SAID)
    return {
        # What is longer is compared in a thread.
        "memory.quotes.prints": lambda text: quotes.prints(text[:LARGE]),
        "memory.quotes.reply": lambda text: quotes.reply(text[:LARGE]),
        "memory.quotes.taken": lambda text: reply.taken(text[:LARGE]),
        "memory.authority.governs": lambda text: governs(text[:2_000]),
        "memory.facts.shows": facts.shows,
        "memory.entry.own": lambda text: entry(text).own,
        "memory.entry.line": lambda text: entry(text).line,
        "memory.entry.line, a name": lambda text: entry("hello", name=text).line,
        "memory.entry.pack": given.packed,
        "memory.summary.transcript": lambda text: summary.transcript([entry(text)] * 2),
        "memory.summary.accept": lambda text: summary.accept(text, text),
        "memory.summary.within": lambda text: given.done(summary.within(text, 500, given.measure)),
        "memory.claims.read": claims.read,
        "memory.claims.read, in an answer": lambda text: claims.read(given.answer(text)),
        "memory.claims.verify, a message": lambda text: given.verified(text, SAID),
        "memory.claims.verify, a claim": lambda text: given.verified(SAID, text),
        "memory.claims.verify, some words of it": lambda text: given.verified(
            text, given.some_of(text)
        ),
        "memory.claims.verify, both": lambda text: given.verified(text, text),
        "memory.claims.verify, a name": lambda text: given.verified(SAID, SAID, name=text),
        "memory.claims.sound": lambda text: claims.sound(text, text),
        "memory.claims.sound, a value": lambda text: claims.sound("home", text),
        "memory.facts.plain": facts.plain,
        "memory.facts.render": lambda text: facts.render([given.fact(text)], text),
        "memory.facts.merge": lambda text: facts.merge(
            [given.fact(text)], [given.fact(text), given.fact("a")]
        ),
        "memory.words.Words": lambda text: given.fresh(words)(text),  # noqa: PLW0108  anew each time
        "memory.recall.Index": lambda text: given.indexed(given.fresh(words), text),
        "memory.recall.Index.search": lambda text: given.asked(given.fresh(words), text),
        "memory.erasing, theirs": lambda text: {*erasing._runs(erasing._words(text))},
        "memory.erasing, ours": lambda text: erasing._quotes(entry(text, kind=ME), set()),
    }


def _tokens() -> Mapping[str, Surface]:
    exact, old = at_hand(), tokens.Counter("estimate", old=True)
    return {
        "memory.tokens.Counter, estimated": tokens.Counter("estimate").count,
        "memory.tokens.Counter, estimated for an older model": old.count,
        **({} if exact.estimates else {"memory.tokens.Counter, counted": exact.count}),
    }


def _bot() -> Mapping[str, Surface]:
    table = commands.Commands.__new__(commands.Commands)
    table.table = {each.name: each for each in commands.COMMANDS}
    return {
        "bot.commands.parse": table.parse,
        "bot.commands.parse, forget": lambda text: table.parse(f"forget {text}"),
        "bot.commands.parse, memory": lambda text: table.parse(f"memory correct {text}"),
        "bot.desk, a title": desk.title,
        "bot.export.shown": lambda text: json.dumps(export.shown(PLACE, entry(text))),
        "bot.known.named": lambda text: known._named(text, [given.fact("a")]),
        "bot.offline, asked": lambda text: given.offline_said(text, summarised=False),
        "bot.offline, summarised": lambda text: given.offline_said(text, summarised=True),
        "bot.places.clean": places.clean,
        "bot.places.entry_of": lambda text: places.entry_of(given.message_of(text)),
        "bot.prompt": lambda text: given.prompted([entry(text)], []),
        "bot.prompt, the window": lambda text: given.prompted([], [entry(text)]),
        "bot.telemetry.redact": lambda text: telemetry.redact(None, "", {"event": text}),
    }
