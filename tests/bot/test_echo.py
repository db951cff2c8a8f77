"""What the platform shows of the bot's own posts is compared with what it should show (rule 25)."""

import pytest

from adapters.message import Echo
from adapters.ports import Unclear
from bot.intake import Intake
from bot.places import place_of
from bot.reply import FORGOTTEN
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, People, Post

pytestmark = pytest.mark.anyio
TOLD, OLD = "re: Ada: ", "what a frozen process wrote"


async def test_a_post_nobody_knows_of_a_finished_turn_is_removed(bot: Bench) -> None:
    async with bot.running() as intake:
        turn = await _answered(bot, intake)
        bot.platform.posts["p9"] = Post(turn, "said twice")
        await intake.echo(Echo(conversation=HERE, id="p9", turn=turn))
        await intake.echo(Echo(conversation=HERE, id="p1", turn=turn))
        await intake.echo(Echo(conversation=HERE, id="p7", turn="another's"))
        await bot.until(lambda: list(bot.platform.posts) == ["p1"])


async def test_what_an_older_holder_wrote_into_a_finished_reply_is_written_over(
    bot: Bench,
) -> None:
    bot.platform.crash = Unclear("cut")  # so that a second holder ends the turn
    async with bot.running() as intake:
        turn = await _answered(bot, intake)
        for fence in (0, 2):  # nobody's, the last holder's
            bot.platform.posts["p1"].text = OLD
            await intake.echo(Echo(conversation=HERE, id="p1", turn=turn, fence=fence))
            await intake._turns.answer(place_of(HERE))
            assert bot.platform.shown == [OLD]
        await intake.echo(Echo(conversation=HERE, id="p1", turn=turn, fence=1))
        await bot.until(lambda: bot.platform.shown == [TOLD + "hello"])
    assert list(bot.platform.posts) == ["p1"]
    assert len(bot.model.seen) == 2


async def test_what_an_older_holder_wrote_into_a_reply_is_written_over_before_its_end(
    bot: Bench,
) -> None:
    bot.platform.crash = Unclear("cut")
    async with bot.running() as intake:

        async def thaw(post: str) -> None:
            shown = bot.platform.posts[post]
            shown.text = OLD
            await intake.echo(Echo(conversation=HERE, id=post, turn=shown.turn, fence=1))

        bot.platform.meanwhile = thaw
        await intake.receive(People().say("hello"))
        await bot.until(lambda: bot.platform.shown == [OLD])
        await bot.rest()
    assert bot.platform.shown == [TOLD + "hello"]
    assert bot.platform.posts["p1"].complete


async def test_a_forgotten_reply_is_not_written_again_nor_do_an_older_holders_words_stay(
    bot: Bench,
) -> None:
    bot.platform.crash = Unclear("cut")
    async with bot.running() as intake:
        turn = await _answered(bot, intake)
        await intake._memory.retract(place_of(HERE), ["m1"])
        bot.platform.posts["p1"].text = OLD
        await intake.echo(Echo(conversation=HERE, id="p1", turn=turn, fence=1))
        await bot.until(lambda: bot.platform.shown == [FORGOTTEN])
    assert bot.platform.posts["p1"].complete


async def _answered(bot: Bench, intake: Intake) -> str:
    """The turn that answered."""
    await intake.receive(People().say("hello"))
    await bot.answers(1)
    await bot.rest()
    return bot.platform.posts["p1"].turn
