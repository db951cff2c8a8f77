"""Facts over the wire: asked for by schema where the endpoint takes one, in words where not."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from bot.model import Completions
from bot.ports import ModelFailed
from bot.summariser import summariser
from memory.claims import COLLECT, Claim, read
from memory.records import Place
from memory.summary import INSTRUCTION, Task
from tests.bot.test_model import REQUEST, model
from tests.servers.openai import Act, FakeOpenAI, error, reply

pytestmark = pytest.mark.anyio

ROW = {"person": "Ada", "key": "home", "value": "Lisbon", "quote": "I live in Lisbon"}
ANSWER = json.dumps({"summary": "- Ada lives in Lisbon", "facts": [ROW]})
TOLD = ("- Ada lives in Lisbon", [Claim(**ROW)])
PLACE = Place.parse("slack:T1:C1:1")
SAID = "Ada: I live in Lisbon"
TASK = Task(place=PLACE, instruction=INSTRUCTION + COLLECT, text=SAID, tokens=9, facts=True)
REFUSED = error(400, "unsupported_parameter", "response_format is not supported")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


async def told(completions: Completions, task: Task = TASK) -> tuple[str, list[Claim]]:
    summary, claims = read(await summariser(completions)(task))
    return summary, list(claims)


def formats(server: FakeOpenAI) -> list[bool]:
    """Whether each request carried a schema."""
    return ["response_format" in seen.body for seen in server.seen]


async def test_an_endpoint_that_takes_a_schema_gets_a_strict_one(server: FakeOpenAI) -> None:
    server.script(reply(ANSWER))
    async with model(server) as completions:
        assert await told(completions) == TOLD
    asked = server.seen[0].body["response_format"]
    assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)
    schema = asked["json_schema"]["schema"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(ANSWER))
    row = schema["properties"]["facts"]["items"]
    for each in (schema, row):  # what "strict" asks of a schema
        assert each["required"] == list(each["properties"])
        assert each["additionalProperties"] is False


async def test_replies_and_plain_summaries_carry_no_schema(server: FakeOpenAI) -> None:
    async with model(server) as completions:
        await told(completions, replace(TASK, facts=False))
        async for _ in completions(REQUEST):
            pass
    assert formats(server) == [False, False]


@pytest.mark.parametrize("status", [400, 404, 422, 501])
async def test_an_endpoint_that_refuses_the_schema_is_asked_without_from_then_on(
    server: FakeOpenAI, status: int
) -> None:
    server.script(replace(REFUSED, status=status), reply(ANSWER), reply(ANSWER))
    async with model(server) as completions:
        assert await told(completions) == await told(completions) == TOLD
    assert formats(server) == [True, False, False]


async def test_what_is_refused_for_another_reason_does_not_end_schemas(server: FakeOpenAI) -> None:
    server.script(REFUSED, REFUSED, reply(ANSWER))
    async with model(server) as completions:
        with pytest.raises(ModelFailed, match="rejects the request"):
            await told(completions)
        assert await told(completions) == TOLD
    assert formats(server) == [True, False, True]


async def test_passing_trouble_is_tried_again_with_the_schema(server: FakeOpenAI) -> None:
    server.script(error(503), reply(ANSWER))
    async with model(server) as completions:
        assert await told(completions) == TOLD
    assert formats(server) == [True, True]


@pytest.mark.parametrize(
    "answer",
    [f"Sure, here it is:\n```json\n{ANSWER}\n```\nAnything else?", f"{ANSWER[:-1]}, }}"],
)
async def test_an_endpoint_that_ignores_the_schema_is_understood(
    server: FakeOpenAI, answer: str
) -> None:
    server.script(reply(answer))
    async with model(server) as completions:
        assert await told(completions) == TOLD


@pytest.mark.parametrize(
    "act", [reply("%§ {{{ [", finish="length"), reply('{"facts": "many"}'), reply("NONE")]
)
async def test_garbage_tells_no_facts(server: FakeOpenAI, act: Act) -> None:
    server.script(act)
    async with model(server) as completions:
        assert (await told(completions))[1] == []


async def test_an_answer_cut_at_its_limit_keeps_what_is_whole(server: FakeOpenAI) -> None:
    two = json.dumps({"summary": "- Ada lives in Lisbon", "facts": [ROW, ROW]})
    server.script(reply(two[:-20], finish="length"))
    async with model(server) as completions:
        assert await told(completions) == TOLD
