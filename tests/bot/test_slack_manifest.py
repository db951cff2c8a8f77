"""`python -m bot manifest`: an app that Slack takes, with all that the code listens to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from adapters.slack.delivery import EVENTS
from adapters.slack.manifest import SCOPES, SHORTCUTS, lacking
from bot.__main__ import main
from bot.commands import COMMANDS

SCHEMA = next(
    (
        path
        for up in Path(__file__).parents
        if (path := up / "shared/data/slack/manifest.schema.2.0.0.json").exists()
    ),
    None,
)
# What Slack wants besides for an event: https://docs.slack.dev/reference/events
NEEDED = {
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "channel_deleted": {"channels:read"},
    "channel_left": {"channels:read"},
    "channel_shared": {"channels:read", "groups:read"},
    "channel_unshared": {"channels:read", "groups:read"},
    "group_deleted": {"groups:read"},
    "group_left": {"groups:read"},
    "member_left_channel": {"channels:read", "groups:read"},
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> Mapping[str, Any]:
    assert main(["manifest", *options]) == 0
    told: Mapping[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("options", [(), ("--address", "https://bot.example.com")])
def test_slack_takes_the_manifest(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    if not SCHEMA:
        pytest.skip("Slack's schema is not in this checkout")
    app = printed(capsys, *options)
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(app)


@pytest.mark.usefixtures("environ")
def test_it_subscribes_to_all_that_the_code_listens_to_and_has_the_scopes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = printed(capsys)
    events = app["settings"]["event_subscriptions"]["bot_events"]
    assert {event.partition(".")[0] for event in events} == set(EVENTS) - {
        "message_metadata_posted"
    }
    assert set().union(*(NEEDED.get(event, set()) for event in events)) <= {
        *app["oauth_config"]["scopes"]["bot"]
    }


@pytest.mark.usefixtures("environ")
def test_it_offers_every_command_and_shortcut(capsys: pytest.CaptureFixture[str]) -> None:
    features = printed(capsys)["features"]
    names = {row.name for row in COMMANDS if row.what}
    assert {row["command"] for row in features["slash_commands"]} == {f"/{name}" for name in names}
    assert {row["callback_id"] for row in features["shortcuts"]} == set(SHORTCUTS) <= names
    assert features["agent_view"]


def test_commands_have_the_names_they_were_given(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("THREADKEEPER_COMMANDS__FORGET", "tk-forget")
    environ.setenv("THREADKEEPER_SLACK__AGENT_VIEW", "false")
    features = printed(capsys)["features"]
    assert "/tk-forget" in {row["command"] for row in features["slash_commands"]}
    assert "agent_view" not in features


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("options", [(), ("--address", "https://bot.example.com/")])
def test_it_is_for_sockets_or_for_an_address(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    app = printed(capsys, *options)
    settings, commands = app["settings"], app["features"]["slash_commands"]
    assert settings["socket_mode_enabled"] is not bool(options)
    url = "https://bot.example.com/slack/events" if options else None
    assert settings["event_subscriptions"].get("request_url") == url
    assert settings["interactivity"].get("request_url") == url
    assert {row.get("url") for row in commands} == {url}


def test_over_http_it_must_be_told_the_address(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    environ.setenv("SLACK_SIGNING_SECRET", "s")
    assert main(["manifest"]) == 2
    assert "--address https://your.host" in capsys.readouterr().err


def test_each_missing_scope_is_told_with_its_use() -> None:
    assert lacking(", ".join(SCOPES)) == []
    granted = ",".join(scope for scope in SCOPES if scope not in {"commands", "im:history"})
    assert lacking(granted) == [
        "Slack: add the scope commands (slash commands and shortcuts), install the app again",
        "Slack: add the scope im:history (direct messages), install the app again",
    ]
