"""The model over the wire: every way an endpoint fails, through the real client."""

import asyncio
import logging
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bot.model import Completions, Endpoint
from bot.ports import ModelFailed, Prompt, Request, Role
from tests.servers.openai import HANG, SILENT, Act, FakeOpenAI, error, html, reply

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret-0123456789"
REQUEST = Request(
    prompts=(
        Prompt(role=Role.SYSTEM, text="You remember."),
        Prompt(role=Role.USER, text="Ada: I deploy on Fridays."),
        Prompt(role=Role.ASSISTANT, text="Noted."),
        Prompt(role=Role.USER, text="Ada: when do I deploy?"),
    ),
    stable=3,
    reply_tokens=500,
    cache_key="c-1",
)


def endpoint(url: str, **changes: object) -> Endpoint:
    quick = {"first_token": 0.2, "idle": 0.2, "total": 2.0, "backoff": 0.01}
    return Endpoint(**{"base_url": url, "api_key": KEY, "model": "gpt-5.6"} | quick | changes)  # type: ignore[arg-type]


@asynccontextmanager
async def model(server: FakeOpenAI, **changes: object) -> AsyncIterator[Completions]:
    completions = Completions(endpoint(server.url, **changes), lambda: 0.5)
    try:
        yield completions
    finally:
        await completions.close()


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


async def ask(server: FakeOpenAI, *acts: Act, **changes: object) -> str:
    server.script(*acts)
    async with model(server, **changes) as completions:
        return "".join([piece async for piece in completions(REQUEST)])


async def listen(completions: Completions, heard: list[str]) -> None:
    async for piece in completions(REQUEST):
        heard.append(piece)  # noqa: PERF401  what came before a failure counts too


async def failure(server: FakeOpenAI, *acts: Act, **changes: object) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        await ask(server, *acts, **changes)
    assert "\n" not in str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


async def test_a_reply_streams_in_pieces(server: FakeOpenAI) -> None:
    server.script(reply("You deploy on Fridays.", size=4))
    async with model(server) as completions:
        pieces = [piece async for piece in completions(REQUEST)]
    assert "".join(pieces) == "You deploy on Fridays."
    assert len(pieces) == 6


async def test_the_request_says_what_was_asked(server: FakeOpenAI) -> None:
    await ask(server)
    body = server.seen[0].body
    assert body["model"] == "gpt-5.6"
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert server.seen[0].texts == [prompt.text for prompt in REQUEST.prompts]
    assert body["max_completion_tokens"] == 500
    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_other_servers_get_no_cache_hints_unless_told(server: FakeOpenAI) -> None:
    await ask(server)
    assert not [key for key in server.seen[0].body if "cache" in key]


async def test_cache_hints_name_the_conversation_and_mark_what_stays(server: FakeOpenAI) -> None:
    await ask(server, cache=True)
    body = server.seen[0].body
    marked = [type(message["content"]) is list for message in body["messages"]]
    assert marked == [True, True, False, False]
    assert body["prompt_cache_key"] == "c-1"
    assert body["prompt_cache_options"] == {"mode": "explicit"}


@pytest.mark.parametrize("name", ["gpt-5.5", "gpt-4o", "gpt-oss-120b", "llama-3"])
async def test_models_without_breakpoints_get_none(server: FakeOpenAI, name: str) -> None:
    await ask(server, cache=True, model=name)
    hints = [key for key in server.seen[0].body if "cache" in key]
    assert hints == ["prompt_cache_key"]


@pytest.mark.parametrize("parameter", ["max_tokens", ""])
async def test_the_limit_goes_by_the_servers_name(server: FakeOpenAI, parameter: str) -> None:
    await ask(server, limit_parameter=parameter)
    limits = {key: value for key, value in server.seen[0].body.items() if key.startswith("max_")}
    assert limits == ({parameter: 500} if parameter else {})


