"""What keeps failing is left alone for a while, and the operator is told why."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from bot.breaker import Breaker
from bot.ports import ModelFailed, Request
from tests.virtual import VirtualLoop

REQUEST = Request(prompts=(), reply_tokens=10)
DOWN = ModelFailed("unavailable", "It does not answer: wait.")
BROKE = ModelFailed("quota", "No credit left: top it up.", lasting=True)
ODD = ModelFailed("rejected", "It rejects the request.", lasting=True)


@dataclass
class Endpoint:
    """Fails as it is told; else it answers."""

    failures: list[ModelFailed] = field(default_factory=list)
    asked: int = 0

    async def __call__(self, request: Request) -> AsyncGenerator[str, None]:
        self.asked += 1
        yield "so"
        if self.failures:
            raise self.failures.pop(0)


async def answer(model: Breaker) -> str:
    try:
        return "".join([piece async for piece in model(REQUEST)])
    except ModelFailed as failed:
        return failed.reason


def in_virtual_time(*failures: ModelFailed, pauses: tuple[float, ...]) -> tuple[list[str], int]:
    """The answers, each after its pause in seconds, and how often the endpoint was asked."""
    endpoint = Endpoint([*failures])

    async def play() -> list[str]:
        model, answers = Breaker(endpoint, failures=3, rest=30), []
        for pause in pauses:
            await asyncio.sleep(pause)
            answers.append(await answer(model))
        return answers

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(play()), endpoint.asked
    finally:
        loop.close()


def test_after_three_failures_in_a_row_it_is_not_asked_until_it_has_rested() -> None:
    answers, asked = in_virtual_time(DOWN, DOWN, DOWN, pauses=(0, 0, 0, 1, 28, 2, 0))
    down = "unavailable"
    assert answers == [down, down, down, "resting", "resting", "so", "so"]
    assert asked == 5


def test_one_failure_after_the_rest_is_enough_for_another_one() -> None:
    answers, asked = in_virtual_time(*[DOWN] * 4, pauses=(0, 0, 0, 31, 1, 31))
    assert answers[3:] == ["unavailable", "resting", "so"]
    assert asked == 5


def test_an_answer_between_failures_keeps_it_going() -> None:
    endpoint = Endpoint()
    model = Breaker(endpoint, failures=2)

    async def play() -> None:
        for failures in ([DOWN], [], [DOWN], []):
            endpoint.failures = [*failures]
            await answer(model)

    asyncio.run(play())
    assert endpoint.asked == 4
    assert not model.trouble


def test_an_account_without_credit_is_not_tried_again_at_once() -> None:
    answers, asked = in_virtual_time(BROKE, pauses=(0, 1, 30))
    assert answers == ["quota", "resting", "so"]
    assert asked == 2


def test_a_request_that_is_refused_for_itself_says_nothing_about_the_next() -> None:
    answers, _ = in_virtual_time(*[ODD] * 5, pauses=(0,) * 6)
    assert answers == ["rejected"] * 5 + ["so"]


def test_only_one_request_finds_out_whether_it_is_well_again() -> None:
    endpoint = Endpoint([DOWN, DOWN])

    async def play() -> list[str]:
        model = Breaker(endpoint, failures=1, rest=30)
        first = await answer(model)
        await asyncio.sleep(31)
        return [first, *await asyncio.gather(*(answer(model) for _ in range(5)))]

    loop = VirtualLoop()
    try:
        answers = loop.run_until_complete(play())
    finally:
        loop.close()
    assert answers == ["unavailable", "unavailable", *["resting"] * 4]
    assert endpoint.asked == 2


@pytest.mark.parametrize("failure", [BROKE, DOWN])
def test_the_operator_sees_why(failure: ModelFailed) -> None:
    model = Breaker(Endpoint([failure]), failures=1)
    asyncio.run(answer(model))
    assert model.trouble == str(failure)


@pytest.mark.anyio
async def test_each_endpoint_has_its_own() -> None:
    broke, well = Breaker(Endpoint([BROKE])), Breaker(Endpoint())
    answers = [await answer(each) for each in (broke, broke, well)]
    assert answers == ["quota", "resting", "so"]
