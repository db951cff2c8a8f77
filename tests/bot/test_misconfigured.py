"""Whatever is wrong with a configuration is told in one line, and no secret is."""

from pathlib import Path

import pytest

from bot.config import ConfigError, load
from tests.bot.configuring import Setup, setup

__all__ = ["setup"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("memory: {window: {high: -5}}", "memory.window.high: must be at least 200, not -5"),
        ("memory: 5", "memory: must be a section with keys of its own, not 5"),
        (
            "follow: sometimes",
            "follow: must be 'never', 'one-on-one' or 'always', not 'sometimes'",
        ),
        (
            "discord: {message_content: perhaps}",
            "discord.message_content: must be true or false, not 'perhaps'",
        ),
        (
            "store: {replicas: 1}",
            "store.replicas: needs REDIS_URL: the private server has none",
        ),
        ("persona: [a]", "persona: must be text"),
        ("turns: {sweep_seconds: .nan}", "turns.sweep_seconds: must be a number, not nan"),
        ("turns: {sweep_seconds: 0}", "turns.sweep_seconds: must be more than 0, not 0"),
        (
            "memory: {window: {low: 6000}}",
            "memory.window.low: must be less than window.high (6000), not 6000",
        ),
        (
            "memory: {window: {messages_high: 20}}",
            "memory.window.messages_low: must be from 1 to messages_high (20) - 1, not 0",
        ),
        (
            "turns: {grace_seconds: 7}",
            (
                "turns.grace_seconds: must be at least late_seconds - call_timeout_seconds"
                " + listed_seconds = 8, not 7"
            ),
        ),
        (
            "turns: {lease_seconds: 5}",
            "turns.lease_seconds: must be more than call_timeout_seconds (5)",
        ),
        (
            "model: {context_tokens: 8000}",
            (
                "model.context_tokens: must hold memory.window.high + memory.segments x"
                " memory.segment_tokens + memory.recall_tokens + model.reply_tokens"
                " = 12000, not 8000"
            ),
        ),
    ],
)
def test_a_wrong_value_is_told_in_one_line_with_its_spelling_in_the_environment(
    setup: Setup, text: str, words: str
) -> None:
    name = words.partition(":")[0].upper().replace(".", "__")
    line = f"{words} (set it in config.yaml or as THREADKEEPER_{name})"
    assert setup.lines(text) == [line]


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("memory: {window: {hihg: 5}}", "memory.window.hihg", "memory.window.high"),
        ("high: 9000", "high", "memory.window.high"),
        ("memroy: {window: {high: 1}}", "memroy", "memory"),
        ("slack: {token: xoxb-9}", "slack.token", "SLACK_BOT_TOKEN"),
    ],
)
def test_an_unknown_key_is_told_the_nearest_known_one(
    setup: Setup, text: str, key: str, meant: str
) -> None:
    assert setup.lines(text) == [f"{key}: is not a known key; did you mean {meant}?"]


def test_a_key_like_no_other_is_only_unknown(setup: Setup) -> None:
    assert setup.lines("qqq: 1") == ["qqq: is not a known key"]


def test_a_port_in_the_file_is_told_both_places(setup: Setup) -> None:
    (line,) = setup.lines("port: x")
    assert (
        line == "port: must be a number from 1 to 65535, not 'x' (set it in config.yaml or as PORT)"
    )


