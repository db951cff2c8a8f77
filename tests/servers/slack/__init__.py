"""A Slack workspace on a loopback port: Web API and Socket Mode, in memory, scripted by tests."""

from tests.servers.slack.faults import Fault
from tests.servers.slack.server import Slack
from tests.servers.slack.workspace import Post

__all__ = ["Fault", "Post", "Slack"]
