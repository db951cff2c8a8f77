"""Slack's edits and deletions: which of them count, and what they change."""

from typing import Any

import pytest

from adapters.message import Deletion, Edit
from tests.adapters.slack_payloads import ME, changed, event, parsed


def test_an_edit_has_the_new_text_and_the_time_of_the_event() -> None:
    said = parsed(changed(text="<@U2> *new*", edited={"user": "U2", "ts": "1766458030.000000"}))
    assert isinstance(said, Edit)
    assert (said.space, said.channel, said.id) == ("T1", "C1", "1766458026.240809")
    assert said.text == "@Bob **new**"
    assert said.edited_at.isoformat() == "2025-12-23T02:47:10.000100+00:00"


def test_an_edit_that_removes_the_mention_keeps_the_text() -> None:
    body = changed(text="just this", edited={"user": "U2", "ts": "1766458030.000000"})
    body["event"]["previous_message"]["text"] = f"<@{ME.user}> just this"
    said = parsed(body)
    assert isinstance(said, Edit)
    assert said.text == "just this"


def test_an_edit_of_more_than_the_text_counts() -> None:
    assert isinstance(parsed(changed(edited={"user": "U2", "ts": "1766458030.000000"})), Edit)


def test_an_unfurled_link_is_no_edit() -> None:
    assert parsed(changed(attachments=[{"from_url": "https://example.com"}])) is None


@pytest.mark.parametrize("author", [{"user": ME.user}, {"bot_id": ME.bot}])
def test_a_deletion_counts_whoever_wrote_it(author: dict[str, str]) -> None:
    gone: dict[str, Any] = {"deleted_ts": "1766458026.240809", "previous_message": author}
    said = parsed(event(subtype="message_deleted", **gone))
    assert said == Deletion(platform="slack", space="T1", channel="C1", ids=("1766458026.240809",))


def test_a_deletion_needs_no_previous_message() -> None:
    said = parsed(event(subtype="message_deleted", deleted_ts="1766458026.240809"))
    assert isinstance(said, Deletion)


def test_a_tombstone_is_a_deletion() -> None:
    said = parsed(changed(subtype="tombstone", user="USLACKBOT", text="This message was deleted."))
    assert said == Deletion(platform="slack", space="T1", channel="C1", ids=("1766458026.240809",))
