"""A fake Discord: HTTP and gateway on the wire, in memory, scripted by tests."""

from tests.servers.discord.faults import Asked, Fault
from tests.servers.discord.server import FakeDiscord

__all__ = ["Asked", "FakeDiscord", "Fault"]
