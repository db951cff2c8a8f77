"""Configuration: what is read from where."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.config import Config, load
from memory.seal import fresh_key
from tests.bot.configuring import Setup, setup

__all__ = ["setup"]

SHIPPED = Path(__file__).parents[2] / "config.yaml"
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret"}


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
