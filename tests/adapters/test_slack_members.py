"""What somebody may read on Slack today: the channels they are in, and their workspace's public."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Audience, Conversation
from adapters.slack.platform import SlackPlatform
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot, connected, inbox, settled, slack
from tests.servers.slack import Fault, Slack
from tests.servers.slack.limits import TIERS

__all__ = ["inbox", "slack"]

pytestmark = pytest.mark.anyio

LOOK = "users.conversations"


def at(*channels: str) -> list[Conversation]:
    return [
        Conversation(platform="slack", space="T00FAKE00AA", channel=each, audience=Audience.PUBLIC)
        for each in channels
    ]


async def reads(platform: SlackPlatform, *channels: str, person: str = "U1") -> set[str]:
    return {each.channel for each in await platform.readable(person, at(*channels))}


@pytest.fixture
def late() -> list[timedelta]:
    return [timedelta()]


@pytest.fixture
async def platform(slack: Slack, late: list[timedelta]) -> SlackPlatform:
    for channel, kind in (("C1", "channel"), ("G1", "group"), ("G2", "mpim"), ("DU1", "im")):
        slack.channel(channel, kind)
    return bot(slack, now=lambda: datetime.now(UTC) + late[0])


async def test_a_public_channel_is_read_by_who_is_not_in_it_unless_a_guest(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.channel("C1").without |= {"U1", "U2"}
    slack.workspace.marks["U2"] = {"is_restricted": True}
    assert await reads(platform, "C1", "G1", "G2") == {"C1", "G1", "G2"}
    assert await reads(platform, "C1", "G1", "G2", person="U2") == {"G1", "G2"}


@pytest.mark.parametrize("marks", [{"team_id": "T00ELSEWHERE"}, {"is_stranger": True}], ids=str)
async def test_a_person_of_elsewhere_reads_the_channels_they_are_in(
    slack: Slack, platform: SlackPlatform, marks: dict[str, object]
) -> None:
    slack.workspace.marks["U1"] = marks
    slack.channel("C1").without.add("U1")
    assert await reads(platform, "C1", "G1") == {"G1"}


async def test_in_an_organisation_a_public_channel_is_read_by_who_is_in_it(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.workspace.organisation = "E00FAKE00AA"
    slack.channel("C2").without.add("U1")
    assert await reads(platform, "C1", "C2", "G1") == {"C1", "G1"}
    assert {each["team_id"] for each in slack.calls(LOOK)} == {"T00FAKE00AA"}


async def test_a_channel_that_turned_private_unheard_is_shown_a_minute_longer_at_most(
    slack: Slack, platform: SlackPlatform, late: list[timedelta]
) -> None:
    slack.channel("C1").without.add("U1")
    assert await reads(platform, "C1") == {"C1"}
    slack.channel("C1").type = "group"
    late[0] = timedelta(seconds=61)
    assert await reads(platform, "C1") == set()


async def test_any_number_of_channels_somebody_is_in_is_one_call(
    slack: Slack, platform: SlackPlatform
) -> None:
    channels = [f"C{number}" for number in range(500)]
    for each in channels:
        slack.channel(each)
    assert await reads(platform, *channels) == {*channels}
    assert (len(slack.calls(LOOK)), slack.calls("conversations.info")) == (1, [])


async def test_what_takes_more_calls_than_that_is_not_looked_at(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.methods.listing.page = 2
    channels = [f"C{number}" for number in range(90)]
    for each in channels:
        slack.channel(each).without.add("U1")
    for each in ("G3", "G4", "G5", "G6", "G7"):
        slack.channel(each, "group")
    seen = await reads(platform, *channels, "G3", "G4", "G5", "G6", "G7")
    assert seen - {"G3", "G4", "G5", "G6", "G7"} == {*channels[:20]}
    assert (len(slack.calls(LOOK)), len(slack.calls("conversations.info"))) == (3, 20)


async def test_looks_within_seconds_are_one_call_unless_somebody_left_meanwhile(
    slack: Slack, inbox: Collected
) -> None:
    slack.channel("G1", "group")
    async with connected(slack, inbox) as platform:
        for _ in range(3):
            assert await reads(platform, "G1") == {"G1"}
        assert len(slack.calls(LOOK)) == 1
        slack.admin.remove("G1", "U1")
        await settled(slack)
        assert await reads(platform, "G1") == set()


async def test_who_was_removed_unheard_reads_it_for_seconds_at_most(
    slack: Slack, platform: SlackPlatform, late: list[timedelta]
) -> None:
    assert await reads(platform, "G1") == {"G1"}
    slack.channel("G1").without.add("U1")
    late[0] = timedelta(seconds=6)
    assert await reads(platform, "G1") == set()


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(retry_after=30), Fault(cut=True)])
async def test_while_slack_tells_no_channels_of_somebody_public_ones_are_looked_at(
    slack: Slack, platform: SlackPlatform, fault: Fault
) -> None:
    slack.fail(LOOK, *[fault] * 4)
    assert await reads(platform, "C1", "G1") == {"C1"}
    slack._faults._queued.clear()
    assert await reads(platform, "C1", "G1") == {"C1", "G1"}


async def test_beyond_slacks_rate_limit_nothing_private_is_shown(
    slack: Slack, platform: SlackPlatform, late: list[timedelta]
) -> None:
    if not TIERS.exists():
        pytest.skip("Slack's tiers are not in this checkout")
    slack.tiers.load()
    seen = []
    for _ in range(22):
        seen.append(await reads(platform, "G1"))
        late[0] += timedelta(seconds=6)
    assert seen == [{"G1"}] * 20 + [set()] * 2
