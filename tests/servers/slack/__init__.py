"""A Slack workspace on a loopback port, scripted by tests: Web API, sockets, signed requests."""

from tests.servers.slack.faults import Fault
from tests.servers.slack.server import Slack
from tests.servers.slack.workspace import Post

__all__ = ["Fault", "Post", "Slack"]
