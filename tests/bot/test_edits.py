"""Edits as the bot takes them in: before their message, out of sight, of what was said before."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.message import Author, Edit
from memory.entry import UNREADABLE
from tests.bot.conftest import Bench
from tests.bot.platform import START, People

pytestmark = pytest.mark.anyio

BO = Author(id="U2", name="Bo")
MINUTE = timedelta(minutes=1)


def edit(post: str, text: str, at: datetime | None, *, readable: bool = True) -> Edit:
    return Edit(
        platform="fake", space="S", channel="C", id=post, text=text, edited_at=at, readable=readable
    )


def asked(bot: Bench) -> str:
    """All of the last prompt."""
    return "\n".join(each.text for each in bot.model.seen[-1].prompts)


async def test_what_was_said_before_is_taken_as_it_was_read_though_edits_of_it_came(
    bot: Bench,
) -> None:
    """Of what nobody called the bot into, many posts may have been edited: each would be a call."""
    people = People()
    first, other = (people.say(text, author=BO, called=False) for text in ("draft", "other"))
    at = first.sent_at + MINUTE
    bot.platform.said = [replace(first, text="final", edited_at=at), other]
    async with bot.running() as intake:
        await intake.amend(edit(first.id, "final", at))
        await intake.receive(people.say("and now?"))
        await bot.answers(1)
    assert "Bo: final" in asked(bot)
    assert bot.platform.read_again == []


async def test_what_changed_long_before_it_was_read_needs_no_time_of_an_edit(bot: Bench) -> None:
    """Slack names none where only the blocks of a bot's post changed, or a file was deleted."""
    people = People()
    first = people.say("build 7 is red", author=BO, called=False)
    bot.platform.said = [replace(first, text="build 7 is green")]
    async with bot.running() as intake:
        await intake.amend(edit(first.id, "build 7 is green", bot.now - 2 * MINUTE))
        await intake.receive(people.say("and now?"))
        await bot.answers(1)
    assert "Bo: build 7 is green" in asked(bot)
    assert bot.platform.read_again == []


@pytest.mark.parametrize(("ago", "told"), [(2 * MINUTE, "final"), (MINUTE / 2, UNREADABLE)])
async def test_a_message_that_comes_late_is_trusted_once_its_edit_has_settled(
    bot: Bench, ago: timedelta, told: str
) -> None:
    people = People()
    message = people.say("draft")
    bot.platform.said = [replace(message, text="final")]  # and nobody can tell since when
    async with bot.running() as intake:
        await intake.amend(edit(message.id, "final", bot.now - ago))
        await intake.receive(message)
        await bot.answers(1)
    assert f"Ada: {told}" in asked(bot)
    assert bot.platform.read_again == [message.id]


async def test_what_was_read_before_an_edit_is_read_again(bot: Bench) -> None:
    people = People()
    page = people.say("draft with a secret", author=BO, called=False)
    at = page.sent_at + MINUTE
    bot.platform.said = [replace(page, text="final", edited_at=at)]
    bot.platform.library = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(people.say("and now?"))
        await bot.until(lambda: bool(bot.platform.readings))
        await intake.amend(edit(page.id, "final", at))
        await intake.overhear(page)
        bot.platform.library.set()
        await bot.answers(1)
    assert "Bo: final" in asked(bot)
    assert "secret" not in asked(bot)
    assert bot.platform.read_again == [page.id]


async def test_an_edit_that_the_bot_may_not_read_takes_the_text_away(bot: Bench) -> None:
    people = People()
    bot.model.script = lambda _: "yes"
    async with bot.running() as intake:
        message = people.say("my number is 5551")
        await intake.receive(message)
        await bot.answers(1)
        hidden = edit(message.id, "my number is 5552", START + MINUTE, readable=False)
        await intake.amend(replace(hidden, attachments=("plan.pdf",)))
        await intake.receive(people.say("what is it?"))
        await bot.answers(2)
    prompt = asked(bot)
    assert f"Ada: {UNREADABLE}" in prompt
    assert not any(text in prompt for text in ("5551", "5552", "plan.pdf"))


async def test_what_nobody_edited_and_is_all_there_is_not_answered_again(bot: Bench) -> None:
    """Discord tells of link previews so."""
    people = People()
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        message = people.say("see example.com", attachments=("plan.pdf",))
        await intake.receive(message)
        await bot.until(lambda: bool(bot.platform.posts))
        preview = edit(message.id, message.text, None)
        await intake.amend(replace(preview, attachments=message.attachments))
        await intake.amend(edit("nobody's", "see example.com", None))
        bot.model.gate.set()
        await bot.answers(1)
    assert len(bot.model.seen) == 1
