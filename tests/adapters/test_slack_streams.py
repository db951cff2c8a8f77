"""Native streams: a reply ends whole on its posts, whatever Slack refuses on the way."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ports import Busy, Posted, Unclear
from adapters.slack.streams import STARTS, settled
from tests.adapters.slack_streaming import (
    START,
    anyio_backend,
    clock,
    place,
    platform,
    slack,
    slowly,
    told,
    turn,
    whole,
)
from tests.servers.slack import Fault, Slack
from tests.servers.slack.limits import TIERS
from tests.virtual import VirtualLoop

__all__ = ["anyio_backend", "slack"]

pytestmark = pytest.mark.anyio
WHOLE = "# Title\n\nOne two three.\n\n```py\ncode = [1]\n```\n"
WHOLE += "See [a](https://b.test/c) and `d`. The end."


async def test_a_slow_answer_to_one_person_streams(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    posted = await told(slack, ts, slowly("One two three four five six seven."))
    whole(slack, ts, "One two three four five six seven.")
    assert (posted.complete, posted.text) == (True, "One two three four five six seven.")
    (started,) = slack.calls("chat.startStream")
    assert (started["recipient_user_id"], started["recipient_team_id"]) == ("U1", "T00FAKE00AA")
    assert (started["thread_ts"], started["channel"]) == (ts, "DU1")
    assert len(slack.calls("chat.appendStream")) >= 2
    assert slack.calls("chat.update") == slack.calls("chat.postMessage") == []


async def test_feedback_is_asked_below_a_finished_answer(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly("One two three four five six seven."))
    await told(slack, ts, slowly("Quick.", pause=0.0))
    for post in [post for post in slack.posts("DU1", ts) if post.own]:
        assert post.more["blocks"][-1]["type"] == "context_actions"
    assert not any("blocks" in call for call in slack.calls("chat.appendStream"))


async def test_a_workspace_without_feedback_buttons_gets_the_text(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    slack.fail("chat.postMessage", Fault(error="invalid_blocks"))
    await told(slack, ts, slowly("Quick.", pause=0.0))
    assert slack.replies("DU1", ts) == ["Quick."]


async def test_an_answer_complete_within_a_second_is_posted_at_once(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly("Quick and whole.", pause=0.1))
    whole(slack, ts, "Quick and whole.")
    assert slack.calls("chat.startStream") == []


async def test_where_several_read_posts_are_edited_so_that_all_see_them_grow(slack: Slack) -> None:
    ts = slack.say("C1", "U1", "hello")
    await told(slack, ts, slowly("One two three four five six seven."), "C1")
    whole(slack, ts, "One two three four five six seven.", "C1")
    assert slack.calls("chat.startStream") == []
    assert slack.calls("chat.update")


FAULTS = [
    Fault(error="not_authorized"),
    Fault(error="stopped_by_user"),
    Fault(error="message_not_in_streaming_state"),
    Fault(error="internal_error"),
    Fault(retry_after=3),
    Fault(status=500),
    Fault(status=500, stored=True),
    Fault(cut=True),
    Fault(cut=True, stored=True),
]
CALLS = ["chat.startStream", "chat.appendStream", "chat.stopStream"]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("method", CALLS)
async def test_whatever_is_refused_the_answer_ends_whole(
    slack: Slack, method: str, fault: Fault
) -> None:
    ts = slack.dm("U1", "hello")
    slack.fail(method, fault)
    posted = await told(slack, ts, slowly(WHOLE, size=20))
    shown = WHOLE.replace("[a](https://b.test/c)", "a (`https://b.test/c`)")
    whole(slack, ts, shown)
    assert posted.text == shown


@pytest.mark.parametrize("lifetime", [306.0, 100.0])
async def test_an_answer_slower_than_any_stream_ends_whole(
    slack: Slack, lifetime: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.servers.slack.agent.LIFETIME", lifetime)
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly("One two three four five six. " * 3, size=9, pause=60.0))
    whole(slack, ts, ("One two three four five six. " * 3).strip())
    refused = "chat.update" if lifetime < 240.0 else "chat.stopStream"
    assert slack.calls(refused)


async def test_a_long_answer_goes_on_in_further_streams_cut_where_it_reads_well(
    slack: Slack,
) -> None:
    ts, text = (
        slack.dm("U1", "hello"),
        "".join(f"Paragraph {n}. {'word ' * 60}\n\n" for n in range(40)),
    )
    posted = await told(slack, ts, slowly(text, size=900))
    replies = slack.replies("DU1", ts)
    assert len(replies) == len(slack.calls("chat.startStream")) == len(posted.ids) > 2
    assert "".join(replies).split() == text.split()
    assert all(reply.startswith("Paragraph") and len(reply) <= 3_900 for reply in replies)
    assert not any(slack.methods.agent.streaming(post) for post in slack.posts("DU1", ts))


async def test_another_process_ends_a_stream_that_a_crash_left_open(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    hold, first = turn(), platform(slack).chat(place(ts))
    async with aclosing(first.reply(hold, slowly("One two three four five six."), Posted())) as it:
        await anext(it)
    (post,) = [post for post in slack.posts("DU1", ts) if post.own]
    assert slack.methods.agent.streaming(post)
    assert post.metadata is None
    second = platform(slack).chat(place(ts))
    found = await second.find("t1", hold.began_at)
    assert found.ids == (post.ts,)
    async with aclosing(second.reply(hold, slowly("All of it.", pause=0.0), found)) as reply:
        assert [posted async for posted in reply][-1].ids == (post.ts,)
    whole(slack, ts, "All of it.")


async def test_a_stream_left_open_can_be_taken_back(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    chat = platform(slack).chat(place(ts))
    async with aclosing(chat.reply(turn(), slowly("One two three four."), Posted())) as reply:
        posted = await anext(reply)
    with pytest.raises(Busy):  # it is ended first; then the turn must be sure of its hold again
        await chat.remove(posted.ids)
    await chat.remove(posted.ids)
    assert slack.replies("DU1", ts) == []


async def test_a_marked_post_of_another_turn_is_not_taken_for_a_stream(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly("One two three four five six."))
    found = await platform(slack).chat(place(ts)).find("t2", turn().began_at)
    assert found.ids == ()


@pytest.mark.skipif(not TIERS.exists(), reason="no rate_limit_tiers.json in ../shared/data")
async def test_streams_stay_within_the_tier_and_all_answers_end_whole(slack: Slack) -> None:
    slack.tiers.load()
    threads = [slack.dm("U1", f"question {number}") for number in range(STARTS + 7)]
    serving = platform(slack)

    async def answer(ts: str) -> None:
        chat = serving.chat(place(ts))
        text = slowly("One two three four five six.", size=14, pause=4.0)
        async with aclosing(chat.reply(turn(), text, Posted())) as reply:
            async for _ in reply:
                pass

    async with asyncio.TaskGroup() as answers:
        for ts in threads:
            answers.create_task(answer(ts))
    assert len(slack.calls("chat.startStream")) == STARTS
    for ts in threads:
        assert slack.replies("DU1", ts) == ["One two three four five six."]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("One two thr", "One two "),
        ("One", ""),
        ("One.\n", "One.\n"),
        ("See [the do", "See "),
        ("See [the docs](https://a.b/c", "See "),
        ("See [the docs](https://a.b/c) now", "See [the docs](https://a.b/c) "),
        ("Code:\n```py\nx = 1\ny =\n```", "Code:\n```py\nx = 1\ny "),
        ("Code:\n```py\n```", ""),
        ("```py\n```", ""),
        ("```\nx\n```\nThen ", "```\nx\n```\nThen "),
    ],
)
def test_only_what_more_text_will_not_change_is_streamed(text: str, part: str) -> None:
    assert settled(text) == part


WORDS = st.sampled_from(["word ", "a", " ", "\n", "\n\n", "```py\n", "```\n", "[x]", "Sentence. "])
WORDS |= st.sampled_from(["(https://c.test/d) ", "@everyone ", "https://e.test/f ", "`", "*b* "])
WORDS |= st.just("x" * 900)
REFUSALS = st.lists(st.sampled_from([None, *FAULTS]), max_size=6)


@settings(max_examples=15, deadline=None)
@given(
    words=st.lists(WORDS, min_size=1, max_size=40),
    pieces=st.integers(1, 8),
    faults=st.fixed_dictionaries(
        dict.fromkeys([*CALLS, "chat.update", "chat.postMessage"], REFUSALS)
    ),
)
def test_no_refusal_at_any_call_loses_the_tail(
    words: Sequence[str], pieces: int, faults: dict[str, list[Fault | None]]
) -> None:
    text = "Start. " + "".join(words) + " The end."
    began = datetime.fromtimestamp(START, UTC)

    async def run() -> None:
        async with Slack(retries=(), now=clock) as slack:
            ts = slack.dm("U1", "hello")
            for method, planned in faults.items():
                definite = {"chat.update", "chat.postMessage"} & {method}
                kept = [each for each in planned if not definite or _passes(each)]
                slack.fail(method, *(each or Fault() for each in kept))
            posted = Posted()
            while not posted.complete:  # whoever takes over goes on with what is found
                try:
                    said = slowly(text, size=len(text) // pieces + 1)
                    posted = await told(slack, ts, said, onto=posted)
                except (Busy, Unclear):
                    posted = await platform(slack).chat(place(ts)).find("t1", began)
            own = [post for post in slack.posts("DU1", ts) if post.own]
            assert tuple(post.ts for post in own) == posted.ids
            assert all(post.metadata for post in own)
            assert not any(slack.methods.agent.streaming(post) for post in own)
            shown = "".join(post.text for post in own)
            assert [*filter(str.isalnum, shown)] == [*filter(str.isalnum, posted.text)]

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience=0.05)) as runner:
        runner.run(run())


def _passes(fault: Fault | None) -> bool:
    """A refusal of an ordinary post or edit ends the reply: only what passes is asked here."""
    return fault is None or fault.error in ("", "internal_error")
