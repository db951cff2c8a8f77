"""Slack's edits and deletions: which of them count, and what they change."""

from typing import Any

import pytest

from adapters.message import Deletion, Edit
from tests.adapters.slack_payloads import ME, changed, event, heard, parsed

PLAN = {"id": "F1", "title": "plan.pdf", "pretty_type": "PDF", "mode": "hosted"}
MAP = {"id": "F2", "title": "map.pdf", "pretty_type": "PDF", "mode": "hosted"}
GONE = {"id": "F1", "mode": "tombstone"}


def altered(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A post changed, and nothing says that somebody edited it."""
    body = changed(**after)
    body["event"]["previous_message"] |= before
    return body


def test_an_edit_has_the_new_text_and_the_time_of_the_event() -> None:
    said = parsed(changed(text="<@U2> *new*", edited={"user": "U2", "ts": "1766458030.000000"}))
    assert isinstance(said, Edit)
    assert (said.space, said.channel, said.id) == ("T1", "C1", "1766458026.240809")
    assert said.text == "@Bob **new**"
    assert str(said.edited_at) == "2025-12-23 02:47:10.000100+00:00"


def test_an_edit_that_removes_the_mention_keeps_the_text() -> None:
    body = changed(text="just this", edited={"user": "U2", "ts": "1766458030.000000"})
    body["event"]["previous_message"]["text"] = f"<@{ME.user}> just this"
    said = parsed(body)
    assert isinstance(said, Edit)
    assert said.text == "just this"


def test_an_edit_of_more_than_the_text_counts() -> None:
    assert isinstance(parsed(changed(edited={"user": "U2", "ts": "1766458030.000000"})), Edit)


@pytest.mark.parametrize(
    "change",
    [
        {"attachments": [{"from_url": "https://example.com", "title": "An example"}]},
        {"reply_count": 1, "latest_reply": "1766458031.000000"},
        {"language": {"locale": "pt"}},
        {"files": [PLAN | {"thumb_64": "made meanwhile"}]},
    ],
    ids=["an unfurled link", "a reply", "its language", "a thumbnail"],
)
def test_what_changes_nothing_that_a_post_says_is_no_edit(change: dict[str, Any]) -> None:
    assert parsed(altered({"files": [PLAN]}, {"files": [PLAN]} | change)) is None


CARD = {"author_name": "Eve", "text": "the code is 5551", "is_share": True}
SECTION = {
    "type": "section",
    "text": {"type": "mrkdwn", "text": "build 7 is *red*, the log is long"},
}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"files": [PLAN, MAP]}, {"files": [GONE, MAP]}, ("old", ["map.pdf (PDF)"])),
        ({"files": [PLAN, MAP]}, {"files": [MAP]}, ("old", ["map.pdf (PDF)"])),
        ({"files": [PLAN]}, {}, ("old", [])),
        ({"files": [PLAN]}, {"files": [PLAN | {"title": "b.pdf"}]}, ("old", ["b.pdf (PDF)"])),
        ({"attachments": [CARD]}, {"attachments": []}, ("old", [])),
        ({"bot_id": "B7", "blocks": [SECTION]}, {"bot_id": "B7", "blocks": []}, ("old", [])),
    ],
    ids=["a deleted file", "one of two", "the only one", "its name", "a passed on post", "blocks"],
)
def test_what_takes_something_off_a_post_is_an_edit_though_nothing_says_so(
    before: dict[str, Any], after: dict[str, Any], told: tuple[str, list[str]]
) -> None:
    said = parsed(altered(before, after))
    assert isinstance(said, Edit)
    assert (said.text, list(said.attachments)) == told
    assert said.readable


def test_a_deleted_file_counts_though_nothing_tells_what_the_post_was_before() -> None:
    """Nor whether it has been gone for long: what memory holds will tell."""
    body = changed(files=[GONE, MAP])
    del body["event"]["previous_message"]
    said = parsed(body)
    assert isinstance(said, Edit)
    assert (said.edited_at, said.attachments) == (None, ("map.pdf (PDF)",))


def test_an_edit_keeps_the_files_that_are_still_there() -> None:
    edited = {"text": "new", "files": [PLAN, GONE], "edited": {"user": "U2", "ts": "1766458030.0"}}
    said = parsed(altered({"files": [PLAN, MAP]}, edited))
    assert isinstance(said, Edit)
    assert said.attachments == ("plan.pdf (PDF)",)


def test_a_deleted_file_is_none_of_a_message() -> None:
    assert heard(event(files=[GONE, MAP])).attachments == ("map.pdf (PDF)",)


def test_a_message_tells_when_it_was_edited_last() -> None:
    assert heard(event()).edited_at is None
    edited = heard(event(edited={"user": "U2", "ts": "1766458030.000000"}))
    assert str(edited.edited_at) == "2025-12-23 02:47:10+00:00"


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
