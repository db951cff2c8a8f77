"""What is stored and does not open: an apology and a line in the log, never a text out of place."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.message import Conversation, Message
from bot.intake import Intake
from bot.places import entry_of, place_of
from memory.layout import prefix
from memory.seal import DataKey, Keyring, Unreadable, fresh_key
from memory.slots import Person
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, START, People
from tests.bot.test_commands import DM, told
from tests.memory.conftest import World

pytestmark = pytest.mark.anyio

THERE = replace(HERE, thread="T2")
ELSEWHERE = replace(HERE, channel="C2")
SORRY = "Sorry, I could not answer this: my memory of this conversation does not open"
CLOSED = "memory does not open"


def record(where: Conversation, kind: str) -> str:
    place = place_of(where)
    return f"{prefix(place)}{place.key}/{kind}"


@asynccontextmanager
async def behind(bot: Bench) -> AsyncIterator[Redis]:
    """Somebody at the server, whom nobody asked."""
    async with Redis.from_url(bot.url) as redis:
        yield redis


async def swap(bot: Bench, *fields: tuple[str, str]) -> None:
    """The sealed parts of two values, each a key and its field."""
    one, other = fields
    async with behind(bot) as redis:
        values = [bytes(await redis.hget(*each) or b"") for each in fields]  # type: ignore[arg-type]
        heads, seals = zip(*(value.split(b":", 1) for value in values), strict=True)
        await redis.hset(*one, heads[0] + b":" + seals[1])
        await redis.hset(*other, heads[1] + b":" + seals[0])


async def exchange(bot: Bench, people: People, where: Conversation, *texts: str) -> None:
    """Each is answered before the next is said."""
    async with bot.running() as intake:
        await talk(bot, intake, *(people.say(text, where=where) for text in texts))


async def talk(bot: Bench, intake: Intake, *messages: Message) -> None:
    for message in messages:
        before = sum(post.complete for post in bot.platform.posts.values())
        await intake.receive(message)
        await bot.answers(before + 1)


async def owe(bot: Bench, message: Message) -> None:
    """A process took this message in and died."""
    world = World(bot.url)
    world.keyring = bot.keyring
    store = world.store()
    memory = world.memory(store)
    await memory.open()
    assert await memory.receive(place_of(message.conversation), entry_of(message))
    await store.close()


async def lose_key(bot: Bench) -> Keyring:
    """From now on MEMORY_KEY holds another key, which opens the store's secret and no record."""
    async with behind(bot) as redis:
        await redis.delete("tk:pepper")
    lost, bot.keyring = bot.keyring, Keyring([fresh_key()])
    return lost


def reasons(logs: Sequence[EventDict]) -> list[str]:
    return [each["reason"] for each in logs if each["event"] == CLOSED]


async def test_what_is_owed_under_an_unknown_key_gets_one_apology_and_one_line(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, HERE, "I deploy on Fridays")
    await owe(bot, people.say("when do I deploy?"))
    lost = await lose_key(bot)
    with capture_logs() as logs:
        async with bot.running() as intake:
            await bot.answers(2)
            await talk(bot, intake, *(people.say("hello", where=ELSEWHERE) for _ in range(3)))
    told, apology, *others = bot.platform.shown
    assert apology.startswith(SORRY)
    assert not [text for text in (told, *others) if "Sorry" in text]
    (reason,) = reasons(logs)
    assert f"needs key {lost.ids[0]}, which MEMORY_KEY does not list" in reason
    assert len(bot.model.seen) == 1 + 3


async def test_when_the_key_is_back_nothing_is_lost(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, HERE, "I deploy on Fridays")
    await owe(bot, people.say("when do I deploy?"))
    lost = await lose_key(bot)
    async with bot.running():
        await bot.answers(2)
    bot.keyring = _both(bot.keyring, lost)
    async with bot.running() as intake:
        await talk(bot, intake, people.say("well?"))
    texts = "\n".join(each.text for each in bot.model.seen[-1].prompts)
    assert "I deploy on Fridays" in texts
    assert "when do I deploy?" in texts
    assert "does not open" not in texts


def _both(one: Keyring, other: Keyring) -> Keyring:
    one._ciphers |= other._ciphers
    return one


async def test_an_apology_that_a_crash_cut_short_is_finished_on_the_same_post(bot: Bench) -> None:
    people = People()
    await owe(bot, people.say("hello"))
    await lose_key(bot)
    bot.platform.crash = RuntimeError("as if killed")
    async with bot.running():
        await bot.until(lambda: len(bot.platform.posts) == 1)
        await bot.answers(1)
    (post,) = bot.platform.posts.values()
    assert post.text.startswith(SORRY)
    assert post.complete


async def test_a_message_that_cannot_be_sealed_is_turned_away_with_one_apology(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, HERE, "hello")
    lost = await lose_key(bot)
    with capture_logs() as logs:
        async with bot.running() as intake:
            message = people.say("and now?", twin="t")
            await intake.receive(message)
            await intake.receive(replace(message, id="again"))
            await talk(bot, intake, people.say("hello", where=ELSEWHERE))
            with pytest.raises(Unreadable):  # overheard: the platform is to bring it again
                await intake.receive(people.say("by the way", called=False))
    assert [each.text.split(";")[0] for each in bot.platform.whispers] == [
        "Sorry, my memory here does not open"
    ]
    assert all(lost.ids[0] in reason for reason in reasons(logs))
    assert len(reasons(logs)) == 2


