"""What is said on Slack arrives with its audience, and a wrong set-up is told: through Bolt."""

import pytest

from adapters.message import Audience, Deletion
from adapters.ports import Posted
from adapters.slack.platform import SlackPlatform
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot, settled, slack
from tests.adapters.slack_talk import GONE, Turn, inbox, last, pieces, platform, thread
from tests.servers.slack import Fault, Slack

__all__ = ["inbox", "platform", "slack"]

pytestmark = pytest.mark.anyio


async def test_a_message_is_acknowledged_only_when_it_is_stored(
    slack: Slack, inbox: Collected
) -> None:
    inbox.ready.clear()
    slack.say("C1", "U1", "hello", mention=False)
    await slack.until(lambda: slack.calls("users.info"))
    assert not slack.deliveries[0].acked
    inbox.ready.set()
    await settled(slack)
    assert [message.text for message in inbox.messages] == ["hello"]


async def test_own_posts_are_not_received(
    slack: Slack, platform: SlackPlatform, inbox: Collected
) -> None:
    slack.channel("C1")
    await last(platform.chat(thread(GONE)).reply(Turn(), pieces("hello"), Posted()))
    await slack.until(lambda: slack.deliveries)
    await settled(slack)
    assert (inbox.messages, inbox.others) == ([], [])


async def test_an_admin_may_delete_what_the_bot_said(
    slack: Slack, platform: SlackPlatform, inbox: Collected
) -> None:
    slack.channel("C1")
    posted = await last(platform.chat(thread(GONE)).reply(Turn(), pieces("wrong"), Posted()))
    slack.delete("C1", posted.ids[0])
    await slack.until(lambda: len(slack.deliveries) == 2)
    await settled(slack)
    assert [each.ids for each in inbox.others if isinstance(each, Deletion)] == [posted.ids]


async def test_an_unknown_name_is_the_id(slack: Slack, inbox: Collected) -> None:
    slack.dm("U9", "hello")
    await settled(slack)
    assert inbox.messages[0].author.name == "U9"


@pytest.mark.parametrize(
    ("kind", "faults", "audience"),
    [
        ("channel", [], Audience.PUBLIC),
        ("group", [], Audience.PRIVATE),
        ("mpim", [], Audience.PRIVATE),
        ("channel", [Fault(error="missing_scope")], Audience.PRIVATE),
    ],
)
async def test_a_mention_alone_tells_its_audience_by_asking(
    slack: Slack, inbox: Collected, kind: str, faults: list[Fault], audience: Audience
) -> None:
    slack.channel("C1", kind)
    slack.fail("conversations.info", *faults)
    slack.say("C1", "U1", "hello", order=["app_mention"])
    await settled(slack)
    assert inbox.messages[0].conversation.audience is audience


async def test_a_mention_alone_has_the_audience_of_what_was_said_before(
    slack: Slack, inbox: Collected
) -> None:
    slack.channel("C1", "group")
    slack.say("C1", "U1", "hello", mention=False)
    await settled(slack)
    slack.say("C1", "U1", "hello", order=["app_mention"])
    await settled(slack)
    assert inbox.messages[1].conversation.audience is Audience.PRIVATE
    assert slack.calls("conversations.info") == []


async def test_a_mention_waits_for_its_audience_unacknowledged(
    slack: Slack, inbox: Collected
) -> None:
    slack.fail("conversations.info", Fault(status=503))
    slack.say("C1", "U1", "hello", order=["app_mention"])
    await slack.until(lambda: slack.calls("conversations.info"))
    assert inbox.messages == []
    await slack.redeliver()
    await settled(slack)
    assert inbox.messages[0].conversation.audience is Audience.PUBLIC


async def test_no_log_holds_what_people_said(
    slack: Slack,
    platform: SlackPlatform,
    inbox: Collected,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    inbox.failures = 2
    ts = slack.say("C1", "U1", "my secret")
    await slack.until(lambda: not inbox.failures)
    await last(platform.chat(thread(ts)).reply(Turn(), pieces("your secret"), Posted()))
    said = capsys.readouterr().out + caplog.text
    assert "slack event not stored" in said
    assert "secret" not in said
    assert slack.bot_token not in said


async def test_a_good_set_up_has_nothing_to_say(platform: SlackPlatform) -> None:
    assert await platform.check() == []


async def test_missing_scopes_are_named(slack: Slack, platform: SlackPlatform) -> None:
    slack.scopes = slack.scopes.replace(",users:read", "")
    (line,) = await platform.check()
    assert line.startswith("Slack: add the scope users:read (people's names, and who is a guest)")


async def test_wrong_tokens_are_told_apart(slack: Slack) -> None:
    (line,) = await bot(slack, bot_token="xoxb-old").check()
    assert line.startswith("Slack does not take SLACK_BOT_TOKEN: auth.test: invalid_auth: copy")
    (line,) = await bot(slack, app_token="xapp-old").check()
    assert line.startswith("Slack opens no socket for SLACK_APP_TOKEN: apps.connections.open")


async def test_a_silent_slack_is_told(slack: Slack) -> None:
    assert len(await bot(slack, api_url="http://127.0.0.1:1/api/").check()) == 2
