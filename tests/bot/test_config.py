"""Configuration: what is read from where, and what a wrong one is told."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.config import Config, ConfigError, load
from memory.seal import fresh_key

SHIPPED = Path(__file__).parents[2] / "config.yaml"
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret"}


@dataclasses.dataclass(frozen=True)
class Setup:
    folder: Path

    def load(self, text: str = "", dotenv: str = "", **environ: str) -> Config:
        (self.folder / "config.yaml").write_text(text)
        (self.folder / ".env").write_text(dotenv)
        return load(self.folder / "config.yaml", environ)

    def lines(self, text: str = "", dotenv: str = "", **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as error:
            self.load(text, dotenv, **environ)
        assert not isinstance(error.value.__context__, ValidationError)  # it holds the values
        return str(error.value).splitlines()


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def dotted(values: Mapping[str, object], at: str = "") -> set[str]:
    names = set[str]()
    for name, value in values.items():
        names |= dotted(value, f"{at}{name}.") if isinstance(value, dict) else {at + name}
    return names


def test_nothing_set_is_a_whole_configuration(tmp_path: Path) -> None:
    config = load(tmp_path / "config.yaml", {})
    assert config == Config()
    assert config.memory.window.high == 6000
    assert config.slack.bot_token is None
    assert not config.port_was_asked_for


def test_the_shipped_file_names_every_key_with_its_default() -> None:
    assert load(SHIPPED, {}) == Config()
    given = dotted(load(SHIPPED, {}).model_dump(exclude_unset=True))
    wanted = dotted(Config().model_dump(exclude_none=True)) - {"port"}
    assert given == wanted
    assert "\n# port: 8080 " in SHIPPED.read_text()


def test_every_shipped_default_says_what_it_is() -> None:
    keys = re.findall(r"^( *\w+: \S.*)$", SHIPPED.read_text(), re.MULTILINE)
    described_above = ("persona", "follow")
    assert [key for key in keys if "#" not in key and not key.startswith(described_above)] == []


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(setup: Setup) -> None:
    text = "follow: never\ndata: /a\nlog_level: debug"
    dotenv = "THREADKEEPER_FOLLOW=always\nTHREADKEEPER_DATA=/b\nREDIS_URL='redis://h/${X}'"
    config = setup.load(text, dotenv, THREADKEEPER_DATA="/c", X="no interpolation")
    assert (config.follow, config.data, config.log_level) == ("always", Path("/c"), "debug")
    assert config.redis_url == SecretStr("redis://h/${X}")


def test_known_names_reach_their_sections(setup: Setup) -> None:
    config = setup.load(
        **SLACK,
        SLACK_API_URL="http://127.0.0.1:9/api/",
        SLACK_SIGNING_SECRET="s",
        DISCORD_TOKEN="d",
        DISCORD_API_URL="http://127.0.0.1:9/api/v10",
        OPENAI_API_KEY="o",
        OPENAI_BASE_URL="http://127.0.0.1:9/v1",
        REDIS_URL="unix:///run/redis.sock",
        MEMORY_KEY=f"{fresh_key()}, {fresh_key()}",
        DATABASE_URL="sqlite:///archive.db",
        PORT="9000",
        LOG_LEVEL="DEBUG",
        THREADKEEPER_MEMORY__WINDOW__HIGH="8000",
        THREADKEEPER_DISCORD__MESSAGE_CONTENT="true",
        THREADKEEPER_MODEL__LIMIT_PARAMETER="",
    )
    assert config.slack.bot_token == SecretStr("xoxb-1-secret")
    assert config.openai.base_url == "http://127.0.0.1:9/v1"
    assert config.port_was_asked_for
    assert (config.port, config.log_level, config.memory.window.high) == (9000, "debug", 8000)
    assert config.discord.message_content
    assert config.model.limit_parameter == ""


def test_an_empty_known_name_is_not_set(setup: Setup) -> None:
    assert setup.load("slack:\n", REDIS_URL="", SLACK_BOT_TOKEN=" ", PORT="") == Config()


def test_the_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().follow = "always"


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
    "url",
    [
        "redis://:pass@h/1",
        "unix:///run/redis.sock",
        "redis+cluster://a:1,b,[::1]:3",
        "rediss+cluster://me:p%40ss@a:1,b:2/?ssl_cert_reqs=none",
        "redis+sentinel://a:1,b:2/threads",
        "rediss+sentinel://:pass@a/threads/2?ssl_ca_certs=/ca.pem",
    ],
)
def test_one_server_a_cluster_and_sentinels_are_stores(setup: Setup, url: str) -> None:
    assert setup.load("", REDIS_URL=url).redis_url == SecretStr(url)


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
