"""What goes out to Discord keeps to its limits, outlives its faults, and says what to do."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from adapters.ports import Busy, Posted, Refused
from tests.adapters.inbox import Collected
from tests.adapters.running import connected, discord, inbox, platform
from tests.adapters.test_discord_posts import EDIT, POST, Talk, Turn, count, pieces, talk
from tests.servers.discord import FakeDiscord, Fault

__all__ = ["discord", "inbox", "platform", "talk"]

pytestmark = pytest.mark.anyio


async def test_a_long_reply_never_exceeds_the_rate_limit_and_loses_nothing(
    discord: FakeDiscord, talk: Talk
) -> None:
    buckets = discord.limit(5, per=0.4)
    whole = "\n\n".join(f"{number}{' word' * 380}" for number in range(11))
    posted = await talk.reply(pieces(whole))
    assert len(posted.ids) == 11
    assert "\n\n".join(discord.texts(talk.channel)) == whole == posted.text
    assert buckets.exceeded == 0
    assert count(discord, POST) == 11


async def test_edits_keep_within_the_rate_limit_and_the_last_is_made(
    discord: FakeDiscord, talk: Talk
) -> None:
    buckets = discord.limit(5, per=0.4)
    ended = asyncio.Event()

    async def text() -> AsyncGenerator[str, None]:
        for number in range(20):
            yield f"{number} "
            await asyncio.wait({waiting}, timeout=0.06)
        yield "end"

    waiting = asyncio.ensure_future(ended.wait())
    await talk.reply(text())
    waiting.cancel()
    (post,) = discord.posts(talk.channel)
    assert post["content"].endswith("19 end")
    assert post["components"] == []
    assert buckets.exceeded == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503),
        Fault(status=503, stored=True),
        Fault(cut=True),
        Fault(cut=True, stored=True),
        Fault(status=429, via=False, retry_after=0.01),
        Fault(status=400, code=30046),
    ],
)
async def test_the_last_edit_is_made_whatever_goes_wrong(
    discord: FakeDiscord, talk: Talk, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.discord.posts.LATER", 0.01)
    post = await talk.chat._posts.post(talk.turn, 0, "so far", live=True)
    discord.fail(EDIT, fault, fault)
    onto = Posted(ids=(post,))
    seen = [each async for each in talk.chat.reply(talk.turn, pieces("all of it"), onto)]
    assert seen[-1] == Posted(ids=(post,), text="all of it", complete=True)
    assert discord.texts(talk.channel) == ["all of it"]


async def test_a_post_that_was_stored_before_a_502_is_there_once(
    discord: FakeDiscord, talk: Talk
) -> None:
    discord.fail(POST, Fault(status=502, stored=True))
    await talk.reply(pieces("once"))
    assert discord.texts(talk.channel) == ["once"]
    assert count(discord, POST) == 2


async def test_slow_mode_is_waited_for_and_is_not_unclear(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox, timeout=0.2) as platform:
        discord.dm(ada := discord.person("Ada"), "hello")
        await discord.until(lambda: inbox.messages)
        message = inbox.messages[0]
        posts = platform.chat(message.conversation)._posts
        discord.fail(POST, Fault(status=429, code=20016, retry_after=0.5))
        with pytest.raises(Busy) as busy:
            await posts.post(Turn(message.id), 0, "hello", live=False)
        assert 0.2 < busy.value.after < 0.5
        with pytest.raises(Busy):  # and is not asked again before
            await posts.post(Turn(message.id), 0, "hello", live=False)
        assert count(discord, POST) == 1
        assert discord.texts(discord.direct(ada)) == []


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (50007, "allow direct messages"),
        (50083, "unlock it"),
        (200000, "exempt the bot's role"),
        (240000, "a link"),
        (10003, "is gone"),
        (50001, "let the bot view"),
        (99, "look the code up"),
    ],
)
async def test_a_refusal_says_what_to_do(
    discord: FakeDiscord, talk: Talk, code: int, advice: str
) -> None:
    discord.fail(POST, Fault(status=403, code=code))
    with pytest.raises(Refused, match=advice):
        await talk.reply(pieces("hello"))


@pytest.mark.parametrize("code", [20016, 20028, 30046])
async def test_what_can_be_done_later_is_done_later(
    discord: FakeDiscord, talk: Talk, code: int
) -> None:
    discord.fail(POST, Fault(status=403, code=code))
    with pytest.raises(Busy):
        await talk.chat._posts.post(talk.turn, 0, "hello", live=False)