REDIS = (
    "REDIS_URL: must be like redis://host:port, rediss://…, unix:///path, "
    "redis+cluster://host:port,host:port or redis+sentinel://host:port,host:port/service"
)


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"PORT": "x"}, "PORT: must be a number from 1 to 65535, not 'x'"),
        ({"PORT": "70000"}, "PORT: must be a number from 1 to 65535, not '70000'"),
        (
            {"LOG_LEVEL": "loud"},
            "LOG_LEVEL: must be 'debug', 'info', 'warning' or 'error', not 'loud'",
        ),
        ({"REDIS_URL": "host:6379"}, REDIS),
        ({"REDIS_URL": "redis+cluster://"}, REDIS),
        ({"REDIS_URL": "redis+cluster://a:1,,b:2"}, REDIS),
        ({"REDIS_URL": "redis+cluster://a:1/3"}, REDIS),
        ({"REDIS_URL": "redis+cluster://a:port"}, REDIS),
        ({"REDIS_URL": "redis+sentinel://a:1,b:2"}, REDIS),
        ({"REDIS_URL": "redis+sentinel://a:1/service/zero"}, REDIS),
        ({"OPENAI_BASE_URL": "host"}, "OPENAI_BASE_URL: must start with http:// or https://"),
        ({"SLACK_API_URL": "http://h/api"}, "SLACK_API_URL: must end in /api/"),
        ({"DISCORD_API_URL": "http://h/api"}, "DISCORD_API_URL: must end in /api/v10"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1"},
            "SLACK_APP_TOKEN: is missing, and SLACK_BOT_TOKEN needs it, or SLACK_SIGNING_SECRET",
        ),
        (
            {"SLACK_APP_TOKEN": "xapp-1"},
            "SLACK_BOT_TOKEN: is missing, and SLACK_APP_TOKEN needs it too",
        ),
        (
            {"MEMORY_KEY": "hunter2"},
            "MEMORY_KEY: key 1 is not 32 bytes as base64url: make one with `python -m bot key`",
        ),
        (
            {"THREADKEEPER_MEMORY__WINDOW__HIHG": "5"},
            "memory.window.hihg: is not a known key; did you mean memory.window.high?",
        ),
        (
            {"THREADKEEPER_COMMANDS__FORGET": "memory"},
            (
                "commands.forget: must not be memory, which is another command's"
                " (set it in config.yaml or as THREADKEEPER_COMMANDS__FORGET)"
            ),
        ),
        (
            {"THREADKEEPER_COMMANDS__FORGET": "/forget"},
            (
                "commands.forget: must be 1 to 32 of a-z, 0-9, - and _"
                " (set it in config.yaml or as THREADKEEPER_COMMANDS__FORGET)"
            ),
        ),
        (
            {"THREADKEEPER_TURNS": "5", "THREADKEEPER_TURNS__ATTEMPTS": "5"},
            (
                "turns: must be a section with keys of its own, not '5'"
                " (set it in config.yaml or as THREADKEEPER_TURNS)"
            ),
        ),
    ],
)
def test_a_wrong_environment_is_told_in_one_line(
    setup: Setup, environ: dict[str, str], line: str
) -> None:
    assert setup.lines(**environ) == [line]


def test_all_problems_are_told_at_once(setup: Setup) -> None:
    lines = setup.lines(
        "memory: {window: {high: -5}}\nturns: {grace_seconds: 1}\nslack: {bot_token: xoxb-9}",
        PORT="x",
        REDIS_URL="nowhere",
    )
    starts = [line.partition(":")[0] for line in lines]
    assert starts == [
        "slack.bot_token",
        "memory.window.high",
        "turns.grace_seconds",
        "REDIS_URL",
        "PORT",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("follow: never\nmodel: a: b", "line 2: mapping values are not allowed here"),
        ("follow: [", "line 1: "),
        ("key: !hunter2hunter2 x", "line 1: could not determine a constructor for the tag"),
        ("- a", "must hold keys and values"),
        ("\x01", "is not YAML"),
    ],
)
def test_a_file_that_is_not_yaml_is_told_the_line(setup: Setup, text: str, words: str) -> None:
    (line,) = setup.lines(text)
    assert words in line
    assert "hunter2" not in line


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, {})


SECRETS = [
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "DISCORD_TOKEN",
    "OPENAI_API_KEY",
    "REDIS_URL",
    "MEMORY_KEY",
    "DATABASE_URL",
]


@pytest.mark.parametrize("start", ["", "xoxb-", "xapp-", "redis://h/"])
@pytest.mark.parametrize(
    "name",
    [*SECRETS, "SLACK_API_URL", "PORT", "THREADKEEPER_MODEL__TRIES", "THREADKEEPER_SLACK__TOKEN"],
)
def test_no_secret_is_ever_printed(setup: Setup, name: str, start: str) -> None:
    try:
        shown = repr(setup.load(**{name: f"{start}q7Zp-canary-4417-x9Lk"}))
    except ConfigError as error:
        shown = f"{error!r} {error}"
    assert "canary" not in shown


@pytest.mark.parametrize("name", SECRETS)
def test_the_file_takes_no_secret_and_does_not_repeat_it(setup: Setup, name: str) -> None:
    (line,) = setup.lines(f"{name.lower()}: canary")
    assert line.endswith(f": belongs in the environment or .env as {name}, not in config.yaml")
    assert "canary" not in line


def test_what_becomes_of_posts_is_one_of_two_words(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("forget:\n  replies: gone\n")
    with pytest.raises(
        ConfigError, match=r"forget\.replies: must be 'keep' or 'remove', not 'gone'"
    ):
        load(file, {})
