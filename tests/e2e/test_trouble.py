"""What an operator or a model endpoint gets wrong: one clear line each, and nothing is lost."""

import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from memory.seal import Keyring, fresh_key
from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, Home
from tests.e2e.town import Town, town
from tests.servers.openai import HANG, SILENT, error, html, reply

pytestmark = pytest.mark.anyio

STATUS = (
    "platforms: ",
    "slack: off",
    "discord: off",
    "model: ",
    "memory: ",
    "archive: ",
    "tokens: ",
    "web: ",
    "discord: On Discord I see ",
)
IMPATIENT = {
    "THREADKEEPER_MODEL__FIRST_TOKEN_SECONDS": "2",
    "THREADKEEPER_MODEL__IDLE_SECONDS": "2",
    "THREADKEEPER_MODEL__TOTAL_SECONDS": "4",
    "THREADKEEPER_MODEL__TRIES": "1",
    "THREADKEEPER_MODEL__REST_SECONDS": "0.01",
    "THREADKEEPER_TURNS__ATTEMPTS": "1",
}
QUOTED = "made up, and it quotes sk-made-up-and-secret and a question"
TROUBLES = {
    "401": (error(401, "invalid_api_key", QUOTED), "refuses the key"),
    "429": (error(429, "rate_limit_exceeded", QUOTED), "limits our rate"),
    "out of credit": (error(429, "insufficient_quota", QUOTED), "no credit"),
    "500": (error(500, "server_error", QUOTED), "does not answer"),
    "a web page": (html(), "no Chat Completions API"),
    "nothing": (HANG, "took too long"),
    "keep-alives only": (SILENT, "took too long"),
    "half a reply": (reply("It is", finish=None, done=False, then="eof"), "ended early"),
    "no word": (reply(""), "without a word"),
}


async def refused(home: Home, verb: str = "run", **environ: str) -> str:
    """The one line it gives as its reason not to start."""
    ended = await home.run(verb, **environ)
    assert (ended.code, ended.out) == (2, "")
    lines = [line for line in ended.err.splitlines() if not line.startswith(STATUS)]
    assert len(lines) == 1, ended.err
    return lines[0]


async def test_an_unknown_key_is_named_with_the_one_probably_meant(home: Home) -> None:
    home.config.write_text("memory:\n  windw:\n    high: 5000\n")
    line = await refused(home)
    assert line == "memory.windw: is not a known key; did you mean memory.window?"


async def test_a_negative_window_is_refused_with_its_bound(home: Home) -> None:
    line = await refused(home, THREADKEEPER_MEMORY__WINDOW__HIGH="-1")
    assert line.startswith("memory.window.high: must be at least 200, not '-1'")


async def test_a_port_that_is_no_number_is_refused(home: Home) -> None:
    assert await refused(home, PORT="x") == "PORT: must be a number from 1 to 65535, not 'x'"


