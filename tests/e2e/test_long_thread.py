"""The bot is called into a thread that 1,200 replies were written in before."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, Home
from tests.e2e.town import SlackThread, Town
from tests.servers.slack.faults import Fault

pytestmark = pytest.mark.anyio

REPLIES, EARLY = 1200, 7
PAGE = 200  # of conversations.replies
FACT = "Before I forget it: the codeword is heron-7."
QUESTION = "what is the codeword?"
UNHURRIED = {  # nothing crashes here
    "THREADKEEPER_TURNS__LEASE_SECONDS": "30",
    "THREADKEEPER_TURNS__GRACE_SECONDS": "13",
}


def written(town: Town, *, words: int, fact: int) -> SlackThread:
    """A thread of before the bot was called; its post of this number (0: the first) is the fact."""
    place, workspace = town.slack.channel("C1").id, town.slack.workspace
    texts = [f"Box {number} holds {f'plate{number} ' * words}" for number in range(REPLIES + 1)]
    texts[fact] = FACT
    root = workspace.add(place, "U1", texts[0]).ts
    for number, text in enumerate(texts[1:]):
        workspace.add(place, f"U{1 + number % 2}", text, thread=root)
    return SlackThread(slack=town.slack, channel=place, root=root)


@pytest.mark.parametrize(
    ("words", "fact"), [(6, EARLY), (60, 0)], ids=["all is read", "first and newest are read"]
)
async def test_an_answer_uses_what_was_said_at_the_beginning(
    tmp_path: Path, model_town: Town, warm: Path, words: int, fact: int
) -> None:
    slack = model_town.slack
    thread = written(model_town, words=words, fact=fact)
    environ = BRISK | UNHURRIED | model_town.environ
    home = Home(folder=tmp_path, warm=warm, environ=environ)
    try:
        async with home.bot() as bot:
            await model_town.connected()
            before = len(slack.requests)
            slack.fail("conversations.replies", Fault(), Fault(retry_after=1))
            began = time.monotonic()
            thread.ask(QUESTION)
            answer = (await thread.until(whole))[0]
            took = time.monotonic() - began
            calls = Counter(each.method for each in slack.requests[before:])
            assert await bot.stop() == 0
    finally:
        home.close()
    check_log(home, *model_town.said)
    told = [text for text in prompt(model_town) if "heron-7" in text]
    print(
        f"{took:.1f} s and {calls.total()} calls from the question to the answer: {dict(calls)}; "
        f"its beginning reached the prompt as {[text[:24] for text in told]}"
    )
    assert answer == "It is heron-7."
    assert told
    assert calls["conversations.replies"] <= REPLIES // PAGE + 2  # the mention, and the 429


def whole(replies: Sequence[str]) -> bool:
    """It may be shown piece by piece."""
    return bool(replies) and replies[0].endswith(".")


def prompt(town: Town) -> Sequence[str]:
    """The one that a person was answered with."""
    prompts = [each.texts for each in town.model.seen if each.texts[-1].endswith(QUESTION)]
    assert len(prompts) == 1
    return prompts[0]
