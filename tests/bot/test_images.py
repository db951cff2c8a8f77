"""Images on their way from a platform to the model: only where asked for, within the budget."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.ports import Image
from bot.budget import Limit
from bot.budget import Limits as DayLimits
from bot.offline import offline
from bot.ports import ModelFailed, Prompt, Request, Role
from bot.prompt import IMAGE, Budget
from tests.bot.conftest import Bench
from tests.bot.platform import People
from tests.bot.test_model import model
from tests.servers.openai import FakeOpenAI, error, reply

pytestmark = pytest.mark.anyio

CAT = Image(media_type="image/png", data=b"\x89PNG cat")
DOG = Image(media_type="image/jpeg", data=b"dog")
REQUEST = Request(
    prompts=(
        Prompt(role=Role.USER, text="Ada: earlier"),
        Prompt(role=Role.USER, text="Ada: who is it?"),
        Prompt(role=Role.ASSISTANT, text="Let me"),
    ),
    stable=1,
    reply_tokens=500,
    images=(CAT, DOG),
)


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


async def ask(server: FakeOpenAI, **changes: object) -> str:
    async with model(server, **changes) as completions:
        return "".join([piece async for piece in completions(REQUEST)])


@pytest.mark.parametrize("cache", [False, True])
async def test_images_follow_the_text_of_the_last_user_message(
    server: FakeOpenAI, cache: bool
) -> None:
    await ask(server, cache=cache)
    before, asked, after = server.seen[0].body["messages"]
    parts = [
        {"url": f"data:{each.media_type};base64,{base64.b64encode(each.data).decode()}"}
        for each in (CAT, DOG)
    ]
    assert asked["content"] == [
        {"type": "text", "text": "Ada: who is it?"},
        *({"type": "image_url", "image_url": each | {"detail": "high"}} for each in parts),
    ]
    assert "image" not in str((before, after))


async def test_an_endpoint_that_rejects_images_is_asked_without_them(server: FakeOpenAI) -> None:
    server.script(error(400, "invalid_image"), reply("Ask in words."))
    with capture_logs() as logs:
        assert await ask(server, tries=1) == "Ask in words."
    assert [(log["event"], log["images"]) for log in logs] == [("model.left_out", 2)]
    assert ["image_url" in str(seen.body) for seen in server.seen] == [True, False]


async def test_what_is_rejected_without_images_too_fails_as_ever(server: FakeOpenAI) -> None:
    server.script(error(400, "bad"), error(400, "bad"))
    with pytest.raises(ModelFailed) as caught:
        await ask(server)
    assert (caught.value.reason, len(server.seen)) == ("rejected", 2)


async def test_the_offline_model_ignores_them() -> None:
    answers = [
        [piece async for piece in offline(request)]
        for request in (REQUEST, replace(REQUEST, images=()))
    ]
    assert answers[0] == answers[1]


def test_an_image_is_not_shown_where_a_request_is_printed() -> None:
    assert "cat" not in repr(REQUEST)


async def shown(bot: Bench) -> list[Request]:
    """To the model, when two messages are answered, the first with an image."""
    people = People()
    bot.platform.pictures = {"m1": [CAT]}
    async with bot.running() as intake:
        for number in (1, 2):
            await intake.receive(people.say(f"question {number}"))
            await bot.answers(number)
    return bot.model.seen


async def test_the_model_sees_the_images_of_what_it_answers_once(bot: Bench) -> None:
    bot.images = True
    first, second = await shown(bot)
    assert (first.images, second.images) == ((CAT,), ())
    assert first.tokens > IMAGE


async def test_a_model_that_takes_no_images_is_shown_none(bot: Bench) -> None:
    assert [each.images for each in await shown(bot)] == [(), ()]


async def test_a_context_without_room_for_images_gets_none(bot: Bench) -> None:
    bot.images, bot.budget = True, Budget(context=6_000)
    assert (await shown(bot))[0].images == ()


async def test_the_summary_model_is_shown_none_when_a_budget_runs_out(bot: Bench) -> None:
    bot.images, bot.limits = True, DayLimits(person=Limit(turns=10), soft=0.0)
    first, _ = await shown(bot)
    assert (first.cheap, first.images) == (True, ())