async def test_the_summary_model_writes_summaries(server: FakeOpenAI) -> None:
    async with model(server, summary_model="small") as completions:
        asked = Request(prompts=REQUEST.prompts, reply_tokens=100, summary=True)
        async for _ in completions(asked):
            pass
    assert server.seen[0].body["model"] == "small"


async def test_a_reply_cut_at_its_limit_shows_it(server: FakeOpenAI) -> None:
    assert await ask(server, reply("You deploy", finish="length")) == "You deploy …"


async def test_a_server_that_never_says_done_is_believed(server: FakeOpenAI) -> None:
    assert await ask(server, reply("Fridays.", done=False)) == "Fridays."


async def test_one_connection_serves_many_replies(server: FakeOpenAI) -> None:
    async with model(server) as completions:
        for _ in range(3):
            async for _ in completions(REQUEST):
                pass
        await server.until(lambda: server.finished == 3)
    assert server.dropped == 0


REASONS = {
    "a wrong key": (error(401, "invalid_api_key", f"Incorrect API key provided: {KEY}"), "auth"),
    "a forbidden model": (error(403), "auth"),
    "no credit": (error(429, "insufficient_quota"), "quota"),
    "no balance": (error(402), "quota"),
    "an unknown model": (error(404, "model_not_found"), "rejected"),
    "a bad parameter": (error(400, "unsupported_parameter"), "rejected"),
}


@pytest.mark.parametrize("case", REASONS)
async def test_what_the_operator_must_mend_is_tried_once(server: FakeOpenAI, case: str) -> None:
    act, reason = REASONS[case]
    failed = await failure(server, act)
    assert (failed.reason, failed.lasting) == (reason, True)
    assert len(server.seen) == 1


@pytest.mark.parametrize("act", [*map(error, (408, 409, 429, 500, 503, 529)), html(502)])
async def test_passing_trouble_is_tried_again(server: FakeOpenAI, act: Act) -> None:
    assert await ask(server, act, act, reply("Fridays.")) == "Fridays."


async def test_trouble_that_stays_is_told_after_three_tries(server: FakeOpenAI) -> None:
    failed = await failure(server, *[error(500)] * 3)
    assert (failed.reason, failed.lasting) == ("unavailable", False)
    assert len(server.seen) == 3


async def test_retry_after_is_honoured(server: FakeOpenAI) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    assert await ask(server, error(429, retry_after="0.2"), reply("Fridays.")) == "Fridays."
    assert clock() - began >= 0.2


async def test_a_wait_beyond_the_deadline_is_not_begun(server: FakeOpenAI) -> None:
    failed = await failure(server, error(429, retry_after="60"))
    assert (failed.reason, failed.lasting, failed.after) == ("rate", False, 60)


@pytest.mark.parametrize("odd", ["-5", "nan", "1e999", "soon", "Fri, 20 Nov 2026 10:00:00 GMT"])
async def test_an_odd_retry_after_is_ignored(server: FakeOpenAI, odd: str) -> None:
    assert await ask(server, error(429, retry_after=odd), reply("Fridays.")) == "Fridays."


@pytest.mark.parametrize("act", [HANG, SILENT], ids=["no headers", "keep-alives only"])
async def test_a_model_that_never_begins_is_tried_again(server: FakeOpenAI, act: Act) -> None:
    assert await ask(server, act, reply("Fridays.")) == "Fridays."
    await server.until(lambda: server.dropped == 1)


async def test_the_total_deadline_ends_the_tries(server: FakeOpenAI) -> None:
    failed = await failure(server, HANG, HANG, HANG, total=0.3)
    assert failed.reason == "timeout"
    assert len(server.seen) == 2


SLOW = {"waiting": reply("Fridays.", before_text=0.1), "thinking": reply("Fridays.", thinking=15)}