async def test_a_port_that_is_asked_for_and_taken_is_refused(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = await refused(home, PORT=port)
    assert line == f"PORT: {port} is taken: stop what listens there, or set another"


async def test_a_running_bot_says_where_it_can_be_asked_and_answers_there(home: Home) -> None:
    async with home.bot("run") as bot:
        bot.type("hello\n")
        await bot.until("keep that in mind")
        (address,) = re.findall(r"^web: (http://127\.0\.0\.1:\d+)", home.err, re.MULTILINE)
        async with aiohttp.ClientSession(address) as session:
            for page in ("/healthz", "/readyz"):
                async with session.get(page) as answer:
                    assert (answer.status, await answer.text()) == (200, "ok\n")
            async with session.get("/metrics") as answer:
                assert 'threadkeeper_received_total{owed="yes"} 1.0' in await answer.text()
        assert await bot.end() == 0


async def test_a_chat_listens_nowhere(home: Home) -> None:
    await home.run("chat", "hello\n")
    assert "web: " not in home.err


async def test_a_file_that_is_no_yaml_is_refused_with_the_line(home: Home) -> None:
    home.config.write_text("follow: never\nmemory: [1, 2\n")
    assert "line 3" in await refused(home)


async def test_a_redis_that_does_not_answer_is_named(home: Home) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"redis://:hush-hush-hush@127.0.0.1:{port}"
        line = await refused(home, REDIS_URL=url, MEMORY_KEY=fresh_key())
    assert line.startswith(f"REDIS_URL: nothing answers at 127.0.0.1:{port}")


async def test_a_cluster_that_does_not_answer_is_named(home: Home) -> None:
    url = "redis+cluster://me:hush-hush-hush@127.0.0.1:1,127.0.0.1:2"
    line = await refused(home, REDIS_URL=url, MEMORY_KEY=fresh_key())
    assert line.startswith("REDIS_URL: nothing answers at 127.0.0.1:1,127.0.0.1:2: start")


@pytest.mark.parametrize("port", ["x", "hush/hush@h"])
async def test_an_address_that_is_none_is_refused_without_being_shown(
    home: Home, port: str
) -> None:
    line = await refused(home, REDIS_URL=f"redis://h:{port}", MEMORY_KEY=fresh_key())
    assert line.startswith("REDIS_URL: names no host and port")


async def test_a_redis_without_a_key_is_refused_with_the_command_that_makes_one(
    home: Home,
) -> None:
    line = await refused(home, REDIS_URL="redis://127.0.0.1:1")
    assert line.startswith("MEMORY_KEY: ")
    assert "python -m bot key" in line


async def test_a_corrupt_key_is_refused_without_being_shown(home: Home) -> None:
    line = await refused(home, MEMORY_KEY="no-key-at-all-but-secret")
    assert line.startswith("MEMORY_KEY: ")
    assert "secret" not in line


async def test_another_key_than_the_data_was_written_with_is_refused_by_its_id(home: Home) -> None:
    home.heard += ["My name is Ada and I deploy on Fridays"]
    await home.run("chat", f"{home.heard[0]}\n")
    (used,) = Keyring.parse((home.data / "memory.key").read_text()).ids
    assert used in await refused(home, "chat", MEMORY_KEY=fresh_key())


async def test_a_data_folder_that_is_a_file_is_refused(home: Home) -> None:
    home.data.write_text("")
    assert "THREADKEEPER_DATA" in await refused(home)
    home.data.unlink()


async def test_a_refused_slack_token_ends_it_with_advice(busy_home: Home) -> None:
    line = await refused(busy_home, SLACK_BOT_TOKEN="xoxb-the-revoked-one")
    assert line.startswith("slack: auth.test: invalid_auth: copy the token again")
    assert "revoked" not in busy_home.err


async def test_a_refused_discord_token_ends_it_with_advice(busy_home: Home) -> None:
    line = await refused(busy_home, DISCORD_TOKEN="not.the.token")
    assert line.startswith("discord: Discord refuses DISCORD_TOKEN: copy")
    assert "not.the" not in busy_home.err


@pytest.fixture(scope="module")
async def impatient(
    tmp_path_factory: pytest.TempPathFactory, warm: Path, anyio_backend: str
) -> AsyncIterator[tuple[Town, Home]]:
    """A bot that tries its model once, for a moment."""
    async with town() as place:
        environ = BRISK | IMPATIENT | place.environ
        folder = tmp_path_factory.mktemp("impatient")
        home = Home(folder=folder, warm=warm, environ=environ)
        try:
            async with home.bot() as bot:
                await place.connected()
                yield place, home
                assert await bot.stop() == 0
        finally:
            home.close()
        check_log(home, *place.said, QUOTED)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_model_in_trouble_costs_one_line_and_no_memory(
    impatient: tuple[Town, Home], trouble: str
) -> None:
    place, home = impatient
    act, reason = TROUBLES[trouble]
    direct, before = place.direct(f"Ada of {trouble}"), len(home.err)
    place.model.script(act)
    direct.ask("the codeword is heron-7")
    (apology,) = await direct.until(lambda replies: replies and "Sorry" in replies[-1])
    assert "\n" not in apology
    assert "ask me again" in apology
    assert ".." not in apology
    told = [line for line in home.err[before:].splitlines() if reason in line]
    assert len(told) == 1
    direct.ask("what is the codeword?")
    replies = await direct.until(lambda replies: len(replies) == 2)
    assert replies[1] == "It is heron-7."


async def test_a_model_that_is_down_for_one_attempt_is_asked_again_unseen(
    busy_home: Home, model_town: Town
) -> None:
    direct = model_town.direct()
    model_town.model.script(error(500, "server_error"))
    async with busy_home.bot(THREADKEEPER_MODEL__TRIES="1") as bot:
        await model_town.connected()
        direct.ask("the codeword is heron-7")
        assert list(await direct.until(bool)) == ["You said: Ada: the codeword is heron-7"]
        assert await bot.stop() == 0


async def test_odd_and_endless_lines_go_through_the_console(home: Home) -> None:
    megabyte = b"many words of a very long line " * 34_000 + b"end"
    odd = [b"<|endoftext|> is a token", b"nothing\0ness", b"half \xed\xa0\xbd and \xff\xfe bytes"]
    home.heard += ["many words of a very long line", "<|endoftext|> is a token"]
    asked = b"the kettle is called Bert"
    lines = b"\n".join([asked, megabyte, *odd, b"how is the kettle called?", b"/summary"])
    ended = await home.run("chat", lines + b"\n")
    assert ended.code == 0
    assert "I hold 12 messages" in ended.out
    assert "longer than I can read" in ended.out
    assert "kettle is called Bert" in ended.out
