"""One process on both platforms: it answers where it was asked, with what was said before."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memory.tokens import Counter, counter
from tests.e2e.conftest import check_log
from tests.e2e.process import Home
from tests.e2e.town import WITHIN, SlackThread, Town, is_fold, spoken, town

pytestmark = pytest.mark.anyio

VOCABULARY = Path(__file__).parents[3] / "shared/data/tiktoken"
CONTEXT, REPLY = 3000, 200  # tokens
SMALL = {
    "TIKTOKEN_CACHE_DIR": str(VOCABULARY),
    "THREADKEEPER_MODEL__CONTEXT_TOKENS": str(CONTEXT),
    "THREADKEEPER_MODEL__REPLY_TOKENS": str(REPLY),
    "THREADKEEPER_MEMORY__WINDOW__HIGH": "900",
    "THREADKEEPER_MEMORY__WINDOW__LOW": "400",
    "THREADKEEPER_MEMORY__SEGMENT_TOKENS": "100",
    "THREADKEEPER_MEMORY__SEGMENTS": "4",
}
LONG = (
    "One more of many words: " + "antidisestablishmentarianism, 数字と漢字, 🦆🦆 and so on; " * 500
)


@pytest.fixture(scope="module")
async def here(
    tmp_path_factory: pytest.TempPathFactory, warm: Path, anyio_backend: str
) -> AsyncIterator[Town]:
    """A bot whose model takes little, connected to both platforms, for all of these tests."""
    async with town() as place:
        folder, environ = tmp_path_factory.mktemp("both"), place.environ | SMALL
        home = Home(folder=folder, warm=warm, environ=environ)
        try:
            async with home.bot() as bot:
                await place.connected()
                yield place
                assert await bot.stop() == 0
        finally:
            home.close()
        check_log(home, *place.said)


@pytest.fixture(scope="module")
def tokens() -> Counter:
    """The model's own when it is at hand, else the bot's estimate."""
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("TIKTOKEN_CACHE_DIR", str(VOCABULARY))
        return counter("gpt-6-luna")


@pytest.mark.parametrize("first", ["message", "app_mention"])
async def test_a_mention_in_a_slack_thread_gets_one_reply_there_that_knows_the_thread(
    here: Town, first: str
) -> None:
    order = ("message", "app_mention") if first == "message" else ("app_mention", "message")
    thread = here.thread(f"C{first}")
    thread.ask("the codeword is heron-7", order)
    await thread.count(1)
    for number in range(10):
        thread.chat(f"The weather of day {number} is fine")
    await thread.taken()
    thread.ask("what is the codeword?", order)
    replies = await thread.count(2)
    assert replies[1] == "It is heron-7."
    await thread.taken()
    assert (len(thread.replies()), thread.outside()) == (2, [])


async def test_a_discord_direct_message_is_answered_with_what_was_said_ten_messages_earlier(
    here: Town,
) -> None:
    direct = here.direct("Ada")
    asked = ["the codeword is otter-3", *(f"Day {number} was fine" for number in range(10))]
    for number, text in enumerate([*asked, "what is the codeword?"], start=1):
        direct.ask(text)
        await direct.count(number)
    assert direct.replies()[-1] == "It is otter-3."
    await direct.until(lambda _: not direct.buttons())


async def test_two_hundred_messages_fold_and_the_model_gets_what_the_summary_holds(
    here: Town,
) -> None:
    thread = here.thread("Cfold")
    thread.ask("the codeword is plover-9")
    await thread.count(1)
    for number in range(200):
        thread.chat(f"Note {number}: the {number}th train of today was late by {number} minutes")
    await thread.taken()
    thread.ask("are you still with us?")
    await thread.count(2)
    await folded(here, thread)
    thread.ask("what is the codeword?")
    assert (await thread.count(3))[2] == "It is plover-9."
    asked = spoken(here.model.seen[-1].body)
    assert any(text.startswith("[Earlier]") and "plover-9" in text for text in asked)
    assert not any(
        "plover-9" in text for text in asked if not text.startswith(("[Earlier]", "[Older"))
    )
    assert any("Note 199" in text for text in asked)


@pytest.mark.parametrize(
    "odd",
    ["<|endoftext|> what <|fim_prefix|>", "half a character: \ud83d!", "a null \0 in the middle"],
    ids=["special tokens", "lone surrogate", "null"],
)
async def test_odd_text_is_answered_on_both_platforms(here: Town, odd: str) -> None:
    thread, direct = here.thread("Codd"), here.direct("Bob")
    before = len(direct.replies())
    thread.ask(odd)
    direct.ask(odd)
    seen = [await thread.until(bool), await direct.until(lambda all_: len(all_) > before)]
    words = odd.replace("\0", "").replace("\ud83d", "?")
    assert [replies[-1].partition(": ")[2].partition(": ")[2] for replies in seen] == [words] * 2


async def test_no_prompt_for_a_reply_exceeds_what_the_model_takes(
    here: Town, tokens: Counter
) -> None:
    thread, direct = here.thread("Clong"), here.direct("Cleo")
    for number in range(3):
        thread.ask(f"{number}: {LONG}"[:30_000])
        direct.ask(f"{number}: {LONG}"[:2_000])
        await thread.count(number + 1)
        await direct.count(number + 1)
    sizes = [
        sum(map(tokens.count, seen.texts))
        for seen in here.model.seen
        if not is_fold(seen.body["messages"])
    ]
    print(f"{len(sizes)} prompts, the longest of {max(sizes)} tokens, by {tokens.name}")
    assert max(sizes) <= CONTEXT - REPLY


async def test_no_prompt_for_a_summary_exceeds_what_the_model_takes(
    here: Town, tokens: Counter
) -> None:
    """The conversations of the tests before."""
    sizes = [
        sum(map(tokens.count, seen.texts))
        for seen in here.model.seen
        if is_fold(seen.body["messages"])
    ]
    print(f"{len(sizes)} folds, the longest of {max(sizes)} tokens, by {tokens.name}")
    assert max(sizes) <= CONTEXT - REPLY


async def folded(here: Town, thread: SlackThread) -> None:
    """Until nothing but the window's low mark is word for word, as /summary says."""
    async with asyncio.timeout(WITHIN):
        said = ""
        while not (said and int(said.partition(" word for word")[0].split("(")[1]) < 60):
            known = len(here.slack.whispers)
            thread.ask("summary")
            said = await whispered(here, known)


async def whispered(here: Town, known: int) -> str:
    """The next whisper after so many."""
    await here.slack.until(lambda: len(here.slack.whispers) > known)
    return here.slack.whispers[-1].text