@pytest.mark.parametrize("act", SLOW.values(), ids=SLOW)
async def test_a_slow_model_at_work_is_waited_for(server: FakeOpenAI, act: Act) -> None:
    assert await ask(server, act) == "Fridays."
    assert len(server.seen) == 1


BROKEN = {
    "a stall": (reply("You deploy on", then="stall"), "timeout"),
    "a stall with keep-alives": (reply("You deploy on", then="stall", keepalive=True), "timeout"),
    "a cut": (reply("You deploy on", then="cut"), "truncated"),
    "an early end": (reply("You deploy on", then="eof"), "truncated"),
    "no finish reason": (reply("You deploy on", finish=None), "truncated"),
    "an error inside": (reply("You deploy on", then='data: {"error": "x"}\n\n'), "unavailable"),
    "garbage inside": (reply("You deploy on", then="data: {]\n\n"), "invalid"),
    "the content filter": (reply("You deploy on", finish="content_filter"), "refused"),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_reply_that_breaks_off_is_no_reply(server: FakeOpenAI, case: str) -> None:
    act, reason = BROKEN[case]
    heard: list[str] = []
    server.script(act)
    async with model(server) as completions:
        with pytest.raises(ModelFailed) as caught:
            await listen(completions, heard)
    assert "".join(heard) == "You deploy on"
    assert (caught.value.reason, caught.value.lasting) == (reason, False)
    assert len(server.seen) == 1


NONSENSE = {
    "a sign-in page": html(),
    "nothing": Act(body=""),
    "no stream": Act(body='{"choices": []}'),
    "noise": Act(body="data: \x01\x02\n\n", content_type="text/event-stream"),
    "JSON of another kind": Act(body='data: [1, "a"]\n\ndata: 7\n\n'),
}


@pytest.mark.parametrize("case", NONSENSE)
async def test_what_is_no_such_api_is_named(server: FakeOpenAI, case: str) -> None:
    failed = await failure(server, NONSENSE[case], tries=1)
    assert failed.reason in {"invalid", "truncated"}
    assert not failed.lasting


async def test_a_reply_without_a_word_is_no_reply(server: FakeOpenAI) -> None:
    assert (await failure(server, reply("", finish="length"))).reason == "empty"


async def test_nothing_listening_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused, and nobody else gets it
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        completions = Completions(endpoint(url), lambda: 0.5)
        with pytest.raises(ModelFailed) as caught:
            await anext(aiter(completions(REQUEST)))
        await completions.close()
    assert (caught.value.reason, caught.value.lasting) == ("unavailable", False)
    assert "OPENAI_BASE_URL" in str(caught.value)


async def test_closing_the_iterator_hangs_up(server: FakeOpenAI) -> None:
    server.script(reply("You deploy on", then="stall"))
    async with model(server) as completions:
        async with aclosing(completions(REQUEST)) as pieces:
            assert await anext(pieces) == "You depl"
        await server.until(lambda: server.dropped == 1)


async def test_the_key_is_in_no_error_and_no_log(
    server: FakeOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    acts = [act for act, _ in REASONS.values()] + [error(500, KEY)]
    with capture_logs() as logged:
        errors = [await failure(server, act, tries=1) for act in acts]
    assert KEY not in caplog.text
    assert KEY not in repr(logged)
    assert KEY not in repr([(error, error.args, error.__cause__) for error in errors])
    assert all(error.__context__ is None for error in errors)
    assert KEY not in repr(endpoint(server.url))
    assert not [line for line in caplog.messages if "deploy" in line]


@pytest.mark.parametrize("key", ["sk-ké", "sk-a b", "sk-a\n"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ModelFailed) as caught:
        Completions(Endpoint(api_key=key, model="gpt-5.6"), lambda: 0.5)
    assert caught.value.lasting
    assert "sk-" not in str(caught.value)


async def test_a_server_without_keys_is_asked_with_none(server: FakeOpenAI) -> None:
    assert await ask(server, reply("Hello."), api_key="") == "Hello."
