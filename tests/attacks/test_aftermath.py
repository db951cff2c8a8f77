"""After people and their model did their worst: what was sent, what logs and figures hold."""

import re
import socket
from collections.abc import AsyncIterator

import pytest

from tests.attacks.rampage import SECRETS, Aftermath, rampage
from tests.attacks.wire import EVIL, PINGS, leading, pinging, texts
from tests.e2e.conftest import check_log
from tests.e2e.process import Home
from tests.e2e.town import town
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def left(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Aftermath]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = Home(folder=tmp_path_factory.mktemp("home"))
    try:
        async with town(slack=Slack(ack_within=2.0)) as place:
            yield await rampage(place, home, port)
    finally:
        home.close()


async def test_the_model_did_as_it_was_told(left: Aftermath) -> None:
    """Without this, all that follows would prove nothing."""
    said = [text.replace("\u200b", "") for sent in left.sent for text in texts(sent)]
    assert any(PINGS in text for text in said)
    assert any(f"https://{EVIL}/?q=secret" in text for text in said)
    assert any("had me forget" in text and "<!channel> @everyone" in text for text in said)


async def test_nothing_that_was_sent_pings_anybody(left: Aftermath) -> None:
    assert [found for sent in left.sent for found in pinging(sent)] == []
    assert not left.town.discord.violations


async def test_nothing_that_was_sent_leads_where_nobody_wanted_to_go(left: Aftermath) -> None:
    assert {host for sent in left.sent for host in leading(sent)} <= {
        "fake.slack.com",
        "discord.com",
    }


async def test_what_a_third_party_claims_is_known_only_in_the_words_of_who_said_it(
    left: Aftermath,
) -> None:
    assert "I live in kumquat-lane" in left.facts[-1]


async def test_the_log_holds_no_secret_and_nothing_that_was_said(left: Aftermath) -> None:
    check_log(left.home, *left.town.said)
    assert "DEBUG" in left.home.err.upper()
    assert [word for word in SECRETS if word in left.home.err] == []


async def test_the_figures_hold_no_secret_and_nothing_that_was_said(left: Aftermath) -> None:
    assert 'threadkeeper_turns_total{end="done"}' in left.metrics
    assert [word for word in SECRETS if word in left.metrics] == []
    labels = set(re.findall(r'="([^"]*)"', left.metrics))
    assert all(re.fullmatch(r"[a-z]+|[\d.+Inf]+", label) for label in labels), labels


async def test_the_private_servers_slow_log_holds_no_secret_and_nothing_that_was_said(
    left: Aftermath,
) -> None:
    assert len(left.slow) > 100
    assert any(b":C1:" in part for part in left.slow), "the log was not read"
    assert [word for word in SECRETS if any(word.encode() in part for part in left.slow)] == []
