"""What people do while no bot is there, and no event ever tells of it."""

import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.people import People, _channel, _text
from tests.chaos.told import Said

CHANGES = 12  # messages that are edited or deleted
SETTLED = 30.0  # seconds after the start in which the platforms are compared with what is held
CHANNELS, DIRECT = 2, 2  # never seen before, where the bot is called


@dataclass(slots=True)
class Absence:
    """`called` and `changed`: messages that no event told of, and those that one told of once."""

    people: People
    called: list[Said] = field(default_factory=list)
    changed: list[Said] = field(default_factory=list)
    _channels: list[tuple[str, str]] = field(default_factory=list)  # Discord's: person, channel

    def __post_init__(self) -> None:
        """Before anybody connects: so no event tells of the channels either."""
        if discord := self.people.discord:
            guild, person = discord.guild("Never"), discord.person("Newcomer")
            for number in range(CHANNELS):
                self._channels.append((person, discord.channel(guild, f"never{number}")))

    def pass_by(self) -> None:
        """All of it, at once."""
        for corner, said in self._changeable()[:CHANGES]:
            self._change(corner, said)
        for number in range(CHANNELS):
            root = self._call(f"N{number}", "U1", f"thread N{number}/away")
            self._call(f"N{number}", "U1", f"thread N{number}/away", root)
        for number in range(DIRECT):
            self._call(f"DU9{number}", self.people.known(f"U9{number}"), f"dm U9{number}")
        for number, (person, channel) in enumerate(self._channels):
            self._call_on_discord(f"N{number}", person, channel)

    def over(self) -> None:
        """A bot listens again: calls are due, and what changed has to be found out soon."""
        now = time.time()
        for each in self.called:
            each.acknowledged = now
        for each in self.changed:
            if each.doubtful:
                each.gone = now + SETTLED
            else:
                each.edits[each.version] = now + SETTLED

    def _changeable(self) -> Sequence[tuple[str, Said]]:
        """Of each corner the last message but one: only between two others is absence a proof.

        The newest first: what is read back is bounded.
        """
        by_corner = defaultdict[str, list[Said]](list)
        for each in self.people.said.values():
            if each.acknowledged and not each.doubtful:
                by_corner[each.corner].append(each)
        found = [(corner, known[-2]) for corner, known in by_corner.items() if len(known) > 2]
        return sorted(found, key=lambda each: each[1].said, reverse=True)

    def _change(self, corner: str, said: Said) -> None:
        """Half of them go, half are edited: on the platform, and nowhere else.

        In Slack's direct messages each begins a thread, and none stands between two others.
        """
        said.unheard = time.time()
        self.changed.append(said)
        if said.number % 2 and not corner.startswith("dm"):
            said.doubtful = True
        else:
            said.version += 1
        if corner.startswith("discord"):
            self._change_on_discord(said)
            return
        workspace = self.people.slack.workspace
        post = workspace.channels[_channel(corner)].posts[said.post]
        if said.doubtful:
            workspace.remove(post)
            return
        text = _text(said.number, said.version, owed=said.owed)
        called = said.owed and corner.startswith("thread")
        post.text = f"<@{self.people.slack.bot}> {text}" if called else text
        post.edited = f"{int(time.time())}.000000"

    def _change_on_discord(self, said: Said) -> None:
        assert self.people.discord
        world = self.people.discord.world
        post = world.locate(said.post)
        if said.doubtful:
            del world.messages[post["channel_id"]][said.post]
        else:
            text = _text(said.number, said.version)
            called = f"<@{world.me}> " if post["mentions"] else ""
            world.edit_message(post, content=called + text)

    def _call(self, channel: str, user: str, corner: str, root: str = "") -> str:
        """On Slack, where every retry is over; the post."""
        slack, number = self.people.slack, len(self.people.said) + 1
        direct = corner.startswith("dm")
        slack.channel(channel, "im" if direct else "channel")
        text = _text(number, 0) if direct else f"<@{slack.bot}> {_text(number, 0)}"
        mark = str(uuid.uuid4())
        post = slack.workspace.add(channel, user, text, thread=root, client_msg_id=mark).ts
        if not direct:
            self.people._roots.setdefault(corner, post)
        self._heard_by_nobody(number, corner, post)
        return post

    def _call_on_discord(self, name: str, person: str, channel: str) -> None:
        assert self.people.discord
        world, number = self.people.discord.world, len(self.people.said) + 1
        text, mentions = f"<@{world.me}> {_text(number, 0)}", world.mentioned([world.me])
        post = world.add_message(channel, person, text, mentions=mentions)["id"]
        self.people._guests[name] = person, channel
        self._heard_by_nobody(number, f"discord {name}", post)

    def _heard_by_nobody(self, number: int, corner: str, post: str) -> None:
        said = Said(number=number, corner=corner, post=post, owed=True, said=time.time(), away=True)
        self.people.said[number] = said
        self.called.append(said)