async def test_swapped_messages_are_shown_to_nobody(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, HERE, "the code is 1234", "thanks")
    await exchange(bot, people, ELSEWHERE, "hello")
    await swap(bot, (record(HERE, "msg"), "m1"), (record(HERE, "msg"), "m2"))
    before = len(bot.model.seen)
    async with bot.running() as intake:
        await talk(bot, intake, people.say("what is the code?"))
        await talk(bot, intake, people.say("still there?", where=ELSEWHERE))
    assert bot.platform.shown[-2].startswith(SORRY)
    assert bot.platform.shown[-1].endswith("still there?")
    assert len(bot.model.seen) == before + 1


async def test_a_message_moved_from_another_conversation_is_shown_to_nobody(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, DM, "the code is 1234")
    await exchange(bot, people, HERE, "hello")
    await swap(bot, (record(DM, "msg"), "m1"), (record(HERE, "msg"), "m2"))
    async with bot.running() as intake:
        await talk(bot, intake, people.say("what was said?"))
    assert bot.platform.shown[-1].startswith(SORRY)
    assert "1234" not in bot.platform.shown[-1]


async def test_an_older_version_put_back_does_not_open(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, HERE, "hello")
    async with behind(bot) as redis:
        value = await redis.hget(record(HERE, "msg"), "m1")
        assert isinstance(value, bytes)
        await redis.hset(record(HERE, "msg"), "m1", value.replace(b"0,", b"5,", 1))
    async with bot.running() as intake:
        await talk(bot, intake, people.say("well?"))
    assert bot.platform.shown[-1].startswith(SORRY)


async def test_swapped_summaries_are_shown_to_nobody(bot: Bench) -> None:
    bot.marks = Marks(high=60, low=20)
    people = People()
    segments = []
    for where in (HERE, ELSEWHERE):
        folds = len(bot.summaries)
        async with bot.running() as intake:
            for text in ("x" * 40, "y" * 40, "z"):
                await talk(bot, intake, people.say(text, where=where))
            await bot.until(lambda folds=folds: len(bot.summaries) > folds)  # type: ignore[misc]
        async with behind(bot) as redis:
            (segment,) = await redis.hkeys(record(where, "seg"))
            assert isinstance(segment, bytes)
            segments.append((record(where, "seg"), segment.decode()))
    await swap(bot, *segments)
    async with bot.running() as intake:
        await talk(bot, intake, people.say("so?"))
        await talk(bot, intake, people.say("hello", where=THERE))
    assert bot.platform.shown[-2].startswith(SORRY)
    assert bot.platform.shown[-1].endswith("hello")


async def test_a_thread_that_does_not_open_is_not_recalled_and_stops_no_other(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, HERE, "the falcon lands at noon")
    await exchange(bot, people, THERE, "the falcon is late")
    async with behind(bot) as redis:
        await redis.hset(record(HERE, "rec"), "key", b"no key at all")
    third = replace(HERE, thread="T3")
    with capture_logs() as logs:
        await exchange(bot, people, third, "where is the falcon?")
    recalled = "\n".join(each.text for each in bot.model.seen[-1].prompts)
    assert "falcon is late" in recalled
    assert "at noon" not in recalled
    assert [each["conversation"] for each in logs] == [place_of(HERE).key]


async def test_a_person_whose_facts_do_not_open_is_answered_without_them(bot: Bench) -> None:
    people, ada = People(), Person(platform="fake", space="S", id="U1")
    alien = Keyring([fresh_key()]).wrap(DataKey.fresh().raw, ada.key)
    async with behind(bot) as redis:
        slot = {"key": alien, "revision": 1, "facts": b"sealed"}
        await redis.hset(f"{prefix(ada)}{ada.key}", mapping=slot)  # type: ignore[arg-type]
    with capture_logs() as logs:
        await exchange(bot, people, HERE, "hello")
    assert bot.platform.shown == ["re: Ada: hello"]
    assert [each["event"] for each in logs] == ["facts not readable"]
    async with bot.running() as intake:
        command, answers = told("memory")
        await intake.command(command)
    assert answers[0].text.startswith("Sorry, my memory here does not open")


async def test_what_does_not_open_can_still_be_forgotten(bot: Bench) -> None:
    people = People()
    await exchange(bot, people, DM, "hello")
    await lose_key(bot)
    async with bot.running() as intake:
        command, answers = told("summary")
        await intake.command(command)
        assert answers[0].text.startswith("Sorry, my memory here does not open")
        command, answers = told("forget", "yes", given_at=START + timedelta(seconds=1))
        await intake.command(command)
        assert answers[0].text == "Forgotten: 2 messages."
        await talk(bot, intake, people.say("hello again", where=DM))
    assert bot.platform.shown[-1].endswith("hello again")


async def test_nobody_can_forget_a_thread_when_it_is_not_known_who_took_part(bot: Bench) -> None:
    await exchange(bot, People(), HERE, "hello")
    await lose_key(bot)
    async with bot.running() as intake:
        command, answers = told("forget", "yes", conversation=HERE)
        await intake.command(command)
    assert answers[0].text.startswith("Sorry, my memory here does not open")
