"""The images of Discord posts, fetched for one prompt."""

from collections.abc import AsyncIterator, Sequence

import pytest

from adapters.discord import files
from adapters.message import Audience, Conversation
from adapters.ports import Image
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord, Fault
from tests.servers.discord.world import Json

pytestmark = pytest.mark.anyio

POST = "GET /channels/{channel_id}/messages/{message_id}"
CAT = Image(media_type="image/png", data=b"cat.png")


class Room:
    """A channel with a person in it."""

    def __init__(self, discord: FakeDiscord) -> None:
        self.discord, self.guild = discord, discord.guild()
        self.channel, self.ada = discord.channel(self.guild), discord.person("Ada")

    def file(self, name: str, kind: str = "image/png", **fields: object) -> Json:
        """Its content is its name."""
        return self.discord.file(name, name.encode(), kind, **fields)

    def show(self, *attachments: Json, channel: str = "") -> str:
        place = channel or self.channel
        return self.discord.say(place, self.ada, "look", mention=True, attachments=[*attachments])

    async def images(self, *posts: str, thread: str = "", within: float = 5.0) -> Sequence[Image]:
        where = Conversation(
            platform="discord",
            space=self.guild,
            channel=self.channel,
            thread=thread,
            audience=Audience.PUBLIC,
        )
        inbox = Collected(self.discord.changed)
        async with connected(self.discord, inbox, timeout=within) as platform:
            return await platform.chat(where).images(posts)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with FakeDiscord() as discord:
        yield Room(discord)


async def test_images_of_the_posts_asked_for_come_as_they_were_sent(room: Room) -> None:
    room.show(room.file("other.png"))
    first = room.show(room.file("cat.png"), room.file("notes.txt", "text/plain"))
    kinds = ("image/jpeg", "image/gif", "image/webp")
    second = room.show(*(room.file(f"dog.{kind[6:]}", kind) for kind in kinds))
    dogs = [Image(media_type=kind, data=f"dog.{kind[6:]}".encode()) for kind in kinds]
    assert await room.images(first, second) == [CAT, *dogs]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("image/png", {"size": 4 * 2**20 + 1}),
        ("image/svg+xml", {}),
        ("video/mp4", {}),
        ("", {}),
    ],
)
async def test_nothing_else_is_fetched(room: Room, kind: str, fields: Json) -> None:
    post = room.show(room.file("x", kind, **fields))
    assert await room.images(post) == []
    assert room.discord.read == []


async def test_nothing_is_fetched_from_elsewhere_than_discord(room: Room) -> None:
    file = room.file("cat.png")
    elsewhere = file | {"url": file["url"].replace("127.0.0.1", "localhost")}  # it would answer
    assert await room.images(room.show(elsewhere)) == []
    assert room.discord.read == []


async def test_no_more_than_four_are_fetched_those_of_the_last_posts(room: Room) -> None:
    first = room.show(*(room.file(f"a{number}") for number in range(3)))
    second = room.show(*(room.file(f"b{number}") for number in range(3)))
    found = await room.images(first, second)
    assert [image.data for image in found] == [b"a0", b"b0", b"b1", b"b2"]
    assert sorted(room.discord.read) == ["a0", "b0", "b1", "b2"]


async def test_no_more_than_eight_posts_are_looked_at_the_last_ones(room: Room) -> None:
    posts = [room.show(room.file("cat.png")), *(room.show() for _ in range(8))]
    assert await room.images(*posts) == []
    assert [each.route for each in room.discord.requests].count(POST) == 8


async def test_a_forwarded_image_is_one_too(room: Room) -> None:
    message: Json = {"type": 0, "content": "", "attachments": [room.file("cat.png")], "embeds": []}
    rest: Json = {"timestamp": "2026-11-20T09:30:00+00:00", "edited_timestamp": None, "flags": 0}
    rest |= {"mentions": [], "mention_roles": [], "components": []}
    snapshot: Json = {"message_snapshots": [{"message": message | rest}]}
    post = room.discord.say(room.channel, room.ada, "", mention=True, **snapshot)
    assert await room.images(post) == [CAT]


async def test_the_post_a_thread_was_made_on_is_found_in_its_channel(room: Room) -> None:
    start = room.show(room.file("cat.png"))
    thread = room.discord.thread(room.channel, on=start)
    reply = room.show(room.file("cat.png"), channel=thread)
    assert await room.images(start, reply, thread=thread) == [CAT, CAT]


async def test_of_a_deleted_post_there_is_none(room: Room) -> None:
    kept, gone = room.show(room.file("cat.png")), room.show(room.file("dog.png"))
    room.discord.delete(gone)
    assert await room.images(kept, gone) == [CAT]


@pytest.mark.parametrize(
    "fault", [Fault(status=403, code=50001), Fault(status=503), Fault(cut=True)]
)
async def test_a_post_that_discord_does_not_give_has_none(room: Room, fault: Fault) -> None:
    post = room.show(room.file("cat.png"))
    room.discord.fail(POST, *[fault] * 5)
    assert await room.images(post, within=0.4) == []


async def test_an_image_that_does_not_come_is_left_out(room: Room) -> None:
    gone, slow = room.file("gone.png"), room.file("slow.png")
    room.discord.forget_file(gone)
    room.discord.slow_file(slow)
    post = room.show(gone, slow, room.file("cat.png"))
    assert await room.images(post, within=0.4) == [CAT]


async def test_without_a_connection_there_is_none(room: Room) -> None:
    inbox = Collected(room.discord.changed)
    async with connected(room.discord, inbox) as platform:
        pass
    where = Conversation(platform="discord", space="@me", channel="5", audience=Audience.DIRECT)
    assert await platform.chat(where).images(["5"]) == []


def test_the_bounds_are_what_the_port_says() -> None:
    assert (files._IMAGES, files._IMAGE_BYTES) == (4, 4 * 2**20)
